import type { Query } from './query.ts';
import type { ServiceName } from './services.ts';

/** The operation that a request asks for. */
export type Operation =
  | 'list-instances'
  | 'list-tasks'
  | 'show-task'
  | 'task-progress'
  | 'delete-task'
  | 'token'
  | 'projects'
  | 'agency'
  | 'unknown';

/** One request and how it was answered. */
export interface JournalEntry {
  readonly method: string;
  /** Path as it was sent, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: Query;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text, empty when there was none. */
  readonly body: string;
  readonly operation: Operation;
  /** Where the path, the query or the instance tells it. */
  readonly service?: ServiceName;
  readonly projectId?: string;
  readonly instanceId?: string;
  readonly taskId?: string;
  /** Arrival, in milliseconds by the emulator's clock. */
  readonly at: number;
  /** Status that was sent; 0 where the connection was reset, or is not answered (yet). */
  status: number;
  errorCode?: string;
  /** Whether this request took a record away, even if the answer did not say so. */
  deleted: boolean;
}

/** Values that an entry must have, or a function that decides. */
export type JournalFilter = Partial<JournalEntry> | ((entry: JournalEntry) => boolean);

/** Every request in the order of arrival. */
export class Journal {
  #entries: JournalEntry[] = [];
  readonly #capacity: number;
  #inFlight = 0;
  #peakInFlight = 0;

  /** With a capacity only about that many of the newest entries are held, to bound memory. */
  constructor(capacity = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity;
  }

  /** Used by the emulator: a request came in. Call the result when it is answered, or cannot be. */
  open(entry: JournalEntry): () => void {
    this.#inFlight += 1;
    this.#peakInFlight = Math.max(this.#peakInFlight, this.#inFlight);
    this.#entries.push(entry);
    // Twice the capacity before cutting, so that a full journal does not copy itself every time.
    if (this.#entries.length >= 2 * this.#capacity) {
      this.#entries = this.#entries.slice(-this.#capacity);
    }
    let settled = false;
    return () => {
      if (!settled) this.#inFlight -= 1;
      settled = true;
    };
  }

  /** Requests that are being worked on at this moment. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The most that were ever in flight at once. */
  get peakInFlight(): number {
    return this.#peakInFlight;
  }

  all(): JournalEntry[] {
    return [...this.#entries];
  }

  /** The entries that match, in order. */
  filter(filter: JournalFilter): JournalEntry[] {
    return this.#entries.filter(matcher(filter));
  }

  count(filter: JournalFilter = {}): number {
    const matches = matcher(filter);
    let count = 0;
    for (const entry of this.#entries) if (matches(entry)) count += 1;
    return count;
  }

  /** Every DELETE of a task, whatever its answer. */
  deletes(): JournalEntry[] {
    return this.filter({ operation: 'delete-task' });
  }

  /** Ids of the records that requests took away, in order. */
  deletedIds(): string[] {
    return this.filter({ deleted: true }).flatMap(({ taskId }) => taskId ?? []);
  }

  /** Forgets all entries, for a test with several acts. */
  clear(): void {
    this.#entries = [];
    this.#peakInFlight = this.#inFlight;
  }
}

function matcher(filter: JournalFilter): (entry: JournalEntry) => boolean {
  if (typeof filter === 'function') return filter;
  const wanted = Object.entries(filter);
  return (entry) => wanted.every(([key, value]) => entry[key as keyof JournalEntry] === value);
}
