import { describe, expect, test } from '@jest/globals';
import { left } from '../../lib/fleet/ends.ts';
import { type KnownInstance, newInstance } from '../../lib/fleet/known.ts';

type CallOnInstance = Parameters<typeof left>[2];

/** A call that read the list in time, and that deleted. */
const WORKED = { inTime: true, sent: true, answered: true, deleted: true, expired: 100 };
const REFUSED = { ...WORKED, deleted: false };
const HUNG = { ...REFUSED, answered: false };
const UNLISTED = { ...HUNG, sent: false, expired: undefined };
/** A list that tells nothing new. */
const WAITED = { ...HUNG, inTime: false };
const late = (call: Omit<CallOnInstance, 'number'>) => ({ ...call, inTime: false });
const idle = ({ inTime }: { readonly inTime: boolean }) => ({ ...UNLISTED, inTime, expired: 100 });

/** An instance after calls, none of which finished it. */
function leftBy(...calls: readonly Omit<CallOnInstance, 'number'>[]): KnownInstance {
  let known = newInstance('a target', { id: 'an id', name: 'a name' });
  for (const [index, call] of calls.entries()) {
    expect(known.done).toBe(false);
    const { summary, unclear, saidGone } = known;
    const open = { summary: { ...summary, remaining: 100 }, unclear, saidGone };
    known = left(known, open, { ...call, number: index + 1 });
  }
  return known;
}

describe('an instance that calls have left', () => {
  test.each([
    ['whose list is not read to its end', [UNLISTED, UNLISTED], 'its list takes too long'],
    ['whose DELETEs hang', [HUNG, HUNG], 'no DELETE had a final answer'],
    ['whose DELETEs are refused', [REFUSED, REFUSED, REFUSED], '2 calls of the function in a row'],
    [
      'whose DELETEs do not do what they are answered',
      [WORKED, WORKED, WORKED, WORKED],
      '3 calls of the function in a row',
    ],
    [
      'whose DELETEs are refused in every other call',
      [REFUSED, HUNG, REFUSED, REFUSED],
      '2 calls of the function in a row',
    ],
  ])('is given up: one %s', (_, calls, why) => {
    const { done, summary } = leftBy(...calls);
    expect(done).toBe(true);
    expect(summary.outcome).not.toBe('complete');
    expect(summary.errors[0]?.message).toContain(why);
  });

  test.each([
    ['once', [UNLISTED]],
    ['that comes late each time', [late(UNLISTED), late(UNLISTED), late(HUNG), late(HUNG)]],
    ['that has different troubles', [UNLISTED, HUNG, UNLISTED, HUNG]],
    [
      'whose list gets shorter',
      [REFUSED, { ...REFUSED, expired: 99 }, { ...REFUSED, expired: 98 }],
    ],
    ['that has recovered in the last call', [REFUSED, REFUSED, WORKED]],
    ['that has recovered, and then waits', [REFUSED, REFUSED, WORKED, late(UNLISTED)]],
    ['that waits with a list', [REFUSED, REFUSED, WORKED, idle(late(REFUSED)), WAITED]],
    ['and listed late after a refusal', [late(REFUSED), idle(late(REFUSED)), WORKED]],
    ['whose one refusal is told by one list', [REFUSED, idle(REFUSED), idle(REFUSED)]],
  ])('is not given up: one %s', (_, calls) => {
    expect(leftBy(...calls).done).toBe(false);
  });
});
