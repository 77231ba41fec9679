import { expect, test } from '@jest/globals';
import { ErrorTexts } from '../../lib/run/error-texts.ts';

test('messages are held whole until there are too many, and then cut short', () => {
  const texts = new ErrorTexts(200);
  const long = '中'.repeat(150);
  expect(texts.hold(long)).toBe(long);
  expect(texts.isUsedUp).toBe(false);
  expect(texts.hold(long)).toBe(long);
  expect(texts.isUsedUp).toBe(true);
  expect(texts.hold(long)).toBe(`${'中'.repeat(80)}…`);
  expect(texts.hold('short')).toBe('short');
});
