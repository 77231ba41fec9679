import { worstOutcome } from '../lib/model/outcome.ts';
import {
  addCounts,
  type InstanceSummary,
  NO_RECORDS,
  type Summary,
  type TargetSummary,
} from '../lib/model/summary.ts';
import { NOW } from './records.ts';

/** An instance's summary; what has expired and what was listed follow from the other counts. */
export function instance(name: string, fields: Partial<InstanceSummary> = {}): InstanceSummary {
  const counts = { ...NO_RECORDS, ...fields };
  const expired = counts.deleted + counts.alreadyGone + counts.failed + counts.remaining;
  return {
    id: `id-of-${name}`,
    name,
    outcome: counts.failed > 0 ? 'failed' : 'complete',
    keptBecause: {},
    errors: [],
    errorsOmitted: 0,
    ...counts,
    expired,
    listed: counts.kept + expired,
  };
}

/** A target's summary, as bad as the worst of its instances. */
export function target(
  name: string,
  instances: InstanceSummary[],
  fields: Partial<TargetSummary> = {},
): TargetSummary {
  const outcome = worstOutcome(instances.map((each) => each.outcome));
  const place = { cloud: 'otc', service: 'kafka', region: 'eu-de' } as const;
  return { name, ...place, outcome, instances, ...fields };
}

/** The summary of a run on a schedule that took 4.2 s, as bad as the worst of its targets. */
export function summaryOf(
  targets: readonly TargetSummary[],
  fields: Partial<Summary> = {},
): Summary {
  const instances = targets.flatMap((each) => each.instances);
  return {
    schemaVersion: 1,
    runId: 'run-1',
    trigger: 'schedule',
    dryRun: false,
    startedAt: new Date(NOW).toISOString(),
    finishedAt: new Date(NOW + 4_200).toISOString(),
    durationMs: 4_200,
    outcome: worstOutcome(targets.map(({ outcome }) => outcome)),
    totals: { targets: targets.length, instances: instances.length, ...addCounts(instances) },
    requests: { sent: 10, retried: 0, throttled: 0 },
    warnings: [],
    targets,
    ...fields,
  };
}
