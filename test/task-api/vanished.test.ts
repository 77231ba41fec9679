import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SERVICES } from '../../lib/model/services.ts';
import { IncompleteListError, type Page } from '../../lib/task-api/list-progress.ts';
import { readRows } from './read-rows.ts';

interface Row {
  /** The later it came, the higher. */
  readonly at: number;
  readonly id?: string;
}

/** What happens before a request is answered: rows vanish from a place on, or come on top. */
interface Change {
  readonly request: number;
  readonly place: number;
  readonly vanish: number;
  readonly come: number;
}

interface Live {
  readonly rows: readonly Row[];
  readonly limit: number;
  /** The server's own limit. */
  readonly longestPage: number;
  readonly changes: readonly Change[];
  readonly pastTheEnd: 'empty' | 'unknown';
  /** What a page says of the count. */
  readonly told: Told;
  readonly atOnce?: number | undefined;
}

/** @param counts the true one of each request so far. */
type Told = (counts: readonly number[], skip: number, rows: number) => number | undefined;

const nowOf = (counts: readonly number[]) => counts.at(-1) as number;

const COUNTS: Record<string, Told> = {
  exact: nowOf,
  'absent where there are no rows': (counts, _, rows) => (rows > 0 ? nowOf(counts) : undefined),
  '0 where there are no rows': (counts, _, rows) => (rows > 0 ? nowOf(counts) : 0),
  'that of the request before': (counts) => counts.at(-2) ?? nowOf(counts),
  'one too low': (counts) => Math.max(0, nowOf(counts) - 1),
  'each page’s own': (_counts, _skip, rows) => rows,
  'there on the first page only': (counts, skip) => (skip === 0 ? nowOf(counts) : undefined),
  absent: () => undefined,
};

/** Those that are true wherever a page has rows. */
const TRUE_COUNTS = ['exact', 'absent where there are no rows', '0 where there are no rows'];

/** Reads a live list, and remembers what happened to it. */
async function readLive(live: Live) {
  const { rows, limit, longestPage, changes, pastTheEnd, told, atOnce } = live;
  let table = [...rows];
  let newest = rows.length;
  /** The true count at each request. */
  const counts: number[] = [];
  /** The request that asked for the top last. */
  let top = 0;
  const shownAt = new Map<Row, number>();
  const goneAt = new Map<Row, number>();
  /** The latest request whose answer told what had vanished, by its count, or since it had none of the rows counted. */
  let toldAt = 0;
  let lastTold = 0;
  const found = new Map<string, Row>();
  const fetchPage = async (skip: number): Promise<Page> => {
    const request = counts.length + 1;
    if (skip === 0) top = request;
    for (const { place, vanish, come } of changes.filter((change) => change.request === request)) {
      for (const row of table.splice(place, vanish)) goneAt.set(row, request);
      newest += come;
      table = [...newestFirst(newest, come), ...table];
    }
    counts.push(table.length);
    const page = table.slice(skip, skip + Math.min(limit, longestPage));
    for (const row of page) shownAt.set(row, request);
    if (page.length === 0 && skip > 0 && pastTheEnd === 'unknown') {
      return { rows: [], pastTheEnd: true };
    }
    const total = told(counts, skip, page.length);
    if (total === table.length || (page.length === 0 && skip < lastTold)) toldAt = request;
    if (total !== undefined && page.length > 0) lastTold = total;
    return { rows: page, total };
  };
  const end = await readRows<Row>({
    paging: { ...SERVICES.dcs.tasks, limit, pastTheEnd },
    fetchPage,
    found,
    ...(atOnce !== undefined && { sideBySide: { mayAsk: () => atOnce, mayBeNew: () => false } }),
  }).catch((error: unknown) => {
    expect(error).toBeInstanceOf(IncompleteListError);
    return undefined;
  });
  return {
    end,
    requests: counts.length,
    found: [...found.values()],
    there: table,
    /** Rows that have vanished, and no answer told it since. */
    untold: [...goneAt.keys()].filter((row) => (goneAt.get(row) ?? 0) > toldAt),
    /** Rows that vanished after the last reading had shown them, whether an answer told it or not. */
    unnoticed: [...goneAt.keys()].filter((row) => (shownAt.get(row) ?? 0) >= top),
  };
}

/** So many rows, of which the first came at `newest`; one in so many has no id. */
function newestFirst(newest: number, length: number, unnamed = Number.POSITIVE_INFINITY): Row[] {
  return Array.from({ length }, (_, place) => {
    const at = newest - place;
    return at % unnamed === 0 ? { at } : { at, id: `r${at}` };
  });
}

const byAge = (one: Row, other: Row) => other.at - one.at;

/**
 * Rows that must stay, since they are among the newest that are there, and would be deleted.
 * @param excused rows that have vanished, and may stand among the newest all the same.
 */
function doomedOf(
  { end, found, there }: Awaited<ReturnType<typeof readLive>>,
  keepLast: number,
  excused: readonly Row[],
): Row[] {
  if (!end) return [];
  const kept = new Set(found.sort(byAge).slice(0, keepLast + end.vanished));
  const mustStay = [...there, ...excused].sort(byAge).slice(0, keepLast);
  return mustStay.filter((row) => row.id !== undefined && found.includes(row) && !kept.has(row));
}

