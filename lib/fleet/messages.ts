import { DateTime } from 'luxon';
import * as z from 'zod';
import { JanitorError } from '../model/error.ts';

const count = z.int().min(0);
/** The name of the state machine's execution. It is a part of keys in the bucket. */
const runId = z
  .string()
  .max(80)
  .regex(/^(?!\.{1,2}$)[^/]+$/);

/** The part of a step's input that says which run it is of. */
const fleetRun = z.strictObject({
  id: runId,
  /** The run's one moment, in milliseconds since the epoch. */
  startedAt: z.int(),
  dryRun: z.boolean(),
  /** The event that the run was started with. */
  event: z.unknown(),
  /** SHA-256 of the policy's text: a policy deployed meanwhile is not what the run was prepared with. */
  policy: z.string().min(1),
  /** How many endpoints its targets are on. */
  lanes: z.int().min(1),
});
export type FleetRun = z.output<typeof fleetRun>;

const prepareMessage = z.strictObject({
  id: runId,
  /** Milliseconds since the epoch, out of ISO 8601. */
  startedAt: z.string().transform((text, context) => {
    const time = DateTime.fromISO(text, { zone: 'utc' }).toMillis();
    if (!Number.isNaN(time)) return time;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a time` });
    return z.NEVER;
  }),
  event: z.unknown(),
});

const cleanMessage = z.strictObject({
  run: fleetRun,
  round: count,
  lane: count,
  /** The answer of the call before this one, where there was one. */
  last: z.unknown().optional(),
});

const summariseMessage = z.strictObject({
  run: fleetRun,
  round: count,
  /** How often people have redriven the execution. One that began before this was sent does not tell. */
  redrives: count.default(0),
});

/** The work that the state machine goes on with. */
export interface Round {
  readonly run: FleetRun;
  /** From 0; each redrive of a failed run is another one. */
  readonly round: number;
  /** The endpoints that are cleaned in it, by their place among those of the run. */
  readonly lanes: readonly number[];
}

/** A message that is none of the state machine's. */
export class MessageError extends JanitorError {
  override readonly name = 'MessageError';

  constructor(message: string) {
    super('message', message);
  }
}

function reader<Schema extends z.ZodType>(schema: Schema): (message: unknown) => z.output<Schema> {
  return (message) => {
    const result = schema.safeParse(message);
    if (result.success) return result.data;
    const problems = result.error.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
    throw new MessageError(
      `this is not how the state machine calls the function, so nothing was done: ${problems.join('; ')}. To clean by hand, start an execution of the state machine, or invoke the function cleanup.`,
    );
  };
}

/** @throws {MessageError} as the others do. */
export const readPrepareMessage = reader(prepareMessage);
export const readCleanMessage = reader(cleanMessage);
export const readSummariseMessage = reader(summariseMessage);
