import { expect, test } from '@jest/globals';
import { Gathered } from '../../lib/http/gathered.ts';

test('chunks of any sizes are together what came', () => {
  const gathered = new Gathered();
  const chunks = [1, 0, 7, 1, 1, 5_000, 3, 1].map((size, i) => Buffer.alloc(size, 97 + i));
  for (const chunk of chunks) gathered.add(chunk);
  expect(gathered.bytes()).toEqual(Buffer.concat(chunks));
  expect(gathered).toHaveLength(5_014);
});

test('nothing is nothing, and one chunk is not copied', () => {
  const gathered = new Gathered();
  expect(gathered.bytes()).toHaveLength(0);
  const chunk = Buffer.from('body');
  gathered.add(chunk);
  expect(gathered.bytes().buffer).toBe(chunk.buffer);
});

test('a million chunks of one byte take hardly more memory than their bytes', () => {
  const gathered = new Gathered();
  for (let i = 0; i < 1_000_000; i += 1) gathered.add(Buffer.from('x'));
  expect(gathered.bytes().buffer.byteLength).toBeLessThanOrEqual(4_000_000);
});
