import { createHash } from 'node:crypto';
import type { Paging } from '../model/services.ts';
import { IncompleteListError, isUndercounted, ListProgress, type Page } from './list-progress.ts';
import type { RowAccount } from './row-budget.ts';

/** Times that a list is read from its top before it counts as unreadable. */
const MAX_PASSES = 5;
/** Times that a list is read from its top while rows vanish. */
const MAX_RESTLESS_PASSES = 3;

/** A list, and where its rows go. */
export interface ListReading<Row> {
  readonly paging: Paging;
  /** Asks for the page that begins after `skip` rows; what it throws is passed on. */
  readonly fetchPage: (skip: number) => Promise<Page>;
  readonly read: (raw: unknown) => Row;
  /** A row that is read again, and has changed meanwhile: which state of it holds. */
  readonly changed: (row: Row, before: Row) => Row;
  /** The id of a row; `undefined` where it has none, and what it holds stands in for it. */
  readonly keyOf: (row: Row) => string | undefined;
  /** Receives the rows by id, also when the list cannot be read. A row that is read twice keeps its later state. */
  readonly found: Map<string, Row>;
  /** Counts the rows as they are found; whoever opened it releases it. */
  readonly rows: RowAccount;
  /**
   * Present where the text of fetched rows is held beside `found`. Holds that of a row, in place of that of an earlier
   * reading. Returns how many characters more are held now.
   */
  readonly holdText?: (row: Row, raw: unknown) => number;
  /** Present where pages may be asked for side by side. */
  readonly sideBySide?: SideBySide<Row>;
  /** Whether an earlier list of the same rows was: then no count says where this one ends. */
  readonly isUndercounted?: boolean | undefined;
}

/** What became known at the end of a list. */
export interface ListEnd {
  /** How many of the rows that were found have vanished meanwhile, nobody knows which. */
  readonly vanished: number;
  /** Whether a page has shown more rows than the service counted. */
  readonly isUndercounted: boolean;
}

export interface SideBySide<Row> {
  /** Pages that may be in flight now. */
  readonly mayAsk: () => number;
  /** Whether a row may have appeared after the first page was read. */
  readonly mayBeNew: (row: Row, first: Page) => boolean;
}

/**
 * Reads a live list, newest rows first, to its end; throws when it cannot be read completely. What is read twice is
 * recognised by its id. Where rows have vanished meanwhile, others may have been passed over, so the list is read again
 * from its top, until a reading shows no change, or no row that was passed over.
 *
 * Pages are asked for side by side once the first has told the count. What comes back counts only if nothing
 * moved: the same count on every page, no page shorter than it has to be, as many different rows as are counted,
 * and none beyond the first page that may have appeared meanwhile. (Rows appear on the first page, which is read
 * before all others; so the rows are those that were there then.) Otherwise the list is read page after page.
 * @throws {IncompleteListError} when a page repeats, or fewer rows were found than are counted.
 */
