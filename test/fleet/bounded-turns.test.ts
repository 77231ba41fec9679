import { describe, expect, test } from '@jest/globals';
import { takeBoundedTurns } from '../../lib/fleet/bounded-turns.ts';

/** Jobs that need so many turns each, and hold ten from their first turn to their last. */
function jobsOf(turns: readonly number[]) {
  const order: number[] = [];
  let now = 0;
  let peak = 0;
  const jobs = turns.map((needed, index) => {
    let taken = 0;
    return {
      index,
      get held() {
        return taken > 0 && taken < needed ? 10 : 0;
      },
      turn: async () => {
        order.push(index);
        if (taken === 0 && needed > 1) now += 10;
        peak = Math.max(peak, now);
        await Promise.resolve();
        taken += 1;
        if (taken === needed && needed > 1) now -= 10;
        return taken === needed;
      },
    };
  });
  return { jobs, order, peak: () => peak };
}

describe('turns', () => {
  test('go first to those that have not begun, then round', async () => {
    const { jobs, order } = jobsOf([3, 1, 2]);
    const ended: number[] = [];
    await takeBoundedTurns(jobs, 1, 1_000, ({ index }) => ended.push(index));
    expect(order).toEqual([0, 1, 2, 0, 2, 0]);
    expect(ended).toEqual([1, 2, 0]);
  });

  test('go to those that have begun where much is held, so that it stays bounded', async () => {
    const turns = Array.from({ length: 50 }, () => 4);
    const free = jobsOf(turns);
    await takeBoundedTurns(free.jobs, 2, 1_000, () => {});
    expect(free.peak()).toBe(500);
    const bounded = jobsOf(turns);
    const ended: number[] = [];
    await takeBoundedTurns(bounded.jobs, 2, 50, ({ index }) => ended.push(index));
    expect(bounded.peak()).toBeLessThanOrEqual(70);
    expect(ended).toHaveLength(50);
  });

  test('that fail fail the whole, once the others have ended', async () => {
    const { jobs, order } = jobsOf([1, 1]);
    const broken = { held: 0, turn: () => Promise.reject(new Error('a defect')) };
    await expect(takeBoundedTurns([broken, ...jobs], 2, 10, () => {})).rejects.toThrow('a defect');
    expect(order).toEqual([0, 1]);
  });

  test('take no longer where many wait', async () => {
    const job = { held: 0, turn: async () => true };
    const jobs = Array.from({ length: 200_000 }, () => job);
    let ended = 0;
    const start = process.cpuUsage();
    await takeBoundedTurns(jobs, 8, 10, () => {
      ended += 1;
    });
    expect(ended).toBe(200_000);
    expect(process.cpuUsage(start).user).toBeLessThan(10_000_000);
  });
});
