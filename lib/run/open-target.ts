import pLimit from 'p-limit';
import { ApiError, TargetError } from '../answers/api-error.ts';
import { archiveLines, objectName } from '../archive/archive.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { isClosed, withinWindow } from '../http/window.ts';
import { CredentialsError } from '../identity/credentials.ts';
import { groupBy } from '../model/group-by.ts';
import { type Instance, labelOf, type SkippedInstance } from '../model/instance.ts';
import { targetOrigin } from '../model/origins.ts';
import { targetOutcome, unopenedOutcome } from '../model/outcome.ts';
import { SERVICES } from '../model/services.ts';
import { addRequests, type RequestCounts, type TargetSummary } from '../model/summary.ts';
import { retentionOf } from '../policy/retention.ts';
import type { Target } from '../policy/schema.ts';
import { selectInstances } from '../policy/select-instances.ts';
import { writtenName } from '../policy/targets.ts';
import { TaskApi } from '../task-api/task-api.ts';
import { InstanceCleanup, type OpenTarget } from './clean-instance.ts';
import { findProjects } from './find-projects.ts';
import type { Observer } from './observer.ts';
import { selectProjectTargets } from './request.ts';
import type { RunArchive, RunContext } from './run-context.ts';

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
  /** Instances that are left alone, whatever the policy selects. */
  readonly skipped: readonly SkippedInstance[];
  /** Instances that the policy selects, whatever the run asks for. */
  readonly allowed: readonly Instance[];
  /** The policy's patterns that match no instance here. */
  readonly unmatchedPatterns: readonly string[];
  /** The run's own patterns that match none of the allowed instances. */
  readonly unmatched: readonly string[];
  readonly cleanups: readonly InstanceCleanup[];
}

/** A target that is about to be opened. */
interface Opening {
  readonly run: RunContext;
  readonly target: Target;
  readonly endpoint: Endpoint;
  /** Receive what is sent for it. */
  readonly counts: RequestCounts;
}

/** The failure that ended a target as a whole. */
interface TargetFailure {
  readonly code: string;
  readonly message: string;
  /** True where the run had to stop before the target was reached: no fault of the target's. */
  readonly early: boolean;
}

/** More than may be in flight at the service and at IAM together: a target may have 100,000 projects. */
const PROJECTS_AT_ONCE = 300;

/**
 * Opens a target, or one for each of its projects, and finds the instances. Deletes nothing and never throws: a
 * failure is in the summary.
 */
export async function beginTarget(
  run: RunContext,
  target: Target,
  endpoint: Endpoint,
): Promise<readonly TargetRun[]> {
  const { accounts, observer, requestedTargets, window, clock } = run;
  const opening = { run, target, endpoint, counts: addRequests([]) };
  if (!target.projects) return [await beginInProject(opening)];
  let targets: readonly Target[];
  try {
    const found = await findProjects(accounts, target, opening.counts);
    for (const { name } of found.disabled) {
      warnOfDisabled(observer, name, target.name);
    }
    targets = selectProjectTargets(target, found.targets, requestedTargets);
  } catch (error) {
    const begun = notBegun(opening);
    fail(begun.summary, error);
    return [begun];
  }
  // All of them may be disabled.
  if (targets.length === 0) return [notBegun(opening)];
  return await pLimit(PROJECTS_AT_ONCE).map(targets, async (each, i) => {
    // The requests that found the projects count as those of the first.
    const counts = i === 0 ? opening.counts : addRequests([]);
    const project = { ...opening, target: each, counts };
    return isClosed(window, clock) ? notReached(project) : await beginInProject(project);
  });
}

function notReached(opening: Opening): TargetRun {
  const begun = notBegun(opening);
  begun.summary.outcome = unopenedOutcome(true);
  begun.summary.error = { code: 'stopped', message: 'the run had to stop before it was reached' };
  return begun;
}

function notBegun({ target, counts }: Opening): TargetRun {
  const { name, cloud, service, region } = target;
  return {
    target,
    summary: { name, cloud, service, region, outcome: 'complete', instances: [] },
    requestCounts: counts,
    listed: [],
    skipped: [],
    allowed: [],
    unmatchedPatterns: [],
    unmatched: [],
    cleanups: [],
  };
}

function fail(summary: TargetSummary, error: unknown): void {
  const { early, ...failure } = toTargetFailure(error);
  summary.outcome = unopenedOutcome(early);
  summary.error = failure;
}