test.each(Object.entries(COUNTS))(
  'of the rows that are there the newest stay, where others vanish, and the count is %s',
  async (name, told) => {
    const change = fc.record({
      request: fc.integer({ min: 2, max: 20 }),
      place: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 12 })),
      vanish: fc.nat({ max: 8 }),
      come: fc.constantFrom(0, 0, 0, 1),
    });
    // A page that has neither a count nor an id on each row does not tell enough.
    const unnamed = name === 'there on the first page only' ? [undefined] : [undefined, 4, 2, 1];
    const lives = fc.record({
      rows: fc
        .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(...unnamed))
        .map(([length, every]) => newestFirst(length, length, every)),
      limit: fc.integer({ min: 3, max: 10 }),
      longestPage: fc.constantFrom(4, 8, 1_000),
      changes: fc.array(change, { maxLength: 6 }),
      pastTheEnd: fc.constantFrom('empty' as const, 'unknown' as const),
      told: fc.constant(told),
      atOnce: fc.constantFrom(undefined, 1, 4),
    });
    await fc.assert(
      fc.asyncProperty(lives, fc.integer({ min: 1, max: 6 }), async (live, keepLast) => {
        const outcome = await readLive(live);
        // A row that comes as another vanishes hides it from the count.
        const isTold = TRUE_COUNTS.includes(name) && live.changes.every(({ come }) => come === 0);
        const excused = isTold ? outcome.untold : outcome.unnoticed;
        expect(doomedOf(outcome, keepLast, excused)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  },
);

const QUIET = {
  limit: 3,
  longestPage: 3,
  changes: [],
  pastTheEnd: 'empty',
  told: () => undefined,
} as const satisfies Partial<Live>;
const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id).sort();

test.each(TRUE_COUNTS)(
  'of the rows that are there the newest stay, whenever the newest three vanish three times, and the count is %s',
  async (name) => {
    const vanishing = (request: number) => ({ request, place: 0, vanish: 3, come: 0 });
    for (let first = 2; first <= 5; first += 1) {
      for (let second = first + 1; second <= 9; second += 1) {
        for (let third = second + 1; third <= 14; third += 1) {
          for (const length of [23, 24, 25, 26]) {
            const live = await readLive({
              ...QUIET,
              rows: newestFirst(length, length),
              changes: [first, second, third].map(vanishing),
              told: COUNTS[name] as Told,
            });
            const doomed = doomedOf(live, 3, live.untold);
            expect({ first, second, third, length, doomed }).toEqual({
              first,
              second,
              third,
              length,
              doomed: [],
            });
          }
        }
      }
    }
  },
);

test('one has vanished where a list shows one row less of those that hold the same', async () => {
  const rows = [{ at: 9 }, { at: 9 }, ...newestFirst(8, 8)];
  const { end, found } = await readLive({
    ...QUIET,
    rows,
    changes: [{ request: 6, place: 0, vanish: 1, come: 0 }],
  });
  expect(end?.vanished).toBe(1);
  expect(found).toHaveLength(10);
});

test('a list without a count is read again as long as a reading brings what was passed over', async () => {
  const rows = newestFirst(10, 10);
  const { end, found, requests } = await readLive({
    ...QUIET,
    limit: 2,
    rows,
    // Rows 6 and 5 are passed over in the first reading, row 6 again in the second.
    changes: [
      { request: 3, place: 0, vanish: 2, come: 0 },
      { request: 7, place: 0, vanish: 1, come: 0 },
    ],
  });
  expect(end?.vanished).toBe(3);
  expect(idsOf(found)).toEqual(idsOf(rows));
  expect(requests).toBe(5 + 5 + 5);
});

test('a list without a count is read no third time where rows have only come on top', async () => {
  const { found, requests } = await readLive({
    ...QUIET,
    rows: newestFirst(10, 10),
    changes: [4, 6].map((request) => ({ request, place: 0, vanish: 0, come: 1 })),
  });
  expect(found).toHaveLength(12);
  expect(requests).toBe(5 + 5);
});

test('a list without a count is read a third time where a whole page was passed over at its top', async () => {
  const { end, requests } = await readLive({
    ...QUIET,
    rows: newestFirst(9, 9),
    // The first page, and with it the next that would have been the first; then two of the second reading.
    changes: [
      { request: 2, place: 0, vanish: 3, come: 0 },
      { request: 6, place: 0, vanish: 2, come: 0 },
    ],
  });
  expect(end?.vanished).toBe(5);
  expect(requests).toBe(3 + 3 + 3);
});

test.each([3, 1_000])(
  'a list without a count is read again also where its first page, of three, seems to be all, and %i may be',
  async (limit) => {
    const rows = newestFirst(4, 4);
    const { found } = await readLive({
      ...QUIET,
      limit,
      rows,
      changes: [{ request: 2, place: 0, vanish: 1, come: 0 }],
    });
    expect(idsOf(found)).toEqual(idsOf(rows));
  },
);

test('pages side by side are not believed where one repeats a row without an id', async () => {
  const rows = [...newestFirst(6, 2), { at: 4 }, ...newestFirst(3, 3)];
  const { found } = await readLive({
    ...QUIET,
    rows,
    changes: [{ request: 2, place: 0, vanish: 0, come: 1 }],
    told: (counts) => (counts.length <= 2 ? 6 : nowOf(counts)),
    atOnce: 2,
  });
  expect(idsOf(found)).toEqual(expect.arrayContaining(idsOf(newestFirst(3, 3))));
});
