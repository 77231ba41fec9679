import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEMO_ENV, type Ended } from './fake-io.ts';

const COMMAND = 'dist/task-janitor.js';

/** Builds the command where it is missing, or older than what it is built from. */
export async function buildCommand(): Promise<void> {
  const built = await stat(COMMAND).catch(() => undefined);
  if (built && built.mtimeMs >= (await newestIn('lib'))) return;
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
  return startWith({}, ...words);
}

/**
 * @param settings what the process has of its surroundings: more environment, or files (their descriptors) in
 * place of the pipes that its output goes to.
 */
export function startWith(
  settings: { env?: object; stdout?: number; stderr?: number },
  ...words: string[]
): Running {
  const env = { PATH: process.env.PATH, ...DEMO_ENV, ...settings.env };
  const stdio = ['pipe', settings.stdout ?? 'pipe', settings.stderr ?? 'pipe'] as const;
  const child = spawn(process.execPath, [COMMAND, ...words], { env, stdio: [...stdio] });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const readers: (() => void)[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
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
