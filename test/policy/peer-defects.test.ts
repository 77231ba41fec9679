import { describe, expect, test } from '@jest/globals';
import { decide } from '../../lib/policy/decide.ts';
import { limitTripped } from '../../lib/policy/limits.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { retentionOf } from '../../lib/policy/retention.ts';
import { policyText, problemsOf, retention } from '../policies.ts';
import { DAY, NOW, task } from '../records.ts';

describe('mistakes that other cleaners made:', () => {
  test('#2 a key that nothing reads is an error: hours is not taken for a filter', () => {
    for (const keys of ['hours: 12', 'limits: { hours: 12 }', 'requests: { hours: 12 }']) {
      expect(problemsOf(policyText(`${keys}\nkeepFor: 30d`)).join()).toContain(
        'hours: unknown key',
      );
    }
    const rule = 'keepFor: 30d\nrules: [{ match: { hours: 12 }, keepFor: 1d }]';
    expect(problemsOf(policyText(rule)).join()).toContain('match.hours: unknown key');
  });

  test('#3 a value that cannot be read never deletes', () => {
    for (const value of ['abc', '.nan', '.inf', '"30"', '30', '~', '[]', '{}', 'true', '-1d']) {
      expect(problemsOf(policyText(`keepFor: ${value}`))).toHaveLength(1);
    }
    const unreadable = [
      task({ updatedAt: undefined }),
      task({ updatedAt: Number.NaN }),
      task({ status: undefined }),
      task({ malformed: true }),
    ];
    const actions = decide(unreadable, retention(), NOW).map(({ action }) => action);
    expect(actions).toEqual(['keep', 'keep', 'keep', 'keep']);
  });

  test('#7 a typo in what a rule matches is an error with a suggestion', () => {
    const typo = 'keepFor: 30d\nrules: [{ match: { taks: [EXTEND] }, keep: forever }]';
    expect(problemsOf(policyText(typo))).toEqual([
      'p.yml:8:24: targets[0].rules[0].match.taks: unknown key; did you mean tasks?',
    ]);
  });

  test('#11 a duration is read whole or refused, and a large one does not overflow', () => {
    expect(problemsOf(policyText('keepFor: 7days'))[0]).toContain('"7days" is not a duration');
    for (const large of ['P999999999Y', '99999999999999999999d', `${'9'.repeat(400)}h`]) {
      expect(problemsOf(policyText(`keepFor: ${large}`))[0]).toContain('is more than 100 years');
    }
    const policy = loadPolicy(policyText('keepFor: P100Y'), 'p.yml');
    const [target] = policy.targets;
    if (!target) throw new Error('a policy without a target was accepted');
    const old = task({ updatedAt: NOW - 365 * 15 * DAY });
    expect(decide([old], retentionOf(policy, target), NOW)[0]?.reason).toBe('within-keep-for');
  });

  test('#12 0, null and absent are three different things', () => {
    expect(limitTripped(100, 1, { deletePercent: 0 })).toContain('limits.deletePercent');
    expect(limitTripped(100, 1, { deletions: 0 })).toContain('limits.deletions');
    expect(limitTripped(100, 100, {})).toBeUndefined();
    for (const key of ['deletions', 'deletePercent']) {
      expect(problemsOf(policyText(`limits: { ${key}: null }\nkeepFor: 1d`))[0]).toMatch(
        /found null; write a number, or leave the key out$/,
      );
      expect(problemsOf(policyText(`limits: { ${key}: 0 }\nkeepFor: 1d`))).toEqual([]);
    }
    expect(problemsOf(policyText('keepLast: null\nkeepFor: 1d'))).toHaveLength(1);
    expect(problemsOf(policyText('keepFor: 0d'))).toEqual([]);
  });

  test('#13 keepLast is counted over all records, not over the candidates for deletion', () => {
    // Newest first: only the last three could go by age, and one of the newest four is among them.
    const ages = [1, 2, 3, 40, 50, 60];
    const tasks = ages.map((age) => task({ updatedAt: NOW - age * DAY }));
    tasks[1] = task({ status: 'EXECUTING', updatedAt: NOW - 2 * DAY });
    const decisions = decide(tasks, retention({ keepLast: 4 }), NOW);
    expect(decisions.map(({ reason }) => reason)).toEqual([
      'within-keep-last',
      'running',
      'within-keep-last',
      'within-keep-last',
      'expired',
      'expired',
    ]);
  });
});
