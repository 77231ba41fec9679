import * as z from 'zod';
import { JanitorError } from '../model/error.ts';
import type { Trigger } from '../model/summary.ts';
import { isObject } from '../model/text.ts';
import { parseKeepFor } from '../policy/duration.ts';
import { reading } from '../policy/fields.ts';
import type { RunRequest } from './request.ts';

const names = z.array(z.string().min(1)).min(1).optional();

const eventSchema = z.strictObject({
  dryRun: z.boolean().optional(),
  targets: names,
  instances: names,
  keepFor: z.string().transform(reading(parseKeepFor)).optional(),
  taskIds: names,
});

/** The keys with which EventBridge's rules, its replays and its Scheduler send a scheduled event. */
const SCHEDULED_KEYS: readonly string[] = [
  'version',
  'id',
  'detail-type',
  'source',
  'account',
  'time',
  'region',
  'resources',
  'detail',
  'replay-name',
];

/** The event that the function was called with cannot be understood; nothing has been done. */
export class EventError extends JanitorError {
  override readonly name = 'EventError';

  constructor(message: string) {
    super('event', message);
  }
}

/**
 * Reads the event of a Lambda invocation. A scheduled event of EventBridge, and no event at all,
 * count as `{}`.
 * @throws {EventError} with every key that is unknown or unreadable.
 */
export function parseEvent(event: unknown): { trigger: Trigger; request: RunRequest } {
  if (isScheduled(event)) {
    const others = Object.keys(event).filter((key) => !SCHEDULED_KEYS.includes(key));
    const problems = others.map((key) => `${key}: ${problemBesideSchedule(key)}`);
    if (!isEmpty(event.detail)) problems.push(`detail: ${PROBLEM_OF_DETAIL}`);
    if (problems.length === 0) return { trigger: 'schedule', request: {} };
    throw misunderstood(problems);
  }
  const empty = event === undefined || event === null || event === '';
  const result = eventSchema.safeParse(empty ? {} : event);
  if (result.success) return { trigger: 'manual', request: result.data };
  throw misunderstood(
    result.error.issues.map(
      ({ path, message }) => `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
    ),
  );
}

function problemBesideSchedule(key: string): string {
  return Object.hasOwn(eventSchema.shape, key)
    ? 'it comes together with the keys of a scheduled event, so it is not clear which of them count'
    : 'EventBridge sends no such key with a scheduled event; leave it out, or leave out those of the scheduled event';
}

const PROBLEM_OF_DETAIL =
  'EventBridge sends an empty one with a scheduled event; send what is asked for as an event of its own, such as {"dryRun":true}';

/** EventBridge's rules send an object, and its Scheduler the text of one. */
function isEmpty(detail: unknown): boolean {
  if (isObject(detail)) return Object.keys(detail).length === 0;
  return detail === undefined || detail === '{}' || detail === '';
}

function misunderstood(problems: readonly string[]): EventError {
  return new EventError(
    `the event is not understood, and nothing was done: ${problems.join('; ')}. Known keys: ${Object.keys(eventSchema.shape).join(', ')}.`,
  );
}

/** An event of EventBridge's schedule, or one that looks like it. */
function isScheduled(event: unknown): event is Record<string, unknown> {
  return isObject(event) && event['detail-type'] === 'Scheduled Event';
}
