import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PolicyError } from '../../lib/policy/policy-error.ts';
import { loadPolicyTest, type PolicyTest, runPolicyTest } from '../../lib/policy/policy-test.ts';
import { policyText } from '../policies.ts';

/** The lines of a fixture that nothing is wrong with, by their key. Its policy is in a file of its own. */
const LINES = {
  policy: 'policy: retention.yml', // line 1
  target: 'target: cache', // line 2
  now: 'now: 2026-03-01T00:00:00Z', // line 3
  records: [
    'records:', // line 4
    '  - { id: a1, name: EXTEND, status: SUCCESS, updated_at: "2026-01-01T00:00:00Z" }',
    '  - { id: b2, name: EXTEND, status: FAILED, updated_at: "2026-02-28T00:00:00Z" }',
    '  - { id: c3, name: EXTEND, status: EXECUTING, updated_at: "2026-01-01T00:00:00Z" }',
  ].join('\n'),
  expect: 'expect: { delete: [a1], keep: { b2: within-keep-for } }', // line 8
  more: '', // line 9
};
type Changes = Partial<typeof LINES>;

const fixtureText = (changes: Changes = {}) => Object.values({ ...LINES, ...changes }).join('\n');

const POLICY = policyText('keepFor: 30d');

/** The same policy, but within a fixture; its target starts on line 4, and more keys of it on line 8. */
const inlinePolicy = (targetKeys: string, topKeys = '') => ({
  policy: `policy:\n${policyText(targetKeys, topKeys).trimEnd().replaceAll(/^/gm, '  ')}`,
});

function load(text: string, policy = POLICY): Promise<PolicyTest> {
  return loadPolicyTest(text, 'f.yml', async (path) => ({ text: policy, name: `dir/${path}` }));
}

/** The problems of a fixture, as they are printed. */
async function problemsOf(fixture: Promise<PolicyTest>): Promise<string[]> {
  try {
    await fixture;
    return [];
  } catch (error) {
    if (error instanceof PolicyError) return error.message.split('\n');
    throw error;
  }
}

describe('a fixture that nothing is wrong with', () => {
  test('is read with its policy, its records and what is expected of them', async () => {
    const fixture = await load(fixtureText());
    expect(fixture).toMatchObject({
      target: { name: 'cache' },
      now: Date.UTC(2026, 2, 1),
      delete: new Set(['a1']),
      keep: new Map([['b2', 'within-keep-for']]),
    });
    expect(fixture.policy.targets).toHaveLength(1);
    expect(fixture.tasks.map(({ id }) => id)).toEqual(['a1', 'b2', 'c3']);
  });

  test.each([
    ['cache/kafka/eu-de', 'kafka'],
    ['cache/dcs/eu-nl/eu-nl_team', 'dcs'],
  ])('names one of the targets that lists stand for: %s', async (name, service) => {
    const policy = POLICY.replace('service: dcs', 'service: [dcs, kafka]').replace(
      'region: eu-de',
      'region: [eu-de, eu-nl]\n    projects: ["*"]',
    );
    const { target } = await load(fixtureText({ target: `target: ${name}` }), policy);
    expect(target).toMatchObject({ name, service });
    expect(await problemsOf(load(fixtureText(), policy))).toEqual([
      'f.yml:2:9: target: the policy has no target "cache"; it has cache/dcs/eu-de, cache/dcs/eu-nl, cache/kafka/eu-de, cache/kafka/eu-nl',
    ]);
  });

  test('keeps a list of ids for any reason', async () => {
    const { keep } = await load(fixtureText({ expect: 'expect: { delete: [], keep: [a1, b2] }' }));
    expect(keep).toEqual(
      new Map([
        ['a1', undefined],
        ['b2', undefined],
      ]),
    );
  });

  test('keeps nothing by name when it says nothing about that', async () => {
    const { keep } = await load(fixtureText({ expect: 'expect: { delete: [a1] }' }));
    expect(keep.size).toBe(0);
  });

  test('may say its version', async () => {
    expect(await problemsOf(load(fixtureText({ more: 'version: 1' })))).toEqual([]);
  });

  test('may hold the policy itself', async () => {
    const { policy } = await load(fixtureText(inlinePolicy('keepFor: 7d\nkeepLast: 3')));
    expect(policy.targets[0]).toMatchObject({ name: 'cache', keepLast: 3 });
  });

  test('may hold records that have no id', async () => {
    const records = 'records:\n  - { status: SUCCESS }\n  - { status: FAILED }';
    const { tasks } = await load(fixtureText({ records, expect: 'expect: { delete: [] }' }));
    expect(tasks).toHaveLength(2);
  });
});

