import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { elementTexts } from '../../lib/task-api/element-texts.ts';

const spaces = fc.constantFrom('', ' ', '\n', '\t \r\n');

/** JSON of a value with white space wherever it may stand, and with some characters of strings escaped. */
function written(value: unknown, space: () => string, escapes: () => boolean): string {
  const around = (text: string) => `${space()}${text}${space()}`;
  if (Array.isArray(value)) {
    return around(`[${value.map((each) => written(each, space, escapes)).join(',') || space()}]`);
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(
      ([key, each]) => `${written(key, space, escapes)}:${written(each, space, escapes)}`,
    );
    return around(`{${pairs.join(',') || space()}}`);
  }
  if (typeof value !== 'string') return around(JSON.stringify(value));
  const code = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const characters = JSON.stringify(value)
    .slice(1, -1)
    .replace(/\\?./gsu, (each) => (each.length === 1 && escapes() ? code(each) : each));
  return around(`"${characters}"`);
}

test('each element of the array is found, whatever stands in it and around it', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const object = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('tasks', 'a"]')), value);
  fc.assert(
    fc.property(
      object,
      fc.array(value),
      fc.infiniteStream(spaces),
      fc.infiniteStream(fc.boolean()),
      (around, tasks, space, escapes) => {
        const json = written(
          { ...around, tasks, later: around },
          () => space.next().value as string,
          () => escapes.next().value as boolean,
        );
        const texts = elementTexts(json, 'tasks');
        expect(texts.map((text) => JSON.parse(text))).toEqual(JSON.parse(json).tasks);
        for (const text of texts) expect(text).not.toMatch(/[\n\r\t]/);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('numbers, escapes and keys that come twice stay as they were written', () => {
  const rows = ['{"n":12345678901234567890,"n":1e400}', '-0.10', '"\\u00fc\\""', '{"a b":[1,2]}'];
  const json = `{"tasks":["not these"],"tasks" : [ ${rows.join(' , ')} ]}`;
  expect(elementTexts(json, 'tasks')).toEqual(rows);
});

test.each(['{}', '{"tasks":null}', '{"tasks":[]}', '{"tasks":[ ]}', '{"a":{"tasks":[1]}}'])(
  '%s has no elements',
  (json) => {
    expect(elementTexts(json, 'tasks')).toEqual([]);
  },
);

test('millions of characters take no time worth telling', () => {
  for (const part of ['1,', '[[', '"\\\\",', ' 1 ,', '{"a":1},']) {
    const inside = part === '[[' ? `${'['.repeat(2_000)}${']'.repeat(2_000)},`.repeat(500) : part;
    const rows = inside.repeat(part === '[[' ? 1 : 2_000_000 / part.length);
    const texts = elementTexts(`{"tasks":[${rows}0]}`, 'tasks');
    expect(texts.at(-1)).toBe('0');
  }
});
