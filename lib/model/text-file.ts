import { readFile } from 'node:fs/promises';
import { JanitorError } from './error.ts';
import { decodeUtf8 } from './text.ts';

/** A file holds no text that can be read. The message names it, and says what to do. */
export class TextFileError extends JanitorError {
  override readonly name = 'TextFileError';

  constructor(file: string, cause: TypeError) {
    super('file', `${file}: ${cause.message}`, cause);
  }
}

/**
 * Reads a text that somebody else wrote. Node's own decoder puts U+FFFD where it cannot read a character, and the name
 * of what should be kept is then another name.
 * @throws {TextFileError} where it is not UTF-8; whatever the file system fails with.
 */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await readFile(file);
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw new TextFileError(file, error as TypeError);
  }
}
