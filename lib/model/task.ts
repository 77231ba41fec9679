import { isObject } from './text.ts';

/** One background-task record, as far as it is known. A field that could not be read is `undefined`. */
export interface Task {
  readonly id: string | undefined;
  readonly status: string | undefined;
  /** The task's end (`updated_at`), in milliseconds since the epoch. */
  readonly updatedAt: number | undefined;
  /** The task's start (`created_at`), in milliseconds since the epoch. */
  readonly createdAt: number | undefined;
  /** The task's type, such as EXTEND; free text to a client. */
  readonly name: string | undefined;
  /** Who started it (`user_name`). */
  readonly user: string | undefined;
  /**
   * True when the row is no object, has no id or no name, or holds something other than text in a field that is
   * read; also when it changed while it was listed.
   */
  readonly malformed: boolean;
}

/**
 * Reads one row of a task list. Never throws: a row that makes no sense becomes a record that the
 * decisions keep. (A 2021 vendor sample has `status` and the times beside `tasks`, not in it.)
 */
export function readTask(row: unknown): Task {
  const fields = isObject(row) ? row : {};
  const id = readId(fields.id);
  const name = text(fields.name);
  return {
    id,
    status: text(fields.status),
    updatedAt: readTimestamp(fields.updated_at),
    createdAt: readTimestamp(fields.created_at),
    name,
    user: text(fields.user_name),
    malformed:
      !id ||
      !name ||
      isNoText(fields.status) ||
      isNoText(fields.updated_at) ||
      isNoText(fields.created_at) ||
      isNoText(fields.user_name),
  };
}

/** Whether there is something that is no text. */
function isNoText(field: unknown): boolean {
  return field !== undefined && field !== null && typeof field !== 'string';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The form that services send, on a day that every month has. */
const USUAL_TIMESTAMP =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/;
const TIMESTAMP =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d)(?:(:[0-5]\d)(?:[.,](\d{1,30}))?)?(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/;

/**
 * An ISO 8601 date and time with its zone. Without a zone nobody knows the moment: it is unreadable.
 * (By hand, since luxon takes more than a second for 100,000 rows.)
 */
export function readTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  // To take it apart would need more memory for a moment than the rest of the record does.
  if (USUAL_TIMESTAMP.test(value)) return Date.parse(value);
  const match = TIMESTAMP.exec(value);
  if (!match) return undefined;
  const [, minute = '', second = '', fraction = '', zone = ''] = match;
  const day = Number(minute.slice(8, 10));
  // `Date.parse` takes 30 February for a day of March.
  if (day > 28 && day > daysInMonth(Number(minute.slice(0, 4)), Number(minute.slice(5, 7)))) {
    return undefined;
  }
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  return Date.parse(minute + second + offset) + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Ids that several rows of a list have. */
export function repeatedIds(
  rows: Iterable<{ readonly id: string | undefined } | undefined>,
): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const row of rows) {
    const id = row?.id;
    if (id === undefined) continue;
    if (seen.has(id)) repeated.add(id);
    else seen.add(id);
  }
  return repeated;
}

/** Characters; those of the services have 36. */
const LONGEST_ID = 256;

/**
 * An id as it stands in a list, or `undefined` where it cannot be put into a URL. `.` and `..` would be
 * folded away, so a DELETE of a record would name its instance. Half of a surrogate pair cannot be encoded.
 */
export function readId(value: unknown): string | undefined {
  if (typeof value !== 'string' || ['', '.', '..'].includes(value)) return undefined;
  return value.length <= LONGEST_ID && value.isWellFormed() ? value : undefined;
}
