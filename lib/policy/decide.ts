import { FINISHED_STATUSES, type FinishedStatus, RUNNING_STATUSES } from '../model/services.ts';
import { repeatedIds, type Task } from '../model/task.ts';
import { cutoff } from './duration.ts';
import type { KeepFor, Names, Retention, RetentionRule } from './retention.ts';

/** Why a record stays, in the order in which the reasons are tried. */
export const KEEP_REASONS = [
  'already-deleted',
  'running',
  'unknown-status',
  'no-timestamp',
  'malformed',
  'duplicate-id',
  'within-keep-last',
  'status-not-selected',
  'kept-forever',
  'within-keep-for',
  'not-requested',
  'not-in-plan',
] as const;
export type KeepReason = (typeof KEEP_REASONS)[number];

/** Whether one record is kept or deleted, and why. `rule` names the rule that decided its retention. */
export type Decision =
  | { readonly action: 'keep'; readonly reason: KeepReason; readonly rule?: string }
  | { readonly action: 'delete'; readonly reason: 'expired'; readonly rule?: string };

/** The only records that may be deleted. An absent set does not narrow them. */
export interface Narrowing {
  /** Ids that the run asks for. */
  readonly requestedIds?: ReadonlySet<string> | undefined;
  /** Ids in the run's approved plan. */
  readonly approvedIds?: ReadonlySet<string> | undefined;
}

/** Before this moment there was no such service: a record that is dated earlier has no date. */
const EARLIEST = Date.UTC(2010);
/** A task cannot end before it starts; clocks within a service may differ by so many milliseconds. */
const START_TOLERANCE_MS = 3_600_000;

const RUNNING: ReadonlySet<unknown> = new Set(RUNNING_STATUSES);
const FINISHED: ReadonlySet<unknown> = new Set(FINISHED_STATUSES);

/**
 * Decides, for every record of one instance, whether it stays. The first line that applies decides. Whatever is
 * unknown is kept, and keep always beats delete. A record as old as `keepFor`, to the millisecond, has expired.
 *
 * @param tasks all records of the instance: `keepLast` counts over them
 * @param now milliseconds since the epoch, the same for the whole run
 * @param narrowing of what may be deleted; it never adds to it
 * @returns one decision for each task, in the same order
 * @throws {RangeError} when `now` minus a `keepFor` is not a valid time
 */
export function decide(
  tasks: readonly Task[],
  retention: Retention,
  now: number,
  { requestedIds, approvedIds }: Narrowing = {},
): Decision[] {
  const kept = keptReasons();
  const forTarget = verdicts(retention.keepFor, now);
  const forRule = new Map<RetentionRule, Verdicts>(
    retention.rules.map((rule) => [rule, verdicts(rule.keepFor, now, { rule: rule.name })]),
  );
  const repeated = repeatedIds(tasks);
  const newest = newestOf(tasks, retention.keepLast);
  const verdictOf = (task: Task): Verdicts => {
    let alike: Verdicts | undefined;
    for (const rule of retention.rules) {
      if (!matches(rule, task, 'looksAmong')) continue;
      const verdict = forRule.get(rule) as Verdicts;
      if (matches(rule, task, 'isAmong')) return longer(alike, verdict);
      alike = alike ? longer(verdict, alike) : verdict;
    }
    return longer(alike, forTarget);
  };

  return tasks.map((task, i) => {
    const { id, status } = task;
    const endedAt = endOf(task);
    if (status === 'DELETED') return kept['already-deleted'];
    if (RUNNING.has(status)) return kept.running;
    if (!isFinished(status)) return kept['unknown-status'];
    if (endedAt === undefined) return kept['no-timestamp'];
    if (task.malformed || id === undefined || task.name === undefined) return kept.malformed;
    if (repeated.has(id)) return kept['duplicate-id'];
    if (newest.has(i)) return kept['within-keep-last'];
    if (!retention.statuses.has(status)) return kept['status-not-selected'];
    const verdict = verdictOf(task);
    if (verdict.cutoff === undefined) return verdict.forever;
    // Not `>`: a comparison with NaN is false, and the record has to stay then.
    if (!(endedAt <= verdict.cutoff)) return verdict.young;
    if (requestedIds && !requestedIds.has(id)) return kept['not-requested'];
    if (approvedIds && !approvedIds.has(id)) return kept['not-in-plan'];
    return verdict.expired;
  });
}

function isFinished(status: string | undefined): status is FinishedStatus {
  return FINISHED.has(status);
}

/** When a task ended, in milliseconds since the epoch; `undefined` where its times are missing or cannot be true. */
export function endOf({ updatedAt, createdAt }: Task): number | undefined {
  if (updatedAt === undefined || !(updatedAt >= EARLIEST)) return undefined;
  if (createdAt !== undefined && updatedAt < createdAt - START_TOLERANCE_MS) return undefined;
  return updatedAt;
}

/**
 * The places of the `count` newest tasks: by their end, then by id in code unit order, the greater one first.
 * Every task with an end counts, whatever its status.
 */
export function newestOf(tasks: readonly Task[], count: number): ReadonlySet<number> {
  if (count <= 0) return new Set();
  const ended = tasks.flatMap((task, i) => {
    const endedAt = endOf(task);
    return endedAt === undefined ? [] : [{ i, endedAt, id: task.id ?? '' }];
  });
  ended.sort((a, b) => b.endedAt - a.endedAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  return new Set(ended.slice(0, count).map(({ i }) => i));
}

/** A record without a user matches no pattern for one. */
function matches(rule: RetentionRule, { status, name, user }: Task, how: keyof Names): boolean {
  const { statuses, tasks, users } = rule;
  return (
    (!statuses || statuses.has(status as string)) &&
    (!tasks || (name !== undefined && tasks[how](name))) &&
    (!users || (user !== undefined && users[how](user)))
  );
}

/**
 * The one that keeps longer. Where a name only looks like one that a rule names, the rule may have been meant for it: so
 * it may keep the record, but it must not delete one that would stay without it.
 */
function longer(alike: Verdicts | undefined, other: Verdicts): Verdicts {
  if (!alike) return other;
  return (alike.cutoff ?? -Infinity) < (other.cutoff ?? -Infinity) ? alike : other;
}

/** The decisions that a retention can come to. All records share them, since there may be millions. */
interface Verdicts {
  /** Records updated at this moment or before have expired. Undefined: none ever does. */
  readonly cutoff: number | undefined;
  readonly forever: Decision;
  readonly young: Decision;
  readonly expired: Decision;
}

function verdicts(keepFor: KeepFor, now: number, decidedBy: { rule?: string } = {}): Verdicts {
  return {
    cutoff: keepFor === 'forever' ? undefined : cutoff(now, keepFor),
    forever: Object.freeze({ action: 'keep', reason: 'kept-forever', ...decidedBy }),
    young: Object.freeze({ action: 'keep', reason: 'within-keep-for', ...decidedBy }),
    expired: Object.freeze({ action: 'delete', reason: 'expired', ...decidedBy }),
  };
}

function keptReasons(): Record<KeepReason, Decision> {
  return Object.fromEntries(
    KEEP_REASONS.map((reason) => [reason, Object.freeze({ action: 'keep', reason })]),
  ) as Record<KeepReason, Decision>;
}
