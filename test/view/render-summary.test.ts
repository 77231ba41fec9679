import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { type InstanceSummary, NO_RECORDS, type Summary } from '../../lib/model/summary.ts';
import { visible } from '../../lib/model/text.ts';
import { cellsOf, fold } from '../../lib/view/terminal/cells.ts';
import { renderSummary } from '../../lib/view/terminal/render-summary.ts';
import { tableOf } from '../../lib/view/terminal/table.ts';
import { terminalOf } from '../../lib/view/terminal/terminal.ts';
import { wrap } from '../../lib/view/terminal/wrap.ts';
import { tooWide } from '../cli/fake-io.ts';

const NAME = 'an-instance-whose-name-is-as-long-as-the-service-allows-it-to-be-64-char';

const instance: InstanceSummary = {
  id: '5560df16-cebf-4473-95c4-d1b573c16e79',
  name: NAME,
  outcome: 'failed',
  stoppedBy: 'unavailable',
  listed: 1_234_567,
  kept: 1_000_000,
  expired: 234_567,
  deleted: 200_000,
  alreadyGone: 34_000,
  failed: 560,
  remaining: 7,
  keptBecause: {
    running: 1,
    'within-keep-for': 900_000,
    'within-keep-last': 10,
    'status-not-selected': 99_900,
    'unknown-status': 5,
    malformed: 84,
  },
  errors: Array.from({ length: 20 }, (_, index) => ({
    taskId: `ff8080818f0a1b01000000000000000${index % 10}`,
    message: `Internal service error${index < 15 ? '' : ' of another kind'}, with words enough for a second line.`,
  })),
  errorsOmitted: 540,
};

const { id: _id, name: _name, outcome: _outcome, stoppedBy: _by, ...rest } = instance;
const { keptBecause: _because, errors: _errors, errorsOmitted: _omitted, ...counts } = rest;

const summary: Summary = {
  schemaVersion: 1,
  runId: 'run-1',
  trigger: 'cli',
  dryRun: false,
  startedAt: '2026-09-01T03:30:00.000Z',
  finishedAt: '2026-09-01T03:44:00.000Z',
  durationMs: 840_049,
  outcome: 'failed',
  totals: { targets: 2, instances: 1, ...counts },
  requests: { sent: 1_234_567, retried: 12_345, throttled: 6_789 },
  warnings: [`cache: "prod-*" under instances matches no instance, and this is a long warning`],
  targets: [
    {
      name: 'cache',
      cloud: 'huaweicloud',
      service: 'dcs',
      region: 'eu-west-101',
      outcome: 'failed',
      instances: [instance],
    },
    {
      name: 'queues',
      cloud: 'otc',
      service: 'kafka',
      region: 'eu-de',
      outcome: 'incomplete',
      error: { code: 'stopped', message: 'the instances could not be listed: no answer' },
      instances: [],
    },
    {
      name: 'empty',
      cloud: 'otc',
      service: 'kafka',
      region: 'eu-nl',
      outcome: 'complete',
      instances: [],
    },
  ],
};

const at = (columns: number) => terminalOf({ NO_COLOR: '1' }, columns);

test('a summary fits 80 columns, whatever is in it', () => {
  const text = renderSummary(summary, { terminal: at(80) });
  expect(tooWide(text)).toEqual([]);
  expect(text).toBe(
    `cache  (huaweicloud dcs eu-west-101)
  INSTANCE                    LISTED     KEPT  DELETED   GONE  FAILED  REMAINING
  an-instance-whose-name-
  is-as-long-as-the-
  service-allows-it-to-be-
  64-char                    1234567  1000000   200000  34000     560          7
    failed: stopped by unavailable
    kept: 900000 within-keep-for, 99900 status-not-selected, 84 malformed,
          10 within-keep-last, 5 unknown-status, 1 running

no instances: empty

  TOTAL                      1234567  1000000   200000  34000     560          7

1 target incomplete: the instances could not be listed: no answer (stopped)
    queues
15 records failed: Internal service error, with words enough for a second
  line.
    15 records on cache /
    an-instance-whose-name-is-as-long-as-the-service-allows-it-to-be-64-char,
    such as ff8080818f0a1b010000000000000000
5 records failed: Internal service error of another kind, with words enough
  for a second line.
    5 records on cache /
    an-instance-whose-name-is-as-long-as-the-service-allows-it-to-be-64-char,
    such as ff8080818f0a1b010000000000000005
540 more records failed; --records FILE lists each with its error

warning: cache: "prod-*" under instances matches no instance, and this is a long
         warning

Run failed in 840.0 s: 2 targets, 1 instance, 1234567 requests (12345 repeated,
6789 throttled).
`,
  );
});