export async function readList<Row>(list: ListReading<Row>): Promise<ListEnd> {
  const { paging, keyOf, found, rows: account } = list;
  const readsToNothing = list.isUndercounted === true;
  const sideBySide = readsToNothing ? undefined : list.sideBySide;
  /** Rows that their id does not tell, by what they hold: under which key they were found. */
  const unnamed = new Map<string, string>();
  /** Keys under which different rows were found. They stay so where the list is read again, and shows only one of them. */
  const doubtful = new Set<string>();
  /** Rows of a reading that was thrown away, until they are read again: a row that reads otherwise then is doubtful. */
  const earlier = new Map<string, Row>();
  /** Rows in the whole list, as any reading was last told credibly. */
  let counted = 0;
  /** Rows that were found and may have vanished, as the latest reading tells. */
  let vanished = 0;
  let sawUndercount = readsToNothing;
  /** How many readings began with a page that has neither rows nor a count. */
  let emptyTops = 0;

  let first = sideBySide && (await fetchPage(0));
  if (sideBySide && first) {
    const outcome = await readSideBySide(first, sideBySide);
    if (outcome === 'complete') return listEnd();
    if (outcome === 'moving') first = undefined;
  }
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const before = found.size;
    const { isComplete, isQuiet, isBlind, hasFilledGap } = await readPass(pass > 1);
    const broughtNone = pass > 1 && found.size === before;
    // What was passed over, another reading shows; and what has vanished, it does not.
    const isSure = broughtNone || (isQuiet && (!isBlind || (pass > 1 && !hasFilledGap)));
    if (isComplete && (isSure || pass >= MAX_RESTLESS_PASSES)) return listEnd();
    // A service that counts nothing where there is nothing is believed when it says so again.
    if (pass > 1 && emptyTops === pass) return listEnd();
    if (broughtNone) break;
  }
  throw new IncompleteListError(
    `only ${found.size} rows could be read, fewer than the service counts`,
  );

  function listEnd(): ListEnd {
    return { vanished, isUndercounted: sawUndercount };
  }

  async function fetchPage(skip: number): Promise<Page> {
    const page = await list.fetchPage(skip);
    sawUndercount ||= isUndercounted(page, skip);
    return page;
  }

  /** `too-short` where one page is all, or the count is not known: then nothing but the first page was asked for. */
  async function readSideBySide(
    top: Page,
    { mayAsk, mayBeNew }: SideBySide<Row>,
  ): Promise<'complete' | 'moving' | 'too-short'> {
    const { total = 0 } = top;
    const { length } = top.rows;
    if (length === 0 || total <= length) return 'too-short';
    const reading: Reading = { unnamed: new Map(), moved: false };
    counted = total;
    add(top, reading);
    let moving = false;
    await askForAll(async (skip) => {
      const page = await fetchPage(skip);
      const { news, read } = add(page, reading);
      counted = page.total ?? counted;
      const isAsCounted =
        page.total === total && page.rows.length === Math.min(length, total - skip);
      const isNew = read.some((row) => mayBeNew(row, top));
      moving ||= !isAsCounted || isNew || news < read.length;
      return !moving;
    });
    if (!moving && found.size === total) return 'complete';
    // Begun anew: what was read of a list that moves tells nothing about its pages. That two rows had one id, it tells.
    for (const [key, row] of found) {
      const id = keyOf(row);
      if (id !== undefined && id !== key) doubtful.add(id);
      earlier.set(key, row);
    }
    found.clear();
    unnamed.clear();
    return 'moving';

    /** Asks for all further pages, so many at once; `ask` is false when the others need not be asked for. */
    function askForAll(ask: (skip: number) => Promise<boolean>): Promise<void> {
      let next = length;
      let inFlight = 0;
      let failure: unknown;
      return new Promise((resolve, reject) => {
        const fill = () => {
          while (next < total && inFlight < Math.max(1, mayAsk())) {
            inFlight += 1;
            ask(next).then(end, (error) => {
              failure ??= error;
              end(false);
            });
            next += length;
          }
          if (inFlight > 0) return;
          if (failure === undefined) resolve();
          else reject(failure);
        };
        const end = (goesOn: boolean) => {
          inFlight -= 1;
          if (!goesOn) next = total;
          fill();
        };
        fill();
      });
    }
  }

  /**
   * One reading from the top to the end, also where as many rows as are counted were found before: some of them may have
   * vanished, and others may not have been shown yet. Complete when as many were found as are counted.
   * @param again after another one.
   */
  async function readPass(again: boolean): Promise<PassEnd> {
    const progress = new ListProgress(paging, readsToNothing);
    const reading: Reading = { unnamed: new Map(), moved: again };
    let isEnough = false;
    const allFound = () => isEnough || found.size >= counted;
    const end = () => {
      vanished = Math.min(found.size, unseenIn(reading) + progress.fallen);
      const { isQuiet, isBlind } = progress;
      const { hasFilledGap = false } = reading;
      return { isComplete: allFound(), isQuiet, isBlind, hasFilledGap };
    };
    for (;;) {
      const page = first ?? (await fetchPage(progress.skip));
      first = undefined;
      if (page.pastTheEnd) {
        if (progress.pastTheEnd()) return end();
        continue;
      }
      const isTop = progress.skip === 0;
      if (isTop && page.rows.length === 0 && page.total === undefined) emptyTops += 1;
      // What was shown before may have vanished, and what is new on top would hide how much.
      if (isTop && found.size > 0) reading.shown = new Map();
      const { firstId, news } = add(page, reading);
      const isLast = progress.add(page, { first: firstId, news, known: found.size });
      counted = progress.total ?? counted;
      // What comes on top from now on is newer than this reading, and need not be in it.
      isEnough ||= again && progress.total !== undefined && allFound();
      if (isLast) return end();
    }
  }

  /** How many rows a reading has not shown that an earlier one had. Of rows that hold the same, each has to be shown again. */
  function unseenIn({ shown }: Reading): number {
    if (!shown) return 0;
    const contents = new Map(Array.from(unnamed, ([same, key]) => [key, same.split(' ')[1]]));
    const times = new Map<string, number>();
    let unseen = 0;
    for (const key of found.keys()) {
      const content = contents.get(key);
      const before = content === undefined ? 0 : countUp(times, content);
      if (before >= (shown.get(content ?? key) ?? 0)) unseen += 1;
    }
    return unseen;
  }

  /** The id of the page's first row, how many of its rows the reading has not shown yet, twins aside, and its rows. */
  function add(
    page: Page,
    reading: Reading,
  ): { firstId: string | undefined; news: number; read: readonly Row[] } {
    const read = page.rows.map(list.read);
    const ids = read.map(keyOf);
    const { total = reading.total } = page;
    reading.moved ||=
      (reading.total ?? total) !== total || ids.some((id) => id !== undefined && found.has(id));
    reading.total = total;
    // Then a row without an id that holds something new may be one that has been found, and has changed: nobody can
    // tell, so it neither completes the list nor counts among the newest.
    const mayBeKnown = reading.moved && unnamed.size > 0;
    const here = new Map<string, number>();
    let news = 0;
    for (const [index, row] of read.entries()) {
      const id = ids[index];
      const name = id ?? contentOf(page.rows[index]);
      // An id twice on one page is no row that has merely moved: each counts.
      const twin = countUp(id === undefined && !reading.moved ? reading.unnamed : here, name);
      const same = id !== undefined && twin === 0 ? id : `${twin} ${name}`;
      if (id === undefined && mayBeKnown && !unnamed.has(same)) {
        news += 1;
        continue;
      }
      const key = id === undefined ? keyOfUnnamed(same) : twin === 0 ? id : `${NO_ID}${same}`;
      // A service that repeats its first page for ever sends nothing but twins.
      const shownAs = id === undefined ? name : key;
      const isKnown = reading.shown ? reading.shown.has(shownAs) : found.has(key);
      if (twin === 0 && !isKnown) news += 1;
      if (!found.has(key)) reading.hasFilledGap = true;
      else if (!reading.isBelowTop) {
        // Rows above the one that was the top came on top of it. Where that has vanished, they may have been passed over.
        if (key === found.keys().next().value) reading.hasFilledGap = false;
        reading.isBelowTop = true;
      }
      enter(key, row, page.rows[index]);
      if (reading.shown) countUp(reading.shown, shownAs);
    }
    return { firstId: ids[0], news, read };
  }

  function enter(key: string, row: Row, raw: unknown): void {
    const known = found.get(key) ?? earlier.get(key);
    earlier.delete(key);
    if (known !== undefined && !isSame(known, row)) doubtful.add(key);
    const entered = doubtful.has(key) ? list.changed(row, known ?? row) : row;
    found.set(key, entered);
    const json = list.holdText?.(row, raw);
    if (!account.take(known === undefined ? 1 : 0, textOf(entered) - textOf(known), json)) {
      throw new IncompleteListError(
        'the lists that are being read or archived hold more rows, or longer ones, than memory is meant for; clean fewer targets at once (--target), or fewer instances (requests.concurrency)',
      );
    }
  }

  function keyOfUnnamed(content: string): string {
    const key = unnamed.get(content) ?? `${NO_ID}${unnamed.size}`;
    unnamed.set(content, key);
    return key;
  }
}

