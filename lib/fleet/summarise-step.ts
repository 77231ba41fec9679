import {
  addRequests,
  type RequestCounts,
  type Summary,
  type TargetSummary,
} from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { parseEvent } from '../run/event.ts';
import { RunFailedError } from '../run/run-failed-error.ts';
import type { MetricsOptions } from '../telemetry/metrics-observer.ts';
import { type Report, readReport, readSummary } from './documents.ts';
import { isUntold } from './ends.ts';
import { readLane } from './lane-log.ts';
import { type FleetRun, type Round, readSummariseMessage } from './messages.ts';
import { type ObjectStore, retryingStore } from './object-store.ts';
import { DeploymentChangedError, lanesOf, policyOfRun, type StepDependencies } from './step.ts';
import { summarise } from './summarise.ts';

/** The end of a run, without its instances: they would not fit into a step's output. */
export type SummariseAnswer = Omit<Summary, 'targets' | 'warnings'> & {
  readonly again: false;
  /** Where the whole summary is. */
  readonly key: string;
};

/**
 * The last step: one summary of all that is known. Where the run failed, it throws once the summary is
 * written, so that the execution fails. After a redrive of the execution, and not where the state machine repeats
 * the step by itself, it hands out the endpoints where something failed for another round; none, where all can be
 * read by now.
 * @throws {RunFailedError} when the run failed; {DocumentError} when something else is in the summary's place; and
 * when the summary could not be written.
 */
export async function summariseStep(
  message: unknown,
  dependencies: StepDependencies,
): Promise<SummariseAnswer | (Round & { readonly again: true })> {
  const { run, round, redrives } = readSummariseMessage(message);
  const store = retryingStore(dependencies.store, dependencies.clock);
  const { request } = parseEvent(run.event);
  const { expected, redeployed } = expectedTargets(run, dependencies);
  const lanes = await Promise.all(
    Array.from({ length: Math.max(run.lanes, expected?.length ?? 0) }, (_, lane) =>
      readLane(store, run, lane),
    ),
  );
  const { id: runId, dryRun, startedAt } = run;
  const whole = summarise(lanes, expected, request, {
    ...{ runId, dryRun, startedAt },
    finishedAt: dependencies.clock.now(),
    redeployed,
    round,
  });
  const keys = keysOf(runId, round);
  const summary = await storeSummary(store, keys.summary, whole.summary);
  const requests = requestsIn(summary, whole.requests);
  const before = round > 0 ? await reportOf(store, runId, round - 1) : undefined;
  const { callId } = dependencies;
  const report: Report = { callId, redrives, requests: [...requests.values()] };
  // Exactly one call has to report the round, however many there are.
  const isFirst = await store.create(keys.report, report);
  if (isFirst) {
    const observer = dependencies.observeSummary(runId, {
      targets: expected?.flat() ?? summary.targets,
      routine: Object.keys(request).length === 0,
      before,
    });
    for (const target of summary.targets) {
      if (target.error) observer.targetFailed?.(target);
      for (const instance of target.instances) {
        if (isUntold(instance)) observer.instanceDone?.(target, instance);
      }
    }
    const told = new Set(lanes.flatMap(({ facts }) => facts?.warnings ?? []));
    for (const warning of summary.warnings) if (!told.has(warning)) observer.warning?.(warning);
    observer.done?.(summary, requests);
  }
  // A run has one letter, and a redrive sends none. If a call is killed here, the next one sends a second: better than none.
  if (round === 0 && (isFirst || !(await isThere(dependencies.store, keys.letter)))) {
    await dependencies.sendLetter?.(summary);
    await store.create(keys.letter, { callId });
  }
  if (summary.outcome === 'failed') {
    const first = isFirst ? report : readReport(await store.read(keys.report), keys.report);
    if (redrives <= first.redrives) throw new RunFailedError(summary);
    return { again: true, run, round: round + 1, lanes: whole.lanesToRedo };
  }
  const { targets: _, warnings: __, ...end } = summary;
  return { again: false, ...end, key: keys.summary };
}

/** The targets that the run was prepared for, or what has been deployed since. */
function expectedTargets(
  run: FleetRun,
  dependencies: StepDependencies,
): { expected?: readonly (readonly Target[])[]; redeployed?: string } {
  try {
    return { expected: lanesOf(policyOfRun(run, dependencies), parseEvent(run.event).request) };
  } catch (error) {
    if (error instanceof DeploymentChangedError) return { redeployed: error.message };
    throw error;
  }
}

/**
 * Stores the summary of a round. Where an earlier call stored one, that one stays and is returned: it may differ,
 * since what can be read of the bucket changes, and a round has one summary.
 */
async function storeSummary(store: ObjectStore, key: string, summary: Summary): Promise<Summary> {
  if (await store.create(key, summary)) return summary;
  return readSummary(await store.read(key), key, summary.runId);
}

/** Whether an object can be read; asked once, since it may well not be there. */
function isThere(store: ObjectStore, key: string): Promise<boolean> {
  return store.read(key).then(
    () => true,
    () => false,
  );
}

/** The requests of each target of the stored summary, as far as they are known now. */
function requestsIn(
  { targets }: Summary,
  known: ReadonlyMap<TargetSummary, RequestCounts>,
): ReadonlyMap<TargetSummary, RequestCounts> {
  const byName = new Map([...known].map(([{ name }, counts]) => [name, counts]));
  return new Map(targets.map((target) => [target, byName.get(target.name) ?? addRequests([])]));
}

/** The report of a round before this one. */
async function reportOf(
  store: ObjectStore,
  runId: string,
  round: number,
): Promise<NonNullable<MetricsOptions['before']>> {
  const keys = keysOf(runId, round);
  try {
    const summary = readSummary(await store.read(keys.summary), keys.summary, runId);
    const { requests } = readReport(await store.read(keys.report), keys.report);
    const countsOf = (index: number) => requests[index] ?? addRequests([]);
    return {
      summary,
      requests: new Map(summary.targets.map((target, index) => [target, countsOf(index)])),
    };
  } catch {
    return 'unknown';
  }
}

function keysOf(runId: string, round: number) {
  const base = `runs/${runId}`;
  const report = `${base}/reported-${round}`;
  return {
    summary: `${base}/summary-${round}.json`,
    report: `${report}.json`,
    letter: `${report}-letter.json`,
  };
}
