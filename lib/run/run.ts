import { Endpoint } from '../http/endpoint.ts';
import { isClosed } from '../http/window.ts';
import { byServer, targetOrigin } from '../model/origins.ts';
import { addRequests, conclude, counted, type Summary } from '../model/summary.ts';
import type { Policy, Target } from '../policy/schema.ts';
import {
  beginTargets,
  concludeTarget,
  type TargetRun,
  warnOfUnmatchedInAll,
} from './open-target.ts';
import { leaveOverlapsAlone } from './overlap.ts';
import { missingInstances, type RunRequest, selectTargets } from './request.ts';
import { openContext, type RunContext, type RunDependencies } from './run-context.ts';
import { takeTurns } from './turns.ts';

/** A run before anything is sent. */
interface OpenRun {
  readonly context: RunContext;
  /** In the policy's order; the projects of those that have some are not known yet. */
  readonly targets: readonly Target[];
  /** One for each host, however many targets are on it. */
  readonly endpoints: readonly Endpoint[];
  readonly endpointOf: ReadonlyMap<Target, Endpoint>;
}

/** The targets of a run whose instances are known, in the policy's order. */
interface BegunRun {
  readonly targets: readonly TargetRun[];
  /** True where an instance that was asked for is nowhere. */
  readonly failed: boolean;
}

/**
 * One pass over the policy. Every target and instance is accounted for in the summary, whatever
 * happens to it.
 * @throws {RunRequestError} when the request names a target that does not exist; nothing has been sent then.
 */
export async function run(
  policy: Policy,
  request: RunRequest,
  dependencies: RunDependencies,
): Promise<Summary> {
  const { random, runId, trigger } = dependencies;
  const opened = openRun(policy, request, dependencies);
  const { context } = opened;
  const { observer, warnings, now, dryRun } = context;
  observer.started?.({ runId, trigger, dryRun, startedAt: now });
  const { targets, failed } = await beginRun(opened, async (begun, { concurrency }) => {
    await cleanAll(begun, concurrency, random(), context);
  });
  for (const each of targets) {
    concludeTarget(each);
    if (each.summary.error) observer.targetFailed?.(each.summary);
  }
  for (const id of request.taskIds ?? []) {
    if (!context.seenIds.has(id))
      observer.warning?.(`task ${id} was not found on any instance of this run`);
  }
  const gone = context.approvedButGone.count + approvedOnGoneInstances(targets, context);
  if (gone > 0) {
    observer.warning?.(
      `${counted(gone, 'record')} of the approved plan ${gone === 1 ? 'is' : 'are'} not listed any more`,
    );
  }
  const requests = new Map(targets.map(({ summary, requestCounts }) => [summary, requestCounts]));
  const times = { startedAt: now, durationMs: context.elapsed() };
  const summary = conclude({ runId, trigger, dryRun, warnings, failed, ...times }, requests);
  observer.done?.(summary, requests);
  return summary;
}

/** Records that were approved on instances which are not listed any more. */
function approvedOnGoneInstances(
  targets: readonly TargetRun[],
  { approved, requestedInstances }: RunContext,
): number {
  // A run that asks for some instances says nothing about the others.
  if (!approved || requestedInstances) return 0;
  const gone = targets.flatMap(({ target: { name }, open, listed, skipped }) => {
    const ids = new Set([...listed, ...skipped].map(({ id }) => id));
    return [...(open ? approved.instancesOf(name) : [])]
      .filter((id) => !ids.has(id))
      .map((id) => approved.idsOf(name, id).size);
  });
  return gone.reduce((sum, count) => sum + count, 0);
}

/** @throws {RunRequestError} when the request names a target that does not exist. */
function openRun(policy: Policy, request: RunRequest, dependencies: RunDependencies): OpenRun {
  const targets = selectTargets(policy, request);
  const context = openContext(policy, request, dependencies);
  const endpointOf = openEndpoints(targets, dependencies);
  return { context, targets, endpoints: [...new Set(endpointOf.values())], endpointOf };
}

/**
 * Finds the instances of every target. All endpoints are asked at once, so that a slow one does not hold up
 * the others.
 * @param proceed is called for each endpoint as soon as its own targets are known.
 */
async function beginRun(
  { context, targets, endpoints, endpointOf }: OpenRun,
  proceed: (begun: readonly TargetRun[], endpoint: Endpoint) => Promise<void>,
): Promise<BegunRun> {
  const { observer } = context;
  const begun = new Map<Target, readonly TargetRun[]>();
  const all = () => targets.flatMap((target) => begun.get(target) ?? []);
  const count = () => addRequests(all().map(({ requestCounts }) => requestCounts));
  await Promise.all(
    endpoints.map(async (endpoint) => {
      const here = targets.filter((target) => endpointOf.get(target) === endpoint);
      const opened = await beginEndpoint(context, here, endpoint);
      here.forEach((target, i) => {
        begun.set(target, opened[i] as readonly TargetRun[]);
      });
      const found = opened.flat();
      const instances = all().flatMap(({ cleanups }) => cleanups);
      context.window.allowFor(instances.length);
      observer.discovered?.(instances.length, count);
      await proceed(found, endpoint);
    }),
  );
  const inOrder = all();
  warnOfUnmatchedInAll(observer, inOrder);
  const missing = missingInstances(context.requestedInstances, inOrder);
  for (const message of missing) observer.warning?.(message);
  return { targets: inOrder, failed: missing.length > 0 };
}

/**
 * Finds the instances of the targets of one endpoint; those that two targets select are left alone.
 * @returns for each target: itself, or one for each of its projects.
 */
export async function beginEndpoint(
  context: RunContext,
  targets: readonly Target[],
  endpoint: Endpoint,
): Promise<readonly (readonly TargetRun[])[]> {
  const begun = await Promise.all(targets.map((each) => beginTargets(context, each, endpoint)));
  await leaveOverlapsAlone(context, begun.flat());
  return begun;
}

/**
 * Where each target's requests go: one endpoint for each server, however many targets are on it and however they
 * write its name. If their limits differ, the lowest holds.
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
  for (const here of byServer(targets)) {
    const endpoint = new Endpoint({
      origin: targetOrigin(here[0]),
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

/** Cleans all instances on one endpoint, `concurrency` of them at once. */
async function cleanAll(
  targets: readonly TargetRun[],
  concurrency: number,
  random: number,
  { observer, clock, window }: RunContext,
): Promise<void> {
  const queue = targets.flatMap(({ summary, cleanups }) =>
    cleanups.map((cleanup) => {
      let begun = false;
      const turn = async (othersWait: () => boolean) => {
        if (!begun) {
          observer.instanceBegun?.(summary, cleanup.summary);
          // At once: thousands may wait, and the summary is to be written in time.
          if (isClosed(window, clock)) {
            cleanup.leaveAlone(window.stop.aborted ? 'interrupted' : 'deadline');
          }
        }
        begun = true;
        const finished = await cleanup.turn(othersWait);
        if (finished) observer.instanceDone?.(summary, cleanup.summary);
        return finished;
      };
      return { turn };
    }),
  );
  await takeTurns(rotate(queue, random), concurrency, clock);
}

/** Begins somewhere else in each run, so that what a deadline cuts off is not always the same. */
function rotate<T>(items: readonly T[], random: number): T[] {
  const start = Math.floor(random * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
