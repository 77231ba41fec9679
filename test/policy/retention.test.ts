import { describe, expect, test } from '@jest/globals';
import { Duration } from 'luxon';
import { parse } from 'yaml';
import { loadPolicy } from '../../lib/policy/load.ts';
import {
  type Retention,
  type RetentionOverrides,
  retentionOf,
} from '../../lib/policy/retention.ts';
import type { Policy } from '../../lib/policy/schema.ts';
import { policyText } from '../policies.ts';

function read(targetKeys: string, topKeys = '', overrides?: RetentionOverrides): Retention {
  const policy = loadPolicy(policyText(targetKeys, topKeys), 'p.yml');
  const [target] = policy.targets;
  if (!target) throw new Error('a policy without a target was accepted');
  return retentionOf(policy, target, overrides);
}
const iso = (retention: Retention) => String(retention.keepFor);
const WEEK = { keepFor: Duration.fromISO('P7D') };

describe('the retention of a target', () => {
  test('keeps the last 0, selects SUCCESS and FAILED, and has no limits or rules, unless it says so', () => {
    const { keepLast, statuses, limits, rules } = read('keepFor: 1d');
    expect({ keepLast, statuses: [...statuses], limits, rules }).toEqual({
      keepLast: 0,
      statuses: ['SUCCESS', 'FAILED'],
      limits: {},
      rules: [],
    });
  });

  test('is the target’s own before the defaults’', () => {
    const defaults = 'defaults: { keepFor: 30d, keepLast: 9, statuses: [SUCCESS] }';
    expect(read('', defaults)).toMatchObject({ keepLast: 9, statuses: new Set(['SUCCESS']) });
    expect(iso(read('', defaults))).toBe('P30D');
    const own = read('keepFor: 1d\nkeepLast: 0\nstatuses: [FAILED]', defaults);
    expect(own).toMatchObject({ keepLast: 0, statuses: new Set(['FAILED']) });
    expect(iso(own)).toBe('P1D');
  });

  test('keep and keepFor replace each other across levels', () => {
    expect(iso(read('keep: forever', 'defaults: { keepFor: 30d }'))).toBe('forever');
    expect(iso(read('keepFor: 30d', 'defaults: { keep: forever }'))).toBe('P30D');
  });

  test('inherits limits one by one; 0 is a limit and not the absence of one', () => {
    const defaults = 'defaults: { keepFor: 1d, limits: { deletions: 5, deletePercent: 50 } }';
    expect(read('', defaults).limits).toEqual({ deletions: 5, deletePercent: 50 });
    expect(read('limits: { deletions: 0 }', defaults).limits).toEqual({
      deletions: 0,
      deletePercent: 50,
    });
  });

  test('drops an inherited CANCELLED where the service does not delete it', () => {
    const defaults = 'defaults: { keepFor: 1d, statuses: [SUCCESS, CANCELLED] }';
    expect([...read('', defaults).statuses]).toEqual(['SUCCESS']);
    const policy = loadPolicy(policyText('', defaults).replace('dcs', 'kafka'), 'p.yml');
    const [target] = policy.targets;
    expect(target && [...retentionOf(policy, target).statuses]).toEqual(['SUCCESS', 'CANCELLED']);
  });

  test('has rules that match as they are written, named by their place where they have no name', () => {
    const { rules } = read(
      'keepFor: 1d\nrules:\n  - { name: mine, match: { statuses: [FAILED] }, keepFor: 2d }\n  - { match: { tasks: [A*], users: [b] }, keep: forever }',
    );
    expect(rules.map(({ name, keepFor }) => [name, String(keepFor)])).toEqual([
      ['mine', 'P2D'],
      ['rule 2', 'forever'],
    ]);
    expect(rules[0]).toMatchObject({ statuses: new Set(['FAILED']), tasks: undefined });
    const { tasks, users } = rules[1] ?? {};
    expect(['Ax', 'x'].map((name) => tasks?.isAmong(name))).toEqual([true, false]);
    expect(users?.isAmong('b')).toBe(true);
  });
});

describe('a retention that nobody wrote', () => {
  test.each([
    ['', 'Target cache has no keepFor'],
    ['keep: forever\nrules: [{ match: { tasks: [A] } }]', 'rule 1 has no keepFor'],
    ['keep: forever\nrules: [{ name: mine, match: { tasks: [A] } }]', 'mine has no keepFor'],
  ])('is refused, even where the policy was not checked: %j', (keys, message) => {
    const target = { ...parse(policyText(keys)).targets[0] };
    expect(() =>
      retentionOf({ version: 1, dryRun: true, targets: [target] } as Policy, target),
    ).toThrow(new TypeError(message));
  });
});

describe('a keepFor for one run', () => {
  test('replaces that of the target and of the defaults', () => {
    expect(iso(read('keepFor: 1d', '', WEEK))).toBe('P7D');
    expect(iso(read('', 'defaults: { keepFor: 1d }', WEEK))).toBe('P7D');
  });

  test('leaves keep: forever alone, wherever it is written', () => {
    expect(iso(read('keep: forever', '', WEEK))).toBe('forever');
    expect(iso(read('', 'defaults: { keep: forever }', WEEK))).toBe('forever');
  });

  test('leaves rules alone', () => {
    const { rules } = read(
      'keepFor: 1d\nrules: [{ match: { tasks: [A] }, keepFor: 9d }]',
      '',
      WEEK,
    );
    expect(String(rules[0]?.keepFor)).toBe('P9D');
  });
});
