import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
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

  test('read as the parser itself reads them', () => {
    const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 });
    const mapping = fc.record({
      keys,
      merges: fc.array(fc.nat(5), { maxLength: 2 }),
      at: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(mapping, { minLength: 1, maxLength: 6 }), (mappings) => {
        const lines = mappings.map((each, i) => {
          const earlier = each.merges.filter((other) => other < i).map((other) => `*m${other}`);
          const pairs = each.keys.map((key) => `${key}: { v: ${key}${i} }`);
          if (earlier.length > 0) pairs.splice(each.at, 0, `<<: [${earlier.join(', ')}]`);
          return `- &m${i} { ${pairs.join(', ')} }`;
        });
        const text = lines.join('\n');
        expect(readSource(text, 'p.yml').value).toEqual(parse(text, { merge: true }));
      }),
      { numRuns: 300 },
    );
  });
});
