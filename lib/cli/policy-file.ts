import { readFile } from 'node:fs/promises';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/schema.ts';
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
 * @throws {UsageError} when there is none.
 */
export async function readPolicyText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw new UsageError(`policy ${file}: ${problem}; name another one with --policy FILE`);
  }
}
