import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEMO_ACCESS_KEY, type Journal, type JournalEntry } from '../../lib/emulator/index.ts';
import type { Job, Report } from './compete.ts';
import { expiredIn, type Scene, startScene } from './estate.ts';
import type { OURS } from './ours.ts';
import { median, medianRatio } from './report.ts';
import type { RIVALS } from './rivals.ts';

/** The ways to clean up that are compared; page.md says what they are. */
export type ContestantName = keyof typeof OURS | keyof typeof RIVALS;

/** One round, by what its contestant reports and what the emulator saw. */
export type Round = ReturnType<typeof roundOf>;
function roundOf(report: Report, journal: Journal) {
  const since = (first?: JournalEntry) => report.endedAt - (first?.at ?? Number.NaN);
  const requests = journal.count();
  const throttled = journal.count({ status: 429 });
  const runMs = since(journal.all()[0]);
  const deletingMs = since(journal.deletes()[0]);
  return {
    ...report,
    requests,
    throttled,
    taskLists: journal.count({ operation: 'list-tasks' }),
    /** Milliseconds from the arrival of the first request, or of the first DELETE, to the end. */
    runMs,
    deletingMs,
    /** What was not throttled, and the records that are gone. */
    requestsPerSecond: (1_000 * (requests - throttled)) / runMs,
    deletesPerSecond: (1_000 * journal.count({ deleted: true })) / deletingMs,
  };
}

/** The median over rounds. */
export const medianOf = (rounds: readonly Round[], key: keyof Round) =>
  median(rounds.map((round) => round[key]));

/** The median over rounds that followed each other: what slows the machine slows both. */
export const ratioOf = (ours: readonly Round[], theirs: readonly Round[], key: keyof Round) =>
  medianRatio(ours.map((round, at) => [round[key], theirs[at]?.[key] ?? Number.NaN]));

/**
 * Contestants clean the same scenes in turns, each in a process of its own, which stays warm.
 * @param warmUp scenes that come before and are not counted.
 * @throws when one did not delete exactly what has expired: its numbers would mean nothing.
 */
export async function race<Name extends ContestantName>(
  names: readonly Name[],
  scenes: readonly Scene[],
  warmUp: readonly Scene[] = [],
): Promise<Record<Name, Round[]>> {
  const contestants = names.map((name) => {
    // Two bundles, so that none pays for what the others need.
    const file = name === 'ours' || name === 'fleet' ? 'ours.js' : 'rivals.js';
    const child = fork(join(import.meta.dirname, file), [name], { execArgv: ['--no-warnings'] });
    child.once('exit', (status) => {
      if (status !== 0) throw new Error(`the process of ${name} ended with status ${status}`);
    });
    return { name, child, rounds: [] as Round[] };
  });
  for (const scene of [...warmUp, ...scenes]) {
    for (const { name, child, rounds } of contestants) {
      const { url, journal, close } = await startScene(scene);
      child.send({ ...scene, url } satisfies Job);
      const [report] = (await once(child, 'message')) as [Report];
      await close();
      const deleted = journal.count({ deleted: true });
      const expired = expiredIn(scene);
      if (deleted !== expired) throw new Error(`${name} deleted ${deleted} of ${expired} records`);
      rounds.push(roundOf(report, journal));
    }
  }
  for (const { child } of contestants) child.disconnect();
  await Promise.all(contestants.map(({ child }) => once(child, 'exit')));
  const counted = contestants.map(({ name, rounds }) => [name, rounds.slice(warmUp.length)]);
  return Object.fromEntries(counted);
}

/** Where the built command finds the emulator's access key. */
const ENV = {
  PATH: process.env.PATH,
  HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
  HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
};

/**
 * Runs Node once, in a process of its own, and tells what it wrote; and when it first wrote and when it
 * ended, in milliseconds from its start.
 * @throws when it does not end with status 0.
 */
export async function runNode(args: readonly string[], cwd = '.', env = {}) {
  const begin = performance.now();
  const options = { cwd, env: { ...ENV, ...env }, maxBuffer: Number.POSITIVE_INFINITY };
  const running = promisify(execFile)(process.execPath, args, options);
  const { stdout, stderr } = running.child;
  let firstOutputMs = Number.POSITIVE_INFINITY;
  const note = () => {
    firstOutputMs = Math.min(firstOutputMs, performance.now() - begin);
  };
  for (const stream of [stdout, stderr]) stream?.once('data', note);
  const output = await running;
  return { ...output, firstOutputMs, endMs: performance.now() - begin };
}

/**
 * The medians of two measurements that are made in turns, and of their ratio.
 * The first round finds files uncached, and is not counted.
 */
export async function compare(
  rounds: number,
  one: () => Promise<number>,
  other: () => Promise<number>,
) {
  await one();
  await other();
  const pairs: [number, number][] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push([await one(), await other()]);
  return {
    one: median(pairs.map(([one]) => one)),
    other: median(pairs.map(([, other]) => other)),
    ratio: medianRatio(pairs),
  };
}
