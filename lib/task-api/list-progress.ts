import { JanitorError } from '../model/error.ts';
import type { Paging } from '../model/services.ts';

/** One page as the service sent it. */
export interface Page {
  readonly rows: readonly unknown[];
  /** How many rows were asked for, where it is not the limit of the list. */
  readonly limit?: number | undefined;
  /** Rows in the whole list, as the service counts them; absent when it does not say. */
  readonly total?: number | undefined;
  /** The service refused to look past the end of its list. */
  readonly pastTheEnd?: boolean;
  /** When it was read, by the service's clock, in milliseconds since the epoch. */
  readonly serverTime?: number | undefined;
}

/** Whether a page shows more rows than the whole list has by its own count. */
export function isUndercounted({ rows, total }: Page, skip: number): boolean {
  return total !== undefined && rows.length > 0 && total < skip + rows.length;
}

/** The list is not known to be complete. */
export class IncompleteListError extends JanitorError {
  override readonly name = 'IncompleteListError';

  constructor(message: string) {
    super('incomplete', message);
  }
}

/** Requests in a row that may bring the reading no nearer to the end of the list. */
const MAX_STALLED = 20;
/** How many times one reading may receive all rows that are known. */
const MOST_REPEATED = 3;

/**
 * How far one reading of a live list, newest rows first, has come, and where it goes on.
 *
 * Rows that appear meanwhile push the others down, which costs nothing but reading some twice. Rows
 * that vanish pull the others up, past the next page; the count then falls by at least as many rows
 * as were passed over, so reading goes on from that much further up, and pages overlap while it
 * lasts. Without a count none of that can be noticed, and only a page without rows is the end.
 */
export class ListProgress {
  readonly #paging: Paging;
  readonly #readsToNothing: boolean;
  /** Rows that were asked for with the latest page. */
  #limit: number;
  /** All rows before this place have been read. */
  #covered = 0;
  /** How many of them are asked for again. */
  #overlap = 0;
  #total: number | undefined;
  /** The latest count, credible or not. */
  #told = 0;
  #fallen = 0;
  /** Rows of the longest page: a service may send fewer than were asked for. */
  #longest = 0;
  /** Whether the latest page that had rows told the count. */
  #isCounted = false;
  /** Whether a count was too low: then no lower one than before is believed. */
  #isDoubted = false;
  /** How many pages repeated the one before. */
  #repeated = 0;
  #latest: { readonly skip: number; readonly first: string | undefined } | undefined;
  #pastEnd: { readonly skip: number; readonly total: number } | undefined;
  /** The least distance from the end so far. */
  #nearest = Number.MAX_SAFE_INTEGER;
  #stalled = 0;
  /** Rows that were sent; a page without rows counts as a whole one. */
  #sent = 0;
  #known = 0;

  /** @param readsToNothing whether only a page without rows is the end: an earlier list of the same rows was undercounted. */
  constructor(paging: Paging, readsToNothing: boolean) {
    this.#paging = paging;
    this.#readsToNothing = readsToNothing;
    this.#limit = paging.limit;
  }

