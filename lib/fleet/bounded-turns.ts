import { Queue } from '../run/queue.ts';

/** Something that is done in turns, and holds memory between two of them. */
export interface TakesBoundedTurns {
  /** True once it is finished. */
  turn(): Promise<boolean>;
  /** The amount that it holds, in whatever is counted; it may change with each turn. */
  readonly held: number;
}

/**
 * Gives each job its turns, `concurrency` of them at once, until all are finished: first those that have not begun,
 * then the others one after the other, so that a long one does not keep others waiting.
 * @param most beyond this, those that have begun go first, until less is held.
 * @param finished is called with each job after its last turn.
 */
export async function takeBoundedTurns<J extends TakesBoundedTurns>(
  jobs: readonly J[],
  concurrency: number,
  most: number,
  finished: (job: J) => void,
): Promise<void> {
  const fresh = new Queue(jobs);
  const begun = new Queue<J>();
  let held = 0;
  const next = () =>
    held < most ? (fresh.take() ?? begun.take()) : (begun.take() ?? fresh.take());
  const seat = async () => {
    for (let job = next(); job; job = next()) {
      held -= job.held;
      if (await job.turn()) finished(job);
      else {
        held += job.held;
        begun.push(job);
      }
    }
  };
  const seats = await Promise.allSettled(Array.from({ length: concurrency }, seat));
  for (const end of seats) if (end.status === 'rejected') throw end.reason;
}
