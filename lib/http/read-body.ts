import type { Readable } from 'node:stream';
import { FetchError } from 'node-fetch';
import { Gathered } from './gathered.ts';
import { type BodyPlace, LONG_BODY } from './long-bodies.ts';

/**
 * The whole of a response's body; read to its end, so that the connection can be used again.
 * (node-fetch's own reading goes through an async iterator, which costs more than most bodies.)
 * @param maxBytes a longer body is cut off, and an error.
 * @param place is taken before a body becomes long.
 * @throws the error of the stream, or one where the body is cut off.
 */
export function readBody(
  stream: Readable,
  maxBytes: number,
  place?: Pick<BodyPlace, 'take'>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gathered = new Gathered();
    stream.on('data', (chunk: Buffer) => {
      if (gathered.length + chunk.length > maxBytes) {
        stream.destroy(new FetchError(`more than ${maxBytes} bytes came`, 'max-size'));
        return;
      }
      const wasLong = gathered.length > LONG_BODY;
      gathered.add(chunk);
      if (!place || wasLong || gathered.length <= LONG_BODY) return;
      stream.pause();
      void place.take().then(() => stream.resume());
    });
    stream.on('end', () => resolve(gathered.bytes()));
    stream.on('error', reject);
    stream.on('close', () => {
      if (!stream.readableEnded) reject(new FetchError('the answer was cut off', 'cut-off'));
    });
  });
}
