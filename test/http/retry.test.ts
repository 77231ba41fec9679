import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoff, decideRetry, parseRetryAfter, type RetryState } from '../../lib/http/retry.ts';

const NOW = Date.UTC(2026, 8, 1, 3, 30);

describe('the back-off', () => {
  test.each([
    ['transient', 1, 200],
    ['transient', 2, 400],
    ['transient', 3, 800],
    ['transient', 4, 1_600],
    ['transient', 5, 3_200],
    ['transient', 7, 12_800],
    ['transient', 8, 20_000],
    ['transient', 2_000, 20_000],
    ['throttled', 1, 1_000],
    ['throttled', 2, 2_000],
    ['throttled', 5, 16_000],
    ['throttled', 6, 20_000],
    ['throttled', 2_000, 20_000],
  ] as const)(
    'after a %s answer, failure %i, has a ceiling of %i ms',
    (trouble, failures, ceiling) => {
      expect(backoff(trouble, failures, 0)).toBe(0);
      expect(backoff(trouble, failures, 0.25)).toBe(ceiling / 4);
      expect(backoff(trouble, failures, 0.5)).toBe(ceiling / 2);
    },
  );

  test('is the random number times the ceiling, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('transient' as const, 'throttled' as const),
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (trouble, failures, random) => {
          const wait = backoff(trouble, failures, random);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(20_000);
          expect(wait).toBeLessThanOrEqual(backoff(trouble, failures + 1, random));
        },
      ),
    );
  });
});

describe('whether to try again', () => {
  const state = (fields: Partial<RetryState>): RetryState => ({
    trouble: 'transient',
    attempts: 1,
    throttled: 0,
    maxAttempts: 5,
    now: NOW,
    latestStart: Number.POSITIVE_INFINITY,
    random: 0.5,
    ...fields,
  });

  test.each([
    [1, { waitMs: 100 }],
    [2, { waitMs: 200 }],
    [4, { waitMs: 800 }],
    [5, { gaveUp: 'attempts' }],
    [6, { gaveUp: 'attempts' }],
  ])('after %i failed attempts of 5: %p', (attempts, expected) => {
    expect(decideRetry(state({ attempts }))).toEqual(expected);
  });

  test('a throttled answer uses up no attempt, and waits by the throttled answers so far', () => {
    const next = decideRetry(state({ trouble: 'throttled', attempts: 5, throttled: 3 }));
    expect(next).toEqual({ waitMs: 2_000 });
  });

  test('earlier throttled answers do not lengthen the wait after a failed one', () => {
    expect(decideRetry(state({ attempts: 1, throttled: 9 }))).toEqual({ waitMs: 100 });
  });

  test('the server’s own wish wins over a shorter back-off, and not over a longer one', () => {
    expect(decideRetry(state({ retryAfter: 7_000 }))).toEqual({ waitMs: 7_000 });
    expect(decideRetry(state({ retryAfter: 0, attempts: 3 }))).toEqual({ waitMs: 400 });
  });

  test('a wait may end at the latest start, and not a millisecond after it', () => {
    expect(decideRetry(state({ latestStart: NOW + 100 }))).toEqual({ waitMs: 100 });
    expect(decideRetry(state({ latestStart: NOW + 99 }))).toEqual({ gaveUp: 'deadline' });
    const asked = state({ latestStart: NOW + 5_000, retryAfter: 5_001 });
    expect(decideRetry(asked)).toEqual({ gaveUp: 'deadline' });
  });

  test('a service that wants to rest for longer than a quarter of an hour counts as unavailable', () => {
    const quarter = 15 * 60_000;
    expect(decideRetry(state({ retryAfter: quarter }))).toEqual({ waitMs: quarter });
    expect(decideRetry(state({ retryAfter: quarter + 1 }))).toEqual({ gaveUp: 'unavailable' });
    const asked = state({ retryAfter: quarter + 1, latestStart: NOW + 1_000 });
    expect(decideRetry(asked)).toEqual({ gaveUp: 'deadline' });
  });

  test('used-up attempts are the reason given, also past the deadline', () => {
    expect(decideRetry(state({ attempts: 5, latestStart: NOW - 1 }))).toEqual({
      gaveUp: 'attempts',
    });
  });
});

describe('a Retry-After header', () => {
  test.each([
    ['0', 0],
    ['1', 1_000],
    ['120', 120_000],
    [' 3 ', 3_000],
    ['999999999', 999_999_999_000],
    ['Tue, 01 Sep 2026 03:30:30 GMT', 30_000],
    ['Tue, 01 Sep 2026 04:30:00 GMT', 3_600_000],
  ])('of %p asks for %i ms', (header, expected) => {
    expect(parseRetryAfter(header, NOW)).toBe(expected);
  });

  test.each([
    [undefined],
    [''],
    ['soon'],
    ['-5'],
    ['1.5'],
    ['1e3'],
    ['0x10'],
    ['9999999999'],
    ['10 seconds'],
    ['2026-09-01T03:30:30Z'],
    ['Tue, 01 Sep 2026 03:30:30 +0200'],
    ['Tue, 99 Foo 2026 03:30:30 GMT'],
    // Gone by.
    ['Tue, 01 Sep 2026 03:30:00 GMT'],
    ['Tue, 01 Sep 2026 03:29:59 GMT'],
    ['Thu, 01 Jan 1970 00:00:00 GMT'],
  ])('of %p asks for nothing', (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  });
});
