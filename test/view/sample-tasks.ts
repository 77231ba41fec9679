import { pick, seededRandom } from '../../lib/emulator/demo-random.ts';
import type { Task } from '../../lib/model/task.ts';
import { DAY, NOW, task } from '../records.ts';

/** Records over half a year, more of them lately than long ago; a few are odd. */
export function sampleTasks(count: number, service: string): Task[] {
  const random = seededRandom(count + 1);
  return Array.from({ length: count }, (_, i) => {
    const age = 180 * DAY * random() ** 1.5;
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
    return task({ name, status, user, updatedAt: time });
  });
}
