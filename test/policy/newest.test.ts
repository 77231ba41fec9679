import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newestOf as newest } from '../../lib/policy/decide.ts';
import { task } from '../records.ts';

const T = Date.UTC(2026);

test('the newest are those with the greatest time, then the greatest id', () => {
  const tasks = [
    task({ id: 'b', updatedAt: T + 5 }),
    task({ id: 'c', updatedAt: T + 5 }),
    task({ id: 'a', updatedAt: T + 5 }),
    task({ id: 'z', updatedAt: T + 4 }),
    task({ id: 'a2', updatedAt: T + 6 }),
  ];
  expect([...newest(tasks, 2)].toSorted()).toEqual([1, 4]);
  expect([...newest(tasks, 3)].toSorted()).toEqual([0, 1, 4]);
});

test('ids are compared by code unit, not by language', () => {
  const tasks = [task({ id: 'a', updatedAt: T + 1 }), task({ id: 'B', updatedAt: T + 1 })];
  expect([...newest(tasks, 1)]).toEqual([0]);
});

test('a record without a time is never among them, one without an id is', () => {
  const tasks = [
    task({ updatedAt: undefined }),
    task({ updatedAt: Number.NaN }),
    task({ id: undefined, updatedAt: T + 1 }),
  ];
  expect([...newest(tasks, 3)]).toEqual([2]);
});

test('of records of one time, one without an id comes last', () => {
  const tasks = [
    task({ id: undefined, updatedAt: T + 1 }),
    task({ id: '8abf', updatedAt: T + 1 }),
    task({ id: '7abf', updatedAt: T + 1 }),
  ];
  expect([...newest(tasks, 2)]).toEqual([1, 2]);
});

test.each([0, -1])('keeping the last %d keeps none', (count) => {
  expect(newest([task()], count).size).toBe(0);
});

test('a count beyond all bounds is all of them', () => {
  expect(newest([task(), task()], Number.MAX_SAFE_INTEGER).size).toBe(2);
});

test('agrees with sorting, in any order and with any number of equal times', () => {
  const tasks = fc.array(
    fc
      .record({
        id: fc.uuid(),
        updatedAt: fc.option(fc.integer({ min: T, max: T + 9 }), { nil: undefined }),
      })
      .map(task),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(tasks, fc.nat(70), (list, count) => {
      const sorted = list
        .filter(({ updatedAt }) => updatedAt !== undefined)
        .sort(
          (a, b) =>
            Number(b.updatedAt) - Number(a.updatedAt) || (String(a.id) < String(b.id) ? 1 : -1),
        )
        .slice(0, count);
      const chosen = newest(list, count);
      expect(
        list
          .filter((_, i) => chosen.has(i))
          .map(({ id }) => id)
          .sort(),
      ).toEqual(sorted.map(({ id }) => id).sort());
    }),
    { numRuns: 1000 },
  );
});
