import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Duration } from 'luxon';
import type { Task } from '../../lib/model/task.ts';
import { type Decision, decide } from '../../lib/policy/decide.ts';
import { namesOf, type Retention, type RetentionRule } from '../../lib/policy/retention.ts';
import { DAY, NOW } from '../records.ts';

/** Patterns, and what they mean, written down a second time. */
const PATTERNS: Record<string, (text: string) => boolean> = {
  '*': () => true,
  EXTEND: (text) => text === 'EXTEND',
  'EXT*': (text) => text.startsWith('EXT'),
  '*END': (text) => text.endsWith('END'),
  '*T*': (text) => text.includes('T'),
  'E?T*': (text) => text.startsWith('E') && text[2] === 'T',
  'a/*': (text) => text.startsWith('a/'),
};
const TEXTS = ['', 'EXTEND', 'EXT', 'APPEND', 'a/../b', '.hidden', 'STOP', 'extend'];
const STATUSES = ['SUCCESS', 'FAILED', 'CANCELLED'];

/** A rule as a user writes it, from which both implementations start. */
interface WrittenRule {
  readonly keepFor: number | 'forever';
  readonly statuses: string[] | undefined;
  readonly tasks: string[] | undefined;
  readonly users: string[] | undefined;
}
interface Written {
  readonly keepFor: number | 'forever';
  readonly keepLast: number;
  readonly statuses: string[];
  readonly rules: WrittenRule[];
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const days = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant('forever' as const));
const someOf = (items: string[]) => fc.uniqueArray(fc.constantFrom(...items), { minLength: 1 });

const rule: fc.Arbitrary<WrittenRule> = fc.record({
  keepFor: days,
  statuses: maybe(someOf(STATUSES)),
  tasks: maybe(someOf(Object.keys(PATTERNS))),
  users: maybe(someOf(Object.keys(PATTERNS))),
});

const written: fc.Arbitrary<Written> = fc.record({
  keepFor: days,
  keepLast: fc.nat({ max: 12 }),
  statuses: someOf(STATUSES),
  rules: fc.array(rule, { maxLength: 5 }),
});

const Y2010 = Date.UTC(2010);

const task: fc.Arbitrary<Task> = fc.record({
  id: fc.oneof(
    { weight: 20, arbitrary: fc.uuid() },
    { weight: 2, arbitrary: fc.constantFrom('x', 'y', 'z') },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  status: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...STATUSES) },
    {
      weight: 3,
      arbitrary: fc.constantFrom('CREATED', 'WAITING', 'EXECUTING', 'DELETED', 'ODD', undefined),
    },
  ),
  // Whole days, so that many records are of one age, and some exactly as old as a keepFor.
  updatedAt: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: -2, max: 70 }).map((age) => NOW - age * DAY) },
    { weight: 1, arbitrary: fc.constantFrom(undefined, 0, -62_135_596_800_000, Y2010 - 1, Y2010) },
  ),
  name: maybe(fc.constantFrom(...TEXTS)),
  user: maybe(fc.constantFrom(...TEXTS)),
  createdAt: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 90 }).map((age) => NOW - age * DAY) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.nat({ max: 70 }), fc.constantFrom(-1, 0, 1))
        .map(([age, ms]) => NOW - age * DAY + 3_600_000 + ms),
    },
  ),
  malformed: fc.oneof(
    { weight: 12, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});
const tasks = fc.array(task, { maxLength: 40 });

function compile({ keepFor, keepLast, statuses, rules }: Written): Retention {
  const duration = (value: number | 'forever') =>
    value === 'forever' ? value : Duration.fromObject({ days: value });
  return {
    keepFor: duration(keepFor),
    keepLast,
    statuses: new Set(statuses),
    limits: {},
    rules: rules.map(
      (one, i): RetentionRule => ({
        name: `rule ${i + 1}`,
        keepFor: duration(one.keepFor),
        statuses: one.statuses && new Set(one.statuses),
        tasks: one.tasks && namesOf(one.tasks),
        users: one.users && namesOf(one.users),
      }),
    ),
  };
}

/** The design's table, as plainly as it can be written. */
function decideNaively(list: readonly Task[], policy: Written): string[] {
  const isDated = ({ updatedAt, createdAt }: Task) =>
    updatedAt !== undefined &&
    updatedAt >= Y2010 &&
    (createdAt === undefined || createdAt - updatedAt <= 3_600_000);
  const ranked = list.filter(isDated).sort((a, b) => {
    if (a.updatedAt !== b.updatedAt) return Number(b.updatedAt) - Number(a.updatedAt);
    return (a.id ?? '') < (b.id ?? '') ? 1 : -1;
  });
  const lasting = ranked.slice(0, policy.keepLast);
  const hits = (patterns: string[] | undefined, text: string | undefined) =>
    !patterns || (text !== undefined && patterns.some((pattern) => PATTERNS[pattern]?.(text)));

  return list.map((one) => {
    if (one.status === 'DELETED') return 'already-deleted';
    if (['CREATED', 'WAITING', 'EXECUTING'].includes(one.status ?? '')) return 'running';
    if (!STATUSES.includes(one.status ?? '')) return 'unknown-status';
    if (!isDated(one) || one.updatedAt === undefined) return 'no-timestamp';
    if (one.malformed || one.id === undefined || one.name === undefined) return 'malformed';
    if (list.filter(({ id }) => id === one.id).length > 1) return 'duplicate-id';
    if (lasting.includes(one)) return 'within-keep-last';
    if (!policy.statuses.includes(one.status ?? '')) return 'status-not-selected';
    const at = policy.rules.findIndex(
      ({ statuses, tasks: names, users }) =>
        (!statuses || statuses.includes(one.status ?? '')) &&
        hits(names, one.name) &&
        hits(users, one.user),
    );
    const by = at < 0 ? '' : ` by rule ${at + 1}`;
    const { keepFor } = policy.rules[at] ?? policy;
    if (keepFor === 'forever') return `kept-forever${by}`;
    return (NOW - one.updatedAt < keepFor * DAY ? 'within-keep-for' : 'expired') + by;
  });
}

