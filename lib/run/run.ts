import { Endpoint } from '../http/endpoint.ts';
import { targetOrigin } from '../model/origins.ts';
import { addRequests, conclude, type Summary } from '../model/summary.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { beginTarget, concludeTarget, type TargetRun } from './open-target.ts';
import { checkInstances, type RunRequest, selectTargets } from './request.ts';
import { openContext, type RunContext, type RunDependencies } from './run-context.ts';
import { takeTurns } from './turns.ts';

/** A run that knows its targets and instances, and has deleted nothing yet. */
export interface OpenRun {
  readonly context: RunContext;
  /** In the policy's order. */
  readonly targets: readonly TargetRun[];
  readonly endpoints: ReadonlyMap<Target, Endpoint>;
}

/**
 * One pass over the policy. Every target and instance is accounted for in the summary, whatever
 * happens to it.
 * @throws {RunRequestError} when the request names a target or instance that does not exist; nothing
 * has been deleted then.
 */
export async function run(
  policy: Policy,
  request: RunRequest,
  dependencies: RunDependencies,
): Promise<Summary> {
  const { clock, random, runId, trigger } = dependencies;
  const { context, targets, endpoints } = await openRun(policy, request, dependencies);
  const { observer, warnings, now, dryRun } = context;
  await Promise.all(
    [...new Set(endpoints.values())].map((endpoint) => {
      const here = targets.filter(({ target }) => endpoints.get(target) === endpoint);
      return cleanAll(here, endpoint.concurrency, random(), context);
    }),
  );
  for (const each of targets) {
    concludeTarget(each);
    if (each.summary.error) observer.targetFailed?.(each.summary);
  }
  for (const id of request.taskIds ?? []) {
    if (!context.seenIds.has(id)) observer.warning?.(`no instance of this run lists task ${id}`);
  }
  const requests = new Map(targets.map(({ summary, requestCounts }) => [summary, requestCounts]));
  const times = { startedAt: now, finishedAt: clock.now() };
  const summary = conclude({ runId, trigger, dryRun, warnings, ...times }, requests);
  observer.done?.(summary, requests);
  return summary;
}

/**
 * Finds the targets and instances of a run.
 * @throws {RunRequestError} when the request names a target or instance that does not exist.
 */
export async function openRun(
  policy: Policy,
  request: RunRequest,
  dependencies: RunDependencies,
): Promise<OpenRun> {
  const context = openContext(policy, request, dependencies);
  const selected = selectTargets(policy, request);
  const endpoints = openEndpoints(selected, dependencies);
  const targets = await Promise.all(
    selected.map((target) => beginTarget(context, target, endpoints.get(target) as Endpoint)),
  );
  checkInstances(request, targets);
  context.observer.discovered?.(
    targets.reduce((sum, { cleanups }) => sum + cleanups.length, 0),
    () => addRequests(targets.map(({ requestCounts }) => requestCounts)),
  );
  return { context, targets, endpoints };
}

/**
 * Where each target's requests go: one endpoint for each host, however many targets are on it. Where
 * they differ, the lowest limit holds.
 */
export function openEndpoints(
  targets: readonly Target[],
  {
    maxConcurrency = Number.POSITIVE_INFINITY,
    transport,
    clock,
    random,
  }: Pick<RunDependencies, 'maxConcurrency' | 'transport' | 'clock' | 'random'>,
): ReadonlyMap<Target, Endpoint> {
  const endpoints = new Map<Target, Endpoint>();
  for (const origin of new Set(targets.map(targetOrigin))) {
    const here = targets.filter((target) => targetOrigin(target) === origin);
    const endpoint = new Endpoint({
      origin,
      concurrency: Math.min(maxConcurrency, ...here.map(({ requests }) => requests.concurrency)),
      perSecond: Math.min(...here.map(({ requests }) => requests.perSecond ?? Infinity)),
      transport,
      clock,
      random,
    });
    for (const target of here) endpoints.set(target, endpoint);
  }
  return endpoints;
}

/** Cleans all instances on one endpoint, so many of them at once. */
async function cleanAll(
  targets: readonly TargetRun[],
  concurrency: number,
  random: number,
  { observer }: RunContext,
): Promise<void> {
  const queue = targets.flatMap(({ summary, cleanups }) =>
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
  await takeTurns(rotate(queue, random), concurrency);
}

/** Begins somewhere else in each run, so that what a deadline cuts off is not always the same. */
function rotate<T>(items: readonly T[], random: number): T[] {
  const start = Math.floor(random * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
