import { describe, expect, test } from '@jest/globals';
import { readSource, sourceUnder } from '../../lib/policy/source.ts';

const TEXT = [
  'text: a',
  'list:',
  '  - one',
  '  - &two { deep: b, deep: c }',
  'again: *two',
  'twice: 1',
  'twice: 2',
].join('\n');
const source = () => readSource(TEXT, 'p.yml');
const at = (line: number, column: number) => ({ line, column });

describe('a value of a text stands', () => {
  test.each([
    ['where it begins', ['list', 0], at(3, 5)],
    ['behind the anchor that its alias names', ['again'], at(4, 10)],
    ['behind that alias, however deep', ['again', 'deep'], at(4, 27)],
    ['where the last of several is, of one key', ['twice'], at(7, 8)],
    ['in the mapping that lacks it', ['none'], at(1, 1)],
    ['in the mapping that lacks it, however deep', ['list', 1, 'none', 'deeper'], at(4, 10)],
    ['in the list that is too short', ['list', 2], at(3, 3)],
    ['in the list that has no keys', ['list', 'length'], at(3, 3)],
    ['in the text that holds nothing', ['text', 'none'], at(1, 7)],
    ['in the text that is no list', ['text', 0], at(1, 7)],
  ])('%s', (_, path, position) => {
    expect(source().valueAt(path)).toEqual(position);
  });
});

test('a key stands before its value', () => {
  expect(source().keyAt(['list', 1, 'deep'])).toEqual(at(4, 21));
});

test('what stands under a key is a source of its own, with positions in the whole text', () => {
  const list = sourceUnder(source(), 'list');
  expect(list.value).toEqual(['one', { deep: 'c' }]);
  expect(list.repeatedKeys).toEqual([{ path: [1, 'deep'], position: at(4, 21) }]);
  expect(list.valueAt([1, 'deep'])).toEqual(at(4, 27));
  expect(list.keyAt([1, 'deep'])).toEqual(at(4, 21));
});

describe('merge keys', () => {
  const MERGED = [
    'a: &a { x: 1, y: { deep: 2 } }', // line 1
    'b: &b { <<: *a, x: 3 }',
    'c:',
    '  z: 4',
    '  <<: [*b, { w: 5 }]', // line 5
  ].join('\n');

  test('give a mapping what others have, each where it was written', () => {
    const merged = readSource(MERGED, 'p.yml');
    expect(merged.value).toEqual({
      a: { x: 1, y: { deep: 2 } },
      b: { x: 3, y: { deep: 2 } },
      c: { z: 4, x: 3, y: { deep: 2 }, w: 5 },
    });
    expect(merged.keyAt(['c', 'z'])).toEqual(at(4, 3));
    expect(merged.keyAt(['c', 'x'])).toEqual(at(2, 17));
    expect(merged.valueAt(['c', 'y', 'deep'])).toEqual(at(1, 26));
    expect(merged.keyAt(['c', 'w'])).toEqual(at(5, 14));
    expect(merged.repeatedKeys).toEqual([]);
  });

  test('take effect in the order of the text, however long a chain they are', () => {
    const links = Array.from({ length: 3000 }, (_, i) => `m${i + 1}: &m${i + 1} { <<: *m${i} }`);
    const text = ['m0: &m0 { x: 1 }', ...links, '<<: *m3000'].join('\n');
    expect(readSource(text, 'p.yml').value).toMatchObject({ x: 1, m3000: { x: 1 } });
  });

  test.each([
    ['a: &a { b: { <<: *a } }', at(1, 18)],
    ['a: &a [{ x: 1 }, { <<: *a }]', at(1, 24)],
  ])('that lead into themselves are refused: %s', (text, { line, column }) => {
    expect(() => readSource(text, 'p.yml')).toThrow(
      `p.yml:${line}:${column}: this merges a mapping into itself`,
    );
  });

  test('without an anchor are one mistake each', () => {
    expect(() => readSource('a: { <<: *b }\nc: { <<: [*d, 1] }', 'p.yml')).toThrow(
      new RegExp(
        [
          '^p.yml:1:10: this alias has no anchor above it',
          'p.yml:2:11: this alias has no anchor above it',
          'p.yml:2:15: << merges a mapping, such as \\*name, or a list of mappings$',
        ].join('\n'),
      ),
    );
  });
});