async function beginInProject(opening: Opening): Promise<TargetRun> {
  const { run, target } = opening;
  const { observer } = run;
  const { name } = target;
  const leftAlone = (instance: Instance, reason: string) =>
    observer.warning?.(`instance ${labelOf(instance)} is left alone: ${reason}`, name);
  const begun = notBegun(opening);
  const { summary } = begun;
  const listedRows = run.rows.open(BESIDES_LISTED);
  const selectedRows = run.rows.open(BESIDES_SELECTED);
  try {
    const open = await openTarget(opening);
    if (!open) {
      warnOfDisabled(observer, target.region, name);
      return begun;
    }
    const { instances, skipped } = await open.api.listInstances(listedRows);
    const amongSkipped = selectInstances(skipped, target.instances, run.requestedInstances);
    const asked = new Set(run.requestedInstances && amongSkipped.selected);
    for (const each of skipped) {
      const { reason, isDoubtful, ...instance } = each;
      observer.skipped?.(name, instance, reason);
      if (isDoubtful || asked.has(each)) leftAlone(instance, reason);
    }
    if (!open.api.clockIsKnown) {
      observer.warning?.(
        `${targetOrigin(target)} does not say what time it is, so this machine's clock was not checked`,
        name,
      );
    }
    const selection = selectInstances(instances, target.instances, run.requestedInstances);
    // One that is asked for and left alone is not unknown: the warning above says why.
    const unmatched = new Set(amongSkipped.unmatchedNarrowing);
    if (writtenName(target) === undefined) warnOfUnmatched(observer, selection.unmatched, name);
    for (const instance of selection.nameless) {
      leftAlone(instance, 'its name cannot be read, and instances are selected by name');
    }
    if (!selectedRows.take(selection.selected.length, 0)) {
      throw new TargetError('memory', TOO_MANY_INSTANCES);
    }
    const cleanups = selection.selected.map((instance) => new InstanceCleanup(open, instance));
    summary.instances = cleanups.map((cleanup) => cleanup.summary);
    return {
      ...begun,
      open,
      listed: instances,
      skipped,
      allowed: selection.allowed,
      unmatchedPatterns: selection.unmatched,
      unmatched: selection.unmatchedNarrowing.filter((pattern) => unmatched.has(pattern)),
      cleanups,
    };
  } catch (error) {
    // It holds none of them any more.
    listedRows.release();
    selectedRows.release();
    fail(summary, error);
    return begun;
  }
}

/** Characters that take as much memory as what the run holds for an instance that is listed, besides its texts. */
const BESIDES_LISTED = 400;
/** The same for one that is to be cleaned: its cleanup, and its part of the summary. */
const BESIDES_SELECTED = 1_600;

const TOO_MANY_INSTANCES =
  'the targets of this run have more instances than memory is meant for; clean fewer targets at once (--target)';

function warnOfDisabled(observer: Observer, project: string, name: string): void {
  observer.warning?.(`project ${project} is disabled, and left alone`, name);
}

function warnOfUnmatched(observer: Observer, patterns: readonly string[], name: string): void {
  for (const pattern of patterns) {
    observer.warning?.(`"${pattern}" under instances matches no instance`, name);
  }
}

/** For a target with lists: warns of patterns that match in none of the targets that it stands for. */
export function warnOfUnmatchedInAll(observer: Observer, targets: readonly TargetRun[]): void {
  for (const [name, alike] of groupBy(targets, ({ target }) => writtenName(target))) {
    // One that could not be opened may be the one where it matches.
    if (name === undefined || alike.some(({ open }) => !open)) continue;
    let everywhere = alike[0].unmatchedPatterns;
    for (const { unmatchedPatterns } of alike) {
      if (everywhere.length === 0) break;
      const here = new Set(unmatchedPatterns);
      everywhere = everywhere.filter((pattern) => here.has(pattern));
    }
    warnOfUnmatched(observer, everywhere, name);
  }
}

/**
 * Finds credentials and project of a target: all that its instances have in common.
 * @returns `undefined` where the project is disabled.
 * @throws {CredentialsError} without usable credentials; {TargetError} without a project; {ApiError} when time
 * is up.
 */
async function openTarget({
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

/** After so many lists in a row that had the instance in question still, or could not be read, no more are asked for. */
const LISTS_IN_VAIN = 3;

/** A list of instances that was asked for to look for one of them. */
interface Look {
  readonly askedAt: number;
  /** Ids on the list; absent where it could not be read. */
  readonly ids: Promise<ReadonlySet<string> | undefined>;
  /** Whether it is counted as asked for in vain. */
  isCounted: boolean;
}

/**
 * Reads the list of instances once more for an instance that says it is gone. One list serves many of them: that an
 * instance is not in it holds until it is seen again; that it is in it, only for those that said so before the list was
 * asked for.
 */
function lookFor(api: TaskApi, clock: Clock): OpenTarget['isListed'] {
  let last: Look | undefined;
  let inVain = 0;
  const ask = (): Look => {
    const ids = api.listInstances().then(
      ({ instances, skipped }) => new Set([...instances, ...skipped].map(({ id }) => id)),
      () => undefined,
    );
    last = { askedAt: clock.monotonic(), ids, isCounted: false };
    return last;
  };
  const isOn = async ({ ids }: Look, instanceId: string): Promise<boolean> => {
    const isListed = (await ids)?.has(instanceId) ?? true;
    if (!isListed) inVain = 0;
    return isListed;
  };
  return async (instanceId) => {
    const before = last;
    const seenAt = api.seenAt(instanceId) ?? Number.NEGATIVE_INFINITY;
    const isOlder = before !== undefined && seenAt < before.askedAt;
    if (isOlder && !(await isOn(before, instanceId))) return false;
    // Others may have asked meanwhile.
    if (last === before && inVain >= LISTS_IN_VAIN) return true;
    const look = last === before || last === undefined ? ask() : last;
    const isListed = await isOn(look, instanceId);
    if (isListed && !look.isCounted) {
      look.isCounted = true;
      inVain += 1;
    }
    return isListed;
  };
}

/** Sets the outcome of a target once its instances are finished, and the error that ended it, if there is one. */
export function concludeTarget({ summary, open }: TargetRun): void {
  if (!open) return;
  const { failure } = open;
  if (failure) summary.error = { code: failure.code, message: failure.message };
  summary.outcome = targetOutcome(summary.instances, failure);
}

/** The meaning of an error that ended a target. One that nobody expected is a defect of ours, and ends it too. */
function toTargetFailure(error: unknown): TargetFailure {
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
