import type { TaskRow } from './task-row.ts';

interface Entry {
  row: unknown;
  /** `created_at` in milliseconds; NaN where a malformed row has none that can be read. */
  createdAt: number;
  live: boolean;
  /** Another row with the same id: only a test that wants trouble makes one. */
  twin: Entry | undefined;
}

/** Bounds on `created_at` in milliseconds, both inclusive to the second. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The live table of one instance, newest first. Deleting is O(1): a deleted row leaves a hole, and
 * the holes are closed when the table is next read, so that 200,000 rows can go one by one.
 */
export class TaskTable {
  #entries: Entry[] = [];
  #byId = new Map<string, Entry>();
  #holes = 0;

  constructor(rows: readonly unknown[] = []) {
    this.set(rows);
  }

  /** Replaces all rows. Rows of the same age keep their order; unreadable ages come last. */
  set(rows: readonly unknown[]): void {
    this.#byId.clear();
    this.#entries = rows.map((row) => this.#register(row));
    this.#entries.sort(newestFirst);
    this.#holes = 0;
  }

  /** Puts a row where its `created_at` belongs, before others of the same age. */
  add(row: unknown): void {
    const entry = this.#register(row);
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (newestFirst(this.#entries[middle] as Entry, entry) < 0) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
  }

  /** The row with this id, when there is one. */
  get(id: string): TaskRow | undefined {
    return this.#byId.get(id)?.row as TaskRow | undefined;
  }

  /** Takes the row out; false when there was none. */
  remove(id: string): boolean {
    let entry = this.#byId.get(id);
    if (entry === undefined) return false;
    this.#byId.delete(id);
    for (; entry !== undefined; entry = entry.twin) {
      entry.live = false;
      this.#holes += 1;
    }
    return true;
  }

  /** Gives the row another status; false when there is none with this id. */
  mark(id: string, status: string): boolean {
    const entry = this.#byId.get(id);
    if (entry === undefined) return false;
    entry.row = { ...(entry.row as object), status };
    return true;
  }

  /** One page, and how many rows match in all. */
  page(skip: number, limit: number, range?: TimeRange): { total: number; rows: unknown[] } {
    const entries = this.#matching(range);
    const rows = entries.slice(skip, skip + limit).map((entry) => entry.row);
    return { total: entries.length, rows };
  }

  /** All rows, newest first. */
  rows(): TaskRow[] {
    return this.#matching().map((entry) => entry.row as TaskRow);
  }

  #register(row: unknown): Entry {
    const { id, created_at: created } = (row ?? {}) as { id?: unknown; created_at?: unknown };
    const createdAt = typeof created === 'string' ? Date.parse(created) : Number.NaN;
    const entry: Entry = { row, createdAt, live: true, twin: undefined };
    if (typeof id === 'string') {
      entry.twin = this.#byId.get(id);
      this.#byId.set(id, entry);
    }
    return entry;
  }

  #matching(range?: TimeRange): Entry[] {
    if (this.#holes > 0) {
      this.#entries = this.#entries.filter((entry) => entry.live);
      this.#holes = 0;
    }
    if (range === undefined) return this.#entries;
    return this.#entries.filter(({ createdAt }) => {
      const second = Math.floor(createdAt / 1000) * 1000;
      return second >= range.from && second <= range.to;
    });
  }
}

function newestFirst(a: Entry, b: Entry): number {
  if (Number.isNaN(a.createdAt)) return Number.isNaN(b.createdAt) ? 0 : 1;
  if (Number.isNaN(b.createdAt)) return -1;
  return b.createdAt - a.createdAt;
}
