import { expect, test } from '@jest/globals';
import { compileLooks } from '../../lib/policy/look.ts';

test.each([
  ['EXTEND', 'EXTEND'],
  ['EXTEND', '\u200bEXT\u00adEND'],
  ['EXTEND\u200b', 'EXTEND'],
  ['a b', 'a \u3000b'],
  ['a  b', 'a b'],
  ['a b', ' a b'],
  ['a b', 'a b '],
  ['caf\u00e9', 'cafe\u0301'],
  ['a?b', 'a\u200bb'],
  ['管理 员', '管\u200b理\u3000员'],
  ...['\u2800', '\u3164', '\u115f', '\u1160', '\uffa0'].flatMap((blank) => [
    ['a b', `a${blank}b`],
    [`a${blank}b`, 'a b'],
    ['ab', `a${blank}b`],
  ]),
])('a text matches that looks like one that does: %j, %j', (pattern, text) => {
  expect(compileLooks(['other', pattern])(text)).toBe(true);
});

test.each([
  ['EXTEND', 'EXTEN'],
  ['EXTEND', 'extend'],
  ['a b', 'ab'],
  ['caf\u00e9', 'cafe'],
  ['a?b', 'ab'],
])('no other one does: %j, %j', (pattern, text) => {
  expect(compileLooks(['other', pattern])(text)).toBe(false);
});

test('a pattern that would be none as it looks matches what is written', () => {
  const matches = compileLooks(['[\u200b]x', 'other']);
  expect(['\u200bx', 'x', 'other'].map(matches)).toEqual([true, false, true]);
});
