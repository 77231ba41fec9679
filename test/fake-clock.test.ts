import { expect, test } from '@jest/globals';
import { FAKE_NOW, FakeClock } from './fake-clock.ts';

test('sleepers wake in the order of their time, then of their lying down', async () => {
  const clock = new FakeClock();
  const woken: string[] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push(`${name} at ${clock.now() - FAKE_NOW}`);
  };
  const all = Promise.all([sleep('c', 20), sleep('a', 10), sleep('b', 10), sleep('d', 1)]);
  expect(clock.sleeping).toBe(4);
  await clock.advance(10);
  expect(woken).toEqual(['d at 1', 'a at 10', 'b at 10']);
  await clock.settle(all);
  expect(woken.at(-1)).toBe('c at 20');
});

test('a sleeper is woken by its signal, and time stands still', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const asleep = clock.sleep(1_000, stop.signal);
  stop.abort();
  await asleep;
  await clock.sleep(1_000, stop.signal);
  expect(clock.now()).toBe(FAKE_NOW);
  expect(clock.sleeping).toBe(0);
});

test('what wakes goes on before time does', async () => {
  const clock = new FakeClock(0);
  const seen: number[] = [];
  const work = async () => {
    for (let round = 0; round < 3; round += 1) {
      await clock.sleep(5);
      seen.push(clock.now());
    }
  };
  await clock.settle(Promise.all([work(), clock.sleep(100)]));
  expect(seen).toEqual([5, 10, 15]);
  expect(clock.now()).toBe(100);
});

test('a sleep of no time is over at once, though time stands still', async () => {
  const clock = new FakeClock();
  await clock.sleep(0);
  expect(clock.sleeping).toBe(0);
  expect(clock.now()).toBe(FAKE_NOW);
});
