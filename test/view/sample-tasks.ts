import { pick, seededRandom } from '../../lib/emulator/demo-random.ts';
import type { Task } from '../../lib/model/task.ts';

const DAY_MS = 86_400_000;
/** When the runs of the samples begin. */
export const NOW = Date.parse('2026-11-22T03:30:00.000Z');

let made = 0;

/** One readable record, a day old. */
export function sampleTask(overrides: Partial<Task> = {}): Task {
  made += 1;
  return {
    id: `ff80808${made.toString(16).padStart(25, '0')}`,
    status: 'SUCCESS',
    updatedAt: NOW - DAY_MS,
    name: 'EXTEND',
    user: 'ops-anna',
    createdAt: undefined,
    malformed: false,
    ...overrides,
  };
}

/** Records over half a year, more of them lately than long ago; a few are odd. */
export function sampleTasks(count: number, service: string): Task[] {
  const random = seededRandom(count + 1);
  return Array.from({ length: count }, (_, i) => {
    const age = 180 * DAY_MS * random() ** 1.5;
    const name = pick(random, [
      ['EXTEND', 3],
      ['AddWhitelist', 4],
      ['masterStandbySwapJob', 1],
      ['kafkaResetConsumerOffset', 2],
    ]);
    const status = pick(random, [
      ['SUCCESS', 80],
      ['FAILED', 15],
      ['CANCELLED', service === 'kafka' ? 5 : 0],
      ['EXECUTING', 1],
    ]);
    const user = pick(random, [
      ['ops-anna', 2],
      ['terraform', 4],
    ]);
    const time = i % 97 === 96 ? undefined : Math.round(NOW - age);
    return sampleTask({ name, status, user, updatedAt: time });
  });
}
