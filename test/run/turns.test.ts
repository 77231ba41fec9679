import { describe, expect, test } from '@jest/globals';
import { systemClock as clock } from '../../lib/http/clock.ts';
import { takeTurns } from '../../lib/run/turns.ts';

const finished = () => {};

/** Something that needs so many turns when others wait, and writes down each. */
function work(name: string, turns: number, log: string[]) {
  let taken = 0;
  return {
    turn: async (othersWait: () => boolean) => {
      do {
        taken += 1;
        log.push(name);
        await Promise.resolve();
      } while (taken < turns && !othersWait());
      return taken >= turns;
    },
  };
}

test('each has its turn, one after the other, until all are finished', async () => {
  const log: string[] = [];
  await takeTurns([work('a', 3, log), work('b', 1, log), work('c', 2, log)], {
    concurrency: 1,
    clock,
    finished,
  });
  expect(log.join('')).toBe('abcaca');
});

test('the last one is not interrupted', async () => {
  const log: string[] = [];
  await takeTurns([work('a', 4, log), work('b', 1, log)], { concurrency: 1, clock, finished });
  expect(log.join('')).toBe('abaaa');
});

test('no more have their turn at once than there are seats', async () => {
  let sitting = 0;
  let most = 0;
  const items = Array.from({ length: 9 }, () => ({
    turn: async () => {
      sitting += 1;
      most = Math.max(most, sitting);
      await new Promise((resolve) => setImmediate(resolve));
      sitting -= 1;
      return true;
    },
  }));
  await takeTurns(items, { concurrency: 4, clock, finished });
  expect(most).toBe(4);
});

test('one that throws ends nothing for the others', async () => {
  const log: string[] = [];
  const broken = {
    turn: async () => {
      throw new Error('a defect');
    },
  };
  const all = takeTurns([broken, work('a', 2, log), work('b', 2, log)], {
    concurrency: 2,
    clock,
    finished,
  });
  await expect(all).rejects.toThrow('a defect');
  expect([...log].sort().join('')).toBe('aabb');
});

test('nothing to do is done at once', async () => {
  await expect(takeTurns([], { concurrency: 8, clock, finished })).resolves.toBeUndefined();
});

test('the event loop turns meanwhile, also where no turn waits for anything', async () => {
  const seen: boolean[] = [];
  let hasTurned = false;
  setImmediate(() => {
    hasTurned = true;
  });
  const item = {
    turn: async () => {
      seen.push(hasTurned);
      return true;
    },
  };
  await takeTurns([item, item, item], { concurrency: 1, clock, finished });
  expect(seen).toEqual([true, true, true]);
});

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
    await takeTurns(jobs, {
      concurrency: 1,
      clock,
      most: 1_000,
      finished: ({ index }) => ended.push(index),
    });
    expect(order).toEqual([0, 1, 2, 0, 2, 0]);
    expect(ended).toEqual([1, 2, 0]);
  });

  test('go to those that have begun where much is held, so that it stays bounded', async () => {
    const turns = Array.from({ length: 50 }, () => 4);
    const free = jobsOf(turns);
    await takeTurns(free.jobs, { concurrency: 2, clock, most: 1_000, finished });
    expect(free.peak()).toBe(500);
    const bounded = jobsOf(turns);
    const ended: number[] = [];
    await takeTurns(bounded.jobs, {
      concurrency: 2,
      clock,
      most: 50,
      finished: ({ index }) => ended.push(index),
    });
    expect(bounded.peak()).toBeLessThanOrEqual(70);
    expect(ended).toHaveLength(50);
  });

  test('that fail fail the whole, once the others have ended', async () => {
    const { jobs, order } = jobsOf([1, 1]);
    const broken = { held: 0, turn: () => Promise.reject(new Error('a defect')) };
    await expect(
      takeTurns([broken, ...jobs], { concurrency: 2, clock, most: 10, finished }),
    ).rejects.toThrow('a defect');
    expect(order).toEqual([0, 1]);
  });

  test('take no longer where many wait', async () => {
    const job = { held: 0, turn: async () => true };
    const jobs = Array.from({ length: 200_000 }, () => job);
    let ended = 0;
    const start = process.cpuUsage();
    await takeTurns(jobs, {
      concurrency: 8,
      clock: { sleep: async () => {} },
      most: 10,
      finished: () => {
        ended += 1;
      },
    });
    expect(ended).toBe(200_000);
    expect(process.cpuUsage(start).user).toBeLessThan(10_000_000);
  });
});