describe('an alias means the latest anchor above it', () => {
  test.each([
    [
      'where an earlier one is merged between',
      'a: &a { x: &x 30d }\nb: { x: &x 365d }\nc: { <<: *a }\nd: *x',
      { d: '365d', c: { x: '30d' } },
    ],
    [
      'where a later one is merged behind it',
      'a: &x 1\nb: &b { y: *x }\nc: &x 2\nd: { <<: *b }\ne: *x',
      { b: { y: 1 }, d: { y: 1 }, e: 2 },
    ],
    [
      'where nothing else is left of what was merged',
      'a: &x 1\nb: { k: 0, <<: { k: &x 2, y: *x } }',
      { b: { k: 0, y: 2 } },
    ],
    ['that a key has', '&x a: 1\nb: { &x c: *x }\nd: *x', { b: { c: 'c' }, d: 'c' }],
  ])('%s', (_, text, value) => {
    expect(readSource(text, 'p.yml').value).toMatchObject(value);
  });

  test('and leads to where that stands', () => {
    const text = 'a: &a { x: &x 1 }\nb: &x 2\nc: { <<: *a }\nd: *x';
    expect(readSource(text, 'p.yml').valueAt(['d'])).toEqual(at(2, 7));
    expect(readSource(text, 'p.yml').valueAt(['c', 'x'])).toEqual(at(1, 15));
  });

  test('which may be around it', () => {
    const { a } = readSource('a: &a { b: *a }', 'p.yml').value as Record<string, { b: unknown }>;
    expect(a?.b).toBe(a);
  });

  test('however many there are', () => {
    const text = ['a: &a { x: [1, 2] }', ...Array.from({ length: 5000 }, (_, i) => `k${i}: *a`)];
    expect(readSource(text.join('\n'), 'p.yml').value).toMatchObject({ k4999: { x: [1, 2] } });
  });
});

test('a value that is not there stands where its key does', () => {
  expect(readSource('a: 1\nb: { c, d }', 'p.yml').valueAt(['b', 'd'])).toEqual(at(2, 9));
});

test('a long text without aliases is read, however long', () => {
  const text = `[${'1, '.repeat(150_000)}]`;
  expect(readSource(text, 'p.yml').value).toHaveLength(150_000);
});

describe('a line break that is none to the parser', () => {
  test.each([
    ['a CR without LF', '\r', 'U+000D'],
    ['a CR before CRLF', '\r\r\n', 'U+000D'],
    ['a vertical tab', '\v', 'U+000B'],
    ['a form feed', '\f', 'U+000C'],
    ['a next line', '\u0085', 'U+0085'],
    ['a line separator', '\u2028', 'U+2028'],
    ['a paragraph separator', '\u2029', 'U+2029'],
  ])('is refused, so that nothing seems to be outside a comment: %s', (_, character, code) => {
    expect(() => readSource(`a: 1\n# never${character}b: 2\n`, 'p.yml')).toThrow(
      new RegExp(
        `^p.yml:2:8: here is ${code.replace('+', '\\+')}, which some programs show as a line break, and which is none; take it out, or save the file with LF or CRLF$`,
      ),
    );
  });

  test('is refused at the end of the file, and in JSON', () => {
    expect(() => readSource('a: 1\r', 'p.yml')).toThrow('p.yml:1:5: here is U+000D');
    expect(() => readSource('{"a":"\u2028"}', 'p.yml')).toThrow('p.yml:1:7: here is U+2028');
  });

  test('may be written in quotes by its code, and LF and CRLF are read', () => {
    const { value } = readSource('a: "\\r\\u2028"\r\n# c\r\nb: 1\nc: 2\r\n', 'p.yml');
    expect(value).toEqual({ a: '\r\u2028', b: 1, c: 2 });
  });
});

describe('a text that goes on over several lines', () => {
  test.each([
    ['as two items of which one is indented further', 'a:\n  - ONE\n   - TWO\nb: 1', at(2, 5)],
    ['as two items without a comma between them', 'a: [ONE\n  TWO]', at(1, 5)],
    ['with CRLF', 'a: one\r\n  two\r\n', at(1, 4)],
    ['in quotes', 'a: 1\nb: ["ONE,\n TWO"]', at(2, 5)],
    ['in single quotes', "a: 'ONE,\n TWO'", at(1, 4)],
  ])('is refused, since it is one text: %s', (_, text, { line, column }) => {
    expect(() => readSource(text, 'p.yml')).toThrow(
      new RegExp(
        `^p.yml:${line}:${column}: this is one text to YAML, over several lines; write each value on a line of its own$`,
      ),
    );
  });

  test('is read where it says so itself, as a block', () => {
    const text = 'b: >-\n  one\n  two\nc: |\n  one\nd: [\n  one,\n  two\n]\ne:\n\nf: g\n';
    expect(readSource(text, 'p.yml').value).toEqual({
      b: 'one two',
      c: 'one\n',
      d: ['one', 'two'],
      e: null,
      f: 'g',
    });
  });
});

test.each(['\u202a', '\u202e', '\u2066', '\u2069'])(
  'a character that makes what follows look otherwise (%j) is refused, in a comment too',
  (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    for (const text of [`a: 1\nb: "${character}gone"\n`, `a: 1\nb: 2 #${character}\n`]) {
      expect(() => readSource(text, 'p.yml')).toThrow(
        `p.yml:2:${text.split('\n')[1]?.indexOf(character) === 4 ? 5 : 7}: here is U+${code}, which makes some programs show what follows in another order; take it out`,
      );
    }
  },
);