/** What is known at the end of one reading; `isQuiet` and `isBlind` as {@link ListProgress} has them. */
interface PassEnd {
  readonly isComplete: boolean;
  readonly isQuiet: boolean;
  readonly isBlind: boolean;
  /** Whether it brought rows that an earlier one had passed over, and not only such as came on top. */
  readonly hasFilledGap: boolean;
}

/** One reading of the list, as far as it tells rows without an id apart. */
interface Reading {
  /** How often a row that holds the same has been met: each is a row of its own while nothing moves. */
  readonly unnamed: Map<string, number>;
  /** Whether rows have moved: then the same content on another page may be the same row. */
  moved: boolean;
  /** Rows in the whole list, as the latest page counted them. */
  total?: number | undefined;
  /**
   * How often it has shown each row since it was last at the top, by its key, or by what it holds where it has no id; absent
   * where that is all that was found.
   */
  shown?: Map<string, number>;
  /** Whether it has shown a row that was known. */
  isBelowTop?: boolean;
  /** Whether it has shown one that was not, and that need not have come on top. */
  hasFilledGap?: boolean;
}

/** Characters of a row's own text. */
function textOf(row: unknown): number {
  let length = 0;
  // Without a list of them: there may be a million rows.
  for (const key in row as object) {
    const value = (row as Record<string, unknown>)[key];
    if (typeof value === 'string') length += value.length;
  }
  return length;
}

/** How often the key was counted before. */
function countUp(counts: Map<string, number>, key: string): number {
  const times = counts.get(key) ?? 0;
  counts.set(key, times + 1);
  return times;
}

/** Begins the keys of rows that their id does not tell: no id has half of a surrogate pair. */
const NO_ID = '\uD800';

/**
 * A digest of a row's content. The row itself may be long, and memory for telling rows apart is not counted.
 * @throws {IncompleteListError} where the row is nested more deeply than can be read.
 */
function contentOf(raw: unknown): string {
  try {
    return createHash('sha256').update(JSON.stringify(raw)).digest('base64');
  } catch {
    throw new IncompleteListError('a row is nested too deeply to be read');
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
