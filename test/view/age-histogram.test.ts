import { expect, test } from '@jest/globals';
import { decide } from '../../lib/policy/decide.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { retentionOf } from '../../lib/policy/retention.ts';
import { cutsOf } from '../../lib/view/cuts.ts';
import { ageHistogram } from '../../lib/view/terminal/age-histogram.ts';
import { terminalOf } from '../../lib/view/terminal/terminal.ts';
import { policyText } from '../policies.ts';
import { DAY, NOW, task } from '../records.ts';

function histogram(ages: readonly number[], keepFor: string, columns = 80): string[] {
  const policy = loadPolicy(policyText(`keepFor: ${keepFor}`), 'retention.yml');
  const target = policy.targets[0] as (typeof policy.targets)[number];
  const tasks = ages.map((days) => task({ updatedAt: NOW - days * DAY }));
  const decisions = decide(tasks, retentionOf(policy, target), NOW);
  return ageHistogram(
    { tasks, decisions },
    NOW,
    cutsOf(policy, target.name, NOW, undefined),
    terminalOf({ NO_COLOR: '1' }, columns),
  );
}

const DAYS = Array.from({ length: 100 }, (_, day) => day + 0.5);

test('the line of the policy stands between what is kept and what goes', () => {
  const lines = histogram(DAYS, '30d');
  const cut = lines.findIndex((line) => line.includes('keepFor: 30 days'));
  expect(cut).toBeGreaterThan(1);
  for (const line of lines.slice(1, cut)) expect(line).not.toContain('expired');
  for (const line of lines.slice(cut + 1)) expect(line).not.toContain('kept');
});

test('every record is in one bar', () => {
  const numbers = histogram(DAYS, '30d')
    .slice(1)
    .flatMap((line) => [...line.matchAll(/(\d+) (?:kept|expired)/g)].map(([, n]) => Number(n)));
  expect(numbers.reduce((sum, n) => sum + n, 0)).toBe(100);
});

test.each([40, 80, 200])('the bars fit %i columns, however many records there are', (columns) => {
  const many = Array.from({ length: 20_000 }, (_, i) => (i % 400) + 0.5);
  for (const line of histogram(many, '30d', columns)) {
    expect(line.length).toBeLessThanOrEqual(columns);
  }
});

test('an instance without records has no histogram', () => {
  expect(histogram([], '30d')).toEqual([]);
});
