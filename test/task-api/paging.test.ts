import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SERVICES } from '../../lib/model/services.ts';
import { IncompleteListError, type Page } from '../../lib/task-api/list-progress.ts';
import { RowBudget } from '../../lib/task-api/row-budget.ts';
import { readRows } from './read-rows.ts';

type Paging = (typeof SERVICES)[keyof typeof SERVICES]['tasks'];

const DIALECTS = [
  ['dcs', SERVICES.dcs.tasks],
  ['dcs-v1', SERVICES['dcs-v1'].tasks],
  ['kafka', SERVICES.kafka.tasks],
] as const satisfies readonly (readonly [string, Paging])[];

/** A change of the table between two pages. */
interface Change {
  /** Rows that appear at the top. */
  readonly appear: number;
  /** Rows that vanish, by their place in the table at that moment. */
  readonly vanish: readonly number[];
}

interface TableOptions {
  readonly rows: number;
  readonly paging: { readonly limit: number; readonly pastTheEnd: 'empty' | 'unknown' };
  /** Happen before the second, third, … page. */
  readonly changes?: readonly Change[];
  /** The server's own limit. */
  readonly longestPage?: number;
  readonly count?: (total: number, page: number) => number | undefined;
  /** Pages in flight at most; absent: one page after the other. */
  readonly atOnce?: number | undefined;
  /** How long the server takes for the first, second, … page, in turns: pages overtake each other. */
  readonly takes?: readonly number[];
}

/** So many pages at once, and no row that may be new. */
const sideBySide = (pages: number) => ({ mayAsk: () => pages, mayBeNew: () => false });

/** A live table, newest first, and what was read of it. */
async function readTable(options: TableOptions) {
  const { paging, changes = [], longestPage = Number.POSITIVE_INFINITY } = options;
  const { count = (total) => total, takes = [], atOnce } = options;
  let table = Array.from({ length: options.rows }, (_, index) => `old-${index}`);
  const stayed = new Set(table);
  const skips: number[] = [];
  let born = 0;
  let asked = 0;
  let inFlight = 0;
  let peak = 0;
  const fetchPage = async (skip: number): Promise<Page> => {
    inFlight += 1;
    peak = Math.max(peak, inFlight);
    for (let turns = takes[asked++ % takes.length] ?? 0; turns > 0; turns -= 1) await null;
    inFlight -= 1;
    const change = skips.length > 0 ? changes[skips.length - 1] : undefined;
    if (change) {
      const doomed = new Set(change.vanish.map((place) => table[place % table.length]));
      for (const id of doomed) stayed.delete(id as string);
      table = table.filter((id) => !doomed.has(id));
      const newcomers = Array.from({ length: change.appear }, () => `new-${born++}`);
      table = [...newcomers, ...table];
    }
    skips.push(skip);
    if (skip > 0 && skip >= table.length && paging.pastTheEnd === 'unknown') {
      return { rows: [], pastTheEnd: true };
    }
    const rows = table.slice(skip, skip + Math.min(paging.limit, longestPage));
    return { rows, total: count(table.length, rows.length) };
  };
  const found = new Map<string, string>();
  const reading = readRows<string>({
    paging: { ...SERVICES.dcs.tasks, ...paging },
    fetchPage,
    found,
    ...(atOnce !== undefined && {
      sideBySide: { mayAsk: () => atOnce, mayBeNew: (row) => row.startsWith('new-') },
    }),
  });
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return {
    found: [...found.keys()],
    skips,
    peak,
    error,
    missing: [...stayed].filter((id) => !found.has(id)),
  };
}

const MODES = DIALECTS.flatMap(([name, paging]) =>
  [undefined, 1, 8].map((atOnce) => [name, atOnce, paging] as const),
);

