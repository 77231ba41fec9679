import { DateTime } from 'luxon';

/** What is known of one background-task record. A field that could not be read is `undefined`. */
export interface Task {
  readonly id: string | undefined;
  readonly status: string | undefined;
  /** The task's end (`updated_at`), in milliseconds since the epoch. */
  readonly updatedAt: number | undefined;
  /** The task's type, such as EXTEND; free text to a client. */
  readonly name: string | undefined;
  /** Who started it (`user_name`). */
  readonly user: string | undefined;
  /** True when the row is no object, has no id, or holds something other than text in a field that is read. */
  readonly malformed: boolean;
}

/**
 * Reads one row of a task list. Never throws: whatever the row is, it becomes a record that the
 * decisions keep. (A 2021 vendor sample has `status` and the times beside `tasks`, not in it.)
 */
export function readTask(row: unknown): Task {
  const fields = isObject(row) ? row : {};
  const id = readId(fields.id);
  return {
    id,
    status: text(fields.status),
    updatedAt: readTimestamp(fields.updated_at),
    name: text(fields.name),
    user: text(fields.user_name),
    malformed:
      !id ||
      [fields.status, fields.updated_at, fields.name, fields.user_name].some(
        (field) => field !== undefined && field !== null && typeof field !== 'string',
      ),
  };
}

/** `.` and `..` would be folded away in a URL: a DELETE of the record would name its instance. */
function readId(value: unknown): string | undefined {
  return typeof value === 'string' && !['', '.', '..'].includes(value) ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

/** An ISO 8601 date and time with its zone. Without a zone the moment is anyone's guess: unreadable. */
function readTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || !WITH_ZONE.test(value)) return undefined;
  const time = DateTime.fromISO(value, { zone: 'utc' });
  return time.isValid ? time.toMillis() : undefined;
}
