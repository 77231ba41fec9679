import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { elementTexts } from '../../lib/task-api/element-texts.ts';
import { spaces, written } from '../written-json.ts';

const read = (json: string) => elementTexts(json, 'tasks');

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
        const texts = read(json);
        expect(texts.map((text) => JSON.parse(text))).toEqual(JSON.parse(json).tasks);
        for (const text of texts) expect(text).not.toMatch(/[\n\r\t]/);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('numbers and escapes stay as they were written', () => {
  const rows = ['{"n":12345678901234567890,"m":1e400}', '-0.10', '"\\u00fc\\""', '{"a b":[1,2]}'];
  expect(read(`{"a":["not these"],"tasks" : [ ${rows.join(' , ')} ]}`)).toEqual(rows);
});

test.each(['{}', '{"tasks":null}', '{"tasks":[]}', '{"tasks":[ ]}', '{"a":{"tasks":[1]}}'])(
  '%s has no elements',
  (json) => {
    expect(read(json)).toEqual([]);
  },
);

test('millions of characters take no time worth telling', () => {
  for (const part of ['1,', '[[', '"\\\\",', ' 1 ,', '{"a":1},']) {
    const inside = part === '[[' ? `${'['.repeat(2_000)}${']'.repeat(2_000)},`.repeat(500) : part;
    const rows = inside.repeat(part === '[[' ? 1 : 2_000_000 / part.length);
    expect(read(`{"tasks":[${rows}0]}`).at(-1)).toBe('0');
  }
});
