import { expect, test } from '@jest/globals';
import { requestWindow } from '../../lib/http/window.ts';

test('a deadline leaves time for the last answers, and for the summary', () => {
  const { signal } = new AbortController();
  expect(requestWindow({ deadline: 100_000, stopBeforeEnd: 2_000, stop: signal })).toEqual({
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
