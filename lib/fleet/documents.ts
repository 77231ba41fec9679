import * as z from 'zod';
import { JanitorError } from '../model/error.ts';
import type { Outcome, StoppedBy } from '../model/outcome.ts';
import type { InstanceSummary, RequestCounts, Summary, TargetSummary } from '../model/summary.ts';

const count = z.int().min(0);

const outcome = z.enum(['complete', 'incomplete', 'failed']) satisfies z.ZodType<Outcome>;

const stoppedBy = z.enum({
  deadline: 'deadline',
  interrupted: 'interrupted',
  limit: 'limit',
  listing: 'listing',
  archive: 'archive',
  forbidden: 'forbidden',
  overlap: 'overlap',
  unavailable: 'unavailable',
} as const satisfies { [Word in StoppedBy]: Word });

const counts = {
  listed: count,
  kept: count,
  expired: count,
  deleted: count,
  alreadyGone: count,
  failed: count,
  remaining: count,
};

const requests = z.strictObject({
  sent: count,
  retried: count,
  throttled: count,
}) satisfies z.ZodType<RequestCounts>;

const instance = z.strictObject({
  id: z.string(),
  name: z.string(),
  outcome,
  stoppedBy: stoppedBy.optional(),
  ...counts,
  keptBecause: z.record(z.string(), count),
  archive: z.array(z.string()).optional(),
  errors: z.array(
    z.strictObject({
      taskId: z.string().optional(),
      status: z.int().optional(),
      code: z.string().optional(),
      message: z.string(),
      attempts: count.optional(),
    }),
  ),
  errorsOmitted: count,
}) satisfies z.ZodType<InstanceSummary>;

const target = z.strictObject({
  name: z.string(),
  cloud: z.string(),
  service: z.string(),
  region: z.string(),
  outcome,
  error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  instances: z.array(instance),
}) satisfies z.ZodType<TargetSummary>;

const summary = z.strictObject({
  schemaVersion: z.literal(1),
  runId: z.string(),
  trigger: z.literal('fleet'),
  dryRun: z.boolean(),
  startedAt: z.string(),
  finishedAt: z.string(),
  durationMs: count,
  outcome,
  totals: z.strictObject({ targets: count, instances: count, ...counts }),
  requests,
  warnings: z.array(z.string()),
  targets: z.array(target),
}) satisfies z.ZodType<Summary>;

/** A document in the bucket that is not what this version writes there. */
export class DocumentError extends JanitorError {
  override readonly name = 'DocumentError';

  /** @param problem what is wrong with it, and where in it. */
  constructor(key: string, problem: string) {
    super('document', `${key} is not what this version of task-janitor writes there: ${problem}`);
  }
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  key: string,
  document: unknown,
): z.output<Schema> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues as [z.core.$ZodIssue];
  throw new DocumentError(key, `${path.join('.')}: ${message}`);
}

/**
 * Reads the summary of a run.
 * @throws {DocumentError} where it is none, or that of another run.
 */
export function readSummary(document: unknown, key: string, runId: string): Summary {
  const known = read(summary, key, document);
  if (known.runId !== runId) throw new DocumentError(key, 'it is of another run');
  return known;
}
