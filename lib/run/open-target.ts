import { ApiError, TargetError } from '../answers/api-error.ts';
import { type Archive, archiveLines, objectName } from '../archive/archive.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { withinWindow } from '../http/window.ts';
import { CredentialsError } from '../identity/credentials.ts';
import { openAccess } from '../identity/open-access.ts';
import { type Instance, labelOf } from '../model/instance.ts';
import { unopenedOutcome, worstOutcome } from '../model/outcome.ts';
import { SERVICES } from '../model/services.ts';
import { addRequests, type RequestCounts, type TargetSummary } from '../model/summary.ts';
import { retentionOf } from '../policy/retention.ts';
import type { Target } from '../policy/schema.ts';
import { selectInstances } from '../policy/select-instances.ts';
import { TaskApi } from '../task-api/task-api.ts';
import { InstanceCleanup, type OpenTarget } from './clean-instance.ts';
import type { RunContext } from './run-context.ts';

/** One target of a run: the work on it, and its summary. */
export interface TargetRun {
  readonly target: Target;
  readonly summary: TargetSummary;
  /** Grow until the run is over. */
  readonly requestCounts: RequestCounts;
  /** Absent where the target could not be opened. */
  readonly open?: OpenTarget;
  /** Instances of the service, whatever the policy selects. */
  readonly listed: readonly Instance[];
  /** Instances that the policy selects, whatever the run asks for. */
  readonly allowed: readonly Instance[];
  /** Those of the run's instances that match none of them. */
  readonly unmatched: readonly string[];
  readonly cleanups: readonly InstanceCleanup[];
}

/** The failure that ended a target as a whole. */
export interface TargetFailure {
  readonly code: string;
  readonly message: string;
  /** True where the run had to stop before the target was reached: no fault of the target's. */
  readonly early: boolean;
}

/** Opens a target and finds its instances. Deletes nothing and never throws: a failure is in the summary. */
export async function beginTarget(
  run: RunContext,
  target: Target,
  endpoint: Endpoint,
): Promise<TargetRun> {
  const { observer } = run;
  const { name, cloud, service, region } = target;
  const summary: TargetSummary = {
    name,
    cloud,
    service,
    region,
    outcome: 'complete',
    instances: [],
  };
  const leftAlone = (instance: Instance, reason: string) =>
    observer.warning?.(`instance ${labelOf(instance)} is left alone: ${reason}`, name);
  const requestCounts = addRequests([]);
  const begun = {
    target,
    summary,
    requestCounts,
    listed: [],
    allowed: [],
    unmatched: [],
    cleanups: [],
  };
  try {
    const open = await openTarget(run, target, endpoint, requestCounts);
    const { instances, skipped } = await open.api.listInstances();
    for (const { reason, isDoubtful, ...instance } of skipped) {
      observer.skipped?.(name, instance, reason);
      if (isDoubtful) leftAlone(instance, reason);
    }
    if (!open.api.clockIsKnown) {
      observer.warning?.(
        `${endpoint.origin} does not tell its time: this clock is not checked`,
        name,
      );
    }
    const selection = selectInstances(instances, target.instances, run.requestedInstances);
    for (const pattern of selection.unmatched) {
      observer.warning?.(`"${pattern}" under instances matches no instance`, name);
    }
    for (const instance of selection.nameless) {
      leftAlone(instance, 'its name cannot be read, and instances are selected by name');
    }
    const cleanups = selection.selected.map((instance) => new InstanceCleanup(open, instance));
    summary.instances = cleanups.map((cleanup) => cleanup.summary);
    return {
      ...begun,
      open,
      listed: instances,
      allowed: selection.allowed,
      unmatched: selection.unmatchedNarrowing,
      cleanups,
    };
  } catch (error) {
    const { early, ...failure } = toTargetFailure(error);
    summary.outcome = unopenedOutcome(early);
    summary.error = failure;
    return begun;
  }
}

/**
 * Finds credentials and project of a target: all that its instances have in common.
 * @throws {CredentialsError} without usable credentials; {TargetError} without a project; {ApiError} when time
 * is up.
 */
export async function openTarget(
  run: RunContext,
  target: Target,
  endpoint: Endpoint,
  counts: RequestCounts,
): Promise<OpenTarget> {
  const { clock, window } = run;
  const { access, projectId } = await openAccess(target, run.credentialsOf(target), {
    ...run,
    counts,
  });
  const api = new TaskApi({
    service: SERVICES[target.service],
    projectId,
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
    isListed: lookFor(api),
    archive: run.archive && archiveOf(run, run.archive, target, projectId),
  };
}

/** Archives rows of the target's instances, for as long as there is time. */
function archiveOf(
  { runId, now, window, clock }: RunContext,
  archive: Archive,
  { name, cloud, service, region }: Target,
  projectId: string,
): NonNullable<OpenTarget['archive']> {
  const origin = { runId, startedAt: now, target: name, cloud, service, region, projectId };
  return (instance, rows) => {
    const lines = archiveLines(origin, instance, rows);
    return withinWindow(archive.write(objectName(origin, instance), lines), window, clock);
  };
}

/** The list of instances is read once more for the first that is looked for; the others take the same answer. */
function lookFor(api: TaskApi): OpenTarget['isListed'] {
  let ids: Promise<ReadonlySet<string> | undefined> | undefined;
  return async (instanceId) => {
    ids ??= api.listInstances().then(
      ({ instances, skipped }) => new Set([...instances, ...skipped].map(({ id }) => id)),
      () => undefined,
    );
    return (await ids)?.has(instanceId) ?? true;
  };
}

/** Once its instances are finished: the outcome of the target, and what ended it where something did. */
export function concludeTarget({ summary, open }: TargetRun): void {
  if (!open) return;
  const { failure } = open;
  if (failure) {
    summary.outcome = 'failed';
    summary.error = { code: failure.code, message: failure.message };
  } else summary.outcome = worstOutcome(summary.instances.map(({ outcome }) => outcome));
}

/** The meaning of an error that ended a target. One that nobody expected is a defect of ours, and ends it too. */
export function toTargetFailure(error: unknown): TargetFailure {
  if (!(error instanceof ApiError || error instanceof CredentialsError)) {
    return { code: 'internal', message: `internal error: ${String(error)}`, early: false };
  }
  const { message, code } = error;
  if (error instanceof CredentialsError || error instanceof TargetError) {
    return { code, message, early: false };
  }
  const early = error.gaveUp === 'deadline' || error.gaveUp === 'stopped';
  return {
    code: early ? 'stopped' : code,
    message: `the instances could not be listed: ${message}`,
    early,
  };
}
