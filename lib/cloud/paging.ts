import type { Paging } from './services.ts';

/** One page as the service sent it. */
export interface Page {
  readonly rows: readonly unknown[];
  /** Rows in the whole list, as the service counts them; absent when it does not say. */
  readonly total?: number | undefined;
  /** The service refused to look past the end of its list. */
  readonly pastTheEnd?: boolean;
}

/** The list is not known to be complete. */
export class IncompleteListError extends Error {
  override readonly name = 'IncompleteListError';
}

/** Times that a list is read from its top before it counts as unreadable. */
const MAX_PASSES = 5;
/** Requests in a row that may bring the reading no further down the list. */
const MAX_STALLED = 20;

/**
 * Reads a live list, newest rows first, to its end; throws when it cannot be read completely.
 *
 * Rows that appear meanwhile push the others down: what is read twice is recognised by its id, and
 * the new ones are found by reading from the top again. Rows that vanish pull the others up, past
 * the next page; the count then falls by at least as many rows as were passed over, so reading goes
 * on from that much further up, and pages overlap while it lasts.
 *
 * @param fetchPage asks for the page that begins after `skip` rows; what it throws is passed on.
 * @param keyOf the id of a row; `undefined` where it has none, and its place stands in for it.
 * @param found receives the rows by id, also when this throws. A row read twice keeps its later state.
 * @throws {IncompleteListError} when a page repeats, or fewer rows were found than are counted.
 */
export async function readList<Row>(
  paging: Paging,
  fetchPage: (skip: number) => Promise<Page>,
  read: (raw: unknown) => Row,
  keyOf: (row: Row) => string | undefined,
  found: Map<string, Row>,
): Promise<void> {
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const before = found.size;
    const total = await readPass();
    if (total === undefined || found.size >= total) return;
    if (pass > 1 && found.size === before) break;
  }
  throw new IncompleteListError(
    `only ${found.size} rows could be read, fewer than the service counts`,
  );

  /** One reading from the top to the end; returns the count that must have been reached. */
  async function readPass(): Promise<number | undefined> {
    const known = found.size;
    let covered = 0;
    let furthest = 0;
    let overlap = 0;
    let stalled = 0;
    let total: number | undefined;
    for (;;) {
      const skip = Math.max(0, covered - overlap);
      const page = await fetchPage(skip);
      if (page.pastTheEnd) return Number.POSITIVE_INFINITY;
      const news = add(page.rows, skip);
      const grown = (page.total ?? 0) - (total ?? page.total ?? 0);
      const newGround = skip > 0 && skip >= furthest && known === 0;
      if (newGround && page.rows.length > 0 && news === 0 && grown === 0) {
        throw new IncompleteListError(
          `the page after ${skip} rows repeats earlier ones: the service does not follow "${paging.parameter}"`,
        );
      }
      total = page.total;
      const vanished = Math.max(0, -grown);
      covered = Math.max(0, covered - vanished);
      const contiguous = skip <= covered;
      if (contiguous) covered = Math.max(covered, skip + page.rows.length);
      stalled = skip + page.rows.length > furthest ? 0 : stalled + 1;
      furthest = Math.max(furthest, skip + page.rows.length);
      overlap = vanished > 0 ? Math.min(2 * vanished, paging.limit >> 1) : overlap >> 1;

      if (known > 0 && total !== undefined && found.size >= total) return total;
      if (contiguous && isEnd(page, covered)) return total;
      if (stalled >= MAX_STALLED) {
        throw new IncompleteListError('the list changes faster than it can be read');
      }
    }
  }

  function add(rows: readonly unknown[], skip: number): number {
    const before = found.size;
    rows.forEach((raw, index) => {
      const row = read(raw);
      found.set(keyOf(row) ?? `row ${skip + index}`, row);
    });
    return found.size - before;
  }

  function isEnd(page: Page, covered: number): boolean {
    const full = page.rows.length >= paging.limit;
    if (page.rows.length === 0) return true;
    if (page.total === undefined) return !full;
    // Where a page past the end is harmless, a count that may be the page's own length is not believed.
    if (full && paging.pastTheEnd === 'empty' && page.total === page.rows.length) return false;
    return covered >= page.total;
  }
}
