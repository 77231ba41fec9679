import { expect, test } from '@jest/globals';
import { jsonLine, jsonParts } from '../../lib/model/text.ts';

test('JSON has no character that would be obeyed, and is read as the same value, wherever one stands', () => {
  for (const around of [65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 65_536]) {
    const value = {
      name: `${'a'.repeat(around)}\u202e😀\u{e0001}\u2028${'b'.repeat(around)}\u200b`,
    };
    const json = jsonLine(value);
    expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/u);
    expect(JSON.parse(json)).toEqual(value);
    expect([...jsonParts(value)].join('')).toBe(json);
  }
});

test('JSON of any length comes in parts of a bounded one', () => {
  const value = Array.from({ length: 1_000 }, () => '\u200b'.repeat(1_000));
  const parts = [...jsonParts(value)];
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(6 * 65_536);
  expect(JSON.parse(parts.join(''))).toEqual(value);
});