test.each([40, 50, 60, 80, 220])('a summary fits %i columns', (columns) => {
  for (const verbose of [false, true]) {
    const text = renderSummary(summary, { terminal: at(columns), verbose });
    // A name that is wider than the terminal is left to it, outside of the table.
    expect(tooWide(text, columns).filter((line) => /\S \S/.test(line))).toEqual([]);
    expect(text.replaceAll(/\s/g, '')).toContain(NAME);
  }
});

test('numbers that are too wide for 40 columns side by side are written as words', () => {
  const text = renderSummary(summary, { terminal: at(40) });
  expect(text).toContain('    1234567 listed, 1000000 kept,\n    200000 deleted, 34000 gone,\n');
});

describe('a run with many instances', () => {
  const many: InstanceSummary[] = Array.from({ length: 60 }, (_, index) => ({
    ...instance,
    ...NO_RECORDS,
    id: `id-${index}`,
    name: index < 2 ? 'twin' : `name-${index}`,
    outcome: 'complete',
    listed: index,
    expired: index,
    remaining: index,
    stoppedBy: undefined,
    keptBecause: {},
    errors: [],
    errorsOmitted: 0,
  }));
  const total = (60 * 59) / 2;
  const dry: Summary = {
    ...summary,
    dryRun: true,
    outcome: 'complete',
    totals: { ...summary.totals, ...NO_RECORDS, instances: 60, listed: total, remaining: total },
    warnings: Array.from({ length: 30 }, (_, index) => `warning ${index}`),
    targets: [{ ...(summary.targets[0] as Summary['targets'][0]), instances: many }],
  };
  const namesOf = (text: string) =>
    [...text.matchAll(/^ {2}(name-\d+|twin \(id-\d\)) /gm)].map(([, name]) => name);

  test('shows the 50 with most deletions, the most first, and the sum of the others', () => {
    const text = renderSummary(dry, { terminal: at(80) });
    expect(namesOf(text)).toEqual(Array.from({ length: 50 }, (_, index) => `name-${59 - index}`));
    expect(text).toMatch(/^ {2}10 more +45 +0 +45$/m);
    expect(text).toMatch(/^ {2}TOTAL +1770 +0 +1770$/m);
    expect(text).toContain('have a row; --verbose shows all');
    expect(text).toContain('and 10 more warnings; --verbose shows all');
  });

  test('shows all when asked, and tells two of one name apart', () => {
    const text = renderSummary(dry, { terminal: at(80), verbose: true });
    expect(namesOf(text)).toHaveLength(60);
    expect(text).toContain('twin (id-0)');
    expect(text).toContain('twin (id-1)');
    expect(text).not.toContain('more');
  });

  test('has no column that is always 0 in a dry run', () => {
    const text = renderSummary(dry, { terminal: at(80) });
    expect(text).toMatch(/^ {2}INSTANCE +LISTED +KEPT +WOULD GO$/m);
    expect(text).not.toMatch(/LEFT|DELETED|HELD BACK/);
  });

  test('has no tables when it is to be quiet, but all that failed', () => {
    const text = renderSummary(summary, { terminal: at(80), quiet: true });
    expect(text).not.toContain('TOTAL');
    expect(text).toContain('target incomplete: the instances could not be listed');
    expect(text).toContain('Run failed in 840.0 s');
  });
});

test('failures that differ only in ids are one, with status, code and attempts', () => {
  const errors = Array.from({ length: 6 }, (_, index) => ({
    taskId: `ff8080818f0a1b01000000000000000${index}`,
    status: 500,
    code: 'DMS.00500000',
    attempts: 3 + (index % 3),
    message: `The task ff8080818f0a1b01000000000000000${index} is locked.`,
  }));
  const failing = { ...instance, errors, errorsOmitted: 2 };
  const [first] = summary.targets as [Summary['targets'][0]];
  const text = renderSummary(
    { ...summary, targets: [{ ...first, instances: [failing] }] },
    { terminal: at(200), quiet: true },
  );
  expect(
    text,
  ).toContain(`6 records failed: The task … is locked. (HTTP 500, DMS.00500000, 3 to 5 attempts)
    6 records on cache / ${NAME}, such as ff8080818f0a1b010000000000000000
2 more records failed; --records FILE lists each with its error
`);
});

