import * as z from 'zod';
import { JanitorError } from '../model/error.ts';
import type { Lane } from './worklist.ts';

const count = z.int().min(0);
/** The name of the state machine's execution, in which AWS allows no slash. */
const runId = z.string().regex(/^[^/]+$/);

/** The facts about a run that each of its parts is told. */
const fleetRun = z.strictObject({
  id: runId,
  /** The run's one moment, in milliseconds since the epoch. */
  startedAt: z.int(),
  dryRun: z.boolean(),
  /** The event that the run was started with. */
  event: z.unknown(),
  /** SHA-256 of the policy's text: a policy deployed meanwhile is not what the run was prepared with. */
  policy: z.string().min(1),
});
export type FleetRun = z.output<typeof fleetRun>;

const prepareMessage = z.strictObject({
  id: runId,
  startedAt: z.iso.datetime({ offset: true }),
  event: z.unknown(),
});

const cleanMessage = z.strictObject({
  run: fleetRun,
  round: count,
  share: z.strictObject({
    concurrency: z.int().min(1),
    perSecond: z.number().positive().optional(),
  }),
  item: z.strictObject({
    target: z.string().min(1),
    projectId: z.string(),
    id: z.string().min(1),
    name: z.string(),
  }),
  /** The answer of the call before this one, where there was one. */
  last: z.unknown().optional(),
});

const summariseMessage = z.strictObject({
  run: fleetRun,
  round: count,
  endpoints: z.unknown().optional(),
});

/** Where the state machine finds the instances of one endpoint, and how it goes about them. */
export interface EndpointMessage extends Omit<Lane, 'items'> {
  /** The key of a JSON list of instances. */
  readonly items: string;
}

/** A message that is none of the state machine's. */
export class MessageError extends JanitorError {
  override readonly name = 'MessageError';

  constructor(message: string, cause?: unknown) {
    super('message', message, cause);
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
      `not called as the state machine calls it, and nothing was done: ${problems.join('; ')}. To clean by hand, start an execution of the state machine, or invoke the function cleanup.`,
    );
  };
}

/** @throws {MessageError} as the others do. */
export const readPrepareMessage = reader(prepareMessage);
export const readCleanMessage = reader(cleanMessage);
export const readSummariseMessage = reader(summariseMessage);
