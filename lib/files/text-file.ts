import { createReadStream } from 'node:fs';
import { FormatError, JanitorError } from '../model/error.ts';
import { decodeUtf8 } from '../model/text.ts';

/** A file holds no text that can be read. The message names it, and says what to do. */
export class TextFileError extends JanitorError {
  override readonly name = 'TextFileError';

  constructor(file: string, cause: FormatError) {
    super('file', `${file}: ${cause.message}`, cause);
  }
}

/** No policy and no test of one is as long; a device such as /dev/zero has no end (bytes). */
const MAX_FILE = 64 * 1_024 * 1_024;

/**
 * Reads a text that somebody else wrote. Node's own decoder puts U+FFFD where it cannot read a character, and the name
 * of what should be kept is then another name.
 * @throws {TextFileError} where it is not UTF-8, or more than 64 MB; whatever the file system fails with.
 */
export async function readTextFile(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream(file)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_FILE) throw new FormatError('it has more than 64 MB; name another file');
    }
    return decodeUtf8(Buffer.concat(chunks));
  } catch (error) {
    throw error instanceof FormatError ? new TextFileError(file, error) : error;
  }
}

/** Why a file that somebody has named could not be read, without what to do. */
export function describeReadError(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it';
  return `it cannot be read (${code})`;
}
