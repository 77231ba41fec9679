import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEMO_ENV, type Ended } from './fake-io.ts';

const COMMAND = 'dist/task-janitor.js';

/** Builds the command where it is missing, or older than what it is built from. */
export async function buildCommand(): Promise<void> {
  const built = await stat(COMMAND).catch(() => undefined);
  const sources = await Promise.all(['lib', 'test/emulator'].map(newestIn));
  if (built && built.mtimeMs >= Math.max(...sources)) return;
  await promisify(execFile)(process.execPath, ['lib/cli/build.js']);
}

async function newestIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const times = files
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(join(file.parentPath, file.name))).mtimeMs);
  return Math.max(...(await Promise.all(times)));
}

/** The built command, as a process of its own. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once standard error holds the text. */
  complained(text: string): Promise<void>;
}

export function start(...words: string[]): Running {
  const env = { PATH: process.env.PATH, ...DEMO_ENV };
  const child = spawn(process.execPath, [COMMAND, ...words], { env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const readers: (() => void)[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const read of readers) read();
  });
  return {
    process: child,
    ended: new Promise((resolve) => {
      child.once('close', (status) => resolve({ status: status ?? -1, stdout, stderr }));
    }),
    complained: (text) =>
      new Promise((resolve) => {
        const read = () => {
          if (stderr.includes(text)) resolve();
        };
        readers.push(read);
        read();
      }),
  };
}
