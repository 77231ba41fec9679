import { createReadStream } from 'node:fs';
import type { Duration } from 'luxon';
import { describeReadError } from '../files/text-file.ts';
import { FormatError, JanitorError } from '../model/error.ts';
import { shareOfMemory } from '../model/memory.ts';
import { describeSpan } from '../model/summary.ts';
import { readTimestamp } from '../model/task.ts';
import { decodeUtf8, isObject, visible } from '../model/text.ts';
import { cutoff } from '../policy/duration.ts';
import type { ApprovedPlan } from '../run/request.ts';

/** The plan cannot be used. The message says which line of it, and why; nothing has been sent. */
export class PlanError extends JanitorError {
  override readonly name = 'PlanError';

  constructor(message: string, cause?: unknown) {
    super('plan', message, cause);
  }
}

/** A line is some hundred characters long. */
const MAX_LINE = 1_000_000;
/** Share of the memory for the ids of a plan: the lists of the run need the rest. */
const MEMORY_SHARE = 1 / 4;
/** Bytes that an id takes beside its characters. */
const BESIDE_ID = 60;
/** Milliseconds by which a plan may seem to come from the future: clocks differ. */
const MOST_AHEAD_MS = 15 * 60_000;

/**
 * Reads the records file of a plan. What would have gone then may go now; nothing else may. What a line says counts, also
 * where somebody changed it after the review: the file holds nothing that would tell.
 * @param expected the hash of the policy that is to be run, the wall clock in milliseconds since the epoch, and how
 * old the plan may be.
 * @param memory bytes that the ids may take.
 * @throws {PlanError} where it is not whole, not a plan, of another policy, too old, or approves more than memory is meant
 * for.
 */
export async function readApprovedPlan(
  file: string,
  expected: { readonly policy: string; readonly now: number; readonly maxAge: Duration },
  memory = shareOfMemory(MEMORY_SHARE),
): Promise<ApprovedPlan> {
  const targets = new Map<string, Map<string, Set<string>>>();
  let number = 0;
  let records = 0;
  let room = memory;
  let isEnded = false;
  const fail = (problem: string, cause?: unknown) =>
    new PlanError(`--plan ${file}:${number}: ${problem}`, cause);
  for await (const line of linesOf(file)) {
    number += 1;
    if (isEnded) throw fail('there is more after its last line; make the plan again');
    const value = parse(line);
    if (!isObject(value)) throw fail(number === 1 ? NO_PLAN : 'not a line of a records file');
    if (number === 1) {
      const problem = problemOfHeader(value, expected);
      if (problem) throw fail(problem);
    } else if (value.end === true) {
      isEnded = true;
      if (value.records !== records)
        throw fail(
          `${records} records, and it should have ${value.records}: it was changed, or cut short; make the plan again`,
        );
    } else {
      records += 1;
      const record = readRecord(value);
      if (!record) throw fail('not a record of a plan');
      if (!record.isApproved) continue;
      room -= BESIDE_ID + record.id.length;
      if (room < 0) {
        throw fail(
          'more records are approved than memory is meant for; plan fewer targets at once (--target), or give Node.js more memory',
        );
      }
      const instances = targets.get(record.target) ?? new Map<string, Set<string>>();
      targets.set(record.target, instances);
      const ids = instances.get(record.instance) ?? new Set();
      instances.set(record.instance, ids.add(record.id));
    }
  }
  if (number === 0) throw new PlanError(`--plan ${file}: it is empty`);
  if (!isEnded)
    throw fail('it ends here, and its last line is missing: it was cut short; make the plan again');
  return {
    idsOf: (target, instance) => targets.get(target)?.get(instance) ?? new Set(),
    instancesOf: (target) => targets.get(target)?.keys() ?? [],
  };
}

const NO_PLAN = 'not the records file of a plan; make one with: plan --records plan.jsonl';

function problemOfHeader(
  header: Readonly<Record<string, unknown>>,
  { policy, now, maxAge }: { policy: string; now: number; maxAge: Duration },
): string | undefined {
  if (header.records === undefined) return NO_PLAN;
  if (header.records !== 1)
    return `its format is ${visible(String(header.records))}, and this program reads 1`;
  if (header.dryRun !== true) return 'the records file of a run; --plan takes that of a plan';
  if (header.policy !== policy) {
    return 'it was made with another policy; make the plan again with this one';
  }
  const startedAt = readTimestamp(header.startedAt);
  if (startedAt === undefined) return 'its startedAt is not a date and time with a zone';
  if (startedAt > now + MOST_AHEAD_MS)
    return 'it was made in the future, by the clock of this machine';
  if (startedAt < cutoff(now, maxAge)) {
    return `it is ${describeSpan(now - startedAt)} old, and may be ${describeSpan(now - cutoff(now, maxAge))} old; make the plan again, or allow more with --plan-max-age`;
  }
  return undefined;
}

function readRecord(value: Readonly<Record<string, unknown>>) {
  const { target, instance, id, decision, outcome } = value;
  if (typeof target !== 'string' || typeof instance !== 'string') return undefined;
  if (outcome !== 'remaining') {
    return outcome === 'kept' || outcome === 'held-back'
      ? { target, instance, id: '', isApproved: false }
      : undefined;
  }
  if (typeof id !== 'string' || decision !== 'delete') return undefined;
  return { target, instance, id, isApproved: true };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The lines of a UTF-8 file. @throws {PlanError} where it cannot be read. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  const decode = (bytes: Buffer) => {
    try {
      return decodeUtf8(bytes);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new PlanError(`--plan ${file}: ${error.message}`, error);
    }
  };
  try {
    for await (const chunk of createReadStream(file)) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      const end = rest.lastIndexOf(0x0a);
      if (end >= 0) {
        yield* decode(rest.subarray(0, end)).split(/\r?\n/);
        rest = rest.subarray(end + 1);
      }
      if (rest.length > MAX_LINE) {
        throw new PlanError(
          `--plan ${file}: a line of more than ${MAX_LINE} bytes, which no plan has`,
        );
      }
    }
  } catch (error) {
    if (error instanceof PlanError) throw error;
    throw new PlanError(`--plan ${file}: ${describeReadError(error)}; name another file`, error);
  }
  if (rest.length > 0) yield decode(rest);
}
