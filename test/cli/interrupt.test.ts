import { expect, test } from '@jest/globals';
import { listenForInterrupt } from '../../lib/cli/interrupt.ts';
import { FakeIo } from './fake-io.ts';

let time = 0;
const now = () => time;

test('the first signal stops, a second one ends the process at once', () => {
  const io = new FakeIo();
  const interrupt = listenForInterrupt(io, now);
  expect([interrupt.stop.aborted, interrupt.status()]).toEqual([false, undefined]);
  io.signal('SIGINT');
  expect([interrupt.stop.aborted, interrupt.status(), io.exits]).toEqual([true, 130, []]);
  time += 1_000;
  io.signal('SIGINT');
  expect(io.exits).toEqual([130]);
});

test('the same Ctrl-C that comes twice, from the terminal and from npx, counts once', () => {
  const io = new FakeIo();
  listenForInterrupt(io, now);
  io.signal('SIGINT');
  time += 50;
  io.signal('SIGINT');
  expect(io.exits).toEqual([]);
});

test('the status is that of an interrupt, whatever the signal', () => {
  const io = new FakeIo();
  const interrupt = listenForInterrupt(io, now);
  io.signal('SIGTERM');
  expect(interrupt.status()).toBe(130);
  time += 1_000;
  io.signal('SIGINT');
  expect(io.exits).toEqual([130]);
});