describe('a mistake in a fixture is named with its place, its path and what was expected:', () => {
  const time = 'a time such as 2026-03-01T00:00:00Z';
  const noTime = 'this is not a date and time with a zone; write one such as 2026-03-01T00:00:00Z';
  const whichPolicy = 'write the path of a policy, relative to this file, or the policy itself';
  const records = 'a list of records, as the API returns them';
  const reasons =
    'write one of already-deleted, running, unknown-status, no-timestamp, malformed, duplicate-id, within-keep-last, status-not-selected, kept-forever, within-keep-for, not-requested, not-in-plan';
  const keepForms = 'expected a list of ids, or a mapping of ids to reasons';

  test.each<[Changes, string]>([
    [{ policy: '' }, `2:1: policy: missing; ${whichPolicy}`],
    [
      { policy: 'policy: 1' },
      `1:9: policy: expected a path or a policy, found the number 1; ${whichPolicy}`,
    ],
    [
      { policy: 'policy: ""' },
      `1:9: policy: expected a path or a policy, found ""; ${whichPolicy}`,
    ],
    [{ policy: 'policy:' }, `1:8: policy: expected a path or a policy, found null; ${whichPolicy}`],
    [{ target: '' }, '1:1: target: missing; write the name of a target'],
    [
      { target: 'target: 7' },
      '2:9: target: expected the name of a target, found the number 7; put it in quotes',
    ],
    [{ target: 'target: ""' }, '2:9: target: expected the name of a target, found ""'],
    [{ target: 'target: cash' }, '2:9: target: the policy has no target "cash"; it has cache'],
    [{ now: '' }, `1:1: now: missing; write ${time}`],
    [{ now: 'now: 2026' }, `3:6: now: expected ${time}, found the number 2026; put it in quotes`],
    [{ now: 'now: ""' }, `3:6: now: expected ${time}, found ""`],
    [{ now: 'now: today' }, `3:6: now: ${noTime}`],
    [{ now: 'now: 2026-03-01T00:00:00' }, `3:6: now: ${noTime}`],
    [{ now: 'now: 2026-02-30T00:00:00Z' }, `3:6: now: ${noTime}`],
    [{ records: '' }, `1:1: records: missing; write ${records}`],
    [{ records: 'records: a1' }, `4:10: records: expected ${records}, found "a1"`],
    [{ records: 'records: []' }, `4:10: records: expected ${records}, found an empty list`],
    [
      { records: 'records: [{ id: a1 }, { id: b2 }, { id: b2 }]' },
      '4:41: records[2].id: another record has this id already; a record is listed once',
    ],
    [{ expect: '' }, '1:1: expect: missing; write a mapping of delete and keep'],
    [
      { expect: 'expect: [a1]' },
      '8:9: expect: expected a mapping of delete and keep, found a list',
    ],
    [{ expect: 'expect: {}' }, '8:9: expect.delete: missing; [] when none goes'],
    [
      { expect: 'expect: { delete: a1 }' },
      '8:19: expect.delete: expected a list of ids, found "a1"; [] when none goes',
    ],
    [
      { expect: 'expect: { delete: ~ }' },
      '8:19: expect.delete: expected a list of ids, found null; [] when none goes',
    ],
    [
      { expect: 'expect: { delete: [a1, 12] }' },
      '8:24: expect.delete[1]: expected the id of a record, found the number 12; put it in quotes',
    ],
    [
      { expect: 'expect: { delete: [~] }' },
      '8:20: expect.delete[0]: expected the id of a record, found null; write a value, or leave the item out',
    ],
    [
      { expect: 'expect: { delete: [a2] }' },
      '8:20: expect.delete[0]: no record has the id "a2"; did you mean a1?',
    ],
    [
      { expect: 'expect: { delete: [a1, nothing-like-it] }' },
      '8:24: expect.delete[1]: no record has the id "nothing-like-it"',
    ],
    [
      { expect: 'expect: { delete: [a1, a1] }' },
      '8:24: expect.delete[1]: this record is named twice under expect; leave one out',
    ],
    [
      { expect: 'expect: { delete: [a1], keep: [b2, a1] }' },
      '8:36: expect.keep[1]: this record is named twice under expect; leave one out',
    ],
    [
      { expect: 'expect: { delete: [a1], keep: { a1: running } }' },
      '8:33: expect.keep.a1: this record is named twice under expect; leave one out',
    ],
    [{ expect: 'expect: { delete: [], keep: all }' }, `8:29: expect.keep: ${keepForms}`],
    [{ expect: 'expect: { delete: [], keep: ~ }' }, `8:29: expect.keep: ${keepForms}`],
    [
      { expect: 'expect: { delete: [], keep: [a1, 12] }' },
      '8:34: expect.keep[1]: expected the id of a record; put it in quotes',
    ],
    [
      { expect: 'expect: { delete: [], keep: [b2, c4] }' },
      '8:34: expect.keep[1]: no record has the id "c4"; did you mean c3?',
    ],
    [
      { expect: 'expect: { delete: [], keep: { d4: running } }' },
      '8:31: expect.keep.d4: no record has the id "d4"',
    ],
    [
      { expect: 'expect: { delete: [], keep: { a1: runing } }' },
      '8:35: expect.keep.a1: this is not a reason to keep a record; did you mean running?',
    ],
    [
      { expect: 'expect: { delete: [], keep: { a1: old } }' },
      `8:35: expect.keep.a1: this is not a reason to keep a record; ${reasons}`,
    ],
    [
      { expect: 'expect: { delete: [], keep: { a1: 12 } }' },
      `8:35: expect.keep.a1: this is not a reason to keep a record; ${reasons}`,
    ],
    [
      { expect: 'expect: { delete: [], keep: { a1: ~ } }' },
      `8:35: expect.keep.a1: this is not a reason to keep a record; ${reasons}`,
    ],
    [{ more: 'version: 2' }, '9:10: version: expected the number 1, found the number 2'],
    [
      { more: 'version:' },
      '9:9: version: expected the number 1, found null; write a value, or leave the key out',
    ],
    [{ more: 'record: []' }, '9:1: record: unknown key; did you mean records?'],
    [{ more: 'keep: []' }, '9:1: keep: unknown key; it belongs under expect'],
    [
      { expect: 'expect: { delete: [], kep: [] }' },
      '8:23: expect.kep: unknown key; did you mean keep?',
    ],
    [{ more: LINES.now }, '9:1: now: this mapping has the key already; leave one out'],
    [{ more: LINES.policy }, '9:1: policy: this mapping has the key already; leave one out'],
    [
      { expect: 'expect: { delete: [a1], delete: [] }' },
      '8:25: expect.delete: this mapping has the key already; leave one out',
    ],
  ])('%j', async (changes, expected) => {
    expect(await problemsOf(load(fixtureText(changes)))).toEqual([`f.yml:${expected}`]);
  });

  test('a file with nothing in it', async () => {
    expect(await problemsOf(load('# later\n'))).toEqual([
      'f.yml:1:1: the file is empty; write policy, target and more',
    ]);
  });

  test('a file that is no mapping', async () => {
    expect(await problemsOf(load('- a1'))).toEqual([
      'f.yml:1:1: expected a mapping of policy, target, now, records and expect, found a list',
    ]);
  });

  test('each of several names of targets, where none of them is meant', async () => {
    const policy = `${POLICY}  - { name: queue, cloud: otc, service: kafka, region: eu-de, keep: forever }`;
    expect(await problemsOf(load(fixtureText({ target: 'target: x' }), policy))).toEqual([
      'f.yml:2:9: target: the policy has no target "x"; it has cache, queue',
    ]);
  });

  test('all of them, in the order of their lines', async () => {
    const text = fixtureText({ target: 'target: 7', now: 'now: ~\nnow: ~', more: 'x: 1' });
    expect((await problemsOf(load(text))).map((line) => line.split(': ', 2).join(': '))).toEqual([
      'f.yml:2:9: target',
      'f.yml:4:1: now',
      'f.yml:4:6: now',
      'f.yml:10:1: x',
    ]);
  });

  test('an unknown id, where a record without one is no suggestion', async () => {
    const records = 'records: [{ status: SUCCESS }]';
    expect(await problemsOf(load(fixtureText({ records, expect: LINES.expect })))).toEqual([
      'f.yml:5:20: expect.delete[0]: no record has the id "a1"',
      'f.yml:5:33: expect.keep.b2: no record has the id "b2"',
    ]);
  });
});

