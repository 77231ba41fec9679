import { expect, test } from '@jest/globals';
import { systemClock } from '../../lib/http/clock.ts';
import { takeTurns } from '../../lib/run/turns.ts';

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
  await takeTurns([work('a', 3, log), work('b', 1, log), work('c', 2, log)], 1, systemClock);
  expect(log.join('')).toBe('abcaca');
});

test('the last one is not interrupted', async () => {
  const log: string[] = [];
  await takeTurns([work('a', 4, log), work('b', 1, log)], 1, systemClock);
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
  await takeTurns(items, 4, systemClock);
  expect(most).toBe(4);
});

test('one that throws ends nothing for the others', async () => {
  const log: string[] = [];
  const broken = {
    turn: async () => {
      throw new Error('a defect');
    },
  };
  const all = takeTurns([broken, work('a', 2, log), work('b', 2, log)], 2, systemClock);
  await expect(all).rejects.toThrow('a defect');
  expect([...log].sort().join('')).toBe('aabb');
});

test('nothing to do is done at once', async () => {
  await expect(takeTurns([], 8, systemClock)).resolves.toBeUndefined();
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
  await takeTurns([item, item, item], 1, systemClock);
  expect(seen).toEqual([true, true, true]);
});
