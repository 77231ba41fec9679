import type { Clock } from '../http/clock.ts';
import { Queue } from './queue.ts';

/** Something that is done in turns, and may hold memory between two of them. */
export interface TakesTurns {
  /** @returns true once it is finished. */
  turn(othersWait: () => boolean): Promise<boolean>;
  /** The amount that it holds, in whatever is counted; it may change with each turn. Nothing, when absent. */
  readonly held?: number;
}

export interface TurnsOptions<T> {
  /** How many have their turn at once. */
  readonly concurrency: number;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Once so much is held, those that have begun go first, until it is less. No bound, when absent. */
  readonly most?: number;
  /** Is called with each item after its last turn. */
  readonly finished: (item: T) => void;
}

/**
 * Gives each item its turns until all are finished: first those that have not begun, then the others one after the
 * other, so that a long one does not keep others waiting. Before each turn the event loop turns: a turn may send
 * nothing, and no signal would be seen while thousands of those follow each other.
 */
export async function takeTurns<T extends TakesTurns>(
  items: readonly T[],
  { concurrency, clock, most = Number.POSITIVE_INFINITY, finished }: TurnsOptions<T>,
): Promise<void> {
  const fresh = new Queue(items);
  const begun = new Queue<T>();
  let held = 0;
  const next = () =>
    held < most ? (fresh.take() ?? begun.take()) : (begun.take() ?? fresh.take());
  const othersWait = () => fresh.length + begun.length > 0;
  const seat = async () => {
    for (let item = next(); item; item = next()) {
      held -= item.held ?? 0;
      await clock.sleep(0);
      if (await item.turn(othersWait)) finished(item);
      else {
        held += item.held ?? 0;
        begun.push(item);
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, seat));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}