describe('the policy of a fixture', () => {
  test.each([
    ['ENOENT', 'there is no such file'],
    ['EISDIR', 'it is a folder'],
  ])('is asked for where it cannot be read: %s', async (code, message) => {
    const failing = async () => {
      throw Object.assign(new Error('as Node says it'), { code });
    };
    expect(await problemsOf(loadPolicyTest(fixtureText(), 'f.yml', failing))).toEqual([
      `f.yml:1:9: policy: ${message}; the path is relative to this file`,
    ]);
  });

  test('has its mistakes reported by the name of its own file', async () => {
    expect(await problemsOf(load(fixtureText(), policyText('keepFor: 7days')))).toEqual([
      expect.stringMatching(/^dir\/retention\.yml:7:14: targets\[0\]\.keepFor: "7days" is not/),
    ]);
  });

  test.each([
    ['hours: 12\nkeepFor: 1d', '', '8:7: targets[0].hours: unknown key'],
    [
      'keepLast: -1\nkeepFor: 1d',
      '',
      '8:17: targets[0].keepLast: expected a whole number, 0 or more, found the number -1',
    ],
    [
      'keepFor: 1d\nkeep: forever',
      '',
      '9:13: targets[0].keep: cannot be used together with keepFor; leave one out',
    ],
    [
      'keepFor: 1d\nkeepFor: 2d',
      '',
      '9:7: targets[0].keepFor: this mapping has the key already; leave one out',
    ],
    ['keepFor: 1d', 'version: 1', '3:3: version: this mapping has the key already; leave one out'],
  ])(
    'within it has them in its lines, by their path in the policy: %j %s',
    async (keys, top, expected) => {
      expect(await problemsOf(load(fixtureText(inlinePolicy(keys, top))))).toEqual([
        `f.yml:${expected}`,
      ]);
    },
  );
});

