import { type ServiceName, type TaskRow, taskId } from '../../lib/emulator/index.ts';

/** Records of many instances; all of it follows from these numbers, so that runs can be compared. */
export interface Estate {
  readonly service: ServiceName;
  /** Records of each instance. */
  readonly sizes: readonly number[];
  /** From 0 to 1: the share of each instance's records, its oldest ones, that has expired. */
  readonly expiredShare: number;
}

/** Records older than this have expired, as the policies of the benchmark have it. */
export const KEEP_FOR_DAYS = 30;
const DAY_MS = 86_400_000;

/** Task names and users as an estate has them: few, and repeated without end. */
export const NAMES = [
  'EXTEND',
  'bindInstancePublicIp',
  'unbindInstancePublicIp',
  'masterStandbySwapJob',
  'UpdateInstanceConfig',
  'UpdateWhitelist',
  'RestartInstance',
  'BackupInstance',
  'RestoreInstance',
  'ChangePassword',
  'CreateTopic',
  'FlushDatabase',
];
export const USERS = ['ops-anna', 'ops-ben', 'terraform', 'ci-deploy', 'admin'];

/** How many of an instance's records have expired. */
export function expiredOf(size: number, share: number): number {
  return Math.round(size * share);
}

/** How many of an estate's records have expired. */
export function expiredIn({ sizes, expiredShare }: Estate): number {
  return sizes.reduce((sum, size) => sum + expiredOf(size, expiredShare), 0);
}

/**
 * The records of one instance, newest first; one in ten failed.
 * @param now milliseconds since the epoch.
 */
export function recordsOf(size: number, share: number, now: number): TaskRow[] {
  const young = size - expiredOf(size, share);
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

/** As many records on each of so many instances. */
export function evenly(instances: number, records: number): number[] {
  return Array.from({ length: instances }, () => records);
}
