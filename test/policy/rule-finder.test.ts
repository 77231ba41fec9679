import { describe, expect, test } from '@jest/globals';
import type { RetentionRule } from '../../lib/policy/retention.ts';
import { ruleFinder } from '../../lib/policy/rule-finder.ts';
import { task } from './builders.ts';

/** A rule that notes the names it was tried on, and matches those that begin with `a`. */
function notingRule() {
  const tried: string[] = [];
  const rule: RetentionRule = {
    name: 'noting',
    keepFor: 'forever',
    tasks: (name) => {
      tried.push(name);
      return name.startsWith('a');
    },
  };
  return { rule, tried };
}

describe('the rule of a record', () => {
  test('is none without rules', () => {
    expect(ruleFinder([])(task())).toBeUndefined();
  });

  test('is found by status, name and user, and never by what the record lacks', () => {
    const named = (name: string, criteria: Partial<RetentionRule>): RetentionRule => ({
      name,
      keepFor: 'forever',
      ...criteria,
    });
    const find = ruleFinder([
      named('failed', { statuses: new Set(['FAILED']) }),
      named('tasks', { tasks: (name) => name === 'EXTEND' }),
      named('users', { users: (user) => user === 'ops' }),
    ]);
    const bare = { status: undefined, name: undefined, user: undefined };
    expect(find(task({ ...bare, status: 'FAILED' }))?.name).toBe('failed');
    expect(find(task({ ...bare, name: 'EXTEND' }))?.name).toBe('tasks');
    expect(find(task({ ...bare, user: 'ops' }))?.name).toBe('users');
    expect(find(task(bare))).toBeUndefined();
  });

  test('is looked for once for records that are alike, whether there is one or not', () => {
    const { rule, tried } = notingRule();
    const find = ruleFinder([rule]);
    for (let round = 0; round < 3; round += 1) {
      expect(find(task({ name: 'a' }))).toBe(rule);
      expect(find(task({ name: 'b' }))).toBeUndefined();
      expect(find(task({ name: 'a', user: 'other' }))).toBe(rule);
      expect(find(task({ name: 'a', status: 'FAILED' }))).toBe(rule);
    }
    expect(tried).toEqual(['a', 'b', 'a', 'a']);
  });

  test('is forgotten, and found again, where 50,000 records are unlike', () => {
    const { rule, tried } = notingRule();
    const find = ruleFinder([rule]);
    for (let n = 0; n < 49_999; n += 1) find(task({ name: `a${n}` }));
    expect(find(task({ name: 'a0' }))).toBe(rule);
    expect(tried).toHaveLength(49_999);
    find(task({ name: 'the 50,000th' }));
    expect(find(task({ name: 'a0' }))).toBe(rule);
    expect(tried).toHaveLength(50_001);
  });
});
