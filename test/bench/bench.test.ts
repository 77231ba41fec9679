import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { FIGURES, type FigureName } from './figures.ts';
import { performancePage } from './page.ts';
import { peakMemory } from './peak-memory.ts';
import { expiredIn, KEEP_FOR_DAYS, recordsOf } from './records.ts';
import { formatTarget, formatValue, type Result, sayVerdict, verdictOf } from './result.ts';
import { median, medianRatio } from './statistics.ts';
import { markdownTable, terminalRow } from './table.ts';

const NOW = Date.UTC(2026, 8, 1);
const met: Result = { figure: 'zip', value: 308.46, detail: '308,460 bytes' };
const missed: Result = { figure: 'processor-floor', value: 3.4567, detail: 'a | b' };
const skipped: Result = { figure: 'peak-ratio', skipped: 'there is no /proc' };

describe('statistics', () => {
  test('the median is the middle, or the mean of the two in the middle', () => {
    expect(median([10, 9, 1])).toBe(9);
    expect(median([4, 1, 2, 100])).toBe(3);
    expect(() => median([])).toThrow('no median of nothing');
  });

  test('ratios are taken round by round', () => {
    expect(medianRatio([2, 40, 6], [1, 10, 2])).toBe(3);
    expect(() => medianRatio([1], [1, 2])).toThrow('rounds come in pairs');
  });
});

describe('a verdict', () => {
  test.each<[FigureName, number, string]>([
    ['wall-8', 1.05, 'met'],
    ['wall-8', 1.051, 'missed'],
    ['rate-50', 0.95, 'met'],
    ['rate-50', 0.949, 'missed'],
    ['deciding', 999_999, 'missed'],
  ])('of %s at %d is %s', (figure, value, verdict) => {
    expect(verdictOf({ figure, value, detail: '' })).toBe(verdict);
  });

  test('says in plain words what was missed, and what was not measured', () => {
    expect(sayVerdict(met)).toBe('met');
    expect(sayVerdict(missed)).toBe('missed: 3.457 is more than 2');
    expect(sayVerdict({ figure: 'rate-200', value: 0.5, detail: '' })).toBe(
      'missed: 0.500 is less than 0.95',
    );
    expect(sayVerdict(skipped)).toBe('not measured: there is no /proc');
  });

  test('is refused where nothing was measured', () => {
    expect(() => verdictOf({ figure: 'zip', value: Number.NaN, detail: '' })).toThrow('no value');
  });
});

test('values are written with their units', () => {
  expect(formatValue(308.46, FIGURES.zip)).toBe('308 KB');
  expect(formatValue(2_097_549.3, FIGURES.deciding)).toBe('2,097,549 records/s');
  expect(formatValue(0.01234, FIGURES['throttled-50'])).toBe('0.0123');
  expect(formatTarget(FIGURES.deciding)).toBe('1,000,000 records/s');
});

test('a result is a row of the table, and some lines on a terminal', () => {
  const [heading, , row] = markdownTable([missed]).split('\n');
  expect(heading).toBe('| figure | target | result | verdict | measured |');
  expect(row).toBe(
    `| ${FIGURES['processor-floor'].title} | ≤ 2 | 3.457 | missed: 3.457 is more than 2 | a \\| b |`,
  );
  expect(terminalRow(met)).toBe(
    `${FIGURES.zip.title}\n    308 KB (target ≤ 400 KB): met\n    308,460 bytes\n`,
  );
  expect(terminalRow(skipped)).toContain('not measured');
});

test('the page says what limits a figure that is missed, and nothing of those that are met', () => {
  const machine = {
    date: '2026-09-01',
    commit: 'abc1234',
    node: 'v20.19.0',
    system: 'Linux x64',
    processor: 'Some processor',
    cores: 2,
    memoryGb: 8,
    packages: { 'node-fetch': '3.3.2' },
  };
  const page = performancePage([met, missed], machine);
  expect(page).toContain('2026-09-01, commit abc1234, on Some processor, 2 cores, 8 GB');
  expect(page).toContain(`- **${FIGURES['processor-floor'].title}** (target 2): node-fetch`);
  expect(page).not.toContain('None is missed.');
  expect(performancePage([met], machine)).toContain('None is missed.');
});

test('docs/performance.md has every figure', async () => {
  const page = await readFile('docs/performance.md', 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  for (const { title } of Object.values(FIGURES)) {
    expect(rows.filter((row) => row.startsWith(`| ${title} |`))).not.toEqual([]);
    expect(page).toContain(`- **${title}.** `);
  }
  expect(rows).toHaveLength(Object.keys(FIGURES).length + 2);
});

test('the oldest records of an estate have expired, and no others', () => {
  const before = NOW - KEEP_FOR_DAYS * 86_400_000;
  const rows = recordsOf(1_000, 0.05, NOW);
  expect(rows.filter((row) => Date.parse(row.updated_at) <= before)).toEqual(rows.slice(-50));
  expect(new Set(rows.map(({ id }) => id)).size).toBe(1_000);
  expect(rows.map((row) => row.created_at)).toEqual(
    rows
      .map((row) => row.created_at)
      .toSorted()
      .reverse(),
  );
  expect(expiredIn({ service: 'dcs', sizes: [1_000, 0, 7], expiredShare: 0.05 })).toBe(50);
});

test('peak memory is read in bytes, and unknown where the system does not tell', () => {
  expect(peakMemory('Name:\tnode\nVmHWM:\t  103424 kB\nVmRSS:\t   90000 kB\n')).toBe(105_906_176);
  expect(peakMemory('')).toBeUndefined();
});
