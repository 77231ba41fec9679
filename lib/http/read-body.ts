import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { FetchError } from 'node-fetch';

/**
 * The whole of a response's body as text; read to its end, so that the connection can be used again.
 * (node-fetch's own reading goes through an async iterator, which costs more than most bodies.)
 * @param maxBytes a longer body is cut off, and an error.
 * @throws the error of the stream, or one where the body is cut off.
 */
export function readBody(stream: Readable, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8');
    let text = '';
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) text += decoder.write(chunk);
      else stream.destroy(new FetchError(`more than ${maxBytes} bytes came`, 'max-size'));
    });
    stream.on('end', () => resolve(text + decoder.end()));
    stream.on('error', reject);
    stream.on('close', () => {
      if (!stream.readableEnded) reject(new FetchError('the answer was cut off', 'cut-off'));
    });
  });
}
