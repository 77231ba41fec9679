import { type CredentialsSource, CredentialsStore } from '../cloud/credentials-store.ts';
import { serviceOrigin } from '../cloud/hosts.ts';
import { SERVICES } from '../cloud/services.ts';
import type { Clock } from '../http/clock.ts';
import { Endpoint, type RequestCounts } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { retentionOf } from '../policy/retention.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { InstanceCleanup, type TargetContext } from './clean-instance.ts';
import type { Observer } from './observer.ts';
import { type OpenedTarget, openTarget } from './open-target.ts';
import { RequestError, type RunRequest, selectTargets } from './request.ts';
import { addCounts, type Summary, type TargetSummary, type Trigger, worst } from './summary.ts';
import { takeTurns } from './turns.ts';
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
  const { clock, random, observer = {} } = dependencies;
  const startedAt = clock.now();
  const dryRun = request.dryRun ?? policy.dryRun;
  const targets = selectTargets(policy, request);
  const requests: RequestCounts = { sent: 0, retried: 0, throttled: 0 };
  const warnings: string[] = [];
  const warn = (message: string, target?: string) => {
    warnings.push(target ? `${target}: ${message}` : message);
    observer.warning?.(message, target);
  };
  const window = requestWindow(
    dependencies.deadline ?? Number.POSITIVE_INFINITY,
    dependencies.reserve ?? DEFAULT_RESERVE_MS,
    dependencies.stop ?? new AbortController().signal,
  );
  const endpoints = openEndpoints(targets, dependencies);
  const endpointOf = (target: Target) => endpoints.get(originOf(target)) as Endpoint;

  const met = new Set<string>();
  const stores = new Map<string, CredentialsStore>();
  const storeOf = (target: Target): CredentialsStore => {
    const source = dependencies.credentials(target.credentials);
    const store = stores.get(source.name) ?? new CredentialsStore(source);
    stores.set(source.name, store);
    return store;
  };

  const opened = await Promise.all(
    targets.map((target) =>
      openTarget({
        target,
        retention: retentionOf(policy, target, { keepFor: request.keepFor }),
        endpoint: endpointOf(target),
        credentials: storeOf(target),
        transport: dependencies.transport,
        random,
        narrowing: request.instances,
        only: request.taskIds && new Set(request.taskIds),
        met,
        dryRun,
        window,
        counts: requests,
        clock,
        now: startedAt,
        observer: { ...observer, warning: warn },
      }),
    ),
  );
  checkInstances(request, opened);

  const work = targets.map((target, index) => plan(target, opened[index] as OpenedTarget, warn));
  const cleanups = work.flatMap(({ cleanups }) => cleanups);
  observer.discovered?.(cleanups.length);
  await Promise.all(
    [...endpoints.values()].map((endpoint) => {
      const here = work.filter(({ target }) => endpointOf(target) === endpoint);
      const queue = here.flatMap(({ summary, cleanups }) =>
        cleanups.map((cleanup) => ({
          turn: async (othersWait: () => boolean) => {
            const finished = await cleanup.turn(othersWait);
            if (finished) observer.instanceDone?.(summary, cleanup.summary);
            return finished;
          },
        })),
      );
      return takeTurns(rotate(queue, random()), endpoint.concurrency);
    }),
  );
  for (const { summary, context } of work) {
    conclude(summary, context);
    if (summary.error) observer.targetFailed?.(summary);
  }
  for (const id of request.taskIds ?? []) {
    if (!met.has(id)) warn(`no instance of this run lists task ${id}`);
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
    requests,
    warnings,
    targets: summaries,
  };
  observer.done?.(summary);
  return summary;
}

function originOf(target: Target): string {
  const { cloud, service, region, endpoint } = target;
  return endpoint ?? serviceOrigin(cloud, SERVICES[service], region);
}

/** One endpoint for each host, however many targets are on it; where they differ, the lowest limit holds. */
function openEndpoints(
  targets: readonly Target[],
  { transport, clock, random }: RunDependencies,
): Map<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>();
  for (const origin of new Set(targets.map(originOf))) {
    const here = targets.filter((target) => originOf(target) === origin);
    const concurrency = Math.min(...here.map(({ requests }) => requests.concurrency));
    const perSecond = Math.min(...here.map(({ requests }) => requests.perSecond ?? Infinity));
    endpoints.set(
      origin,
      new Endpoint({ origin, concurrency, perSecond, transport, clock, random }),
    );
  }
  return endpoints;
}

/** A name that no opened target knows is an error, unless a target that could not be opened may know it. */
function checkInstances(request: RunRequest, opened: readonly OpenedTarget[]): void {
  if (opened.some((target) => 'error' in target)) return;
  const selections = opened.flatMap((target) => ('selection' in target ? [target.selection] : []));
  const unknown = (request.instances ?? []).filter((pattern) =>
    selections.every(({ unmatchedNarrowing }) => unmatchedNarrowing.includes(pattern)),
  );
  if (unknown.length === 0) return;
  throw new RequestError(
    'instance',
    unknown,
    opened.flatMap((target) =>
      'allowed' in target
        ? target.allowed.map(({ id, name }) => (name ? `${name} (${id})` : id))
        : [],
    ),
  );
}

interface TargetWork {
  readonly target: Target;
  readonly summary: TargetSummary;
  readonly context?: TargetContext;
  readonly cleanups: InstanceCleanup[];
}

function plan(
  target: Target,
  opened: OpenedTarget,
  warn: (message: string, target: string) => void,
): TargetWork {
  const { name, cloud, service, region } = target;
  const summary: TargetSummary = {
    name,
    cloud,
    service,
    region,
    outcome: 'complete',
    instances: [],
  };
  if ('error' in opened) {
    const { early, ...error } = opened.error;
    summary.outcome = early ? 'incomplete' : 'failed';
    summary.error = error;
    return { target, summary, cleanups: [] };
  }
  for (const pattern of opened.selection.unmatched) {
    warn(`"${pattern}" under instances matches no instance`, name);
  }
  const cleanups = opened.selection.selected.map(
    (instance) => new InstanceCleanup(opened.context, instance),
  );
  summary.instances = cleanups.map((cleanup) => cleanup.summary);
  return { target, summary, context: opened.context, cleanups };
}

function conclude(summary: TargetSummary, context: TargetContext | undefined): void {
  if (!context) return;
  summary.outcome = worst(summary.instances.map(({ outcome }) => outcome));
  if (context.failure) {
    summary.outcome = 'failed';
    summary.error = { code: context.failure.code, message: context.failure.message };
  }
}

/** Begins somewhere else in each run, so that what a deadline cuts off is not always the same. */
function rotate<T>(items: readonly T[], random: number): T[] {
  const start = Math.floor(random * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
