import type { Clock } from '../http/clock.ts';
import { Queue } from './queue.ts';

/** Something that is done in turns: `turn` is true once it is finished. */
export interface TakesTurns {
  turn(othersWait: () => boolean): Promise<boolean>;
}

/**
 * Gives each item its turns, `concurrency` of them at once, until all are finished. Before each, the event loop turns:
 * a turn may send nothing, and no signal would be seen while thousands of those follow each other.
 */
export async function takeTurns(
  items: readonly TakesTurns[],
  concurrency: number,
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  const waiting = new Queue(items);
  const seat = async () => {
    for (let item = waiting.take(); item; item = waiting.take()) {
      await clock.sleep(0);
      const finished = await item.turn(() => waiting.length > 0);
      if (!finished) waiting.push(item);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, seat));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}
