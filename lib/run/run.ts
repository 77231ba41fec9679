import { Endpoint } from '../http/endpoint.ts';
import { isClosed } from '../http/window.ts';
import { byServer, targetOrigin } from '../model/origins.ts';
import { addRequests, conclude, counted, type Summary } from '../model/summary.ts';
import type { Policy, Target } from '../policy/schema.ts';
import {
  beginTarget,
  concludeTarget,
  type TargetRun,
  warnOfUnmatchedInAll,
} from './open-target.ts';
import { leaveOverlapsAlone } from './overlap.ts';
import { missingInstances, type RunRequest, selectTargets } from './request.ts';
import { openContext, type RunContext, type RunDependencies } from './run-context.ts';
import { takeTurns } from './turns.ts';

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
  const selected = selectTargets(policy, request);
  const context = openContext(policy, request, dependencies);
  const endpointOf = openEndpoints(selected, dependencies);
  const { observer, warnings, now, dryRun } = context;
  observer.started?.({ runId, trigger, dryRun, startedAt: now });

  const begun = new Map<Target, readonly TargetRun[]>();
  const inOrder = () => selected.flatMap((target) => begun.get(target) ?? []);
  const count = () => addRequests(inOrder().map(({ requestCounts }) => requestCounts));
  const cleanEndpoint = async (endpoint: Endpoint) => {
    const here = selected.filter((target) => endpointOf.get(target) === endpoint);
    const targets = await beginTargets(context, here, endpoint);
    here.forEach((target, i) => {
      begun.set(target, targets[i] as readonly TargetRun[]);
    });
    const instances = inOrder().reduce((sum, { cleanups }) => sum + cleanups.length, 0);
    context.window.allowFor(instances);
    observer.discovered?.(instances, count);
    await cleanAll(targets.flat(), endpoint.concurrency, random(), context);
  };
  // All at once, so that a slow one does not hold up the others.
  await Promise.all([...new Set(endpointOf.values())].map(cleanEndpoint));

  const targets = inOrder();
  warnOfUnmatchedInAll(observer, targets);
  const missing = missingInstances(context.requestedInstances, targets);
  for (const message of missing) observer.warning?.(message);
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
  const failed = missing.length > 0;
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

/**
 * Opens the targets of one endpoint and finds their instances; those that two targets select are left alone. Deletes
 * nothing and never throws: a failure is in the summary of its target.
 * @returns for each target: itself, or one for each of its projects.
 */
export async function beginTargets(
  run: RunContext,
  targets: readonly Target[],
  endpoint: Endpoint,
): Promise<readonly (readonly TargetRun[])[]> {
  const begun = await Promise.all(targets.map((each) => beginTarget(run, each, endpoint)));
  await leaveOverlapsAlone(run, begun.flat());
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
  const queue = targets.flatMap(({ summary: target, cleanups }) =>
    cleanups.map((cleanup) => {
      const { summary } = cleanup;
      let begun = false;
      const turn = async (othersWait: () => boolean) => {
        if (!begun) {
          observer.instanceBegun?.(target, summary);
          // At once: thousands may wait, and the summary is to be written in time.
          if (isClosed(window, clock)) {
            cleanup.leaveAlone(window.stop.aborted ? 'interrupted' : 'deadline');
          }
        }
        begun = true;
        return await cleanup.turn(othersWait);
      };
      return { turn, finished: () => observer.instanceDone?.(target, summary) };
    }),
  );
  const finished = (item: (typeof queue)[number]) => item.finished();
  await takeTurns(rotate(queue, random), { concurrency, clock, finished });
}

/** Begins somewhere else in each run, so that what a deadline cuts off is not always the same. */
function rotate<T>(items: readonly T[], random: number): T[] {
  const start = Math.floor(random * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
