import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { decodeUtf8 } from '../model/text.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/schema.ts';
import { suggest } from '../policy/suggest.ts';
import { UsageError } from './io.ts';

/**
 * Reads the policy from its file.
 * @throws {UsageError} when there is none; {PolicyError} when it cannot be used.
 */
export async function readPolicyFile(file: string): Promise<Policy> {
  return loadPolicy(await readPolicyText(file), file);
}

/**
 * Reads the text of the policy's file.
 * @throws {UsageError} when there is none, or it is no text.
 */
export async function readPolicyText(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') {
      throw new UsageError(
        `policy ${file}: it cannot be read (${code}); name another one with --policy FILE`,
      );
    }
    const beside = await nearbyFile(file);
    const hint = beside
      ? `did you mean --policy ${beside}?`
      : 'name another one with --policy FILE';
    throw new UsageError(`policy ${file}: there is no such file; ${hint}`);
  }
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw new UsageError(`policy ${file}: ${(error as TypeError).message}`);
  }
}

/** A file of nearly the same name in the same folder, such as retention.yaml for retention.yml. */
async function nearbyFile(file: string): Promise<string | undefined> {
  const folder = dirname(file);
  const names = await readdir(folder).catch(() => []);
  const meant = suggest(basename(file), names);
  return meant && join(folder, meant);
}
