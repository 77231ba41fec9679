import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  type TaskRow,
  taskId,
} from '../../lib/emulator/index.ts';

/** What a contestant finds; all of it follows from these numbers, so that runs can be compared. */
export interface Scene {
  readonly service: 'dcs' | 'kafka';
  /** Records of each instance. */
  readonly sizes: readonly number[];
  /** From 0 to 1: the share of each instance's records, its oldest ones, that has expired. */
  readonly expiredShare: number;
  /** Milliseconds before any request is worked on. */
  readonly latency?: number;
  /** Requests, lists among them, that are let through within any second. */
  readonly hiddenLimit?: number;
}

/** Records older than this have expired. */
export const KEEP_FOR_DAYS = 30;
export const DAY_MS = 86_400_000;

/** Task names and users as an estate has them: few, and repeated without end. */
export const NAMES = `EXTEND bindInstancePublicIp unbindInstancePublicIp masterStandbySwapJob
UpdateInstanceConfig UpdateWhitelist RestartInstance BackupInstance RestoreInstance ChangePassword
CreateTopic FlushDatabase`.split(/\s/);
export const USERS = ['ops-anna', 'ops-ben', 'terraform', 'ci-deploy', 'admin'];

/** As many records on each of so many instances. */
export const evenly = (instances: number, records: number) =>
  Array<number>(instances).fill(records);

/** How many records have expired. */
export function expiredIn({ sizes, expiredShare }: Scene): number {
  return sizes.reduce((sum, size) => sum + Math.round(size * expiredShare), 0);
}

/** The records of one instance, newest first; one in ten failed. */
export function recordsOf(size: number, expiredShare: number, now: number): TaskRow[] {
  const young = size - Math.round(size * expiredShare);
  return Array.from({ length: size }, (_, place) => {
    const days =
      place < young ? (place / size) * (KEEP_FOR_DAYS - 1) : KEEP_FOR_DAYS + 1 + place / size;
    const at = now - Math.round(days * DAY_MS);
    return {
      id: taskId(),
      name: NAMES[place % NAMES.length] as string,
      user_name: USERS[place % USERS.length] as string,
      user_id: '0b01fbb53600d4671fa8c00673c71260',
      status: place % 10 === 9 ? 'FAILED' : 'SUCCESS',
      created_at: new Date(at - 90_000).toISOString(),
      updated_at: new Date(at).toISOString(),
    };
  });
}

/** What is to be cleaned, and how many requests may be in flight meanwhile. */
export interface Job {
  readonly url: string;
  readonly service: Scene['service'];
  readonly concurrency: number;
}

/** The policy that deletes what has expired. */
export function policyText({ url, service, concurrency }: Job): string {
  return `version: 1
dryRun: false
targets:
  - name: bench
    cloud: otc
    service: ${service}
    region: eu-de
    projectId: ${DEMO_PROJECT_ID}
    endpoint: ${url}
    requests: { concurrency: ${concurrency} }
    keepFor: P${KEEP_FOR_DAYS}D
    rules:
      - name: failures-stay-longer
        match: { statuses: [FAILED], tasks: ['Restore*'] }
        keepFor: P${KEEP_FOR_DAYS}D
`;
}

/** Writes the policy to a file beside the bundled benchmark. */
export async function policyFile(job: Job): Promise<string> {
  const file = join(import.meta.dirname, 'bench.yml');
  await writeFile(file, policyText(job));
  return file;
}

/** The built command. */
export const COMMAND = 'dist/task-janitor.js';

/** Where this program finds the emulator's access key. */
export const ENV = {
  PATH: process.env.PATH,
  HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
  HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
};
