import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sum } from 'd3-array';
import { type Emulator, startEmulator, type TaskRow, task } from '../../lib/emulator/index.ts';
import { cachePolicy } from '../policies.ts';
import { DAY } from '../records.ts';
import { type Job, KEEP_FOR_DAYS } from './compete.ts';

/** An estate and how it is cleaned. Nothing in it is random, so that runs can be compared. */
export interface Scene extends Omit<Job, 'url'> {
  /** Records of each instance. */
  readonly sizes: readonly number[];
  /** From 0 to 1: the share of each instance's records, its oldest ones, that has expired. */
  readonly expiredShare: number;
  /** Milliseconds before any request is worked on. */
  readonly latency?: number;
  /** Requests, lists among them, that are let through within any second. */
  readonly hiddenLimit?: number;
}

/** Task names and users as an estate has them: few, and repeated without end. */
export const NAMES = `EXTEND bindInstancePublicIp unbindInstancePublicIp masterStandbySwapJob
UpdateInstanceConfig UpdateWhitelist RestartInstance BackupInstance RestoreInstance ChangePassword
CreateTopic FlushDatabase`.split(/\s/);
export const USERS = ['ops-anna', 'ops-ben', 'terraform', 'ci-deploy', 'admin'];

export const repeat = <Value>(count: number, value: Value) => Array<Value>(count).fill(value);

export const expiredIn = ({ sizes, expiredShare }: Scene) =>
  sum(sizes, (size) => Math.round(size * expiredShare));

/** The records of one instance, newest first; one in ten failed. */
export function recordsOf(size: number, expiredShare: number, now: number): TaskRow[] {
  const young = size - Math.round(size * expiredShare);
  return Array.from({ length: size }, (_, place) => {
    const days =
      place < young ? (place / size) * (KEEP_FOR_DAYS - 1) : KEEP_FOR_DAYS + 1 + place / size;
    const end = now - Math.round(days * DAY);
    return task({
      name: NAMES[place % NAMES.length],
      user_name: USERS[place % USERS.length],
      status: place % 10 === 9 ? 'FAILED' : 'SUCCESS',
      created_at: new Date(end - 90_000).toISOString(),
      updated_at: new Date(end).toISOString(),
    });
  });
}

export async function startScene(scene: Scene): Promise<Emulator> {
  const { service, sizes, expiredShare, latency, hiddenLimit: perSecond } = scene;
  const faults = perSecond === undefined ? { latency } : { latency, rateLimit: { perSecond } };
  const emulator = await startEmulator({ faults });
  const now = Date.now();
  for (const size of sizes) {
    emulator.addInstance({ service, tasks: recordsOf(size, expiredShare, now) });
  }
  return emulator;
}

/** A rule that changes no decision, so that rules cost something here, too. */
const RULES = [
  'rules:',
  "  - { match: { statuses: [FAILED], tasks: ['Restore*'] }, keepFor: 30d }",
];

/** The policy that deletes what has expired. */
export function benchPolicy({ url, service, concurrency }: Job, rules = RULES): string {
  const requests = `requests: { concurrency: ${concurrency} }`;
  return cachePolicy(url, [requests, ...rules]).replace('service: dcs', `service: ${service}`);
}

/** Writes the policy beside the bundled benchmark. @returns its path. */
export async function policyFile(job: Job): Promise<string> {
  const file = join(import.meta.dirname, 'bench.yml');
  await writeFile(file, benchPolicy(job));
  return file;
}
