import * as z from 'zod';
import { describeReadError, TextFileError } from '../files/text-file.ts';
import { readTask, readTimestamp, type Task } from '../model/task.ts';
import { isObject } from '../model/text.ts';
import type { Finding } from './consistency.ts';
import { type Decision, decide, KEEP_REASONS, type KeepReason } from './decide.ts';
import { text } from './fields.ts';
import type { Mappings } from './issues.ts';
import { limitTripped } from './limits.ts';
import { inOrder, loadPolicy, problemAt, readBySchema, readPolicy } from './load.ts';
import { PolicyError } from './policy-error.ts';
import { retentionOf } from './retention.ts';
import type { Policy, Target } from './schema.ts';
import { type Path, type Position, readSource, type Source, sourceUnder } from './source.ts';
import { suggest } from './suggest.ts';
import { targetNamed } from './targets.ts';

/** A policy's test: the records of one instance, and what is to become of them. */
export interface PolicyTest {
  readonly policy: Policy;
  readonly target: Target;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly tasks: readonly Task[];
  /** Ids of the records that go: these, and no others. */
  readonly delete: ReadonlySet<string>;
  /** Ids of records that stay, with the reason where it matters. */
  readonly keep: ReadonlyMap<string, KeepReason | undefined>;
}

/** A record whose decision is not the one that was expected. */
export interface Mismatch {
  readonly task: Task;
  /** Such as `delete`, or `keep: running`. */
  readonly expected: string;
  readonly decision: Decision;
}

const POLICY_FORMS =
  'a path or a policy; write the path of a policy, relative to this file, or the policy itself';
const TIME_FORM = 'a time such as 2026-03-01T00:00:00Z';
const RECORDS = 'a list of records, as the API returns them';
const KEEP_FORMS = 'expected a list of ids, or a mapping of ids to reasons';

const expectation = z.strictObject(
  {
    delete: z.array(text('the id of a record'), { error: 'a list of ids; [] when none goes' }),
    keep: z
      .unknown()
      .superRefine((keep, context) => {
        const wrong = (message: string, path: (string | number)[] = []) =>
          context.addIssue({ code: 'custom', message, path });
        if (Array.isArray(keep)) {
          keep.forEach((id, i) => {
            if (typeof id !== 'string') wrong('expected the id of a record; put it in quotes', [i]);
          });
        } else if (isObject(keep)) {
          for (const [id, reason] of Object.entries(keep)) {
            if ((KEEP_REASONS as readonly unknown[]).includes(reason)) continue;
            const meant = typeof reason === 'string' && suggest(reason, KEEP_REASONS);
            const hint = meant
              ? `did you mean ${meant}?`
              : `write one of ${KEEP_REASONS.join(', ')}`;
            wrong(`this is not a reason to keep a record; ${hint}`, [id]);
          }
        } else wrong(KEEP_FORMS);
      })
      .optional(),
  },
  { error: 'a mapping of delete and keep' },
);

const testSchema = z.strictObject(
  {
    version: z.literal(1, { error: 'the number 1' }).optional(),
    policy: z.union(
      [z.string().min(1, { error: POLICY_FORMS }), z.record(z.string(), z.unknown())],
      { error: POLICY_FORMS },
    ),
    target: text('the name of a target'),
    now: text(TIME_FORM).refine((now) => readTimestamp(now) !== undefined, {
      error: 'this is not a date and time with a zone; write one such as 2026-03-01T00:00:00Z',
    }),
    records: z.array(z.unknown(), { error: RECORDS }).min(1, { error: RECORDS }),
    expect: expectation,
  },
  { error: 'a mapping of policy, target, now, records and expect' },
);

const MAPPINGS: Mappings = { 'the top level': testSchema.shape, expect: expectation.shape };

/**
 * Reads a test from the text of its file. Does no I/O of its own: `file` is only for messages.
 *
 * @param readFile gives the text of the policy that the test names, and the name that messages give it
 * @throws {PolicyError} with every problem of the test, or of its policy; {TextFileError} when that is not UTF-8
 */
