import { expect, test } from '@jest/globals';
import { requestWindow } from '../../lib/http/window.ts';

test('a deadline leaves time for the last answers, and for the summary', () => {
  const { signal } = new AbortController();
  expect(requestWindow({ deadline: 100_000, stopBeforeEnd: 2_000, stop: signal })).toMatchObject({
    deleteUntil: 98_000,
    end: 99_500,
    stop: signal,
  });
  expect(requestWindow({ deadline: 100_000, stopBeforeEnd: 100, stop: signal })).toMatchObject({
    deleteUntil: 99_900,
    end: 99_900,
  });
  expect(
    requestWindow({ deadline: Number.POSITIVE_INFINITY, stopBeforeEnd: 2_000, stop: signal }),
  ).toMatchObject({
    deleteUntil: Number.POSITIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
  });
});

test('many instances take more time to sum up, but none in which a DELETE may begin', () => {
  const window = requestWindow({ deadline: 100_000, stopBeforeEnd: 2_000 });
  window.allowFor(10_000);
  expect(window).toMatchObject({ deleteUntil: 98_000, end: 98_500 });
  window.allowFor(1_000_000);
  expect(window).toMatchObject({ deleteUntil: 98_000, end: 98_000 });
  const open = requestWindow({});
  open.allowFor(10_000);
  expect(open.end).toBe(Number.POSITIVE_INFINITY);
});
