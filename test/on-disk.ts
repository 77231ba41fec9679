import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../lib/emulator/index.ts';
import { eachTest } from './each-test.ts';
import { cachePolicy } from './policies.ts';

/** A folder for policies, to be removed. */
export interface PolicyFolder {
  readonly path: string;
  /** Writes a file and gives its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

export async function policyFolder(): Promise<PolicyFolder> {
  const path = await mkdtemp(join(tmpdir(), 'task-janitor-'));
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name);
      await writeFile(file, content);
      return file;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** An empty folder for each test. */
export const useFolder = (): PolicyFolder => eachTest(policyFolder, (folder) => folder.remove());

/** An emulator by the real clock, and a policy for it in a file, as a user has it. */
export interface OnDisk {
  readonly emulator: Emulator;
  readonly folder: PolicyFolder;
  /** The policy's path. */
  readonly policy: string;
  close(): Promise<void>;
}

export async function startOnDisk(
  more: (emulator: Emulator) => readonly string[] = () => [],
): Promise<OnDisk> {
  const emulator = await startEmulator();
  const folder = await policyFolder();
  const policy = await folder.write('retention.yml', cachePolicy(emulator.url, more(emulator)));
  const close = async () => {
    await emulator.close();
    await folder.remove();
  };
  return { emulator, folder, policy, close };
}
