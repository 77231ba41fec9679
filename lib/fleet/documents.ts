import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { JanitorError } from '../model/error.ts';
import { instanceKey } from '../model/instance.ts';
import { instanceOutcome, type Outcome, type StoppedBy } from '../model/outcome.ts';
import {
  conclude,
  type InstanceSummary,
  type RequestCounts,
  type Summary,
  type TargetSummary,
} from '../model/summary.ts';
import type { KnownInstance, KnownTarget, LaneFacts, LaneNews } from './known.ts';
import type { FleetRun } from './messages.ts';
import type { WrittenInstance } from './written-instances.ts';

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

const targetError = z.strictObject({ code: z.string(), message: z.string() });

const target = z.strictObject({
  name: z.string(),
  cloud: z.string(),
  service: z.string(),
  region: z.string(),
  outcome,
  error: targetError.optional(),
  instances: z.array(instance),
}) satisfies z.ZodType<TargetSummary>;

const summary = z.strictObject({
  schemaVersion: z.literal(1),
  runId: z.string(),
  trigger: z.literal('fleet'),
  dryRun: z.boolean(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  durationMs: count,
  outcome,
  totals: z.strictObject({ targets: count, instances: count, ...counts }),
  requests,
  warnings: z.array(z.string()),
  targets: z.array(target),
}) satisfies z.ZodType<Summary>;

/** That a round was reported, and by which call. */
const report = z.strictObject({
  callId: z.string(),
  /** How often the execution had been redriven by then. */
  redrives: count,
  /** Those of each target, in the order of the summary. */
  requests: z.array(requests),
});
export type Report = z.output<typeof report>;

const writtenInstance: z.ZodType<WrittenInstance> = z.strictObject({
  target: z.string(),
  summary: instance,
  unclear: z.array(z.string()),
  saidGone: z.array(z.string()),
  isUndercounted: z.boolean().optional(),
  done: z.boolean(),
  triedIn: count,
  lastTurn: count,
  shortest: count.nullable(),
  answered: z.boolean(),
  fruitless: z
    .strictObject({ why: z.enum(['listing', 'deadline', 'in-vain']), calls: count })
    .nullable(),
  unlisted: z.boolean().optional(),
  targetError: targetError.optional(),
  movedTo: z.string().optional(),
  dropped: z.array(z.string()).optional(),
});

const knownTarget = target.omit({ instances: true }).extend({
  requests,
  asked: z
    .strictObject({
      allowed: z.array(z.strictObject({ id: z.string(), name: z.string() })),
      unmatched: z.array(z.string()),
    })
    .optional(),
}) satisfies z.ZodType<KnownTarget>;

const laneNews = z.strictObject({
  warnings: z.array(z.string()).readonly(),
  seenIds: z.array(z.string()).readonly(),
}) satisfies z.ZodType<LaneNews>;

const laneFacts: z.ZodType<LaneFacts> = laneNews.extend({
  targets: z.array(knownTarget),
  idleCalls: count,
});

const laneEntry = z.strictObject({
  runId: z.string(),
  lane: count,
  /** Its own number in the log, from 0. */
  entry: count,
  round: count,
  /** Which of the round's calls wrote it, from 1. */
  number: z.int().min(1),
  callId: z.string(),
  /** When it was written, and when its call is over at the latest: by the wall clock, in milliseconds. */
  at: z.number(),
  until: z.number(),
  /** Number of the last entry that holds everything. */
  whole: count,
  /**
   * Number of the entry with all that its call found to do, or one before it in the round; absent as long as none of
   * the round has found anything out.
   */
  agenda: count.optional(),
  /** Present once the call has ended. */
  ended: z
    .strictObject({
      /** Whether another call has something to do. */
      again: z.boolean(),
    })
    .optional(),
  facts: laneFacts.optional(),
  /** In an entry without facts, what has come since the one before. */
  news: laneNews.optional(),
  instances: z.array(writtenInstance).readonly(),
});

/** One object of a lane's log. Each is written once, under the next number, by whoever comes first. */
export type LaneEntry = Readonly<z.output<typeof laneEntry>>;

/** The rows that one object of the archive holds. */
const archived = z.strictObject({
  /** Where the object is: in S3, or the path of a file. */
  at: z
    .string()
    .max(4_096)
    .regex(/^[^\p{C}]+$/u)
    .refine((place) => place.startsWith('s3://') || !place.includes('://')),
  /** A digest of each line, since the lines themselves may be many. */
  digests: z.array(z.string().regex(/^[\w-]{22}$/)),
});
export type Archived = z.output<typeof archived>;

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
 * @throws {DocumentError} where it is none, or that of another run, or contradicts itself.
 */
export function readSummary(document: unknown, key: string, runId: string): Summary {
  const known = read(summary, key, document);
  if (known.runId !== runId) throw new DocumentError(key, 'it is of another run');
  const { targets, dryRun, startedAt, outcome, requests } = known;
  const instances = targets.flatMap((each) => each.instances);
  const made = conclude(
    { ...known, startedAt: Date.parse(startedAt), failed: outcome === 'failed' },
    new Map(targets.map((each) => [each, requests])),
  );
  const isRight =
    instances.every((each) => addsUp({ summary: each, done: true }, dryRun)) &&
    isDeepStrictEqual({ ...made, requests }, known);
  if (!isRight) throw new DocumentError(key, 'its numbers do not add up');
  return known;
}

/** @throws {DocumentError} where it is no report. */
export function readReport(document: unknown, key: string): Report {
  return read(report, key, document);
}

/** Reads what an object of the archive holds; nothing where it is not that, since rows may be archived twice. */
export function readArchived(document: unknown): Archived | undefined {
  return archived.safeParse(document).data;
}

/**
 * Reads an entry of a lane's log.
 * @param place where it was found.
 * @throws {DocumentError} where it is none, or is of another place, or contradicts itself.
 */
export function readEntry(
  document: unknown,
  key: string,
  run: Pick<FleetRun, 'id' | 'dryRun'>,
  place: Pick<LaneEntry, 'lane' | 'entry'>,
): LaneEntry {
  const known = read(laneEntry, key, document);
  const problem = problemOf(known, run, place);
  if (problem) throw new DocumentError(key, problem);
  return known;
}

function problemOf(
  { runId, lane, entry, whole, agenda, ended, facts, instances }: LaneEntry,
  run: Pick<FleetRun, 'id' | 'dryRun'>,
  place: Pick<LaneEntry, 'lane' | 'entry'>,
): string | undefined {
  if (runId !== run.id) return 'it is of another run';
  if (lane !== place.lane || entry !== place.entry) return 'it belongs to another place';
  if (Math.max(whole, agenda ?? 0) > entry) return 'it refers to an entry after it';
  if (ended?.again === false && !(facts && agenda !== undefined)) return 'it does not tell all';
  const keys = instances.map((each) => instanceKey(each.target, each.summary));
  if (new Set(keys).size < keys.length) return 'an instance is in it twice';
  const wrong = instances.find((each) => !addsUp(each, run.dryRun));
  return wrong && `the numbers of instance ${wrong.summary.id} do not add up`;
}

/** Whether the numbers of an instance hold together, and its outcome follows from them once it is done. */
function addsUp(
  { summary, done }: Pick<KnownInstance, 'summary' | 'done'>,
  dryRun: boolean,
): boolean {
  const { listed, kept, expired, deleted, alreadyGone, failed, remaining } = summary;
  return (
    listed === kept + expired &&
    expired === deleted + alreadyGone + failed + remaining &&
    (!done || summary.outcome === instanceOutcome(summary, dryRun))
  );
}