export async function loadPolicyTest(
  test: string,
  file: string,
  readFile: (path: string) => Promise<{ readonly text: string; readonly name: string }>,
): Promise<PolicyTest> {
  const source = readSource(test, file);
  const fail = (findings: readonly Finding[]) =>
    new PolicyError(inOrder(findings.map((f) => problemAt(file, f, placeOf(source, f.path)))));
  const { value } = source;
  if (value === null) {
    throw fail([{ path: [], message: 'the file is empty', hint: 'write policy, target and more' }]);
  }
  // Repeated keys of a policy that is written in this file are reported with that policy.
  const repeatedKeys = source.repeatedKeys.filter(
    ({ path }) => path[0] !== 'policy' || path.length === 1,
  );
  const { data, problems } = readBySchema({ ...source, repeatedKeys }, file, testSchema, MAPPINGS);
  if (!data || problems.length > 0) throw new PolicyError(inOrder(problems));

  const policy = await policyOf(data.policy);
  const target = targetNamed(policy, data.target);
  const names = policy.targets.map(({ name }) => name);
  if (!target) {
    const message = `the policy has no target ${JSON.stringify(data.target)}`;
    throw fail([{ path: ['target'], message, hint: `it has ${names.join(', ')}` }]);
  }
  const tasks = data.records.map(readTask);
  const expected = readExpectation(data.expect);
  const findings = [...repeatedRecords(tasks), ...strangers(expected, tasks)];
  if (findings.length > 0) throw fail(findings);
  return {
    policy,
    target,
    now: readTimestamp(data.now) as number,
    tasks,
    delete: new Set(data.expect.delete),
    keep: new Map(
      expected.filter(({ path }) => path[1] === 'keep').map(({ id, reason }) => [id, reason]),
    ),
  };

  async function policyOf(named: unknown): Promise<Policy> {
    if (typeof named !== 'string') return readPolicy(sourceUnder(source, 'policy'), file);
    let found: { text: string; name: string };
    try {
      found = await readFile(named);
    } catch (error) {
      if (error instanceof TextFileError) throw error;
      const message = describeReadError(error);
      const hint = 'the path is relative to this file';
      throw fail([{ path: ['policy'], message, hint }]);
    }
    return loadPolicy(found.text, found.name);
  }
}

/** Where a finding stands: at the key, if the id under keep is one; else at the value. */
function placeOf(source: Source, path: Path): Position {
  const isKey = path[1] === 'keep' && typeof path[2] === 'string';
  return isKey ? source.keyAt(path) : source.valueAt(path);
}

interface Expected {
  readonly id: string;
  readonly path: Path;
  readonly reason?: KeepReason;
}

function readExpectation(expected: z.output<typeof expectation>): Expected[] {
  const listed = (ids: readonly string[], key: string): Expected[] =>
    ids.map((id, i) => ({ id, path: ['expect', key, i] }));
  const { keep = [] } = expected;
  return [
    ...listed(expected.delete, 'delete'),
    ...(Array.isArray(keep)
      ? listed(keep as string[], 'keep')
      : Object.entries(keep as Record<string, KeepReason>).map(([id, reason]) => ({
          id,
          reason,
          path: ['expect', 'keep', id],
        }))),
  ];
}

function repeatedRecords(tasks: readonly Task[]): Finding[] {
  const seen = new Set<string | undefined>();
  return tasks.flatMap(({ id }, i) => {
    if (id === undefined || !seen.has(id)) {
      seen.add(id);
      return [];
    }
    const message = 'another record has this id already';
    return [{ path: ['records', i, 'id'], message, hint: 'a record is listed once' }];
  });
}

/** Ids that no record has, or that are expected twice. */
function strangers(expected: readonly Expected[], tasks: readonly Task[]): Finding[] {
  const ids = tasks.map(({ id }) => id).filter((id) => id !== undefined);
  const known = new Set(ids);
  const seen = new Set<string>();
  return expected.flatMap(({ id, path }): Finding[] => {
    if (seen.has(id)) {
      const message = 'this record is named twice under expect';
      return [{ path, message, hint: 'leave one out' }];
    }
    seen.add(id);
    if (known.has(id)) return [];
    const meant = suggest(id, ids);
    const hint = meant ? { hint: `did you mean ${meant}?` } : {};
    return [{ path, message: `no record has the id ${JSON.stringify(id)}`, ...hint }];
  });
}

/**
 * Decides about the records of a test. A record that it does not mention is expected to stay.
 *
 * @returns what is not as expected, how many records go, and the limit that would stop the instance
 */
export function runPolicyTest({ policy, target, now, tasks, ...expected }: PolicyTest): {
  readonly mismatches: readonly Mismatch[];
  readonly expired: number;
  readonly limit: string | undefined;
} {
  const retention = retentionOf(policy, target);
  const decisions = decide(tasks, retention, now);
  const expired = decisions.filter(({ action }) => action === 'delete').length;
  const mismatches = tasks.flatMap((task, i): Mismatch[] => {
    const decision = decisions[i] as Decision;
    const { id = '' } = task;
    const goes = expected.delete.has(id);
    const reason = expected.keep.get(id);
    const holds = goes
      ? decision.action === 'delete'
      : decision.action === 'keep' && (reason === undefined || reason === decision.reason);
    if (holds) return [];
    const words = goes ? 'delete' : reason === undefined ? 'keep' : `keep: ${reason}`;
    return [{ task, expected: words, decision }];
  });
  const limit = limitTripped(tasks.length, expired, retention.limits);
  return { mismatches, expired, limit };
}
