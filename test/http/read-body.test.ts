import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { readBody } from '../../lib/http/read-body.ts';

test('a character that two chunks share is read whole', async () => {
  const stream = new PassThrough();
  const text = readBody(stream, 100);
  const [first = 0, second = 0] = Buffer.from('ü');
  stream.write(Buffer.from([0x61, first]));
  stream.end(Buffer.from([second, 0x62]));
  expect(await text).toEqual({ text: 'aüb', isFaithful: true });
});

test('small chunks are copied together, so that none of them is held', async () => {
  const stream = new PassThrough();
  const text = readBody(stream, 100);
  const chunks = ['a', 'b', 'c'].map((letter) => Buffer.from(letter));
  for (const chunk of chunks) stream.write(chunk);
  await new Promise((resolve) => setImmediate(resolve));
  for (const chunk of chunks) chunk.fill('-');
  stream.end();
  expect(await text).toMatchObject({ text: 'abc' });
});

test('a body as long as may be is read; a longer one is an error, and no more of it is taken', async () => {
  const fits = new PassThrough();
  const text = readBody(fits, 4);
  fits.end('1234');
  expect(await text).toMatchObject({ text: '1234' });

  const long = new PassThrough();
  const failed = readBody(long, 4);
  long.write('123');
  long.write('45');
  await expect(failed).rejects.toMatchObject({
    type: 'max-size',
    message: 'more than 4 bytes came',
  });
  expect(long.destroyed).toBe(true);
});

test('a stream that fails, or is closed before its end, is an error', async () => {
  const failing = new PassThrough();
  const failed = readBody(failing, 100);
  failing.destroy(new Error('reset'));
  await expect(failed).rejects.toThrow('reset');

  const closing = new PassThrough();
  const cut = readBody(closing, 100);
  closing.write('half');
  closing.destroy();
  await expect(cut).rejects.toMatchObject({ type: 'cut-off' });
});
