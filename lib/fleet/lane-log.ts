import pLimit from 'p-limit';
import { JanitorError } from '../model/error.ts';
import { instanceKey } from '../model/instance.ts';
import type { KnownInstance, LaneFacts } from './known.ts';
import type { ObjectStore } from './object-store.ts';

/** Objects that are read at once. */
const READS = 32;
const DIGITS = 6;

/** One object of a lane's log. Each is written once, under the next number, by whoever comes first. */
interface LaneEntry {
  readonly round: number;
  /** Which of the round's calls wrote it, from 1. */
  readonly number: number;
  readonly callId: string;
  /** When it was written, and when its call is over at the latest: by the wall clock, in milliseconds. */
  readonly at: number;
  readonly until: number;
  /** Number of the last entry that holds everything. */
  readonly whole: number;
  /** Present once the call has ended. */
  readonly ended?: LaneEnd;
  readonly facts?: LaneFacts;
  readonly instances: readonly KnownInstance[];
}

/** The part that all entries of one call have in common. */
type Header = Pick<LaneEntry, 'round' | 'number' | 'callId' | 'until'>;

/** How a call ended. */
export interface LaneEnd {
  /** Whether another call has something to do. */
  readonly again: boolean;
}

/** Everything that the log of a lane tells. */
export interface LaneState {
  /** Entries that there are. */
  readonly length: number;
  readonly last: LaneEntry | undefined;
  readonly facts: LaneFacts | undefined;
  readonly instances: ReadonlyMap<string, KnownInstance>;
  /** The reason why some entries could not be read. */
  readonly gap: Error | undefined;
}

/** Another call is cleaning the lane, or may be. */
export class LaneBusyError extends JanitorError {
  override readonly name = 'LaneBusyError';

  constructor(message: string) {
    super('lane-busy', message);
  }
}

/** Reads as much of a lane's log as can be read. */
export async function readLane(
  store: ObjectStore,
  runId: string,
  lane: number,
): Promise<LaneState> {
  const base = baseOf(runId, lane);
  const keys = await store.list(base);
  let gap: Error | undefined;
  const limit = pLimit(READS);
  const read = async (from: number): Promise<LaneEntry[]> => {
    const entries = await Promise.all(
      keys.slice(from).map((key) =>
        limit(async () => {
          try {
            return (await store.read(key)) as LaneEntry;
          } catch (error) {
            gap ??= error as Error;
            return undefined;
          }
        }),
      ),
    );
    return entries.filter((entry) => entry !== undefined);
  };
  const last = (await read(keys.length - 1)).at(-1);
  let entries = await read(last?.whole ?? 0);
  // The entries before an unreadable one may hold the same.
  if (gap && last?.whole) entries = await read(0);
  const instances = new Map<string, KnownInstance>();
  let facts: LaneFacts | undefined;
  for (const entry of entries) {
    facts = entry.facts ?? facts;
    for (const each of entry.instances) instances.set(instanceKey(each.target, each.summary), each);
  }
  return { length: keys.length, last: entries.at(-1), facts, instances, gap };
}

/**
 * The log of one lane, for the call that has taken the lane. Entries are only ever added, and S3 lets one writer
 * create a key: a second call finds its key taken, and has lost the lane.
 */
export class LaneLog {
  readonly #store: ObjectStore;
  readonly #base: string;
  readonly #now: () => number;
  readonly #header: Header;
  #length: number;
  #whole: number;
  #noted = new Map<string, KnownInstance>();
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #broken: { readonly error: unknown } | undefined;
  /** Aborts once nothing can be written any more. */
  readonly #lost = new AbortController();

  private constructor(
    store: ObjectStore,
    base: string,
    now: () => number,
    state: LaneState,
    header: Header,
  ) {
    this.#store = store;
    this.#base = base;
    this.#now = now;
    this.#header = header;
    this.#length = state.length;
    this.#whole = state.last?.whole ?? 0;
  }

  /**
   * Takes a lane for one call, until that call has ended or must be over.
   * @throws {LaneBusyError} when another call has it.
   */
  static async take(
    store: ObjectStore,
    runId: string,
    lane: number,
    state: LaneState,
    call: { round: number; callId: string; now: () => number; until: number },
  ): Promise<LaneLog> {
    const { now, ...header } = call;
    const { last } = state;
    if (last && !last.ended && now() < last.until) {
      throw new LaneBusyError(
        `another call of the function is cleaning this endpoint, until ${new Date(last.until).toISOString()} at the latest`,
      );
    }
    const number = last?.round === call.round ? last.number + 1 : 1;
    const log = new LaneLog(store, baseOf(runId, lane), now, state, { ...header, number });
    await log.#append([]);
    return log;
  }

  /** Which of the round's calls this is, from 1. */
  get number(): number {
    return this.#header.number;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Remembers how an instance stands, to be written with the next entry. */
  note(known: KnownInstance): void {
    this.#noted.set(instanceKey(known.target, known.summary), known);
  }

  /**
   * Resolves once all that was noted before is written; what many note meanwhile is written together.
   * @throws {Error} when it could not be written, or the lane was taken by another call.
   */
  flush(): Promise<void> {
    this.#next ??= this.#writeNext();
    return this.#next;
  }

  async #writeNext(): Promise<void> {
    await this.#writing?.catch(() => {});
    this.#next = undefined;
    const noted = [...this.#noted.values()];
    this.#noted = new Map();
    this.#writing = this.#append(noted);
    await this.#writing;
  }

  /** Writes what there is to do, before anything of it is done. */
  async plan(facts: LaneFacts, instances: readonly KnownInstance[]): Promise<void> {
    await this.#append(instances, { facts });
  }

  /** Gives the lane back, with everything that is known of it. */
  async end(end: LaneEnd, facts: LaneFacts, instances: readonly KnownInstance[]): Promise<void> {
    await this.#writing?.catch(() => {});
    await this.#append(instances, { facts, ended: end, whole: this.#length });
  }

  /** Gives the lane back before its work is done. */
  async giveBack(): Promise<void> {
    await this.#writing?.catch(() => {});
    await this.#append([...this.#noted.values()], { ended: { again: true } });
  }

  async #append(instances: readonly KnownInstance[], more: Partial<LaneEntry> = {}): Promise<void> {
    if (this.#broken) throw this.#broken.error;
    const { number } = this.#header;
    const key = `${this.#base}${String(this.#length).padStart(DIGITS, '0')}.json`;
    const entry: LaneEntry = {
      ...this.#header,
      at: this.#now(),
      whole: this.#whole,
      ...more,
      instances,
    };
    try {
      if (!(await this.#store.create(key, entry))) {
        throw new LaneBusyError(
          `another call of the function has taken over this endpoint from call ${number}`,
        );
      }
      this.#whole = entry.whole;
      this.#length += 1;
    } catch (error) {
      this.#broken = { error };
      this.#lost.abort();
      throw error;
    }
  }
}

function baseOf(runId: string, lane: number): string {
  return `runs/${runId}/lanes/${lane}/`;
}
