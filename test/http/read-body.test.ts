import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { LONG_BODY, LongBodies } from '../../lib/http/long-bodies.ts';
import { readBody } from '../../lib/http/read-body.ts';

test('a character that two chunks share is read whole', async () => {
  const stream = new PassThrough();
  const body = readBody(stream, 100);
  const [first = 0, second = 0] = Buffer.from('ü');
  stream.write(Buffer.from([0x61, first]));
  stream.end(Buffer.from([second, 0x62]));
  expect(`${await body}`).toBe('aüb');
});

test('small chunks are copied together, so that none of them is held', async () => {
  const stream = new PassThrough();
  const body = readBody(stream, 100);
  const chunks = ['a', 'b', 'c'].map((letter) => Buffer.from(letter));
  for (const chunk of chunks) stream.write(chunk);
  await new Promise((resolve) => setImmediate(resolve));
  for (const chunk of chunks) chunk.fill('-');
  stream.end();
  expect(`${await body}`).toBe('abc');
});

test('a body as long as may be is read; a longer one is an error, and no more of it is taken', async () => {
  const fits = new PassThrough();
  const body = readBody(fits, 4);
  fits.end('1234');
  expect(`${await body}`).toBe('1234');

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

describe('a long body', () => {
  const chunk = Buffer.alloc(LONG_BODY, 'x');
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  /** One that has become long, and its end. */
  const bodies = new LongBodies();
  function longBody() {
    const stream = new PassThrough({ highWaterMark: 4 * LONG_BODY });
    const place = bodies.open();
    const body = readBody(stream, 4 * LONG_BODY, place);
    let isRead = false;
    body.then(
      () => {
        isRead = true;
      },
      () => {},
    );
    for (let i = 0; i < 3; i += 1) stream.write(chunk);
    stream.end();
    return { stream, body, place, isRead: () => isRead };
  }

  test('is read once no more than one other of the server is held', async () => {
    const all = Array.from({ length: 4 }, longBody);
    for (let i = 0; i < 20; i += 1) await turn();
    expect(all.map(({ isRead }) => isRead())).toEqual([true, true, false, false]);
    all[1]?.place.leave();
    expect(await all[2]?.body).toHaveLength(3 * LONG_BODY);
    expect(all[3]?.isRead()).toBe(false);
    for (const { place } of all) place.leave();
    expect(await all[3]?.body).toHaveLength(3 * LONG_BODY);
  });

  test('that ends while it waits keeps no place from the others', async () => {
    const held = Array.from({ length: 2 }, longBody);
    const waiting = longBody();
    for (let i = 0; i < 20; i += 1) await turn();
    waiting.stream.destroy(new Error('timeout'));
    await expect(waiting.body).rejects.toThrow('timeout');
    waiting.place.leave();
    const next = longBody();
    held[0]?.place.leave();
    expect(await next.body).toHaveLength(3 * LONG_BODY);
    for (const { place } of [...held, next]) place.leave();
  });

  test('leaves short ones alone', async () => {
    const held = Array.from({ length: 3 }, longBody);
    const stream = new PassThrough();
    const body = readBody(stream, 4 * LONG_BODY, bodies.open());
    stream.end('short');
    expect(`${await body}`).toBe('short');
    for (const { place } of held) place.leave();
  });
});
