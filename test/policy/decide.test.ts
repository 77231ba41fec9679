import { describe, expect, test } from '@jest/globals';
import { Duration } from 'luxon';
import type { Task } from '../../lib/model/task.ts';
import { type Decision, decide, KEEP_REASONS } from '../../lib/policy/decide.ts';
import { namesOf, type Retention, type RetentionRule } from '../../lib/policy/retention.ts';
import { retention } from '../policies.ts';
import { DAY, NOW, task } from '../records.ts';

function decideOne(fields: Partial<Task>, policy: Partial<Retention> = {}): Decision | undefined {
  return decide([task(fields)], retention(policy), NOW)[0];
}

function rule(fields: Partial<RetentionRule>): RetentionRule {
  return { name: 'a rule', keepFor: 'forever', ...fields };
}

const keep = (reason: string, by?: string) => ({
  action: 'keep',
  reason,
  ...(by === undefined ? {} : { rule: by }),
});
const expired = { action: 'delete', reason: 'expired' };

describe('the table of decisions', () => {
  test('a finished record older than keepFor expires', () => {
    expect(decideOne({})).toEqual(expired);
    expect(decideOne({ status: 'FAILED' })).toEqual(expired);
  });

  test('DELETED is kept: there is nothing left to delete', () => {
    expect(decideOne({ status: 'DELETED' })).toEqual(keep('already-deleted'));
  });

  test.each(['CREATED', 'WAITING', 'EXECUTING'])('%s is kept as running', (status) => {
    expect(decideOne({ status })).toEqual(keep('running'));
  });

  test('nothing overrides running, not even a rule and a status list that name it', () => {
    const policy = {
      statuses: new Set(['EXECUTING']),
      rules: [
        rule({ statuses: new Set(['EXECUTING']), keepFor: Duration.fromObject({ days: 0 }) }),
      ],
    };
    const running = task({ status: 'EXECUTING' });
    expect(
      decide([running], retention(policy), NOW, { requestedIds: new Set([String(running.id)]) }),
    ).toEqual([keep('running')]);
  });

  test.each([undefined, '', 'success', 'SUCCESS ', 'FINISHED', 'toString'])(
    'status %j is kept as unknown',
    (status) => {
      expect(decideOne({ status })).toEqual(keep('unknown-status'));
    },
  );

  test.each([undefined, Number.NaN, Number.NEGATIVE_INFINITY])(
    'a record updated at %j is kept',
    (updatedAt) => {
      expect(decideOne({ updatedAt })).toEqual(keep('no-timestamp'));
    },
  );

  test('a record of before 2010, or that ended an hour before it began, is kept', () => {
    const y2010 = Date.UTC(2010);
    const hour = 60 * 60_000;
    const old = (updatedAt: number, createdAt?: number) => decideOne({ updatedAt, createdAt });
    expect(old(y2010 - 1)).toEqual(keep('no-timestamp'));
    expect(old(y2010)).toEqual(expired);
    expect(old(y2010, y2010 + hour)).toEqual(expired);
    expect(old(y2010, y2010 + hour + 1)).toEqual(keep('no-timestamp'));
  });

  test('a malformed record is kept', () => {
    expect(decideOne({ malformed: true })).toEqual(keep('malformed'));
    expect(decideOne({ id: undefined })).toEqual(keep('malformed'));
  });

  test('records that share an id are kept, all of them', () => {
    const tasks = [task({ id: 'a' }), task({ id: 'b' }), task({ id: 'a', status: 'FAILED' })];
    expect(decide(tasks, retention(), NOW)).toEqual([
      keep('duplicate-id'),
      expired,
      keep('duplicate-id'),
    ]);
  });

  test('the newest keepLast records are kept', () => {
    const tasks = [50, 90, 40, 60].map((days) => task({ updatedAt: NOW - days * DAY }));
    expect(decide(tasks, retention({ keepLast: 2 }), NOW).map((d) => d.reason)).toEqual([
      'within-keep-last',
      'expired',
      'within-keep-last',
      'expired',
    ]);
  });

  test('keepLast counts running, deleted and unselected records too', () => {
    const tasks = [
      task({ status: 'EXECUTING', updatedAt: NOW }),
      task({ status: 'DELETED', updatedAt: NOW - DAY }),
      task({ status: 'CANCELLED', updatedAt: NOW - 2 * DAY }),
      task({ updatedAt: NOW - 50 * DAY }),
      task({ updatedAt: NOW - 60 * DAY }),
    ];
    expect(decide(tasks, retention({ keepLast: 4 }), NOW).map((d) => d.reason)).toEqual([
      'running',
      'already-deleted',
      'within-keep-last',
      'within-keep-last',
      'expired',
    ]);
  });

  test('a status that is not selected is kept', () => {
    expect(decideOne({ status: 'CANCELLED' })).toEqual(keep('status-not-selected'));
    expect(decideOne({}, { statuses: new Set() })).toEqual(keep('status-not-selected'));
  });

  test('a status that is not selected is kept even where a rule lets it expire', () => {
    const rules = [rule({ keepFor: Duration.fromObject({ days: 1 }) })];
    expect(decideOne({ status: 'CANCELLED' }, { rules })).toEqual(keep('status-not-selected'));
  });

  test('keep: forever keeps, with the name of the rule that says so', () => {
    expect(decideOne({}, { keepFor: 'forever' })).toEqual(keep('kept-forever'));
    expect(decideOne({}, { rules: [rule({})] })).toEqual(keep('kept-forever', 'a rule'));
  });

  test('a younger record is kept, one exactly as old as keepFor is not', () => {
    expect(decideOne({ updatedAt: NOW - 30 * DAY + 1 })).toEqual(keep('within-keep-for'));
    expect(decideOne({ updatedAt: NOW - 30 * DAY })).toEqual(expired);
  });

  test('a record dated in the future is kept, even with keepFor 0', () => {
    const keepFor = Duration.fromObject({ days: 0 });
    expect(decideOne({ updatedAt: NOW + 1 }, { keepFor })).toEqual(keep('within-keep-for'));
    expect(decideOne({ updatedAt: NOW }, { keepFor })).toEqual(expired);
  });

  test('a rule decides in place of the target, both ways, and is named', () => {
    const rules = [rule({ keepFor: Duration.fromObject({ days: 200 }) })];
    expect(decideOne({}, { rules })).toEqual(keep('within-keep-for', 'a rule'));
    expect(
      decideOne({}, { keepFor: 'forever', rules: [rule({ keepFor: Duration.fromISO('P1D') })] }),
    ).toEqual({ ...expired, rule: 'a rule' });
  });

  test('an expired record that an ad-hoc run does not name is kept', () => {
    const tasks = [task({ id: 'asked' }), task({ id: 'other' }), task({ updatedAt: NOW })];
    const only = { requestedIds: new Set(['asked']) };
    expect(decide(tasks, retention(), NOW, only)).toEqual([
      expired,
      keep('not-requested'),
      keep('within-keep-for'),
    ]);
    expect(decide(tasks, retention(), NOW, { requestedIds: new Set() })).not.toContainEqual(
      expired,
    );
  });

  test('reasons are tried in the order in which they are listed', () => {
    // Every record has all that the later reasons ask for, and lacks what the earlier ones do.
    const old = { updatedAt: NOW - 100 * DAY };
    const odd = { ...old, malformed: true, id: 'twice' };
    const reasons = decide(
      [
        task({ ...odd, status: 'DELETED', updatedAt: undefined }),
        task({ ...odd, status: 'EXECUTING', updatedAt: undefined }),
        task({ ...odd, status: 'no status', updatedAt: undefined }),
        task({ ...odd, status: 'CANCELLED', updatedAt: undefined }),
        task({ ...odd, status: 'CANCELLED', updatedAt: NOW }),
        task({ id: 'twice', status: 'CANCELLED', updatedAt: NOW }),
        task({ status: 'CANCELLED', updatedAt: NOW }),
        task({ ...old, status: 'CANCELLED', name: 'frozen' }),
        task({ updatedAt: NOW - DAY, name: 'frozen' }),
        task({ updatedAt: NOW - DAY }),
        task(old),
        task({ ...old, id: 'asked' }),
      ],
      retention({ keepLast: 3, rules: [rule({ tasks: namesOf(['frozen']) })] }),
      NOW,
      { requestedIds: new Set(['asked']), approvedIds: new Set() },
    ).map((decision) => decision.reason);
    expect(reasons).toEqual(KEEP_REASONS);
  });

  test('an empty list has no decisions', () => {
    expect(decide([], retention({ keepLast: 5 }), NOW)).toEqual([]);
  });

  test('a moment that is no number stops the run instead of selecting everything', () => {
    expect(() => decide([task()], retention(), Number.NaN)).toThrow(RangeError);
  });
});

