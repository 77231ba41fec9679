/** Something that is done in turns: `turn` is true once it is finished. */
export interface TakesTurns {
  turn(othersWait: () => boolean): Promise<boolean>;
}

/** Gives each item its turns, `concurrency` of them at once, until all are finished. */
export async function takeTurns(items: readonly TakesTurns[], concurrency: number): Promise<void> {
  const waiting = [...items];
  const seat = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      const finished = await item.turn(() => waiting.length > 0);
      if (!finished) waiting.push(item);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, seat));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}
