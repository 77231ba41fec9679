import { type Outcome, type RecordOutcome, type StoppedBy, worstOutcome } from './outcome.ts';

/** The ways in which a run begins. */
export type Trigger = 'schedule' | 'manual' | 'cli' | 'fleet';

/**
 * Records, counted. Always `listed = kept + expired` and
 * `expired = deleted + alreadyGone + failed + remaining`.
 */
export interface Counts {
  listed: number;
  kept: number;
  expired: number;
  deleted: number;
  /** Already gone when the run came to delete it. */
  alreadyGone: number;
  failed: number;
  /** Expired, and for no fault of its own not deleted by this run. */
  remaining: number;
}

/** Requests on the wire: all of them, those that repeated an earlier one, those that were throttled. */
export interface RequestCounts {
  sent: number;
  retried: number;
  throttled: number;
}

/** One record that could not be deleted, or (without `taskId`) a list that could not be read. */
export interface RecordError {
  readonly taskId?: string;
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  readonly code?: string;
  readonly message: string;
  readonly attempts?: number;
}

/** The end of an expired record, with the error where it failed. */
export interface ExpiredOutcome {
  readonly outcome: Exclude<RecordOutcome, 'kept'>;
  readonly error?: RecordError | undefined;
}

export interface InstanceSummary extends Counts {
  readonly id: string;
  readonly name: string;
  outcome: Outcome;
  stoppedBy?: StoppedBy;
  /** How many records were kept for each reason. */
  keptBecause: Record<string, number>;
  /** Where the archived records are; absent where none were archived. */
  archive?: readonly string[];
  /** The first errors: of the instance itself, then of its records in the order of the list. */
  errors: RecordError[];
  /** Errors beyond those. */
  errorsOmitted: number;
}

export interface TargetSummary {
  readonly name: string;
  readonly cloud: string;
  readonly service: string;
  readonly region: string;
  outcome: Outcome;
  /** Only where the target itself failed. */
  error?: { code: string; message: string };
  instances: InstanceSummary[];
}

/** The report of a run: one JSON document, whatever began the run. */
export interface Summary {
  readonly schemaVersion: 1;
  readonly runId: string;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly totals: Counts & { targets: number; instances: number };
  readonly requests: RequestCounts;
  /** Things that deserve a look although nothing failed, such as a pattern that matches no instance. */
  readonly warnings: readonly string[];
  readonly targets: readonly TargetSummary[];
}

/** Errors kept for one instance; the others are counted. */
export const MAX_ERRORS = 20;

export const NO_RECORDS: Readonly<Counts> = {
  listed: 0,
  kept: 0,
  expired: 0,
  deleted: 0,
  alreadyGone: 0,
  failed: 0,
  remaining: 0,
};

/** The summary of an instance before anything is known of it. */
export function emptySummary({ id, name }: { id: string; name: string }): InstanceSummary {
  return {
    id,
    name,
    outcome: 'complete',
    ...NO_RECORDS,
    keptBecause: {},
    errors: [],
    errorsOmitted: 0,
  };
}

/** Adds up the records of instances or targets. */
export function addCounts(parts: readonly Counts[]): Counts {
  return addUp(NO_RECORDS, parts);
}

/** Adds up requests. */
export function addRequests(parts: readonly RequestCounts[]): RequestCounts {
  return addUp({ sent: 0, retried: 0, throttled: 0 }, parts);
}

function addUp<Key extends string>(
  nothing: Readonly<Record<Key, number>>,
  parts: readonly Readonly<Record<Key, number>>[],
): Record<Key, number> {
  const sum: Record<Key, number> = { ...nothing };
  for (const part of parts) for (const key of Object.keys(sum) as Key[]) sum[key] += part[key];
  return sum;
}

/**
 * The summary of a run that is over.
 * @param requests those of each target; the targets are in the policy's order.
 */
export function conclude(
  run: {
    readonly runId: string;
    readonly trigger: Trigger;
    readonly dryRun: boolean;
    /** Milliseconds since the epoch. */
    readonly startedAt: number;
    readonly durationMs: number;
    readonly warnings: readonly string[];
    /** Whether the run failed although no target did. */
    readonly failed?: boolean;
  },
  requests: ReadonlyMap<TargetSummary, RequestCounts>,
): Summary {
  const { runId, trigger, dryRun, startedAt, durationMs, warnings } = run;
  const targets = [...requests.keys()];
  const instances = targets.flatMap((target) => target.instances);
  return {
    schemaVersion: 1,
    runId,
    trigger,
    dryRun,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(startedAt + durationMs).toISOString(),
    durationMs: Math.round(durationMs),
    outcome: run.failed ? 'failed' : worstOutcome(targets.map(({ outcome }) => outcome)),
    totals: { targets: targets.length, instances: instances.length, ...addCounts(instances) },
    requests: addRequests([...requests.values()]),
    warnings,
    targets,
  };
}

/** Whether the run had to stop before it knew anything about the records of an instance. */
export function isNotReached({ outcome, listed, errors }: InstanceSummary): boolean {
  return outcome === 'incomplete' && listed === 0 && errors.length === 0;
}

/** The totals in one sentence, for a log line that a person reads. */
export function describeTotals(summary: Summary): string {
  const { totals, outcome, dryRun } = summary;
  const found = `${counted(totals.instances, 'instance')}, ${counted(totals.listed, 'record')} listed, ${totals.expired} expired`;
  const done = dryRun
    ? 'nothing deleted (dry run)'
    : `${totals.deleted} deleted, ${totals.alreadyGone} already gone, ${totals.failed} failed, ${totals.remaining} remaining`;
  return `${dryRun ? 'dry run' : 'run'} ${outcome}: ${found}; ${done}`;
}

/** A length of time in its greatest fitting unit: `40 seconds`, `20 minutes`, `400 days`. */
export function describeSpan(ms: number): string {
  const [unit, noun] =
    ms >= 2 * 86_400_000
      ? [86_400_000, 'day']
      : ms >= 2 * 3_600_000
        ? [3_600_000, 'hour']
        : ms >= 120_000
          ? [60_000, 'minute']
          : [1_000, 'second'];
  return counted(Math.round(ms / unit), noun);
}

/** `1 instance`, `2 instances`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
