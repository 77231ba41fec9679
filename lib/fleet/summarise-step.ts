import { addRequests, type RequestCounts, type Summary } from '../model/summary.ts';
import { parseEvent } from '../run/event.ts';
import { RunFailedError } from '../run/run-failed-error.ts';
import type { MetricsOptions } from '../telemetry/metrics-observer.ts';
import { readLane } from './lane-log.ts';
import { type FleetRun, type Round, readSummariseMessage } from './messages.ts';
import { type ObjectStore, patientStore } from './object-store.ts';
import { DeploymentChangedError, lanesOf, policyOfRun, type StepDependencies } from './step.ts';
import { type FleetSummary, summarise } from './summarise.ts';

/** The end of a run, without its instances: they would not fit into a step's output. */
export type SummariseAnswer = Omit<Summary, 'targets' | 'warnings'> & {
  readonly again: false;
  /** Where the whole summary is. */
  readonly key: string;
};

/** That a round was reported, and by which call. */
interface Report {
  readonly callId: string;
  /** Those of each target, in the order of the summary. */
  readonly requests: readonly RequestCounts[];
}

/**
 * The last step: one summary of all that is known. Where the run failed, it throws once the summary is
 * written, so that the execution fails. Called again after that, by a redrive of the execution, it
 * hands out the endpoints where something failed for another round.
 * @throws {RunFailedError} when the run failed; and when the summary could not be written.
 */
export async function summariseStep(
  message: unknown,
  dependencies: StepDependencies,
): Promise<SummariseAnswer | (Round & { readonly again: true })> {
  const { run, round } = readSummariseMessage(message);
  const store = patientStore(dependencies.store, dependencies.clock);
  const { request } = parseEvent(run.event);
  const planned = plannedTargets(run, dependencies);
  const lanes = await Promise.all(
    Array.from({ length: run.lanes }, (_, lane) =>
      readLane(store, run.id, lane).catch(() => undefined),
    ),
  );
  const { id: runId, dryRun, startedAt } = run;
  const whole = summarise(lanes, planned, request, {
    ...{ runId, dryRun, startedAt },
    finishedAt: dependencies.clock.now(),
  });
  const { summary, failedLanes } = whole;
  const before = round > 0 ? await reportOf(store, runId, round - 1) : undefined;
  const isFirst = await writeSummary(store, runId, round, whole, dependencies.callId);
  if (isFirst) {
    const observer = dependencies.observeSummary(runId, {
      targets: planned?.flat() ?? summary.targets,
      routine: Object.keys(request).length === 0,
      before,
    });
    for (const target of summary.targets) if (target.error) observer.targetFailed?.(target);
    observer.done?.(summary, whole.requests);
    // One letter for a run: none about a redrive of it.
    if (round === 0) await dependencies.sendLetter?.(summary);
    if (summary.outcome === 'failed') throw new RunFailedError(summary);
  } else if (summary.outcome === 'failed') {
    return { again: true, run, round: round + 1, lanes: failedLanes };
  }
  const { targets: _, warnings: __, ...end } = summary;
  return { again: false, ...end, key: keysOf(runId, round).summary };
}

/** The targets that the run was prepared for; undefined where another policy is deployed now. */
function plannedTargets(run: FleetRun, dependencies: StepDependencies) {
  try {
    return lanesOf(policyOfRun(run, dependencies), parseEvent(run.event).request);
  } catch (error) {
    if (error instanceof DeploymentChangedError) return undefined;
    throw error;
  }
}

/** True if this call has to report the round: exactly one does, however many there are. */
async function writeSummary(
  store: ObjectStore,
  runId: string,
  round: number,
  { summary, requests }: FleetSummary,
  callId: string,
): Promise<boolean> {
  const keys = keysOf(runId, round);
  await store.create(keys.summary, summary);
  const report: Report = { callId, requests: [...requests.values()] };
  return store.create(keys.report, report);
}

/** The report of a round before this one. */
async function reportOf(
  store: ObjectStore,
  runId: string,
  round: number,
): Promise<NonNullable<MetricsOptions['before']>> {
  const keys = keysOf(runId, round);
  try {
    const summary = (await store.read(keys.summary)) as Summary;
    const { requests } = (await store.read(keys.report)) as Report;
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
  return { summary: `${base}/summary-${round}.json`, report: `${base}/reported-${round}.json` };
}
