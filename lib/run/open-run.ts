import type { Clock } from '../http/clock.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { type CredentialsSource, CredentialsStore } from '../identity/credentials-store.ts';
import { addRequests, type RequestCounts, type Trigger } from '../model/summary.ts';
import { retentionOf } from '../policy/retention.ts';
import type { Policy, Target } from '../policy/schema.ts';
import type { RequestWindow } from '../task-api/task-api.ts';
import { openEndpoints } from './endpoints.ts';
import { watch } from './guard.ts';
import type { Observer } from './observer.ts';
import { type OpenedTarget, openTarget } from './open-target.ts';
import { checkInstances, type RunRequest, selectTargets } from './request.ts';
import { planWork, type TargetWork } from './target-work.ts';
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

/** A run that knows its targets and instances, and has deleted nothing yet. */
export interface OpenedRun {
  /** The run's one moment, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly dryRun: boolean;
  /** In the policy's order. */
  readonly work: readonly TargetWork[];
  readonly endpoints: ReadonlyMap<Target, Endpoint>;
  readonly observer: Observer;
  /** Grows until the run is over. */
  readonly warnings: readonly string[];
  /** Receives the ids of the request that are listed. */
  readonly met: ReadonlySet<string>;
}

/**
 * Finds the targets and instances of a run.
 * @throws {RequestError} when the request names a target or instance that does not exist.
 */
export async function openRun(
  policy: Policy,
  request: RunRequest,
  dependencies: RunDependencies,
): Promise<OpenedRun> {
  const { clock, random, transport } = dependencies;
  const startedAt = clock.now();
  const dryRun = request.dryRun ?? policy.dryRun;
  const targets = selectTargets(policy, request);
  const requests = targets.map(() => addRequests([]));
  const warnings: string[] = [];
  const observer = watch(dependencies.observer ?? {}, warnings);
  const window = windowOf(dependencies);
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
        transport,
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
  const work = targets.map((target, index) =>
    planWork(target, opened[index] as OpenedTarget, requests[index] as RequestCounts),
  );
  const instanceCount = work.reduce((sum, { cleanups }) => sum + cleanups.length, 0);
  observer.discovered?.(instanceCount, () => addRequests(requests));
  return { startedAt, dryRun, work, endpoints, observer, warnings, met };
}

/** What the deadline allows, and whoever may stop the run. */
export function windowOf({
  deadline,
  reserve,
  stop,
}: Pick<RunDependencies, 'deadline' | 'reserve' | 'stop'>): RequestWindow {
  return requestWindow(
    deadline ?? Number.POSITIVE_INFINITY,
    reserve ?? DEFAULT_RESERVE_MS,
    stop ?? new AbortController().signal,
  );
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
