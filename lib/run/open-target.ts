import type { TargetError } from '../answers/api-error.ts';
import { archiveLines, objectName } from '../archive/archive.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { withinWindow } from '../http/window.ts';
import type { Instance } from '../model/instance.ts';
import { targetOrigin } from '../model/origins.ts';
import { SERVICES } from '../model/services.ts';
import type { RequestCounts } from '../model/summary.ts';
import { type Retention, retentionOf } from '../policy/retention.ts';
import type { Target } from '../policy/schema.ts';
import { TaskApi } from '../task-api/task-api.ts';
import type { RunArchive, RunContext } from './run-context.ts';

/** A target that is about to be opened. */
export interface Opening {
  readonly run: RunContext;
  readonly target: Target;
  readonly endpoint: Endpoint;
  /** Receive what is sent for it. */
  readonly counts: RequestCounts;
}

/** A target that has been opened: what its instances have in common. */
export interface OpenTarget {
  /** The part of the run that its instances need. */
  readonly run: Pick<
    RunContext,
    | 'now'
    | 'dryRun'
    | 'requestedIds'
    | 'seenIds'
    | 'approved'
    | 'approvedButGone'
    | 'rows'
    | 'errorTexts'
    | 'observer'
    | 'beforeDeletes'
  >;
  readonly name: string;
  readonly projectId: string;
  readonly api: TaskApi;
  readonly retention: Retention;
  /** DELETE requests that one instance has in flight at most. */
  readonly concurrency: number;
  /** Whether the service still lists an instance of the target. If that cannot be found out, it counts as listed. */
  readonly isListed: (instanceId: string) => Promise<boolean>;
  /**
   * Keeps rows, in JSON, before they are deleted; absent where none are to be kept.
   * @returns where they are, or why the run stopped waiting for that.
   * @throws {ArchiveError} where they may not be there.
   */
  readonly archive?:
    | ((
        instance: Instance,
        rows: readonly string[],
      ) => Promise<{ value: string | readonly string[] } | { gaveUp: 'deadline' | 'stopped' }>)
    | undefined;
  /** Set by the first request that shows that none can succeed; nothing more is sent then. */
  failure?: TargetError;
}

/**
 * Finds credentials and project of a target: all that its instances have in common.
 * @returns `undefined` where the project is disabled.
 * @throws {CredentialsError} without usable credentials; {TargetError} without a project; {ApiError} when time
 * is up.
 */
export async function openTarget({
  run,
  target,
  endpoint,
  counts,
}: Opening): Promise<OpenTarget | undefined> {
  const { clock, window } = run;
  const { access, projectId, enabled } = await run.accounts.enter(target, counts);
  if (!enabled) return undefined;
  const api = new TaskApi({
    service: SERVICES[target.service],
    projectId,
    origin: targetOrigin(target),
    endpoint,
    access,
    clock,
    window,
    counts,
    maxAttempts: target.requests.attempts,
    timeout: target.requests.timeout,
    time: run.time,
    rows: run.rows,
  });
  return {
    run,
    name: target.name,
    projectId,
    api,
    retention: retentionOf(run.policy, target, run),
    concurrency: endpoint.concurrency,
    isListed: lookFor(api, clock),
    archive: run.archive && archiveOf(run, run.archive, target, projectId),
  };
}

/** Archives rows of the target's instances, for as long as there is time. */
function archiveOf(
  { runId, now, window, clock, accounts: { secrets } }: RunContext,
  archive: RunArchive,
  { name, cloud, service, region }: Target,
  projectId: string,
): NonNullable<OpenTarget['archive']> {
  const origin = { runId, startedAt: now, target: name, cloud, service, region, projectId };
  return (instance, rows) => {
    const lines = { [Symbol.iterator]: () => archiveLines(origin, instance, rows) };
    const written = archive.write(objectName(origin, instance), lines, { secrets });
    return withinWindow(written, window, clock);
  };
}

/**
 * Reads the list of instances once more for the first instance that is looked for; the others use that answer, unless
 * they have been seen since it was asked for.
 */
function lookFor(api: TaskApi, clock: Clock): OpenTarget['isListed'] {
  let askedAt = Number.NEGATIVE_INFINITY;
  let ids: Promise<ReadonlySet<string> | undefined> | undefined;
  return async (instanceId) => {
    if (!ids || (api.seenAt(instanceId) ?? Number.NEGATIVE_INFINITY) >= askedAt) {
      askedAt = clock.monotonic();
      ids = api.listInstances().then(
        ({ instances, skipped }) => new Set([...instances, ...skipped].map(({ id }) => id)),
        () => undefined,
      );
    }
    return (await ids)?.has(instanceId) ?? true;
  };
}