describe.each(MODES)('a list of %s that nobody touches, %s pages at once', (_, atOnce, paging) => {
  const { limit } = paging;
  const takes = atOnce ? [7, 1, 3, 12, 5] : [];
  const sizes = [0, 1, limit - 1, limit, limit + 1, 2 * limit, 1_000, 1_001, 2_345, 10_000];

  test.each(sizes)('is read whole, with no request too many, when it has %i rows', async (rows) => {
    const { found, skips, error } = await readTable({ rows, paging, atOnce, takes });
    expect(error).toBeUndefined();
    expect(found.sort()).toEqual(Array.from({ length: rows }, (_, index) => `old-${index}`).sort());
    // On DCS it is not certain that the count is the whole list's: one full page may not be all.
    const doubt = paging.pastTheEnd === 'empty' && rows === limit ? 1 : 0;
    expect(skips).toHaveLength(Math.max(1, Math.ceil(rows / limit)) + doubt);
  });

  test('is read to its end when the service sends shorter pages than asked for', async () => {
    const { found, skips, error } = await readTable({
      rows: 333,
      paging,
      longestPage: 25,
      atOnce,
      takes,
    });
    expect(error).toBeUndefined();
    expect(found).toHaveLength(333);
    expect(skips).toHaveLength(14);
  });

  test.each([0, 1, limit, limit + 1, 2_345])(
    'is read whole without a count, %i rows',
    async (rows) => {
      const { found, error } = await readTable({
        rows,
        paging,
        count: () => undefined,
        atOnce,
        takes,
      });
      expect(error).toBeUndefined();
      expect(found).toHaveLength(rows);
    },
  );

  test('is read whole without a count and in short pages', async () => {
    const options = { rows: 120, paging, count: () => undefined, longestPage: 50, atOnce, takes };
    const { found, error } = await readTable(options);
    expect(error).toBeUndefined();
    expect(found).toHaveLength(120);
  });

  test('is incomplete when the service counts more rows than it shows', async () => {
    const { error, found } = await readTable({
      rows: 250,
      paging,
      count: (total) => total + 1,
      atOnce,
    });
    expect(error).toBeInstanceOf(IncompleteListError);
    expect((error as Error).message).toBe(
      'only 250 rows could be read, fewer than the service counts',
    );
    expect(found).toHaveLength(250);
  });

  test('is read whole when the count is there on some pages only', async () => {
    let asked = 0;
    const count = (total: number) => (asked++ % 2 === 0 ? total : undefined);
    const { error, found } = await readTable({ rows: 2_345, paging, count, atOnce });
    expect(error).toBeUndefined();
    expect(found).toHaveLength(2_345);
  });
});

test.each([undefined, 8])(
  'a count that is each page’s own length does not end a list of DCS early (%s pages at once)',
  async (atOnce) => {
    for (const rows of [999, 1_000, 1_001, 2_000, 2_500, 2_999, 5_678]) {
      const count = (_: number, page: number) => page;
      const { found, error } = await readTable({ rows, paging: SERVICES.dcs.tasks, count, atOnce });
      expect(error).toBeUndefined();
      expect(found).toHaveLength(rows);
    }
  },
);

describe('a service that does not follow the page position', () => {
  test.each([undefined, 500])(
    'makes the list incomplete at once, its count being %s',
    async (total) => {
      let requests = 0;
      const fetchPage = async (): Promise<Page> => {
        requests += 1;
        return { rows: Array.from({ length: 100 }, (_, index) => `row-${index}`), total };
      };
      await expect(readRows({ fetchPage })).rejects.toThrow(
        'the page after 100 rows repeats the one before: the service ignores "start"',
      );
      expect(requests).toBe(2);
    },
  );

  test('is noticed even where its rows have no ids, and never endless', async () => {
    let requests = 0;
    const fetchPage = async (): Promise<Page> => {
      requests += 1;
      return { rows: Array.from({ length: 100 }, () => ({})) };
    };
    await expect(readRows({ fetchPage })).rejects.toThrow(IncompleteListError);
    expect(requests).toBeLessThan(100);
  });
});

