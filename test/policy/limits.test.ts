import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limitTripped } from '../../lib/policy/limits.ts';

describe('a limit', () => {
  test.each([
    [{}, 10, 10, undefined],
    [{ deletions: 10 }, 10, 10, undefined],
    [{ deletions: 9 }, 10, 10, 'deletions'],
    [{ deletions: 0 }, 10, 1, 'deletions'],
    [{ deletions: 0 }, 10, 0, undefined],
    [{ deletePercent: 100 }, 10, 10, undefined],
    [{ deletePercent: 95 }, 100, 95, undefined],
    [{ deletePercent: 95 }, 100, 96, 'deletePercent'],
    [{ deletePercent: 50 }, 3, 1, undefined],
    [{ deletePercent: 50 }, 3, 2, 'deletePercent'],
    [{ deletePercent: 0.5 }, 1000, 5, undefined],
    [{ deletePercent: 0.5 }, 1000, 6, 'deletePercent'],
    [{ deletePercent: 0 }, 1_000_000, 1, 'deletePercent'],
    [{ deletePercent: 0 }, 10, 0, undefined],
    [{ deletions: 1, deletePercent: 1 }, 10, 10, 'deletions'],
  ] as const)('%j with %d listed and %d expired: %s', (limits, listed, expired, tripped) => {
    expect(limitTripped(listed, expired, limits)?.match(/limits\.(\w+)/)?.[1]).toBe(tripped);
  });

  test('says what it allows and what was found', () => {
    expect(limitTripped(10, 9, { deletions: 5 })).toBe(
      '9 records have expired, and limits.deletions allows 5',
    );
    expect(limitTripped(10, 9, { deletePercent: 50 })).toBe(
      '9 of 10 records have expired, and limits.deletePercent allows 50 %',
    );
  });

  test('never trips where nothing has expired', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(100), (listed, deletions, deletePercent) => {
        expect(limitTripped(listed, 0, { deletions, deletePercent })).toBeUndefined();
      }),
    );
  });
});
