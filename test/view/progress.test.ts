import { expect, test } from '@jest/globals';
import type { Decision } from '../../lib/policy/decide.ts';
import { progressLine } from '../../lib/view/terminal/progress.ts';

const EXPIRED: Decision = { action: 'delete', reason: 'expired' };
const INSTANCE = { id: 'i', name: 'a', status: 'RUNNING' };

/** The line after 100 of 1,000 records, of which 100 took so many milliseconds. */
function lineAfter(elapsedMs: number, retried = 0, columns = 80): string {
  let now = 1_000_000;
  let line = '';
  const { observer } = progressLine({
    write: (text) => {
      line = text;
    },
    now: () => now,
    columns: () => columns,
    targets: 2,
  });
  observer.discovered?.(3, () => ({ sent: 0, retried, throttled: 0 }));
  observer.decided?.('t', INSTANCE, [], Array<Decision>(1_000).fill(EXPIRED));
  observer.settled?.('t', INSTANCE);
  now += elapsedMs;
  for (let i = 1; i < 100; i += 1) observer.settled?.('t', INSTANCE);
  now += 100;
  observer.settled?.('t', INSTANCE);
  return line.replace('\r\u001b[K', '');
}

test('at first the line tells what is done', () => {
  expect(lineAfter(500)).toBe('0 of 3 instances, 101 of 1000 records');
});

test('after two seconds it tells how fast, and how much longer it takes', () => {
  expect(lineAfter(9_900)).toBe('0 of 3 instances, 101 of 1000 records, 10/s, about 2 min left');
  expect(lineAfter(4_950)).toBe('0 of 3 instances, 101 of 1000 records, 20/s, about 45 s left');
});

test('repeated requests are told, and the line fits 80 columns', () => {
  expect(lineAfter(500, 7)).toBe('0 of 3 instances, 101 of 1000 records, 7 repeated');
  expect(lineAfter(4_000, 123_456).length).toBeLessThan(80);
});

test.each([10, 20, 40, 50, 200])('the line is one line in %i columns', (columns) => {
  const line = lineAfter(4_000, 123_456, columns);
  expect(line.length).toBeLessThan(columns);
  expect('0 of 3 instances').toContain(line.slice(0, 16));
});

test('the line is there before any instance is known, and tells what a plan finds', () => {
  const lines: string[] = [];
  const { observer } = progressLine({
    write: (text) => lines.push(text.replace('\r\u001b[K', '')),
    now: () => 0,
    columns: () => 80,
    targets: 2,
  });
  observer.started?.({ runId: 'r', trigger: 'cli', dryRun: true, startedAt: 0 });
  expect(lines).toEqual(['listing the instances of 2 targets']);
  observer.decided?.('t', INSTANCE, [], [EXPIRED]);
  expect(lines.at(-1)).toBe('0 of 0 instances, 1 record would go');
});
