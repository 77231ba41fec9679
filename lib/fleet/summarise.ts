import { instanceOutcome, worstOutcome } from '../model/outcome.ts';
import {
  addRequests,
  conclude,
  emptySummary,
  type InstanceSummary,
  type RecordError,
  type RequestCounts,
  type Summary,
  type TargetSummary,
} from '../model/summary.ts';
import type { InstanceResult } from './clean-fleet-instance.ts';
import type { Worklist, WorklistInstance, WorklistTarget } from './worklist.ts';

/** The summary of a fleet's run, and the requests of each target in it. */
export interface FleetSummary {
  readonly summary: Summary;
  readonly requests: ReadonlyMap<TargetSummary, RequestCounts>;
}

const NO_RESULT: RecordError = {
  code: 'no-result',
  message:
    'nothing is known of it: its function was not started, or ended before it could write a result; see the failed executions of the map run',
};

/**
 * Makes one summary of a worklist and what became of its instances.
 * @param resultOf what became of an instance; nothing, where its function wrote nothing.
 * @param run `taskIds` are those that the run was asked for; `finishedAt` is in milliseconds since the epoch.
 */
export function summarise(
  worklist: Worklist,
  resultOf: (target: string, id: string) => InstanceResult | undefined,
  run: {
    readonly runId: string;
    readonly finishedAt: number;
    readonly taskIds?: readonly string[] | undefined;
  },
): FleetSummary {
  const requests = new Map<TargetSummary, RequestCounts>();
  const warnings = new Set(worklist.warnings);
  const seenIds = new Set<string>();
  for (const target of worklist.targets) {
    const results = target.instances.map(
      (instance) => resultOf(target.name, instance.id) ?? leftAlone(instance) ?? lost(instance),
    );
    for (const result of results) {
      for (const warning of result.warnings) warnings.add(warning);
      for (const id of result.seenIds) seenIds.add(id);
    }
    requests.set(
      summariseTarget(target, results),
      addRequests([target.requests, ...results.map((result) => result.requests)]),
    );
  }
  for (const id of run.taskIds ?? []) {
    if (!seenIds.has(id)) warnings.add(`no instance of this run lists task ${id}`);
  }
  const { startedAt, dryRun, failed } = worklist;
  const { runId, finishedAt } = run;
  const durationMs = Math.max(0, finishedAt - startedAt);
  const summary = conclude(
    { runId, trigger: 'fleet', dryRun, startedAt, durationMs, failed, warnings: [...warnings] },
    requests,
  );
  return { summary, requests };
}

function summariseTarget(
  { name, cloud, service, region, ...listed }: WorklistTarget,
  results: readonly InstanceResult[],
): TargetSummary {
  const instances = results.map(({ summary }) => summary);
  const failed = results.find(({ failure }) => failure);
  const error = listed.error ?? failed?.failure;
  return {
    name,
    cloud,
    service,
    region,
    outcome: worstOutcome([listed.outcome, ...instances.map(({ outcome }) => outcome)]),
    ...(error && { error }),
    instances,
  };
}

function leftAlone({ summary }: WorklistInstance): InstanceResult | undefined {
  return (
    summary && {
      summary: { ...summary, outcome: instanceOutcome(summary) },
      requests: addRequests([]),
      seenIds: [],
      warnings: [],
    }
  );
}

function lost(instance: { readonly id: string; readonly name: string }): InstanceResult {
  const summary: InstanceSummary = {
    ...emptySummary(instance),
    outcome: 'failed',
    stoppedBy: 'unavailable',
    errors: [NO_RESULT],
  };
  return { summary, requests: addRequests([]), seenIds: [], warnings: [] };
}