describe('a rule', () => {
  const ofRules = (tasks: readonly Task[], ...rules: RetentionRule[]) =>
    decide(tasks, retention({ rules }), NOW).map((decision) => decision.rule);

  test('matches when every one of its criteria does', () => {
    const both = rule({
      statuses: new Set(['FAILED']),
      tasks: namesOf(['EXTEND', 'Update*']),
      users: namesOf(['ops-*']),
    });
    const tasks = [
      task({ status: 'FAILED', name: 'EXTEND', user: 'ops-1' }),
      task({ status: 'FAILED', name: 'UpdateX', user: 'ops-2' }),
      task({ status: 'SUCCESS', name: 'EXTEND', user: 'ops-1' }),
      task({ status: 'FAILED', name: 'RESTART', user: 'ops-1' }),
      task({ status: 'FAILED', name: 'EXTEND', user: 'dev' }),
    ];
    expect(ofRules(tasks, both)).toEqual(['a rule', 'a rule', undefined, undefined, undefined]);
  });

  test('with a pattern does not match a record without a name or user', () => {
    const tasks = [task({ name: undefined }), task({ user: undefined })];
    const any = namesOf(['*']);
    expect(ofRules(tasks, rule({ tasks: any }))).toEqual([undefined, 'a rule']);
    // One without a name is malformed: no rule is asked about it.
    expect(ofRules(tasks, rule({ users: any }))).toEqual([undefined, undefined]);
  });

  test('decides alone: the first that matches, whatever comes after', () => {
    const first = rule({ name: 'first', tasks: namesOf(['EXT*']) });
    const second = rule({ name: 'second', keepFor: Duration.fromISO('P1D') });
    expect(ofRules([task(), task({ name: 'OTHER' })], first, second)).toEqual(['first', 'second']);
    expect(ofRules([task(), task({ name: 'OTHER' })], second, first)).toEqual(['second', 'second']);
  });

  describe('and a name that only looks like one of its patterns', () => {
    const UNALIKE = ['EXTEN', 'extend', 'EX TEND'];
    const LONGER = Duration.fromObject({ days: 200 });

    test.each([
      ['EXTEND', 'EXTEND\u200b'],
      ['EXTEND', ' EXTEND\u00a0'],
      ['EXTEND\u200b', 'EXTEND'],
      ['EXTEND\n', 'EXTEND'],
      ['mu\u0308ller', 'm\u00fcller'],
      ['m\u00fcller', 'mu\u0308ller'],
      ['m?ller', 'mu\u0308ller'],
      ['ops  ad*', 'ops\u00a0admin'],
    ])('it keeps what was meant to be kept: %j, and a record with %j', (pattern, name) => {
      const only = namesOf([pattern]);
      const tasks = [name, ...UNALIKE].map((each) => task({ name: each }));
      const users = [name, ...UNALIKE].map((each) => task({ user: each }));
      const kept = ['a rule', undefined, undefined, undefined];
      expect(ofRules(tasks, rule({ tasks: only }))).toEqual(kept);
      expect(ofRules(users, rule({ users: only, keepFor: LONGER }))).toEqual(kept);
    });

    test.each([
      ['shorter than the target', Duration.fromISO('P1D')],
      ['as long as the target', Duration.fromObject({ days: 30 })],
    ])('it lets go none that it did not name, where it keeps %s', (_, keepFor) => {
      const shorter = rule({ tasks: namesOf(['EXTEND']), keepFor });
      const tasks = ['EXTEND', 'EXTEND\u200b'].map((name) =>
        task({ name, updatedAt: NOW - 10 * DAY }),
      );
      const decisions = decide(tasks, retention({ rules: [shorter] }), NOW);
      expect(decisions.map((decision) => decision.rule)).toEqual(['a rule', undefined]);
    });

    test('the rule that keeps longer decides: it, or the first that names the record', () => {
      const record = task({ name: 'EXTEND\u200b' });
      const likely = (keepFor: RetentionRule['keepFor']) =>
        rule({ name: 'likely', tasks: namesOf(['EXTEND']), keepFor });
      const named = (keepFor: RetentionRule['keepFor']) =>
        rule({ name: 'named', tasks: namesOf(['EXTEND?']), keepFor });
      expect(ofRules([record], likely('forever'), named(LONGER))).toEqual(['likely']);
      expect(ofRules([record], likely(LONGER), named('forever'))).toEqual(['named']);
      expect(ofRules([record], likely('forever'), named('forever'))).toEqual(['named']);
      expect(ofRules([record], named(LONGER), likely('forever'))).toEqual(['named']);
      const forever = retention({ keepFor: 'forever', rules: [likely(LONGER)] });
      expect(decide([record], forever, NOW)).toEqual([keep('kept-forever')]);
    });

    test('of several rules that it looks like, the one that keeps longest decides', () => {
      const record = task({ name: 'EXTEND\u00a0ALL', user: 'ops\u200b' });
      const byUser = (name: string, keepFor: RetentionRule['keepFor']) =>
        rule({ name, users: namesOf(['ops']), keepFor });
      const byTask = (keepFor: RetentionRule['keepFor']) =>
        rule({ name: 'by task', tasks: namesOf(['EXTEND ALL']), keepFor });
      const day = byUser('a day', Duration.fromISO('P1D'));
      const longer = byUser('longer', LONGER);
      expect(ofRules([record], day, byTask('forever'))).toEqual(['by task']);
      expect(ofRules([record], byTask('forever'), day)).toEqual(['by task']);
      expect(ofRules([record], day, longer, byTask(LONGER))).toEqual(['longer']);
      expect(ofRules([record], longer, byTask('forever'), day)).toEqual(['by task']);
    });

    test('it has to look like both where the rule has two patterns, and to have the status', () => {
      const both = rule({
        statuses: new Set(['FAILED']),
        tasks: namesOf(['EXTEND']),
        users: namesOf(['ops']),
      });
      const alike = { status: 'FAILED', name: 'EXTEND\u200b', user: 'ops\u200b' };
      const tasks = [
        task(alike),
        task({ ...alike, status: 'SUCCESS' }),
        task({ ...alike, name: 'OTHER' }),
        task({ ...alike, user: 'other' }),
        task({ ...alike, user: undefined }),
      ];
      const [first, ...others] = ofRules(tasks, both);
      expect(first).toBe('a rule');
      expect(others).toEqual([undefined, undefined, undefined, undefined]);
    });
  });

  test('decides the same for any number of different names', () => {
    const tasks = Array.from({ length: 120_000 }, (_, i) => task({ name: `${i % 2}-${i}` }));
    const named = ofRules(tasks, rule({ tasks: namesOf(['1-*']) }));
    expect(named.every((name, i) => (name === 'a rule') === (i % 2 === 1))).toBe(true);
  });
});
