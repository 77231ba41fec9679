import type { Duration } from 'luxon';
import { ApiError } from '../answers/api-error.ts';
import type { Clock } from '../http/clock.ts';
import type { Transport } from '../http/transport.ts';
import { type RequestWindow, requestWindow, withinWindow } from '../http/window.ts';
import { type CredentialsSource, CredentialsStore } from '../identity/credentials-store.ts';
import type { Trigger } from '../model/summary.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { RowBudget } from '../task-api/row-budget.ts';
import { type BeforeDeletes, guardObserver, type Observer } from './observer.ts';
import type { RunRequest } from './request.ts';

/** The dependencies of a run on the outside. */
export interface RunDependencies {
  readonly runId: string;
  readonly trigger: Trigger;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly transport: Transport;
  /** Where a target's credentials are read from. */
  readonly credentials: (reference: Target['credentials']) => CredentialsSource;
  /** When the run must be over, by the clock that does not step; never, when absent. */
  readonly deadline?: number | undefined;
  /** Milliseconds before the deadline in which no DELETE begins. */
  readonly stopBeforeEnd?: number | undefined;
  /** Ends the run early: no new DELETE, those in flight are awaited. */
  readonly stop?: AbortSignal | undefined;
  /** Most requests in flight to one host; a target's `requests.concurrency` may ask for fewer. */
  readonly maxConcurrency?: number | undefined;
  readonly observer?: Observer | undefined;
  readonly beforeDeletes?: BeforeDeletes | undefined;
}

/** The things that all targets of one run share. */
export interface RunContext {
  readonly policy: Policy;
  readonly clock: Clock;
  readonly random: () => number;
  readonly transport: Transport;
  readonly window: RequestWindow;
  /** The run's one moment, in milliseconds since the epoch. */
  readonly now: number;
  /** This machine's clock at the start, plus the time since then, however the clock is set meanwhile. */
  readonly time: () => number;
  /** Milliseconds since the run began. */
  readonly elapsed: () => number;
  readonly dryRun: boolean;
  /** Instead of the policy's own. */
  readonly keepFor: Duration | undefined;
  /** Instances that the run asks for; all, when absent. */
  readonly requestedInstances: readonly string[] | undefined;
  /** Records that the run asks for; all, when absent. */
  readonly requestedIds: ReadonlySet<string> | undefined;
  /** Receives those of them that are listed. */
  readonly seenIds: Set<string>;
  readonly observer: Observer;
  readonly beforeDeletes: BeforeDeletes | undefined;
  /** Grows until the run is over. */
  readonly warnings: readonly string[];
  /** Bounds what all lists of the run hold. */
  readonly rows: RowBudget;
  /** Targets that name the same credentials share them: they are read once. */
  readonly credentialsOf: (target: Target) => CredentialsStore;
}

/**
 * @param planned the run's one moment, where an earlier part of it has fixed it. Where this clock shows less, that
 * holds: no record is ever taken for older than one of the two says.
 */
export function openContext(
  policy: Policy,
  request: RunRequest,
  dependencies: Omit<RunDependencies, 'runId' | 'trigger'>,
  planned = Number.POSITIVE_INFINITY,
): RunContext {
  const { clock, random, transport, observer = {} } = dependencies;
  const warnings: string[] = [];
  const window = requestWindow(dependencies);
  const begunAt = clock.monotonic();
  const wallClock = clock.now();
  const elapsed = () => clock.monotonic() - begunAt;
  return {
    policy,
    clock,
    random,
    transport,
    window,
    now: Math.min(planned, wallClock),
    time: () => wallClock + elapsed(),
    elapsed,
    dryRun: request.dryRun ?? policy.dryRun,
    keepFor: request.keepFor,
    requestedInstances: request.instances,
    requestedIds: request.taskIds && new Set(request.taskIds),
    seenIds: new Set(),
    observer: guardObserver(observer, warnings),
    beforeDeletes: dependencies.beforeDeletes,
    warnings,
    rows: new RowBudget(),
    credentialsOf: shareCredentials(dependencies.credentials, window, clock),
  };
}

function shareCredentials(
  sourceOf: RunDependencies['credentials'],
  window: RequestWindow,
  clock: Clock,
): (target: Target) => CredentialsStore {
  const wait = async <T>(promise: Promise<T>, source: string): Promise<T> => {
    const waited = await withinWindow(promise, window, clock);
    if ('value' in waited) return waited.value;
    const message = `${source} was not read before the run had to end`;
    throw new ApiError(message, undefined, waited.gaveUp);
  };
  const stores = new Map<string, CredentialsStore>();
  return ({ credentials }) => {
    const source = sourceOf(credentials);
    const store = stores.get(source.name) ?? new CredentialsStore(source, wait);
    stores.set(source.name, store);
    return store;
  };
}