describe('a run of a fixture', () => {
  const run = async (expected: string, targetKeys = 'keepFor: 30d', changes: Changes = {}) =>
    runPolicyTest(
      await load(
        fixtureText({ expect: `expect: ${expected}`, ...changes }),
        policyText(targetKeys),
      ),
    );
  const words = ({ mismatches }: ReturnType<typeof runPolicyTest>) =>
    mismatches.map(({ task, expected, decision }) => [task.id, expected, decision.reason]);

  test('says nothing of records that are decided as expected, and how many go', async () => {
    expect(await run('{ delete: [a1], keep: { b2: within-keep-for, c3: running } }')).toEqual({
      mismatches: [],
      expired: 1,
      limit: undefined,
    });
  });

  test('has what was expected of each other record, and what was decided', async () => {
    const result = await run('{ delete: [b2], keep: { a1: kept-forever, c3: malformed } }');
    expect(words(result)).toEqual([
      ['a1', 'keep: kept-forever', 'expired'],
      ['b2', 'delete', 'within-keep-for'],
      ['c3', 'keep: malformed', 'running'],
    ]);
  });

  test.each(['{ delete: [], keep: [a1] }', '{ delete: [] }'])(
    'expects a record to stay, for whatever reason, by %s',
    async (expected) => {
      expect(words(await run(expected))).toEqual([['a1', 'keep', 'expired']]);
    },
  );

  test('expects a record without an id to stay', async () => {
    const records = 'records: [{ status: SUCCESS, updated_at: "2026-01-01T00:00:00Z" }]';
    const { mismatches, expired } = await run('{ delete: [] }', 'keepFor: 30d', { records });
    expect({ mismatches, expired }).toEqual({ mismatches: [], expired: 0 });
  });

  test('has the limit that would stop the instance', async () => {
    const { limit } = await run('{ delete: [a1] }', 'keepFor: 30d\nlimits: { deletePercent: 10 }');
    expect(limit).toBe('1 of 3 records have expired, and limits.deletePercent allows 10 %');
  });
});

test('whatever stands in a fixture, it is read or refused with a place in it', async () => {
  const keys = Object.keys(LINES) as (keyof typeof LINES)[];
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom(...Object.values(LINES)),
    fc
      .tuple(fc.constantFrom('records', 'expect', 'now', 'target', 'policy'), fc.json())
      .map(([key, value]) => `${key}: ${value}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...keys), line, fc.jsonValue(), async (key, text, value) => {
      for (const anything of [fixtureText({ [key]: text }), JSON.stringify(value)]) {
        for (const problem of await problemsOf(load(anything))) {
          expect(problem).toMatch(/^[^:]+\.yml:\d+:\d+: /);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
