import { expect, test } from '@jest/globals';
import { Duration } from 'luxon';
import { freeze } from '../../lib/policy/load.ts';

test('nothing in what is frozen can be changed', () => {
  const frozen = freeze({ list: [{ deep: { value: 1 } }], text: 'a', none: null });
  for (const part of [frozen, frozen.list, frozen.list[0], frozen.list[0]?.deep]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  expect(frozen).toEqual({ list: [{ deep: { value: 1 } }], text: 'a', none: null });
});

test.each([null, undefined, 1, 'text', true])('%p is what it was', (value) => {
  expect(freeze(value)).toBe(value);
});

test('a duration in it can still be written out, for which luxon takes notes in it', () => {
  const { keepFor } = freeze({ keepFor: Duration.fromObject({ days: 30 }, { locale: 'fr' }) });
  expect(keepFor.toFormat("d 'jours'")).toBe('30 jours');
});
