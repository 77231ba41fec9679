import * as z from 'zod';
import type { Trigger } from '../model/summary.ts';
import { DurationError, parseKeepFor } from '../policy/duration.ts';
import type { RunRequest } from './request.ts';

const names = z.array(z.string().min(1)).min(1).optional();

const eventSchema = z.strictObject({
  dryRun: z.boolean().optional(),
  targets: names,
  instances: names,
  keepFor: z
    .string()
    .transform((text, context) => {
      try {
        return parseKeepFor(text);
      } catch (error) {
        if (!(error instanceof DurationError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .optional(),
  taskIds: names,
});

/** The event that the function was called with cannot be understood; nothing has been done. */
export class EventError extends Error {
  override readonly name = 'EventError';
}

/**
 * Reads the event of a Lambda invocation. A scheduled event of EventBridge, and no event at all,
 * count as `{}`.
 * @throws {EventError} with every key that is unknown or unreadable.
 */
export function parseEvent(event: unknown): { trigger: Trigger; request: RunRequest } {
  if (isScheduled(event)) return { trigger: 'schedule', request: {} };
  const empty = event === undefined || event === null || event === '';
  const result = eventSchema.safeParse(empty ? {} : event);
  if (result.success) return { trigger: 'manual', request: result.data };
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
  );
  throw new EventError(
    `the event is not understood, and nothing was done: ${problems.join('; ')}. Known keys: ${Object.keys(eventSchema.shape).join(', ')}.`,
  );
}

function isScheduled(event: unknown): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    'detail-type' in event &&
    event['detail-type'] === 'Scheduled Event'
  );
}
