import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { FetchError } from 'node-fetch';
import { Gathered } from './gathered.ts';

/** A body as text. */
export interface BodyText {
  readonly text: string;
  /** Whether it is UTF-8 throughout; otherwise some characters are not those that were sent. */
  readonly isFaithful: boolean;
}

/**
 * The whole of a response's body as text; read to its end, so that the connection can be used again.
 * (node-fetch's own reading goes through an async iterator, which costs more than most bodies.)
 * @param maxBytes a longer body is cut off, and an error.
 * @throws the error of the stream, or one where the body is cut off.
 */
export function readBody(stream: Readable, maxBytes: number): Promise<BodyText> {
  return new Promise((resolve, reject) => {
    const gathered = new Gathered();
    stream.on('data', (chunk: Buffer) => {
      if (gathered.length + chunk.length <= maxBytes) gathered.add(chunk);
      else stream.destroy(new FetchError(`more than ${maxBytes} bytes came`, 'max-size'));
    });
    stream.on('end', () => {
      const body = gathered.bytes();
      resolve({ text: body.toString(), isFaithful: isUtf8(body) });
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (!stream.readableEnded) reject(new FetchError('the answer was cut off', 'cut-off'));
    });
  });
}