test('an id that is none is shown harmless', () => {
  const failing = { ...instance, errors: [{ taskId: 'a\u0000b\u202e', message: 'no' }] };
  const [first] = summary.targets as [Summary['targets'][0]];
  const text = renderSummary(
    { ...summary, targets: [{ ...first, instances: [failing] }] },
    { terminal: at(200) },
  );
  expect(text).toContain('record a?b? on cache');
});

test('text is wrapped between words, and what is one word stays one', () => {
  expect(wrap('- ', 'one two', 80)).toEqual(['- one two']);
  const word = 'x'.repeat(100);
  expect(wrap('- ', `a ${word} b`, 80)).toEqual(['- a', `  ${word}`, '  b']);
  expect(wrap('', ['a b'.repeat(30), 'c d'], 80)).toEqual(['a b'.repeat(30), 'c d']);
  expect(wrap('', '订单 缓存 ok', 9)).toEqual(['订单 缓存', 'ok']);
});

test('what is counted without looking at its letters is as wide as they are', () => {
  const units = [
    'a',
    '~',
    ' ',
    '…',
    '─',
    '█',
    '░',
    '订',
    'é',
    '🇩🇪',
    '\u007f',
    '\u0301',
    '\u200b',
    '\n',
  ];
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...units), maxLength: 5 }), (text) => {
      expect(cellsOf(text)).toBe(stringWidth(text));
    }),
    { numRuns: 1_000 },
  );
});

test('a folded name is whole, and no piece is wider than its room', () => {
  const texts = fc.string({
    unit: fc.constantFrom('a', '-', '订', 'é', '🇩🇪', 'ש', ' '),
    maxLength: 80,
  });
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 40 }), (text, cells) => {
      const pieces = fold(text, cells);
      expect(pieces.join('')).toBe(text);
      for (const piece of pieces) expect(cellsOf(piece)).toBeLessThanOrEqual(cells);
    }),
  );
});

test('numbers share no line with a name from right to left, which would change their order', () => {
  const table = tableOf('NAME', ['A', 'B'], [{ name: 'מטמון', cells: [] }], at(80));
  const cells = [{ text: '12' }, { text: '3' }];
  const [name, numbers] = table.row({ name: 'מטמון', cells });
  expect(name).toBe('  מטמון');
  expect(numbers).toMatch(/^ +12 +3$/);
  expect(table.row({ name: 'cache', cells })).toHaveLength(1);
});

test('a mark stays with the separator that it is written on', () => {
  expect(fold('prod-\u0301cache', 6)).toEqual(['prod-\u0301', 'cache']);
});

test('a table may have hundreds of thousands of rows', () => {
  const row = { name: 'cache', cells: [{ text: '12' }] };
  const rows = Array.from({ length: 200_000 }, () => row);
  expect(tableOf('NAME', ['A'], rows, at(80)).row(row)).toEqual(['  cache  12']);
});

test('of the rows of a table, no more are measured than until one fills the line', () => {
  const looks = jest.spyOn(Intl.Segmenter.prototype, 'segment');
  try {
    const rows = Array.from({ length: 1_000 }, (_, i) => ({
      name: `${i}${'库'.repeat(200)}`,
      cells: [],
    }));
    tableOf('NAME', ['A'], rows, at(80));
    expect(looks.mock.calls.length).toBeLessThan(10);
  } finally {
    looks.mockRestore();
  }
});

test('control characters and changes of direction are shown, not obeyed', () => {
  expect(visible('a\u001b[31m\r\n\u202eb')).toBe('a?[31m???b');
});

describe('a terminal', () => {
  test.each([
    [{}, undefined, 80],
    [{}, 132, 132],
    [{}, 12, 40],
    [{ COLUMNS: '100' }, 132, 100],
    [{ COLUMNS: 'wide' }, 132, 132],
    [{ COLUMNS: '0' }, undefined, 80],
  ])('with %j and %p columns has %i', (env, columns, expected) => {
    expect(terminalOf(env, columns).columns).toBe(expected);
  });

  test.each([
    [{}, undefined, false],
    [{}, 80, true],
    [{ TERM: 'dumb' }, 80, false],
    [{ NO_COLOR: '1' }, 80, false],
    [{ NO_COLOR: '' }, 80, true],
    [{ FORCE_COLOR: '1' }, undefined, true],
    [{ FORCE_COLOR: '0' }, 80, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, 80, false],
  ])('with %j and %p columns has colours: %p', (env, columns, expected) => {
    expect(terminalOf(env, columns).paint('failed', 'x') !== 'x').toBe(expected);
  });
});
