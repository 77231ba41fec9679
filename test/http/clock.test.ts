import { expect, jest, test } from '@jest/globals';
import { systemClock } from '../../lib/http/clock.ts';

test('a sleep ends at once when its signal aborts, and leaves no listener behind', async () => {
  const stop = new AbortController();
  const removed = jest.spyOn(stop.signal, 'removeEventListener');
  const asleep = systemClock.sleep(3_600_000, stop.signal);
  stop.abort();
  await asleep;
  expect(removed).toHaveBeenCalledTimes(1);
  await systemClock.sleep(3_600_000, stop.signal);
  expect(removed).toHaveBeenCalledTimes(1);
});

test('a sleep of nothing is over at once', async () => {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  await systemClock.sleep(0);
  await systemClock.sleep(-5);
  expect(timers).not.toHaveBeenCalled();
  timers.mockRestore();
});

test('a sleep longer than a timer can be is not over at once', async () => {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const stop = new AbortController();
  const asleep = systemClock.sleep(1e12, stop.signal);
  expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1]);
  stop.abort();
  await asleep;
  timers.mockRestore();
});
