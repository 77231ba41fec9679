import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasRepeatedKeys } from '../../lib/answers/repeated-keys.ts';
import { spaces, written } from '../written-json.ts';

const judge = (json: string) => hasRepeatedKeys(json, JSON.parse(json));

const text = fc.oneof(fc.string(), fc.constantFrom(':', '":', 'a : b', '\\":', '__proto__', '"'));
const value = fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' });
const object = fc.dictionary(text, fc.oneof(value, text), { minKeys: 1 });

test('a key that comes twice is found, wherever it stands and however it is written', () => {
  fc.assert(
    fc.property(
      fc.array(object, { minLength: 1 }),
      fc.nat(),
      fc.boolean(),
      fc.infiniteStream(spaces),
      fc.infiniteStream(fc.boolean()),
      (rows, at, isCompact, space, escapes) => {
        const write = (each: unknown) =>
          written(
            each,
            () => (isCompact ? '' : (space.next().value as string)),
            () => escapes.next().value as boolean,
          );
        const texts = rows.map(write);
        expect(judge(`[${texts.join(',')}]`)).toBe(false);
        const place = at % rows.length;
        const row = rows[place] as Readonly<Record<string, unknown>>;
        const [key, first] = Object.entries(row)[0] as [string, unknown];
        const again = `${write(key)}:${write(first)}`;
        texts[place] = `${(texts[place] as string).trimEnd().slice(0, -1)},${again}}`;
        expect(judge(`[${texts.join(',')}]`)).toBe(true);
      },
    ),
    { numRuns: 1_000 },
  );
});

test.each([
  '{"tasks":[{"id":"a","id":"b"}]}',
  '{"tasks":[{"id":"a","i\\u0064":"b"}]}',
  '{"tasks":[{"a":[{"b":{"c":1,"c":1}}]}]}',
  '{"tasks":["a"],"tasks":["b"]}',
  '{"a":1,"a" :2}',
  '{"a":":","a"\n:2}',
])('in %s one comes twice', (json) => {
  expect(judge(json)).toBe(true);
});

test.each([
  '{}',
  '[]',
  '1',
  'null',
  '":"',
  '"ab"',
  '{"a":":\\":"}',
  '{"a" :": "}',
  '[{"a":1},{"a":1}]',
])('in %s none does', (json) => {
  expect(judge(json)).toBe(false);
});

test('nesting as deep as can be parsed is no trouble', () => {
  const deep = `${'{"a":['.repeat(2_000)}1${']}'.repeat(2_000)}`;
  expect(judge(deep)).toBe(false);
});
