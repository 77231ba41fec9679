import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addCall, needsAnotherCall } from '../../lib/fleet/add-call.ts';
import type { InstanceResult } from '../../lib/fleet/clean-fleet-instance.ts';
import { emptySummary, type InstanceSummary } from '../../lib/model/summary.ts';

function resultOf(summary: Partial<InstanceSummary>, rest: Partial<InstanceResult> = {}) {
  const requests = { sent: 1, retried: 0, throttled: 0 };
  return {
    summary: { ...emptySummary({ id: 'i', name: 'cache' }), ...summary },
    requests,
    seenIds: [],
    warnings: [],
    ...rest,
  } satisfies InstanceResult;
}

const count = fc.nat({ max: 1_000 });
/** One call that listed the instance; its counts add up. */
const listed = fc
  .record({ kept: count, deleted: count, alreadyGone: count, failed: count, remaining: count })
  .map((counts) => {
    const expired = counts.deleted + counts.alreadyGone + counts.failed + counts.remaining;
    return resultOf({ ...counts, expired, listed: counts.kept + expired });
  });
const unlisted = fc
  .constantFrom('deadline', 'listing', 'unavailable')
  .map((stoppedBy) => resultOf({ stoppedBy, outcome: 'failed' }));

describe('several calls for one instance', () => {
  test('always add up, and never lose a record that was deleted', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(listed, unlisted), { minLength: 1, maxLength: 6 }), (calls) => {
        const { summary, requests } = calls.reduce(addCall);
        expect(summary.listed).toBe(summary.kept + summary.expired);
        expect(summary.expired).toBe(
          summary.deleted + summary.alreadyGone + summary.failed + summary.remaining,
        );
        expect(summary.deleted).toBe(calls.reduce((sum, call) => sum + call.summary.deleted, 0));
        expect(requests.sent).toBe(calls.length);
      }),
    );
  });

  test('read as one call that did it all', () => {
    const first = resultOf({
      outcome: 'incomplete',
      stoppedBy: 'deadline',
      ...{ listed: 100, kept: 10, expired: 90, deleted: 50, remaining: 40 },
    });
    const second = resultOf({ listed: 49, kept: 10, expired: 39, deleted: 38, failed: 1 });
    expect(addCall(first, second).summary).toEqual({
      ...second.summary,
      ...{ listed: 100, kept: 10, expired: 90, deleted: 88, alreadyGone: 1, failed: 1 },
    });
  });

  test('whose last could not list say so, and keep what was known', () => {
    const error = { message: 'no' };
    const first = resultOf({
      outcome: 'failed',
      ...{ listed: 100, kept: 10, expired: 90, deleted: 50, failed: 1, remaining: 39 },
      errors: Array.from({ length: 20 }, () => error),
      errorsOmitted: 4,
    });
    const second = resultOf({ outcome: 'incomplete', stoppedBy: 'deadline', errors: [error] });
    expect(addCall(first, second).summary).toEqual({
      ...first.summary,
      stoppedBy: 'deadline',
      errorsOmitted: 5,
    });
  });

  test('name each warning and each id once, and the failure of the last', () => {
    const first = resultOf(
      {},
      { warnings: ['a'], seenIds: ['1'], failure: { code: 'c', message: 'm' } },
    );
    const second = resultOf({}, { warnings: ['a', 'b'], seenIds: ['1', '2'] });
    const both = addCall(first, second);
    expect(both).toMatchObject({ warnings: ['a', 'b'], seenIds: ['1', '2'] });
    expect(both.failure).toBeUndefined();
  });
});

describe('another call', () => {
  test.each([
    ['is made where time was up and something was deleted', 'deadline', 1, 0, true],
    ['is made where time was up and something was gone', 'deadline', 0, 1, true],
    ['is not made where nothing was got on with', 'deadline', 0, 0, false],
    ['is not made after a limit', 'limit', 0, 0, false],
    ['is not made where the endpoint is unavailable', 'unavailable', 5, 0, false],
    ['is not made where all is done', undefined, 5, 0, false],
  ] as const)('%s', (_, stoppedBy, deleted, alreadyGone, expected) => {
    expect(
      needsAnotherCall(resultOf({ ...(stoppedBy && { stoppedBy }), deleted, alreadyGone })),
    ).toBe(expected);
  });
});
