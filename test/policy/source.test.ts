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
