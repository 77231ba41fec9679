import { type CredentialsSource, CredentialsStore } from '../cloud/credentials-store.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint, RequestCounts } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { retentionOf } from '../policy/retention.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { openEndpoints } from './endpoints.ts';
import type { Observer } from './observer.ts';
import { type OpenedTarget, openTarget } from './open-target.ts';
import { checkInstances, type RunRequest, selectTargets } from './request.ts';
import { addCounts, addRequests, type Summary, type Trigger, worst } from './summary.ts';
import { concludeWork, planWork, type TargetWork } from './target-work.ts';
import { takeTurns } from './turns.ts';
import { watch } from './watch.ts';
import { DEFAULT_RESERVE_MS, requestWindow } from './window.ts';

/** What a run needs from outside. */
export interface RunDependencies {
  readonly runId: string;
  readonly trigger: Trigger;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly transport: Transport;
  /** Where a target's credentials are read from. */
  readonly credentials: (reference: Target['credentials']) => CredentialsSource;
  /** When the run must be over, in milliseconds since the epoch; never, when absent. */
  readonly deadline?: number | undefined;
  /** Milliseconds before the deadline in which no DELETE begins. */
  readonly reserve?: number | undefined;
  /** Ends the run early: no new DELETE, those in flight are awaited. */
  readonly stop?: AbortSignal | undefined;
  /** Most requests in flight to one host; a target's `requests.concurrency` may ask for fewer. */
  readonly maxConcurrency?: number | undefined;
  readonly observer?: Observer | undefined;
}

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
  const { clock, random } = dependencies;
  const startedAt = clock.now();
  const dryRun = request.dryRun ?? policy.dryRun;
  const targets = selectTargets(policy, request);
  const requests = targets.map(() => addRequests([]));
  const warnings: string[] = [];
  const observer = watch(dependencies.observer ?? {}, warnings);
  const window = requestWindow(
    dependencies.deadline ?? Number.POSITIVE_INFINITY,
    dependencies.reserve ?? DEFAULT_RESERVE_MS,
    dependencies.stop ?? new AbortController().signal,
  );
  const endpoints = openEndpoints(targets, dependencies);
  const storeOf = credentialsStores(dependencies.credentials);
  const met = new Set<string>();

  const opened = await Promise.all(
    targets.map((target, index) =>
      openTarget({
        target,
        retention: retentionOf(policy, target, { keepFor: request.keepFor }),
        endpoint: endpoints.get(target) as Endpoint,
        credentials: storeOf(target),
        transport: dependencies.transport,
        random,
        narrowing: request.instances,
        only: request.taskIds && new Set(request.taskIds),
        met,
        dryRun,
        window,
        counts: requests[index] as RequestCounts,
        clock,
        now: startedAt,
        observer,
      }),
    ),
  );
  checkInstances(request, opened);

  const work = targets.map((target, index) => planWork(target, opened[index] as OpenedTarget));
  const instanceCount = work.reduce((sum, { cleanups }) => sum + cleanups.length, 0);
  observer.discovered?.(instanceCount, () => addRequests(requests));
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

  const summaries = work.map(({ summary }) => summary);
  const finishedAt = clock.now();
  const instances = summaries.flatMap((target) => target.instances);
  const summary: Summary = {
    schemaVersion: 1,
    runId: dependencies.runId,
    trigger: dependencies.trigger,
    dryRun,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    durationMs: finishedAt - startedAt,
    outcome: worst(summaries.map(({ outcome }) => outcome)),
    totals: { targets: targets.length, instances: instances.length, ...addCounts(instances) },
    requests: addRequests(requests),
    warnings,
    targets: summaries,
  };
  observer.done?.(
    summary,
    new Map(summaries.map((target, index) => [target, requests[index] as RequestCounts])),
  );
  return summary;
}

/** Targets that name the same credentials share them: they are read once. */
function credentialsStores(
  sourceOf: RunDependencies['credentials'],
): (target: Target) => CredentialsStore {
  const stores = new Map<string, CredentialsStore>();
  return ({ credentials }) => {
    const source = sourceOf(credentials);
    const store = stores.get(source.name) ?? new CredentialsStore(source);
    stores.set(source.name, store);
    return store;
  };
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