  /** Rows before the page to ask for. */
  get skip(): number {
    return Math.max(0, this.#covered - this.#overlap);
  }

  /** Rows in the whole list; `undefined` where the service has not said it credibly. */
  get total(): number | undefined {
    return this.#total;
  }

  /**
   * By how many rows the count has fallen, all in all: so many that were read may have vanished since. Others may have been
   * passed over in their place, so that none seems to be missing. A count that is too low falls as well. Where the list ends
   * too early by a count that only an earlier page told, a page of rows may have vanished.
   */
  get fallen(): number {
    return this.#fallen;
  }

  /** Whether nothing shows that rows have vanished while it was read. */
  get isQuiet(): boolean {
    return this.#fallen === 0 && this.#pastEnd === undefined;
  }

  /** Whether no count shows that rows were passed over, on the way from page to page, or that there are any. */
  get isBlind(): boolean {
    return this.#total === undefined || this.#isDoubted;
  }

  /**
   * Takes in the page that was asked for; true when it is the last one.
   * @throws {IncompleteListError} when the list does not come nearer to its end.
   */
  add(page: Page, { first, news, known }: Advance): boolean {
    const { rows, limit, total } = page;
    const { skip } = this;
    this.#limit = limit ?? this.#limit;
    const before = this.#total;
    this.#known = known;
    this.#longest = Math.max(this.#longest, rows.length);
    const isTooLow = isUndercounted(page, skip);
    const isPastRows = skip > 0 && rows.length === 0;
    // One that is each page's own length tells nothing of the list.
    const isOwnLength = total === rows.length && (isTooLow || isPastRows);
    const isBelieved = total !== undefined && !isTooLow && !isOwnLength;
    // Later ones may be too low as well.
    this.#isDoubted ||= isTooLow;
    if (rows.length > 0) this.#isCounted = isBelieved;
    if (isBelieved) this.#total = this.#isDoubted ? Math.max(total, before ?? 0) : total;
    this.#checkRepetition(skip, first, news, this.#total === before);

    if (total !== undefined && !isOwnLength) {
      this.#fallen += Math.max(0, this.#told - total);
      this.#told = total;
    }
    const vanished = Math.max(0, (before ?? 0) - (this.#total ?? before ?? 0));
    this.#covered = Math.max(0, this.#covered - vanished);
    this.#overlap = vanished > 0 ? Math.min(2 * vanished, this.#limit >> 1) : this.#overlap >> 1;
    // More rows may have been passed over than the pages overlap: then the gap is read first.
    const contiguous = skip <= this.#covered;
    if (contiguous) this.#covered = Math.max(this.#covered, skip + rows.length);
    if (contiguous && rows.length === 0) return this.#endsAt(skip);
    if (contiguous && this.#isEnd(rows.length, isBelieved)) return true;
    this.#checkProgress(news);
    this.#checkSent(rows.length);
    return false;
  }

  /**
   * The service refused to look past the end of its list; true when there is nothing more to ask
   * for, and the count, if there is one, is too high.
   * @throws {IncompleteListError} when the list does not come nearer to its end.
   */
  pastTheEnd(): boolean {
    return this.#endsAt(this.skip);
  }

  /** There are no rows from there on. */
  #endsAt(skip: number): boolean {
    const total = this.#total;
    if (skip === 0 || total === undefined || this.#covered >= total) return true;
    this.#checkSent(0);
    if (this.#pastEnd?.skip === skip && this.#pastEnd.total === total) {
      if (!this.#isCounted) this.#fallen += this.#longest;
      return true;
    }
    this.#pastEnd = { skip, total };
    // A page's worth of rows has vanished, or more: further up, the count tells how many.
    this.#overlap = Math.max(2 * (this.#covered - skip), this.#longest || this.#limit);
    return false;
  }

  #isEnd(length: number, isCounted: boolean): boolean {
    const total = this.#total;
    if (total === undefined || !isCounted || this.#readsToNothing) return false;
    // Where a page past the end is harmless, a count that may be the page's own length is not believed.
    const isFull = length >= this.#limit;
    if (isFull && this.#paging.pastTheEnd === 'empty' && total === length) return false;
    return this.#covered >= total;
  }

  #checkRepetition(skip: number, first: string | undefined, news: number, still: boolean): void {
    const latest = this.#latest;
    this.#latest = { skip, first };
    if (!latest || skip <= latest.skip || news > 0 || first === undefined) return;
    if (first !== latest.first || !still) return;
    // A row that comes on top pushes the only one of a page onto the next.
    this.#repeated += 1;
    if (this.#repeated === 1 && skip === latest.skip + 1) return;
    throw new IncompleteListError(
      `the page after ${skip} rows repeats the one before: the service ignores "${this.#paging.parameter}"`,
    );
  }

  #checkProgress(news: number): void {
    // Beyond what is counted, only a new row is nearer to the end.
    const isCounted = this.#total !== undefined && this.#covered <= this.#total;
    const left = isCounted ? (this.#total as number) - this.#covered : this.#nearest - news;
    this.#stalled = left < this.#nearest ? 0 : this.#stalled + 1;
    this.#nearest = Math.min(this.#nearest, left);
    if (this.#stalled >= MAX_STALLED) throw changesTooFast();
  }

  /** A count that falls with each page would make any list seem to come nearer to its end. */
  #checkSent(rows: number): void {
    this.#sent += rows || this.#limit;
    if (this.#sent > MOST_REPEATED * this.#known + MAX_STALLED * this.#limit) {
      throw changesTooFast();
    }
  }
}

function changesTooFast(): IncompleteListError {
  return new IncompleteListError('the list changes faster than it can be read');
}

/** How far a page has brought the reading. */
export interface Advance {
  /** Id of its first row; where it is `undefined`, a repeated page is not noticed. */
  readonly first: string | undefined;
  /** How many of its rows the reading had not shown before. */
  readonly news: number;
  /** All rows that are known now. */
  readonly known: number;
}
