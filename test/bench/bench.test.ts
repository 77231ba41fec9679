import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { evenly, expiredIn, KEEP_FOR_DAYS, recordsOf } from './estate.ts';
import { PARTS } from './main.ts';
import {
  cellsOf,
  median,
  medianRatio,
  performancePage,
  type Result,
  terminalRow,
  verdictOf,
} from './report.ts';

const zip = { title: 'the zip', target: '≤ 400 KB' } as const;
const met: Result = { ...zip, value: 308.46, detail: '308,460 bytes' };
const slow: Result = { title: 'time', target: '≤ 2', value: 3.4567, detail: 'a | b' };
const low: Result = { title: 'rate', target: '≥ 0.95', value: 0.949, detail: '' };

test('the median is the middle, and ratios are taken round by round', () => {
  expect(median([10, 9, 1])).toBe(9);
  expect(median([4, 1, 2, 100])).toBe(3);
  expect(() => median([])).toThrow('no median of nothing');
  expect(medianRatio([2, 40, 6], [1, 10, 2])).toBe(3);
  expect(() => medianRatio([1], [1, 2])).toThrow('rounds come in pairs');
});

test('a verdict says in plain words what was missed, and what was not measured', () => {
  expect(cellsOf(met)).toEqual(['the zip', '≤ 400 KB', '308 KB', 'met', '308,460 bytes']);
  expect(cellsOf(slow)[3]).toBe('missed: 3.457 is more than 2');
  expect(cellsOf(low)[3]).toBe('missed: 0.949 is less than 0.95');
  expect(cellsOf({ ...zip, skipped: 'no zip' })[3]).toBe('not measured: no zip');
  expect(verdictOf({ ...met, value: 400 })).toBe('met');
  expect(verdictOf({ ...low, value: 0.95 })).toBe('met');
  expect(() => verdictOf({ ...met, value: Number.NaN })).toThrow('no value');
  expect(terminalRow(met)).toBe('the zip\n    308 KB (target ≤ 400 KB): met\n    308,460 bytes\n');
});

test('the page says once what limits the figures that are missed', () => {
  const template =
    '{made}\n\n{table}\n\n- {missed slow zip low}: Reason.\n- {missed zip}: None.\n- **{zip}.** Meaning.\n';
  const results = new Map([
    ['zip', met],
    ['slow', slow],
    ['low', low],
  ]);
  const [made, , , , , row, , , limit, ...rest] = performancePage(template, results, 'Here.').split(
    '\n',
  );
  expect(made).toBe('Here.');
  expect(row).toBe('| time | ≤ 2 | 3.457 | missed: 3.457 is more than 2 | a \\| b |');
  expect(limit).toBe('- **time** (target 2) and **rate** (target 0.95): Reason.');
  expect(rest).toEqual(['- **the zip.** Meaning.', '']);
});

test.each(['test/bench/page.md', 'docs/performance.md'])('%s has every figure', async (file) => {
  const page = await readFile(file, 'utf8');
  const figures = Object.values(PARTS).flatMap((part) => Object.entries(part.figures));
  const results = figures.map(([name, figure]) => [name, { ...figure, skipped: '' }] as const);
  const filled = performancePage(page, new Map(results), '');
  expect(filled).not.toMatch(/\{[\w-]+\}/);
  const rows = filled.split('\n').filter((line) => line.startsWith('| '));
  expect(rows).toHaveLength(figures.length + 2);
  for (const [, { title }] of figures) {
    expect(rows.filter((row) => row.startsWith(`| ${title} |`))).toHaveLength(1);
    expect(filled).toContain(`- **${title}.** `);
  }
});

test('page.md has one place for the reason why a figure is missed', async () => {
  const page = await readFile('test/bench/page.md', 'utf8');
  const reasons = [...page.matchAll(/^- \{missed (.+)\}: /gm)].flatMap(([, names]) =>
    names?.split(' '),
  );
  const figures = Object.values(PARTS).flatMap((part) => Object.keys(part.figures));
  expect(reasons.toSorted()).toEqual(figures.toSorted());
});

test('the oldest records of an estate have expired, and no others', () => {
  const now = Date.UTC(2026, 8, 1);
  const before = now - KEEP_FOR_DAYS * 86_400_000;
  const rows = recordsOf(1_000, 0.05, now);
  expect(rows.filter((row) => Date.parse(row.updated_at) <= before)).toEqual(rows.slice(-50));
  expect(new Set(rows.map(({ id }) => id)).size).toBe(1_000);
  const times = rows.map((row) => row.created_at);
  expect(times).toEqual(times.toSorted().reverse());
  expect(expiredIn({ service: 'dcs', sizes: evenly(2, 1_000), expiredShare: 0.05 })).toBe(100);
});
