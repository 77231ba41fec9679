import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describeWriteError } from '../files/output-file.ts';
import { describeReadError, readTextFile, TextFileError } from '../files/text-file.ts';
import { oneLine, withoutInvisible } from '../model/text.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/schema.ts';
import { suggest } from '../policy/suggest.ts';
import { UsageError } from './io.ts';

/** The policy's file where no other is named. */
export const DEFAULT_POLICY = 'retention.yml';

/** The committed output of `task-janitor schema`. */
const SCHEMA = 'retention.schema.json';

/**
 * Reads the policy from its file.
 * @throws {UsageError} when there is none; {TextFileError} when it is not UTF-8; {PolicyError} when it cannot be used.
 */
export async function readPolicyFile(file: string): Promise<Policy> {
  return loadPolicy(await readPolicyText(file), file);
}

/**
 * Reads the text of the policy's file.
 * @throws {UsageError} when there is none; {TextFileError} when it is not UTF-8.
 */
export async function readPolicyText(file: string): Promise<string> {
  try {
    return await readTextFile(file);
  } catch (error) {
    if (error instanceof TextFileError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') {
      throw new UsageError(
        `policy ${file}: ${describeReadError(error)}; name another one with --policy FILE`,
      );
    }
    const beside = await nearbyFile(file);
    const hint = beside
      ? `did you mean --policy ${beside}?`
      : 'name another one with --policy FILE.';
    throw new UsageError(
      `policy ${file}: there is no such file; ${hint} "task-janitor init" writes a first one`,
    );
  }
}

/** A file of nearly the same name in the same folder, such as retention.yaml for retention.yml. */
async function nearbyFile(file: string): Promise<string | undefined> {
  const folder = dirname(file);
  const names = await readdir(folder).catch(() => []);
  const meant = suggest(basename(file), names);
  return meant && join(folder, meant);
}

/**
 * Writes a policy to a new file. Where the schema lies beside it, its first line names that to editors.
 * @throws {UsageError} when the file is there already, or cannot be written.
 */
export async function writePolicyFile(file: string, text: string): Promise<void> {
  checkIsNew(file);
  const hasSchema = existsSync(join(dirname(file), SCHEMA));
  const comment = hasSchema ? `# yaml-language-server: $schema=./${SCHEMA}\n` : '';
  try {
    await writeFile(file, comment + text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // It has come meanwhile.
    if (code === 'EEXIST') throw alreadyThere(file);
    // What is there is ours, and not whole; the next try would find it.
    await rm(file, { force: true }).catch(() => {});
    throw new UsageError(`${file} cannot be written: ${describeWriteError(error)}`);
  }
}

/**
 * @throws {UsageError} where a policy would be written over something, or into a file that is called `-`,
 * or by a name that its own first comment could not repeat.
 */
export function checkIsNew(file: string): void {
  if (file === '-') throw new UsageError('- is no name for a policy; name a file');
  if (withoutInvisible(file) !== file) {
    throw new UsageError(
      `${oneLine(file)}: a policy's name has no control characters; name another file`,
    );
  }
  if (existsSync(file)) throw alreadyThere(file);
}

function alreadyThere(file: string): UsageError {
  return new UsageError(`${file} exists already, and is not written over; name another file`);
}
