import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { DAY } from '../records.ts';
import { KEEP_FOR_DAYS } from './compete.ts';
import { expiredIn, recordsOf } from './estate.ts';
import { cellsOf, figuresIn, median, medianRatio, performancePage, verdictOf } from './report.ts';

const zip = { title: 'the zip', target: '≤ 400 KB', value: 308.46, detail: '308,460 bytes' };
const time = { title: 'time', target: '≤ 2', value: 3.4567, detail: 'a | b' };
const rate = { title: 'rate', target: '≥ 0.95', value: 0.949, detail: '' };

test('ratios are taken round by round, and the middle one counts', () => {
  expect(medianRatio([2, 40, 6], [1, 10, 2])).toBe(3);
  expect(median([])).toBeNaN();
});

test('a verdict says in plain words what was missed', () => {
  expect(cellsOf(zip)).toEqual(['the zip', '≤ 400 KB', '308 KB', 'met', '308,460 bytes']);
  expect(cellsOf(time)[3]).toBe('missed: 3.457 is more than 2');
  expect(cellsOf(rate)[3]).toBe('missed: 0.949 is less than 0.95');
  expect(cellsOf({ ...zip, value: 401 })[3]).toBe('missed: 401 KB is more than 400 KB');
  expect(verdictOf({ ...zip, value: 400 })).toBe('met');
  expect(verdictOf({ ...rate, value: 0.95 })).toBe('met');
  expect(() => verdictOf({ ...zip, value: Number.NaN })).toThrow('no value');
});

test('the page says once what limits the figures that are missed', () => {
  const limits = '- {missed time zip rate}: Reason.\n- {missed zip}: None.';
  const template = `{made}\n\n{table}\n\n${limits}\n- {zip ≤ 400 KB} **the zip.** Meaning.\n`;
  const page = performancePage(template, new Map(Object.entries({ zip, time, rate })), 'Here.');
  const [made, , , , , row, , , ...rest] = page.split('\n');
  expect(made).toBe('Here.');
  expect(row).toBe('| time | ≤ 2 | 3.457 | missed: 3.457 is more than 2 | a \\| b |');
  expect(rest).toEqual([
    '- **time** (target 2) and **rate** (target 0.95): Reason.',
    '- **the zip.** Meaning.',
    '',
  ]);
});

test('docs/performance.md has every figure of page.md, which has a reason for each', async () => {
  const template = await readFile('test/bench/page.md', 'utf8');
  const page = await readFile('docs/performance.md', 'utf8');
  const figures = figuresIn(template);
  const rows = page.match(/^\| .+? \| [≤≥] .+? \|/gm);
  expect(rows).toEqual(
    [...figures.values()].map(({ title, target }) => `| ${title} | ${target} |`),
  );
  for (const { title } of figures.values()) expect(page).toContain(`\n- **${title}.** `);
  const reasons = [...template.matchAll(/^- \{missed (.+)\}: /gm)].map(([, names]) => names);
  expect(reasons.join(' ').split(' ').sort()).toEqual([...figures.keys()].sort());
});

test('the oldest records of an estate have expired, and no others', () => {
  const now = Date.UTC(2026, 8, 1);
  const before = now - KEEP_FOR_DAYS * DAY;
  const rows = recordsOf(1_000, 0.05, now);
  expect(rows.filter((row) => Date.parse(row.updated_at) <= before)).toEqual(rows.slice(-50));
  expect(new Set(rows.map(({ id }) => id)).size).toBe(1_000);
  const times = rows.map((row) => row.created_at);
  expect(times).toEqual(times.toSorted().reverse());
  const scene = {
    service: 'dcs',
    sizes: [1_000, 1_000],
    expiredShare: 0.05,
    concurrency: 8,
  } as const;
  expect(expiredIn(scene)).toBe(100);
});
