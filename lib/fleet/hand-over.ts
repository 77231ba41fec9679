import { instanceKey } from '../model/instance.ts';
import type { TargetRun } from '../run/open-target.ts';
import { moved } from './ends.ts';
import { inherit, type KnownInstance, newInstance, openAgain } from './known.ts';

/**
 * An instance that another target has by now is counted there: what is open about it is handed over, since that target's
 * list can tell. If that target could not list it, it stays with the one that had it.
 * @returns the targets that have the call's instances, by their ids; and the instances whose end is news.
 */
export function handOver(
  lane: Map<string, KnownInstance>,
  begun: readonly TargetRun[],
): { readonly cleanedBy: ReadonlyMap<string, string>; readonly ended: readonly KnownInstance[] } {
  const here = begun.flatMap(({ summary: target, cleanups }) =>
    cleanups.map(({ summary }) => newInstance(target.name, summary)),
  );
  const byId = new Map(here.map((each) => [each.summary.id, each]));
  const keys = new Set(here.map(({ target, summary }) => instanceKey(target, summary)));
  const ended: KnownInstance[] = [];
  for (const [key, known] of lane) {
    const now = byId.get(known.summary.id);
    if (!now || keys.has(key)) continue;
    const newKey = instanceKey(now.target, now.summary);
    const before = lane.get(newKey) ?? now;
    // It may have gone to and fro.
    const heir = before.unlisted || before.movedTo !== undefined ? openAgain(before) : before;
    const wasListed = heir.summary.listed > 0 || heir.summary.outcome === 'complete';
    if (heir.done && !wasListed) continue;
    if (!heir.done) lane.set(newKey, inherit(heir, known));
    const end = moved(heir.done ? known : { ...known, unclear: [], saidGone: [] }, now.target);
    lane.set(key, end);
    if (!known.done || known.summary.outcome !== end.summary.outcome) ended.push(end);
  }
  return { cleanedBy: new Map([...byId].map(([id, { target }]) => [id, target])), ended };
}
