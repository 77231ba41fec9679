import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CleanReport, EmulatorReport } from './child.ts';
import { ENV, expiredIn, type Job, type Scene } from './estate.ts';
import type { OURS } from './ours.ts';
import type { RIVALS } from './rivals.ts';

/** The ways to clean up that are compared; page.md says what they are. */
export type ContestantName = keyof typeof OURS | keyof typeof RIVALS;

/** One round, by the contestant and by the emulator. */
export interface Round extends CleanReport, EmulatorReport {
  /** Milliseconds from the arrival of the first request, or of the first DELETE, to the end. */
  readonly runMs: number;
  readonly deletingMs: number;
}

/** A child process (child.ts, bundled beside this file) that answers one request at a time. */
function startChild<Request extends object, Answer>(name: string) {
  // A million records need more old space than Node takes by itself.
  const heap = name === 'emulator' ? ['--max-old-space-size=6000'] : [];
  const execArgv = ['--no-warnings', ...heap];
  const child = fork(join(import.meta.dirname, 'child.js'), [name], { execArgv });
  const exited = once(child, 'exit');
  const endedEarly = exited.then(([status]) => {
    throw new Error(`the process of ${name} ended early (exit status ${status})`);
  });
  endedEarly.catch(() => {});
  return {
    ask: async (request: Request): Promise<Answer> => {
      child.send(request);
      const [answer] = await Promise.race([once(child, 'message'), endedEarly]);
      if ('error' in answer) throw new Error(answer.error);
      return answer;
    },
    close: async () => {
      child.disconnect();
      await exited;
    },
  };
}

/** The emulator, in a process of its own, which serves scene after scene. */
export const startEmulatorProcess = () =>
  startChild<Scene | Record<string, never>, EmulatorReport>('emulator');

/**
 * Contestants clean the same scenes in turns, each in a process that stays warm.
 * @param warmUp scenes that come before and are not counted.
 * @throws when one did not delete exactly what has expired: its numbers would mean nothing.
 */
export async function race<Name extends ContestantName>(
  names: readonly Name[],
  { concurrency, scenes, warmUp = [] }: { concurrency: number; scenes: Scene[]; warmUp?: Scene[] },
): Promise<Record<Name, Round[]>> {
  const emulator = startEmulatorProcess();
  const contestants = names.map((name) => ({
    name,
    process: startChild<Job, CleanReport>(name),
    rounds: [] as Round[],
  }));
  for (const scene of [...warmUp, ...scenes]) {
    for (const { name, process, rounds } of contestants) {
      const { url } = await emulator.ask(scene);
      const report = await process.ask({ url, service: scene.service, concurrency });
      const seen = await emulator.ask({});
      if (seen.deleted !== expiredIn(scene)) {
        throw new Error(`${name} deleted ${seen.deleted} of ${expiredIn(scene)} records`);
      }
      const { endedAt } = report;
      const runMs = endedAt - seen.firstAt;
      rounds.push({ ...report, ...seen, runMs, deletingMs: endedAt - seen.firstDeleteAt });
    }
  }
  await Promise.all([emulator, ...contestants.map(({ process }) => process)].map((p) => p.close()));
  const counted = contestants.map(({ name, rounds }) => [name, rounds.slice(warmUp.length)]);
  return Object.fromEntries(counted);
}

/**
 * Runs Node once, in a process of its own, and tells what it wrote; and when it first wrote and when it
 * ended, in milliseconds from its start.
 * @throws when it does not end with status 0.
 */
export async function runNode(args: readonly string[], cwd = '.', env = {}) {
  const begin = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const since = () => performance.now() - begin;
  const ended = once(child, 'exit').then(([status]) => ({ status, endMs: since() }));
  let firstOutputMs = Number.POSITIVE_INFINITY;
  for (const stream of [child.stdout, child.stderr]) {
    stream.once('data', () => {
      firstOutputMs = Math.min(firstOutputMs, since());
    });
  }
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const { status, endMs } = await ended;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${errors}`);
  return { output, errors, firstOutputMs, endMs };
}
