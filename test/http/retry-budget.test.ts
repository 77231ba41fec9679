import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RetryBudget } from '../../lib/http/retry-budget.ts';

const { CAPACITY, IN_A_ROW, SILENCE_MS } = RetryBudget;

function fail(budget: RetryBudget, times: number): void {
  for (let n = 0; n < times; n += 1) budget.recordFailure();
}

describe('a retry budget', () => {
  test('is spent after 300 failures, and not after 299', () => {
    const budget = new RetryBudget(0);
    fail(budget, 299);
    expect(budget.isExhausted(1)).toBe(false);
    fail(budget, 1);
    expect(budget.isExhausted(1)).toBe(true);
  });

  test('lasts for ever where as many answers are good as bad', () => {
    const budget = new RetryBudget(0);
    for (let round = 0; round < 500; round += 1) {
      fail(budget, 100);
      for (let n = 0; n < 100; n += 1) budget.recordSuccess(round);
      expect(budget.isExhausted(round)).toBe(false);
    }
  });

  test('is not more than full, however much went well before', () => {
    const budget = new RetryBudget(0);
    for (let n = 0; n < 10_000; n += 1) budget.recordSuccess(n);
    fail(budget, CAPACITY);
    expect(budget.isExhausted(10_000)).toBe(true);
  });

  test('is spent too when nothing has gone well for six minutes and twenty in a row failed', () => {
    const budget = new RetryBudget(1_000);
    fail(budget, IN_A_ROW);
    expect(budget.isExhausted(1_000 + SILENCE_MS - 1)).toBe(false);
    expect(budget.isExhausted(1_000 + SILENCE_MS)).toBe(true);
  });

  test('outlasts a long time in which hardly anything was asked', () => {
    const budget = new RetryBudget(0);
    fail(budget, IN_A_ROW - 1);
    expect(budget.isExhausted(100 * SILENCE_MS)).toBe(false);
    budget.recordSuccess(100 * SILENCE_MS);
    fail(budget, IN_A_ROW);
    expect(budget.isExhausted(100 * SILENCE_MS + 1)).toBe(false);
  });

  test('has been drawn on by exactly as much as went wrong and was not made good', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 2_000 }), (answers) => {
        const budget = new RetryBudget(0);
        let left = CAPACITY;
        for (const good of answers) {
          if (good) budget.recordSuccess(0);
          else budget.recordFailure();
          left = good ? Math.min(CAPACITY, left + 1) : left - 1;
          expect(budget.isExhausted(0)).toBe(left <= 0);
        }
      }),
      { numRuns: 50 },
    );
  });
});
