import { openAccess } from '../identity/open-access.ts';
import { type Instance, labelOf } from '../model/instance.ts';
import { targetOrigin } from '../model/origins.ts';
import type { StoppedBy } from '../model/outcome.ts';
import { listSameInstances } from '../model/services.ts';
import { addRequests, type InstanceSummary, type RequestCounts } from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { type Selectable, selectInstances } from '../policy/select-instances.ts';
import type { RunContext } from './run-context.ts';

/** A target of the run, as far as its claim to instances goes. */
interface Claimant {
  readonly target: Target;
  readonly requestCounts: RequestCounts;
  /** Absent where it could not be opened. */
  readonly open?: { readonly projectId: string } | undefined;
  /** All instances of the service and project. */
  readonly listed: readonly Instance[];
  /** Those that the policy selects. */
  readonly allowed: readonly Selectable[];
  readonly cleanups: readonly {
    readonly summary: InstanceSummary;
    leaveAlone(stoppedBy: StoppedBy, message: string): void;
  }[];
}

/**
 * An instance that two targets of the policy select has two retentions, and nobody knows which is meant: both
 * leave it alone. Targets that this run leaves out, or that could not be opened, count too: their selection is
 * applied to the same list, or else one target would delete what the other one keeps.
 * @param begun the targets of one endpoint whose instances are known.
 */
export async function leaveOverlapsAlone(
  run: RunContext,
  begun: readonly Claimant[],
): Promise<void> {
  const unlisted = run.policy.targets.filter(
    (target) =>
      begun.some((each) => targetOrigin(each.target) === targetOrigin(target)) &&
      !begun.some((each) => each.target === target && each.open),
  );
  const outsiders = await Promise.all(
    unlisted.map(async (target) => ({ target, projectId: await projectOf(run, target, begun) })),
  );
  for (const own of begun) {
    const projectId = own.open?.projectId;
    const claims = new Map<string, string[]>();
    const claim = (target: Target, ids: readonly { readonly id: string }[]) => {
      for (const { id } of ids) claims.set(id, [...(claims.get(id) ?? []), target.name]);
    };
    for (const other of begun) {
      if (other !== own && other.open?.projectId === projectId) claim(other.target, other.allowed);
    }
    for (const { target, projectId: theirs } of outsiders) {
      // A project that could not be found out may be this one.
      if (theirs !== undefined && theirs !== projectId) continue;
      if (!listSameInstances(own.target.service, target.service)) continue;
      const { selected, nameless } = selectInstances(own.listed, target.instances);
      claim(target, [...selected, ...nameless]);
    }
    for (const cleanup of own.cleanups) {
      const names = claims.get(cleanup.summary.id);
      if (!names) continue;
      const all = [own.target.name, ...names].map((each) => JSON.stringify(each)).join(' and ');
      const message = `instance ${labelOf(cleanup.summary)} is selected by the targets ${all}, so it is not clear which retention holds: leave it to one of them, with instances.include or instances.exclude`;
      cleanup.leaveAlone('overlap', message);
    }
  }
}

/** The project of a target whose instances are not listed; `undefined` where it cannot be found out. */
async function projectOf(
  run: RunContext,
  target: Target,
  begun: readonly Claimant[],
): Promise<string | undefined> {
  if (target.projectId !== undefined) return target.projectId;
  const store = run.credentialsOf(target);
  const alike = begun.find(
    (each) =>
      each.open &&
      each.target.projectId === undefined &&
      each.target.region === target.region &&
      run.credentialsOf(each.target) === store,
  );
  if (alike?.open) return alike.open.projectId;
  // One that could not be opened would not be opened now either.
  if (begun.some((each) => each.target === target)) return undefined;
  try {
    // Requests made on behalf of the others count as theirs.
    const counts = begun[0]?.requestCounts ?? addRequests([]);
    return (await openAccess(target, store, { ...run, counts })).projectId;
  } catch {
    return undefined;
  }
}
