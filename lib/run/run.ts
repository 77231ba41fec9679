import { conclude, type Summary } from '../model/summary.ts';
import type { Policy } from '../policy/schema.ts';
import type { Observer } from './observer.ts';
import { openRun, type RunDependencies } from './open-run.ts';
import type { RunRequest } from './request.ts';
import { concludeWork, type TargetWork } from './target-work.ts';
import { takeTurns } from './turns.ts';

/**
 * One pass over the policy. Every target and instance is accounted for in the summary, whatever
 * happens to it.
 * @throws {RequestError} when the request names a target or instance that does not exist; nothing
 * has been deleted then.
 */
export async function run(
  policy: Policy,
  request: RunRequest,
  dependencies: RunDependencies,
): Promise<Summary> {
  const { clock, random, runId, trigger } = dependencies;
  const { work, endpoints, observer, warnings, met, ...opened } = await openRun(
    policy,
    request,
    dependencies,
  );
  await Promise.all(
    [...new Set(endpoints.values())].map((endpoint) => {
      const here = work.filter(({ target }) => endpoints.get(target) === endpoint);
      return cleanAll(here, endpoint.concurrency, random(), observer);
    }),
  );
  for (const each of work) {
    concludeWork(each);
    if (each.summary.error) observer.targetFailed?.(each.summary);
  }
  for (const id of request.taskIds ?? []) {
    if (!met.has(id)) observer.warning?.(`no instance of this run lists task ${id}`);
  }
  const requests = new Map(work.map(({ summary, requests }) => [summary, requests]));
  const summary = conclude(
    { runId, trigger, ...opened, finishedAt: clock.now(), warnings },
    requests,
  );
  observer.done?.(summary, requests);
  return summary;
}

/** Cleans all instances on one endpoint, so many of them at once. */
async function cleanAll(
  work: readonly TargetWork[],
  atOnce: number,
  random: number,
  observer: Observer,
): Promise<void> {
  const queue = work.flatMap(({ summary, cleanups }) =>
    cleanups.map((cleanup) => {
      let begun = false;
      const turn = async (othersWait: () => boolean) => {
        if (!begun) observer.instanceBegun?.(summary, cleanup.summary);
        begun = true;
        const finished = await cleanup.turn(othersWait);
        if (finished) observer.instanceDone?.(summary, cleanup.summary);
        return finished;
      };
      return { turn };
    }),
  );
  await takeTurns(rotate(queue, random), atOnce);
}

/** Begins somewhere else in each run, so that what a deadline cuts off is not always the same. */
function rotate<T>(items: readonly T[], random: number): T[] {
  const start = Math.floor(random * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
