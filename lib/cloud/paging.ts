import { IncompleteListError, ListProgress, type Page } from './list-progress.ts';
import type { Paging } from './services.ts';

/** Times that a list is read from its top before it counts as unreadable. */
const MAX_PASSES = 5;

/**
 * Reads a live list, newest rows first, to its end; throws when it cannot be read completely. What
 * is read twice is recognised by its id; where rows have appeared meanwhile, the list is read again
 * from its top.
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
    if (await readPass(pass > 1)) return;
    if (pass > 1 && found.size === before) break;
  }
  throw new IncompleteListError(
    `only ${found.size} rows could be read, fewer than the service counts`,
  );

  /**
   * One reading from the top to the end; true when as many rows were found as are counted.
   * @param again after a complete one: then it ends as soon as nothing more is missing.
   */
  async function readPass(again: boolean): Promise<boolean> {
    const progress = new ListProgress(paging);
    const allFound = () => found.size >= (progress.total ?? 0);
    for (;;) {
      const { skip } = progress;
      const page = await fetchPage(skip);
      if (page.pastTheEnd) {
        if (progress.refused()) return progress.total === undefined;
        continue;
      }
      const { first, news } = add(page.rows, skip);
      if (progress.add(page, again ? undefined : first, news)) return allFound();
      if (again && progress.total !== undefined && allFound()) return true;
    }
  }

  /** The id of the page's first row, and how many of its ids were not known. */
  function add(rows: readonly unknown[], skip: number): { first: string | undefined; news: number } {
    let first: string | undefined;
    let news = 0;
    rows.forEach((raw, index) => {
      const row = read(raw);
      const id = keyOf(row);
      if (index === 0) first = id;
      if (id !== undefined && !found.has(id)) news += 1;
      found.set(id ?? `row ${skip + index}`, row);
    });
    return { first, news };
  }
}