const describeDecision = (decision: Decision) =>
  decision.reason + (decision.rule === undefined ? '' : ` by ${decision.rule}`);

function deletedOf(list: readonly Task[], policy: Written): Task[] {
  const decisions = decide(list, compile(policy), NOW);
  return list.filter((_, i) => decisions[i]?.action === 'delete');
}

const RUNS = { numRuns: 1000 };

describe('for every list and every retention', () => {
  test('the decisions are those of a naive reading of the table', () => {
    fc.assert(
      fc.property(tasks, written, (list, policy) => {
        expect(decide(list, compile(policy), NOW).map(describeDecision)).toEqual(
          decideNaively(list, policy),
        );
      }),
      { numRuns: 3000 },
    );
  });

  test('running and unknown records are never deleted', () => {
    fc.assert(
      fc.property(tasks, written, (list, policy) => {
        const statuses = deletedOf(list, policy).map(({ status }) => status);
        expect(STATUSES).toEqual(expect.arrayContaining([...new Set(statuses)]));
      }),
      RUNS,
    );
  });

  test('the newest keepLast of all records survive', () => {
    fc.assert(
      fc.property(tasks, written, (list, policy) => {
        const deleted = deletedOf(list, policy);
        for (const gone of deleted) {
          const newer = list.filter(
            ({ updatedAt, id }) =>
              updatedAt !== undefined &&
              (updatedAt > Number(gone.updatedAt) ||
                (updatedAt === gone.updatedAt && String(id) > String(gone.id))),
          );
          expect(newer.length).toBeGreaterThanOrEqual(policy.keepLast);
        }
      }),
      RUNS,
    );
  });

  test('a longer keepFor never deletes more', () => {
    fc.assert(
      fc.property(tasks, written, fc.nat(60), fc.nat(60), (list, policy, keepFor, more) => {
        const before = deletedOf(list, { ...policy, keepFor });
        const after = deletedOf(list, { ...policy, keepFor: keepFor + more });
        expect(before).toEqual(expect.arrayContaining(after));
      }),
      RUNS,
    );
  });

  test('a greater keepLast never deletes more', () => {
    fc.assert(
      fc.property(tasks, written, fc.nat(12), (list, policy, more) => {
        const before = deletedOf(list, policy);
        const after = deletedOf(list, { ...policy, keepLast: policy.keepLast + more });
        expect(before).toEqual(expect.arrayContaining(after));
      }),
      RUNS,
    );
  });

  test('a rule with keep: forever, added at any place, never deletes more', () => {
    fc.assert(
      fc.property(tasks, written, rule, fc.nat(5), (list, policy, added, place) => {
        const rules = policy.rules.toSpliced(place, 0, { ...added, keepFor: 'forever' });
        const after = deletedOf(list, { ...policy, rules });
        expect(deletedOf(list, policy)).toEqual(expect.arrayContaining(after));
      }),
      RUNS,
    );
  });

  test('the order of the list does not matter', () => {
    const shuffled = tasks.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, written, ([list, other], policy) => {
        const retention = compile(policy);
        const byTask = new Map<Task, Decision | undefined>();
        const decisions = decide(list, retention, NOW);
        for (const [i, one] of list.entries()) byTask.set(one, decisions[i]);
        expect(decide(other, retention, NOW)).toEqual(other.map((one) => byTask.get(one)));
      }),
      RUNS,
    );
  });

  test('a record with any unreadable field is kept', () => {
    const unreadable = fc.constantFrom<Partial<Task>>(
      { malformed: true },
      { id: undefined },
      { status: undefined },
      { updatedAt: undefined },
      { updatedAt: Number.NaN },
    );
    fc.assert(
      fc.property(tasks, task, unreadable, written, (list, one, flaw, policy) => {
        const decisions = decide([...list, { ...one, ...flaw }], compile(policy), NOW);
        expect(decisions.at(-1)?.action).toBe('keep');
      }),
      RUNS,
    );
  });

  test('naming ids for an ad-hoc run never deletes more, and only what is named', () => {
    fc.assert(
      fc.property(tasks, written, fc.func(fc.boolean()), (list, policy, chosen) => {
        const only = new Set(list.flatMap(({ id }) => (id && chosen(id) ? [id] : [])));
        const decisions = decide(list, compile(policy), NOW, { requestedIds: only });
        const deleted = list.filter((_, i) => decisions[i]?.action === 'delete');
        const expected = deletedOf(list, policy).filter(({ id }) => only.has(String(id)));
        expect(deleted).toEqual(expected);
      }),
      RUNS,
    );
  });
});