describe('rows without an id', () => {
  test('are told apart by their place', async () => {
    const rows = [null, {}, null, { id: 'a' }];
    const found = new Map<string, { id?: string } | null>();
    await readRows({ fetchPage: async () => ({ rows, total: 4 }), found });
    expect([...found.keys()]).toEqual(['\uD8000', '\uD8001', '\uD8002', 'a']);
  });

  /** Reads a list of which each request finds the next state; the last one stays. Two rows a page. */
  const readStates = async (...states: { id?: string; progress?: number }[][]) => {
    const found = new Map<string, { id?: string; progress?: number }>();
    await readRows({
      paging: { ...SERVICES.kafka.tasks, limit: 2 },
      fetchPage: async (skip) => {
        const rows = (states.length > 1 ? states.shift() : states[0]) ?? [];
        return { rows: rows.slice(skip, skip + 2), total: rows.length };
      },
      found,
    });
    return [...found.values()];
  };

  test('are found once where they change while others move them to the next page', async () => {
    const old = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
    const young = [{ id: 'x' }, { id: 'y' }];
    const rows = await readStates(
      [{ progress: 1 }, ...old],
      [...young, { progress: 2 }, ...old],
      [...young, { progress: 3 }, ...old],
    );
    expect(rows).toHaveLength(6);
    expect(rows).toEqual(expect.arrayContaining([{ progress: 1 }, ...old, ...young]));
  });

  test('are found on a later page, too, where rows have moved and none was known before', async () => {
    const old = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, {}, { progress: 1 }];
    const rows = await readStates(old, [{ id: 'x' }, ...old]);
    expect(rows).toHaveLength(6);
    expect(rows).toEqual(expect.arrayContaining([{ id: 'x' }, ...old]));
  });

  const lists = fc.record({
    kinds: fc.array(fc.constantFrom('null', 'empty', 'id'), { minLength: 1, maxLength: 60 }),
    // Twenty pages of equal rows, without a count, are given up as endless.
    limit: fc.integer({ min: 3, max: 10 }),
    atOnce: fc.constantFrom(undefined, 1, 4),
    isCounted: fc.boolean(),
  });

  test('are all counted, however equal, on whichever pages they stand', async () => {
    await fc.assert(
      fc.asyncProperty(lists, async ({ kinds, limit, atOnce, isCounted }) => {
        const made = { null: null, empty: {} };
        const rows = kinds.map((kind, place) => (kind === 'id' ? { id: `${place}` } : made[kind]));
        const total = isCounted || atOnce !== undefined ? rows.length : undefined;
        const found = new Map<string, { id?: string } | null>();
        await readRows({
          paging: { ...SERVICES.kafka.tasks, limit },
          fetchPage: async (skip) => ({ rows: rows.slice(skip, skip + limit), total }),
          found,
          ...(atOnce && { sideBySide: sideBySide(atOnce) }),
        });
        const sorted = (some: Iterable<unknown>) =>
          [...some].map((row) => JSON.stringify(row)).sort();
        expect(sorted(found.values())).toEqual(sorted(rows));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a list that changes while it is read', () => {
  const change = (limit: number) =>
    fc.record({
      appear: fc.nat({ max: limit - 1 }),
      vanish: fc.array(fc.nat({ max: 2_000 }), { maxLength: limit }),
    });
  const scenario = fc
    .record({
      limit: fc.constantFrom(4, 10, 50),
      pastTheEnd: fc.constantFrom('empty' as const, 'unknown' as const),
    })
    .chain((paging) =>
      fc.record({
        paging: fc.constant(paging),
        rows: fc.nat({ max: 12 * paging.limit }),
        // In pages of two, the longest of these lists would need 594 requests.
        longestPage: fc.option(
          fc.integer({ min: Math.max(2, paging.limit / 10), max: paging.limit }),
          { nil: undefined },
        ),
        changes: fc.array(change(paging.limit), { maxLength: 12 }),
        atOnce: fc.constantFrom(undefined, 1, 2, 8),
        takes: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 12 }),
      }),
    );

  test('is never taken for complete when a row is missing that was there all the time', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (options) => {
        const { error, missing, skips } = await readTable(options);
        if (error !== undefined) expect(error).toBeInstanceOf(IncompleteListError);
        else expect(missing).toEqual([]);
        expect(skips.length).toBeLessThan(400);
      }),
      { numRuns: 600 },
    );
  });

  test('is read whole when rows only vanish, however many', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (options) => {
        const changes = options.changes.map(({ vanish }) => ({ appear: 0, vanish }));
        const { error, missing } = await readTable({ ...options, changes });
        expect(error).toBeUndefined();
        expect(missing).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('is read whole when fewer rows appear than a page has', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ longestPage: _, ...options }) => {
        const changes = options.changes.map(({ appear }) => ({ appear, vanish: [] }));
        const { error, missing } = await readTable({ ...options, changes });
        expect(error).toBeUndefined();
        expect(missing).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('is read whole after most of it has vanished', async () => {
    const vanish = Array.from({ length: 8_000 }, (_, place) => place);
    const changes = [...Array<Change>(120).fill({ appear: 0, vanish: [] }), { appear: 0, vanish }];
    const paging = SERVICES.kafka.tasks;
    const { error, missing } = await readTable({ rows: 20_000, paging, changes });
    expect(error).toBeUndefined();
    expect(missing).toEqual([]);
  });

  test('is read whole, or given up, when a page of rows comes and goes with each request', async () => {
    const changes = Array.from({ length: 5_000 }, (_, index): Change => {
      const grows = index % 2 === 0;
      return grows
        ? { appear: 100, vanish: [] }
        : { appear: 0, vanish: Array.from({ length: 100 }, (_, place) => place) };
    });
    const paging = SERVICES.kafka.tasks;
    const { error, missing, skips } = await readTable({ rows: 5_000, paging, changes });
    if (error === undefined) expect(missing).toEqual([]);
    else expect(error).toBeInstanceOf(IncompleteListError);
    expect(skips.length).toBeLessThan(500);
  });

  test('is given up when it grows faster than it can be read', async () => {
    const changes = Array<Change>(5_000).fill({ appear: 150, vanish: [] });
    const paging = SERVICES.kafka.tasks;
    const { error, skips } = await readTable({ rows: 5_000, paging, changes });
    expect(error).toEqual(new IncompleteListError('the list changes faster than it can be read'));
    expect(skips.length).toBeLessThan(100);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('the memory for what lists hold', () => {
  const GIGABYTE = 2 ** 30;

  test('is that of a million rows with 200 characters, and 900 with their JSON', () => {
    expect(new RowBudget(undefined, 4 * GIGABYTE).open().take(1_000_000, 200e6)).toBe(true);
    expect(new RowBudget(undefined, 4 * GIGABYTE).open().take(1_000_000, 200e6, 700e6)).toBe(true);
  });

  test('is no more where the machine has more', () => {
    expect(new RowBudget(undefined, 64 * GIGABYTE).open().take(1_000, 300e6)).toBe(false);
    expect(new RowBudget(undefined, 64 * GIGABYTE).open().take(1_000, 200e6, 900e6)).toBe(false);
  });

  test('is less where the machine has less', () => {
    expect(new RowBudget(undefined, GIGABYTE / 4).open().take(1_000, 60e6)).toBe(true);
    expect(new RowBudget(undefined, GIGABYTE / 4).open().take(1_000, 30e6, 40e6)).toBe(false);
  });
});

describe('a list without an end', () => {
  const textOf = (row: unknown) => (row as { text: string }).text.length;

  test.each([
    ['more rows', new RowBudget(1_000), 500],
    ['more text', new RowBudget(1_000_000, 4 * 14_000), 0],
  ])('is given up once the lists being read hold %s than they may', async (_, budget, others) => {
    budget.open().take(others, 0);
    let next = 0;
    const found = new Map<string, { id: string }>();
    const rows = budget.open();
    const reading = readRows({
      paging: SERVICES.dcs.tasks,
      fetchPage: async () => ({
        rows: Array.from({ length: 100 }, () => ({ id: `row-${1_000 + next++}`, text: '1234567' })),
      }),
      read: (row) => ({ id: (row as { id: string }).id, time: 5 }),
      holdText: others > 0 ? () => 0 : (_, row) => textOf(row),
      found,
      rows,
    });
    await expect(reading).rejects.toThrow(
      'hold more rows, or longer ones, than memory is meant for',
    );
    // Eight characters of the id, and seven beside.
    expect(found.size).toBe(others > 0 ? 501 : Math.floor(14_000 / 15) + 1);
    rows.release();
    expect(budget.open().take(1, 14_000 - 10)).toBe(true);
  });

  test('is given up where its rows grow whenever they are read again', async () => {
    const budget = new RowBudget(1_000_000, 4 * 100_000);
    const found = new Map<string, { id: string; name: string }>();
    let size = 0;
    const reading = readRows({
      paging: { ...SERVICES.dcs.tasks, limit: 2 },
      fetchPage: async () => {
        size += 1_000;
        return { rows: ['a', 'b'].map((id) => ({ id, name: 'x'.repeat(size) })), total: 100 };
      },
      found,
      rows: budget.open(),
    });
    await expect(reading).rejects.toThrow(IncompleteListError);
    expect([...found.values()].map(({ name }) => name.length)).toEqual([size, size]);
    expect(budget.open().take(0, 100_000 - 2 * (size + 1))).toBe(true);
    expect(budget.open().take(0, 1)).toBe(false);
  });

  test('takes no memory for what only tells rows without an id apart', async () => {
    const collect = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = collect();
    let most = 0;
    let page = 0;
    await readRows({
      paging: { ...SERVICES.dcs.tasks, limit: 10 },
      fetchPage: async () => {
        page += 1;
        most = Math.max(most, page % 100 === 0 ? collect() - before : 0);
        const rows = Array.from({ length: page < 200 ? 10 : 0 }, (_, at) => ({
          text: `${page}-${at}`.repeat(10_000),
        }));
        return { rows, total: 1_990 };
      },
      read: () => ({}),
    });
    // Of some 100 MB that were read.
    expect(most).toBeLessThan(10_000_000);
  });

  const repeats = fc.record({
    distinct: fc.integer({ min: 1, max: 60 }),
    longest: fc.integer({ min: 0, max: 60 }),
    limit: fc.integer({ min: 1, max: 50 }),
    refuses: fc.boolean(),
    counts: fc.array(
      fc.oneof(fc.constant(undefined), fc.nat({ max: 200 }), fc.constantFrom(1e6, 1e12)),
      { minLength: 1, maxLength: 5 },
    ),
    step: fc.constantFrom(0, -1, 1),
    atOnce: fc.constantFrom(undefined, 4),
  });

  test('is given up soon where the service repeats rows for ever, whatever it counts', async () => {
    await fc.assert(
      fc.asyncProperty(repeats, async (lie) => {
        const { distinct, longest, limit, refuses, counts, step, atOnce } = lie;
        let asked = 0;
        const reading = readRows<string>({
          paging: { ...SERVICES.kafka.tasks, limit },
          fetchPage: async (skip) => {
            asked += 1;
            if (asked > 20_000) throw new Error('endless');
            const count = counts[asked % counts.length];
            const total = count === undefined ? undefined : Math.max(0, count + step * asked);
            if (refuses && skip > 0 && asked % 3 === 0) return { rows: [], pastTheEnd: true };
            const length = Math.min(limit, longest, distinct);
            const place = (index: number) => `row-${(asked + index) % distinct}`;
            return { rows: Array.from({ length }, (_, index) => place(index)), total };
          },
          ...(atOnce && { sideBySide: sideBySide(atOnce) }),
        });
        await reading.catch((error) => expect(error).toBeInstanceOf(IncompleteListError));
        // Five readings, of which each may be sent all rows three times, and twenty pages more.
        expect(asked).toBeLessThan(5 * (3 * distinct + 20 * limit + 2) + 10);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a count that contradicts itself', () => {
  const paging = { ...SERVICES.dcs.tasks, limit: 100 };
  /** As many rows as a table has, and the counts that are told one after another. */
  const readCounted = (rows: number, counts: readonly (number | undefined)[]) => {
    const left = [...counts];
    return readTable({ rows, paging, count: () => (left.length > 1 ? left.shift() : left[0]) });
  };

  test.each([
    ['too low, then higher with no rows', 100, [50, 300]],
    ['too low, then higher than what comes', 200, [50, 500]],
    ['high, then too low', 200, [500, 150, undefined]],
  ])('(%s) is not taken for complete', async (_, rows, counts) => {
    const { error } = await readCounted(rows, counts);
    expect(error).toBeInstanceOf(IncompleteListError);
  });

  test('too low for a moment is read to its end', async () => {
    const { error, found } = await readCounted(200, [200, 199, 200]);
    expect(error).toBeUndefined();
    expect(found).toHaveLength(200);
  });
});

describe('pages side by side', () => {
  const paging = SERVICES.kafka.tasks;

  test('are as many as may be in flight, and no more', async () => {
    for (const atOnce of [1, 3, 32]) {
      const { peak, error } = await readTable({ rows: 10_000, paging, atOnce, takes: [9] });
      expect(error).toBeUndefined();
      expect(peak).toBe(atOnce);
    }
  });

  test('are more as soon as more may be', async () => {
    let pages = 0;
    let inFlight = 0;
    let peak = 0;
    await readRows({
      paging,
      fetchPage: async (skip) => {
        pages += 1;
        inFlight += 1;
        peak = Math.max(peak, inFlight);
        await null;
        await null;
        inFlight -= 1;
        return { rows: Array.from({ length: 100 }, (_, index) => `${skip + index}`), total: 5_000 };
      },
      sideBySide: { mayAsk: () => (pages < 10 ? 1 : 16), mayBeNew: () => false },
    });
    expect(pages).toBe(50);
    expect(peak).toBe(16);
  });

  test('are not believed where a row vanishes and another appears while they are in flight', async () => {
    // The last page is read before the row at the top appears, the second after it: the row between them
    // would be on neither, although as many rows come back as are counted.
    const paging4 = { limit: 2, pastTheEnd: 'unknown' } as const;
    for (const takes of [
      [0, 9, 1],
      [0, 1, 9],
      [0, 5, 5],
    ]) {
      const { error, missing } = await readTable({
        rows: 6,
        paging: paging4,
        changes: [
          { appear: 0, vanish: [] },
          { appear: 3, vanish: [3, 4, 5] },
        ],
        atOnce: 8,
        takes,
      });
      expect({ error, missing }).toEqual({ error: undefined, missing: [] });
    }
  });

  test.each([
    [
      'two pages',
      [{ id: 'a' }, { id: 'twin', state: 'old' }],
      [{ id: 'twin', state: 'young' }, { id: 'b' }],
    ],
    [
      'one page',
      [
        { id: 'twin', state: 'old' },
        { id: 'twin', state: 'young' },
      ],
      [{ id: 'a' }, { id: 'b' }],
    ],
    [
      'one page, which hold the same',
      [
        { id: 'twin', state: 'old' },
        { id: 'twin', state: 'old' },
      ],
      [{ id: 'a' }, { id: 'b' }],
    ],
  ])(
    'leave a doubt about two rows of one id on %s, although the list is read anew and shows only one',
    async (_, ...pages) => {
      const readings = [...pages, [{ id: 'twin', state: 'old' }, { id: 'b' }]];
      const totals = [4, 3, 2];
      const found = new Map<string, { id: string; state?: string }>();
      await readRows({
        changed: (row) => ({ ...row, state: 'doubtful' }),
        paging: { ...SERVICES.dcs.tasks, limit: 2 },
        fetchPage: async () => ({ rows: readings.shift() ?? [], total: totals.shift() ?? 2 }),
        found,
        sideBySide: sideBySide(1),
      });
      expect([...found.values()]).toEqual([{ id: 'twin', state: 'doubtful' }, { id: 'b' }]);
    },
  );

  test('leave a doubt about a row that was another one before the list was read anew, and hold it once', async () => {
    const readings = [
      [{ id: 'a' }, { id: 'b', state: 'young' }, {}],
      [{ id: 'c' }],
      [{ id: 'a' }, { id: 'b', state: 'old' }, {}],
      [{ id: 'c' }],
    ];
    const totals = [4, 5, 4, 4];
    const budget = new RowBudget(4, 4 * 15);
    const found = new Map<string, { id?: string; state?: string }>();
    await readRows({
      rows: budget.open(),
      changed: (row) => ({ ...row, state: 'doubtful' }),
      paging: { ...SERVICES.dcs.tasks, limit: 3 },
      fetchPage: async () => ({ rows: readings.shift() ?? [], total: totals.shift() ?? 4 }),
      found,
      sideBySide: sideBySide(1),
    });
    const rows = [{ id: 'a' }, { id: 'b', state: 'doubtful' }, {}, { id: 'c' }];
    expect([...found.values()]).toEqual(rows);
    expect(budget.open().take(0, 4)).toBe(true);
    expect(budget.open().take(0, 1)).toBe(false);
  });

  test('of a service that does not follow the position are given up after those in flight', async () => {
    let requests = 0;
    const reading = readRows({
      paging,
      fetchPage: async () => {
        requests += 1;
        return { rows: Array.from({ length: 100 }, (_, index) => `row-${index}`), total: 50_000 };
      },
      sideBySide: sideBySide(8),
    });
    await expect(reading).rejects.toThrow('the service ignores "start"');
    expect(requests).toBeLessThanOrEqual(1 + 8 + 2);
  });

  test('end with the first error; nothing is asked for after it', async () => {
    let requests = 0;
    const reading = readRows({
      paging,
      fetchPage: async (skip) => {
        requests += 1;
        if (skip >= 300) throw new Error(`page ${skip}`);
        return {
          rows: Array.from({ length: 100 }, (_, index) => `${skip + index}`),
          total: 50_000,
        };
      },
      sideBySide: sideBySide(4),
    });
    await expect(reading).rejects.toThrow('page 300');
    expect(requests).toBeLessThanOrEqual(1 + 8);
  });
});

/** Reads a list of which `live` tells the rows for each page, five at once, and `told` the count. */
function readLive(
  live: (page: number) => readonly object[],
  told: (rows: number, there: number) => number | undefined = (_, there) => there,
) {
  let pages = 0;
  return readRows<{ id?: string }>({
    paging: { ...SERVICES.kafka.tasks, limit: 5 },
    fetchPage: async (skip) => {
      pages += 1;
      const all = live(pages);
      const rows = all.slice(skip, skip + 5);
      return { rows, total: told(rows.length, all.length) };
    },
  });
}

const ROWS = Array.from({ length: 20 }, (_, at) => ({ id: `r${at}` }));
const withoutThree = (page: number) => (page === 1 ? ROWS : ROWS.slice(3));

test.each([
  ['none, where nobody touches it', () => ROWS, undefined, 0],
  ['three', withoutThree, undefined, 3],
  ['three, where the count does not fall', withoutThree, () => 20, 3],
  [
    'three, where the count is one too low',
    withoutThree,
    (_: number, there: number) => there - 1,
    3,
  ],
  ['three, where there is no count', withoutThree, () => undefined, 3],
  [
    'five, where two vanish between two readings, and others come',
    (page: number) =>
      page < 7 ? withoutThree(page) : [{ id: 'a' }, { id: 'b' }, { id: 'c' }, ...ROWS.slice(5)],
    undefined,
    5,
  ],
  [
    'none, where others have come in their place',
    (page: number) => (page === 1 ? ROWS : [{ id: 'a' }, { id: 'b' }, ...ROWS.slice(2)]),
    undefined,
    0,
  ],
  ['none, where the count is each page’s own', () => ROWS, (rows: number) => rows, 0],
])(
  'a list tells how many of its rows have vanished while it was read: %s',
  async (_, live, total, vanished) => {
    await expect(readLive(live, total)).resolves.toMatchObject({ vanished });
  },
);

describe('a list of which the service counts too few', () => {
  /** Of 23 rows in pages of five; `told` is the count on each. */
  function readCounted(
    told: (page: number) => number | undefined,
    { isUndercounted = false, emptyPage = 0, atOnce = 0 } = {},
  ) {
    const all = Array.from({ length: 23 }, (_, at) => `r${at}`);
    const found = new Map<string, string>();
    const skips: number[] = [];
    const end = readRows<string>({
      paging: { ...SERVICES.kafka.tasks, limit: 5 },
      fetchPage: async (skip) => {
        skips.push(skip);
        const rows = skips.length === emptyPage ? [] : all.slice(skip, skip + 5);
        return { rows, total: told(skips.length) };
      },
      found,
      isUndercounted,
      ...(atOnce > 0 && { sideBySide: sideBySide(atOnce) }),
    });
    return { end, found, skips };
  }

  test.each([
    ['on all pages', () => 21, true],
    ['on those that have a count', (page: number) => (page === 2 ? undefined : 21), true],
    ['nowhere', () => 23, false],
    ['on one page, as if a row had come just then', (page: number) => (page === 1 ? 4 : 23), true],
  ])('says so at its end: %s', async (_, told, isUndercounted) => {
    const { end, found } = readCounted(told);
    await expect(end).resolves.toEqual({ vanished: 0, isUndercounted });
    expect(found.size).toBe(23);
  });

  test('says so too where only pages side by side showed it, and the list was begun anew', async () => {
    const { end } = readCounted((page) => (page <= 3 ? 21 : page <= 5 ? 20 : 23), { atOnce: 4 });
    await expect(end).resolves.toEqual({ vanished: 0, isUndercounted: true });
  });

  test.each([0, 3])(
    'is read to a page without rows the next time, and once more, with %i at once',
    async (atOnce) => {
      const next = readCounted(() => 20, { isUndercounted: true, atOnce });
      await expect(next.end).resolves.toEqual({ vanished: 0, isUndercounted: true });
      const once = [0, 5, 10, 15, 20, 23];
      // Twice, since no count tells whether rows were passed over.
      expect(next.skips).toEqual([...once, ...once]);
    },
  );

  test('is incomplete all the same where a page without rows comes before so many were read', async () => {
    const next = readCounted(() => 20, { isUndercounted: true, emptyPage: 3 });
    await expect(next.end).resolves.toMatchObject({ isUndercounted: true });
    expect(next.found.size).toBe(23);
    const never = readCounted(() => 30, { isUndercounted: true });
    await expect(never.end).rejects.toThrow('fewer than the service counts');
  });
});

describe('a list of 23 rows of which the four newest vanish before the third request', () => {
  const all = Array.from({ length: 23 }, (_, at) => `r${at}`);

  /** @param told the count on a page. */
  async function readShrinking(
    told: (page: { request: number; rows: number; there: number }) => number,
  ) {
    const found = new Map<string, string>();
    let request = 0;
    const end = await readRows<string>({
      paging: { ...SERVICES.kafka.tasks, limit: 5 },
      fetchPage: async (skip) => {
        request += 1;
        const there = request < 3 ? all : all.slice(4);
        const rows = there.slice(skip, skip + 5);
        return { rows, total: told({ request, rows: rows.length, there: there.length }) };
      },
      found,
    });
    return { end, found: [...found.keys()] };
  }

  test.each([5, 6])('is read whole where the count lags until request %i', async (counted) => {
    const { end, found } = await readShrinking(({ request, there }) =>
      request < counted ? 23 : there,
    );
    expect(found.sort()).toEqual([...all].sort());
    expect(end).toEqual({ vanished: 4, isUndercounted: false });
  });

  test('tells of them although a later count is too low, which may mean that more have vanished', async () => {
    const { end } = await readShrinking(({ request, rows, there }) =>
      request > 6 && rows < 5 ? 17 : there,
    );
    expect(end).toEqual({ vanished: 4 + 2, isUndercounted: true });
  });
});

test.each([
  [0, 0, 1, 0],
  [1, 0, 2, 1],
  [9, 0, 2, 2],
  [9, 9, 3, 3],
])(
  'a list is read until nothing vanishes, or no more rows are found, or three times: one vanishes in %i readings, one comes before %i',
  async (vanishing, coming, readings, vanished) => {
    const all = Array.from({ length: 40 }, (_, at) => ({ id: `r${at}` }));
    let tops = 0;
    const end = await readRows<{ id?: string }>({
      paging: { ...SERVICES.kafka.tasks, limit: 20 },
      fetchPage: async (skip) => {
        if (skip === 0) tops += 1;
        if (skip === 0 && tops > 1 && tops <= coming) all.unshift({ id: `new ${tops}` });
        const rows = all.slice(skip, skip + 20);
        const total = all.length;
        if (skip === 0 && tops <= vanishing) all.shift();
        return { rows, total };
      },
    });
    expect(tops).toBe(readings);
    expect(end.vanished).toBe(vanished);
  },
);

test.each([
  ['each page’s own length', (rows: number) => rows],
  [
    '1,000 at most, and none past the end',
    (rows: number, all: number) => (rows > 0 ? Math.min(all, 1_000) : 0),
  ],
  ['one too few, and none past the end', (rows: number, all: number) => (rows > 0 ? all - 1 : 0)],
])('nothing has vanished where the count is %s', async (_, told) => {
  for (const length of [999, 1_000, 1_250, 2_500]) {
    const all = Array.from({ length }, (_unused, at) => `r${at}`);
    const found = new Map<string, string>();
    let requests = 0;
    const end = await readRows<string>({
      paging: SERVICES.dcs.tasks,
      fetchPage: async (skip) => {
        requests += 1;
        const rows = all.slice(skip, skip + 1_000);
        return { rows, total: told(rows.length, length) };
      },
      found,
    });
    expect(end.vanished).toBe(0);
    expect(found.size).toBe(length);
    expect(requests).toBeLessThanOrEqual(2 * (Math.ceil(length / 1_000) + 1));
  }
});

test('rows without an id have vanished where none that holds the same is shown again; any number may change', async () => {
  const read = (row: (page: number) => object) => {
    let pages = 0;
    return readRows<{ id?: string }>({
      fetchPage: async (skip) => {
        pages += 1;
        const length = Math.max(0, Math.min(100, 2_500 - skip));
        const rows = Array.from({ length }, (_, at) =>
          at % 2 === 0 ? { id: `r${skip + at}` } : row(pages),
        );
        return { rows };
      },
    });
  };
  await expect(read(() => ({}))).resolves.toMatchObject({ vanished: 0 });
  const { vanished } = await read((page) => ({ page }));
  expect(vanished).toBeGreaterThan(1_000);
});

const [A, B, UNNAMED] = [{ id: 'a' }, { id: 'b' }, { at: 1 }];

test.each([
  ['loses a row without an id', [UNNAMED, A, B], [A, B]],
  ['shows its id', [UNNAMED, A, B], [{ id: 'n', at: 1 }, A, B]],
  ['loses the second of two rows with one id', [{ id: 'a', at: 1 }, A, B], [A, B]],
])('one row counts as vanished where a list without a count %s', async (_, first, second) => {
  let tops = 0;
  const end = await readRows<{ id?: string }>({
    paging: { ...SERVICES.kafka.tasks, limit: 2 },
    fetchPage: async (skip) => {
      if (skip === 0) tops += 1;
      return { rows: (tops === 1 ? first : second).slice(skip, skip + 2) };
    },
  });
  expect(end.vanished).toBe(1);
});

test.each([
  [undefined, 23, 2],
  [undefined, 0, 2],
  [0, 0, 1],
])(
  'a first page without rows, and with a count of %p, in a list of %i rows: %i readings',
  async (total, length, readings) => {
    const all = Array.from({ length }, (_, at) => `r${at}`);
    const found = new Map<string, string>();
    let tops = 0;
    await readRows<string>({
      paging: { ...SERVICES.kafka.tasks, limit: 100 },
      fetchPage: async (skip) => {
        if (skip === 0) tops += 1;
        if (tops === 1) return { rows: [], total };
        return { rows: all.slice(skip), total: length > 0 ? length : total };
      },
      found,
    });
    expect(found.size).toBe(length);
    expect(tops).toBe(readings);
  },
);

test.each([3, 5])('a list to which a row comes with every %i. request is read', async (every) => {
  const table = Array.from({ length: 500 }, (_, at) => `old-${at}`);
  const found = new Map<string, string>();
  let requests = 0;
  await readRows<string>({
    fetchPage: async (skip) => {
      requests += 1;
      if (requests % every === 0) table.unshift(`new-${requests}`);
      return { rows: table.slice(skip, skip + 100), total: table.length };
    },
    found,
    sideBySide: { mayAsk: () => 4, mayBeNew: (row) => row.startsWith('new-') },
  });
  expect([...found.keys()].filter((id) => id.startsWith('old-'))).toHaveLength(500);
  expect(requests).toBeLessThan(25);
});

test('a service that ignores the page position is known by a list of one row too', async () => {
  let requests = 0;
  const end = readRows<string>({
    fetchPage: async () => {
      requests += 1;
      return { rows: ['only one'] };
    },
  });
  await expect(end).rejects.toThrow('ignores');
  expect(requests).toBe(3);
});

test('a page of one row that repeats the one before is no proof that the page position is ignored', async () => {
  const table = ['a', 'b', 'c'];
  const end = readRows<string>({
    paging: { ...SERVICES.kafka.tasks, limit: 1 },
    fetchPage: async (skip) => {
      const rows = table.slice(skip, skip + 1);
      if (table.length === 3) table.unshift('new');
      return { rows, total: 4 };
    },
  });
  await expect(end).resolves.toMatchObject({ vanished: 0 });
});

test('a list that is begun anew since it moved is not over with a page that has no rows and no count', async () => {
  const all = Array.from({ length: 24 }, (_, at) => `r${at}`);
  const read = async (isEmpty: (top: number) => boolean) => {
    const found = new Map<string, string>();
    let tops = 0;
    await readRows<string>({
      paging: { ...SERVICES.kafka.tasks, limit: 5 },
      fetchPage: async (skip) => {
        if (skip === 0) tops += 1;
        if (skip === 0 && isEmpty(tops)) return { rows: [] };
        return { rows: all.slice(skip, skip + 5), total: tops === 1 && skip === 0 ? 23 : 24 };
      },
      found,
      sideBySide: sideBySide(3),
    });
    return found.size;
  };
  await expect(read((top) => top === 2)).resolves.toBe(24);
  // Said twice, it is believed: all may have vanished, and some services count nothing then.
  await expect(read((top) => top > 1)).resolves.toBe(0);
});

test('a page that repeats is soon given up, also where its rows have no ids and the count is near', async () => {
  let asked = 0;
  const repeating = readRows<{ id?: string }>({
    paging: SERVICES.dcs.tasks,
    fetchPage: async () => {
      asked += 1;
      return { rows: [{}, { id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }], total: 89 };
    },
  });
  await expect(repeating).rejects.toThrow(IncompleteListError);
  expect(asked).toBeLessThan(100);
});
