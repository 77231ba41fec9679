import { groupBy } from '../model/group-by.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RecordError, Summary } from '../model/summary.ts';
import { namesIn } from './deletions.ts';

/** Ids and the like, which make two messages about one thing differ. */
const IDS = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-z]*\d)[0-9a-f]{16,}\b/gi;
/** Records of one place that a group names, unless more are asked for. */
const NAMED = 3;

/** One thing that went wrong: with a record, an instance or a target. */
export interface Failure {
  readonly of: 'record' | 'instance' | 'target';
  /** How that ended. */
  readonly outcome: Outcome;
  readonly target: string;
  /** The name of the instance; absent where the target itself failed. */
  readonly instance?: string;
  readonly error: RecordError;
}

/** Failures that are the same but for their places. */
export interface FailureGroup extends Pick<Failure, 'of' | 'outcome'> {
  readonly count: number;
  readonly message: string;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  /** The fewest and the most times that a request was sent; absent where that was not counted. */
  readonly attempts?: readonly [least: number, most: number] | undefined;
  readonly places: readonly FailurePlace[];
}

/** The failures of one group in one place. */
export interface FailurePlace {
  /** Target, and name of the instance. */
  readonly name: string;
  readonly count: number;
  /** The first records of it. */
  readonly taskIds: readonly string[];
}

/** The failures that a summary names: the first ones of each instance. */
export function failuresOf({ targets }: Summary): Failure[] {
  return targets.flatMap((target) => {
    const nameOf = namesIn(target);
    const { name, outcome, error } = target;
    return [
      ...(error ? [{ of: 'target', outcome, target: name, error } as const] : []),
      ...target.instances.flatMap((instance) =>
        instance.errors.map(
          (each): Failure => ({
            of: each.taskId === undefined ? 'instance' : 'record',
            outcome: instance.outcome,
            target: name,
            instance: nameOf(instance),
            error: each,
          }),
        ),
      ),
    ];
  });
}

/** How many failures a summary counts but does not name. */
export function failuresOmitted({ targets }: Summary): number {
  return targets
    .flatMap(({ instances }) => instances)
    .reduce((sum, { errorsOmitted }) => sum + errorsOmitted, 0);
}

/**
 * Failures in groups: of targets first, then of instances, then of records; the greatest groups first.
 * @param named records of one place that are named.
 */
export function groupFailures(failures: Iterable<Failure>, named = NAMED): FailureGroup[] {
  const groups = groupBy(failures, ({ of, outcome, error }) =>
    JSON.stringify([of, outcome, error.status, error.code, messageOf(error)]),
  );
  const order = { target: 0, instance: 1, record: 2 };
  return [...groups.values()]
    .map((members) => groupOf(members, named))
    .sort((a, b) => order[a.of] - order[b.of] || b.count - a.count);
}

function groupOf(members: readonly [Failure, ...Failure[]], named: number): FailureGroup {
  const { of, outcome, error } = members[0];
  const places = new Map<string, { name: string; count: number; taskIds: string[] }>();
  let attempts: [number, number] | undefined;
  for (const { target, instance, error: each } of members) {
    const name = instance === undefined ? target : `${target} / ${instance}`;
    const place = places.get(name) ?? { name, count: 0, taskIds: [] };
    places.set(name, place);
    place.count += 1;
    if (each.taskId !== undefined && place.taskIds.length < named) place.taskIds.push(each.taskId);
    if (each.attempts !== undefined) {
      const [least, most] = attempts ?? [each.attempts, each.attempts];
      attempts = [Math.min(least, each.attempts), Math.max(most, each.attempts)];
    }
  }
  return {
    of,
    outcome,
    count: members.length,
    // The ids in which they differ are left out.
    message: members.every((each) => each.error.message === error.message)
      ? error.message
      : messageOf(error),
    status: error.status,
    code: error.code,
    attempts,
    places: [...places.values()].sort((a, b) => b.count - a.count),
  };
}

/** The message of an error without ids: it is the same for all records that failed in this way. */
export function messageOf({ message, taskId }: Pick<RecordError, 'message' | 'taskId'>): string {
  const general = taskId ? message.replaceAll(taskId, '…') : message;
  return general.replace(IDS, '…');
}

/**
 * `12 records failed`, `1 target incomplete`.
 * @param write how numbers are written there.
 */
export function describeCount(
  { of, outcome, count }: FailureGroup,
  write: (count: number, noun: string) => string,
): string {
  return `${write(count, of)} ${outcome}`;
}

/** Status, code and attempts: `HTTP 500, DMS.00500000, 5 attempts`; empty where the message has what is known. */
export function describeAnswer({ status, code, attempts, message }: FailureGroup): string {
  const [least, most] = attempts ?? [];
  const isTold = code !== undefined && message.includes(`${status ?? ''} ${code}`);
  const times = least === most ? `${most}` : `${least} to ${most}`;
  return [
    status === undefined || isTold ? '' : `HTTP ${status}`,
    isTold ? '' : (code ?? ''),
    most === undefined ? '' : `${times} attempt${most === 1 ? '' : 's'}`,
  ]
    .filter(Boolean)
    .join(', ');
}
