import pLimit from 'p-limit';
import { JanitorError } from '../model/error.ts';
import { instanceKey } from '../model/instance.ts';
import { type LaneEntry, readEntry } from './documents.ts';
import { type KnownInstance, type LaneFacts, type LaneNews, uniteNews } from './known.ts';
import type { FleetRun } from './messages.ts';
import type { ObjectStore } from './object-store.ts';
import { readInstances, WrittenInstances } from './written-instances.ts';

/** Objects that are read at once. */
const READS = 32;
const DIGITS = 6;
/** Lambda's longest call, and a minute for clocks that differ. */
const LONGEST_CALL_MS = 16 * 60_000;

/** The part that all entries of one call have in common. */
type Header = Pick<LaneEntry, 'runId' | 'lane' | 'round' | 'number' | 'callId' | 'until'>;

/** Everything that the log of a lane tells. */
export interface LaneState {
  /** Entries that there are: the number of the next one. */
  readonly length: number;
  readonly last: LaneEntry | undefined;
  readonly facts: LaneFacts | undefined;
  readonly instances: ReadonlyMap<string, KnownInstance>;
  /** The reason why the log, or some of its entries, could not be read. */
  readonly gap: Error | undefined;
}

/** Another call is cleaning the lane, or may be. */
export class LaneBusyError extends JanitorError {
  override readonly name = 'LaneBusyError';

  constructor(message: string) {
    super('lane-busy', message);
  }
}

/**
 * Reads as much of a lane's log as can be read: the last entry that holds everything, those after it, and the agenda of
 * its call, so that nothing that it was to do is missing.
 */
export async function readLane(
  store: ObjectStore,
  run: Pick<FleetRun, 'id' | 'dryRun'>,
  lane: number,
): Promise<LaneState> {
  const base = baseOf(run.id, lane);
  const entries = new Map<number, LaneEntry>();
  const tried = new Set<number>();
  const gaps: Error[] = [];
  const limit = pLimit(READS);
  const readOne = async (entry: number): Promise<void> => {
    // A bucket that answers nothing must not take all of the time.
    if (tried.has(entry) || gaps.length >= READS) return;
    tried.add(entry);
    const key = keyOf(base, entry);
    try {
      entries.set(entry, readEntry(await store.read(key), key, run, { lane, entry }));
    } catch (error) {
      gaps.push(error as Error);
    }
  };
  const keys = await store.list(base).catch((error) => {
    gaps.push(error);
    return [];
  });
  const there = entriesOf(base, keys);
  const length = 1 + (there.at(-1) ?? -1);
  // Missing numbers are not asked for: one stray key may seem to be the millionth entry.
  const read = async (from: number, end: number): Promise<void> => {
    const numbers = there.filter((entry) => entry >= from && entry < end);
    if (numbers.length < end - from) gaps.push(new Error(`${base} lacks entries before ${end}`));
    await Promise.all(numbers.map((entry) => limit(() => readOne(entry))));
  };
  if (length > 0) await read(length - 1, length);
  const whole = entries.get(length - 1)?.whole ?? 0;
  await read(whole, length);
  const agenda = entries.get(whole)?.agenda;
  if (agenda !== undefined) await read(agenda, agenda + 1);
  // The entries before an unreadable one may hold the same.
  if (gaps.length > 0) await read(0, length);
  const inOrder = [...entries.values()].sort((one, other) => one.entry - other.entry);
  const latest = inOrder.findLastIndex(({ facts }) => facts);
  const facts = inOrder[latest]?.facts;
  const news = inOrder.slice(latest + 1).flatMap(({ news = [] }) => news);
  const instances = readInstances(inOrder.flatMap((entry) => entry.instances));
  const known = facts && { ...facts, ...uniteNews([facts, ...news]) };
  return { length, last: inOrder.at(-1), facts: known, instances, gap: gaps[0] };
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
  #agenda: number | undefined;
  #noted = new Map<string, KnownInstance>();
  #news: (() => LaneNews) | undefined;
  readonly #written = new WrittenInstances();
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
    if (state.last?.round === header.round) this.#agenda = state.last.agenda;
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
    // Longer than a call can take: the clock that said so was wrong, and must not block the lane for ever.
    const over = last && !last.ended ? Math.min(last.until, last.at + LONGEST_CALL_MS) : 0;
    if (now() < over && over <= now() + LONGEST_CALL_MS) {
      throw new LaneBusyError(
        `another call of the function is cleaning this endpoint, until ${new Date(over).toISOString()} at the latest`,
      );
    }
    const number = last?.round === call.round ? last.number + 1 : 1;
    const own = { runId, lane, ...header, number };
    const log = new LaneLog(store, baseOf(runId, lane), now, state, own);
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

  /**
   * Writes what there is to do, before anything of it is done.
   * @param news gives what has come since it was called last, for the entries after this one.
   */
  async begin(
    facts: LaneFacts,
    instances: readonly KnownInstance[],
    news: () => LaneNews,
  ): Promise<void> {
    this.#agenda = this.#length;
    this.#news = news;
    await this.#append(instances, { facts });
  }

  /** Gives the lane back, with everything that is known of it. */
  async end(
    end: NonNullable<LaneEntry['ended']>,
    facts: LaneFacts,
    instances: readonly KnownInstance[],
  ): Promise<void> {
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
    const key = keyOf(this.#base, this.#length);
    const written = instances.map((each) =>
      more.facts ? this.#written.whole(each) : this.#written.changed(each),
    );
    const entry: LaneEntry = {
      ...this.#header,
      entry: this.#length,
      at: this.#now(),
      whole: this.#whole,
      agenda: this.#agenda,
      news: more.facts ? undefined : this.#news?.(),
      ...more,
      instances: written,
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

function keyOf(base: string, entry: number): string {
  return `${base}${String(entry).padStart(DIGITS, '0')}.json`;
}

/** The entries that there are, by their keys; other objects may lie beside them. */
function entriesOf(base: string, keys: readonly string[]): number[] {
  return keys
    .map((key) => Number.parseInt(key.slice(base.length), 10))
    .filter((entry, index) => keyOf(base, entry) === keys[index]);
}

function baseOf(runId: string, lane: number): string {
  return `runs/${runId}/lanes/${lane}/`;
}
