import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Ages, ageBars, ageRange } from '../../lib/view/ages.ts';
import { cutsOf } from '../../lib/view/cuts.ts';
import { collectDecisions } from '../../lib/view/decisions.ts';
import { ageChart } from '../../lib/view/html/chart.ts';
import { renderHtml } from '../../lib/view/html/html.ts';
import { tableData } from '../../lib/view/html/table-data.ts';
import { NOW } from '../records.ts';
import { sampleReport } from './sample.ts';

const DAY = 86_400_000;
const agesOf = (kept: number[], expired: number[]): Ages => ({
  kept,
  expired,
  undated: 0,
  future: 0,
});
const total = (numbers: readonly number[]) => numbers.reduce((sum, count) => sum + count, 0);

describe('bars', () => {
  test('hold every record once, and none is on both sides of the cut', () => {
    const age = fc.integer({ min: 0, max: 4_000 * DAY });
    fc.assert(
      fc.property(fc.array(age, { minLength: 1, maxLength: 200 }), age, (all, cut) => {
        const ages = agesOf(
          all.filter((each) => each < cut),
          all.filter((each) => each >= cut),
        );
        const range = ageRange(ages, cut);
        if (!range) throw new Error('no range');
        const bars = ageBars(ages, range);
        const drawn = all.filter((each) => each <= range.oldest).length;
        expect(total(bars.map((bar) => bar.kept + bar.expired))).toBe(drawn);
        expect(drawn).toBeGreaterThanOrEqual(Math.floor(all.length * 0.9));
        for (const bar of bars) expect(bar.kept === 0 || bar.expired === 0).toBe(true);
        expect(bars.length).toBeLessThanOrEqual(62);
      }),
    );
  });

  test('are not pressed into a corner by one record from long ago', () => {
    const recent = Array.from({ length: 99 }, (_, day) => day * DAY);
    const range = ageRange(agesOf(recent, [20_000 * DAY]), 30 * DAY);
    expect(range?.oldest).toBeLessThan(200 * DAY);
  });

  test('are not pressed into a corner by a cut that is far away', () => {
    expect(ageRange(agesOf([3 * DAY, DAY], []), 36_500 * DAY)?.oldest).toBeLessThan(10 * DAY);
  });
});

describe('a chart', () => {
  const { policy } = sampleReport();
  const chart = (ages: Ages, name = 'prod-cache') => {
    const cuts = cutsOf(policy, name, NOW, undefined);
    const range = ageRange(ages, cuts?.age, [90 * DAY]);
    if (!range) throw new Error('no range');
    const drawn = ageChart({ ages, range, cuts, now: NOW, title: 'sessions', height: 80 });
    return { range, svg: String(drawn) };
  };

  test('has the cut at now - keepFor, and the cuts of the rules', () => {
    const { range, svg } = chart(agesOf([DAY], [100 * DAY]));
    const place = (age: number) => `${Math.round((1 - age / range.oldest) * 10_000) / 100}%`;
    expect(svg).toContain(`<line class="cut" x1="${place(30 * DAY)}"`);
    expect(svg).toContain('30 days (2026-08-02)');
    expect(svg.match(/class="rule"/g)).toHaveLength(2);
    expect(svg).toContain(`<line class="rule" x1="${place(90 * DAY)}"`);
    expect(svg).toContain(`<line class="rule" x1="${place(45 * DAY)}"`);
    expect(svg).toContain('aria-label="sessions: 1 kept and 1 expired records by age');
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  test('says where the cut is when it is older than every record', () => {
    expect(chart(agesOf([DAY], [])).svg).toContain('cut at 30 days: older than all shown');
  });

  test('says that nothing is cut where everything is kept forever', () => {
    expect(chart(agesOf([DAY], []), 'mail').svg).toContain('kept forever: no cut');
  });

  test('is drawn for a record of this very moment', () => {
    expect(chart(agesOf([0], [])).svg).not.toMatch(/NaN|undefined/);
  });
});

test('a table that would be too long has first what goes, and counts the others', () => {
  const { summary, decisions } = sampleReport();
  const { columns, verdicts, omitted } = tableData(summary, decisions, summary.totals.expired + 1);
  const outcomes = columns.verdict.map((place) => verdicts[place]?.[0]);
  expect(outcomes.filter((outcome) => outcome === 'would go')).toHaveLength(summary.totals.expired);
  expect(omitted).toBe(summary.totals.kept - 1);
});

test('records that are more than a report can hold are counted, and the report says so', () => {
  const whole = sampleReport();
  const held = tableData(whole.summary, whole.decisions).columns.id.length;
  const { summary, decisions, ...rest } = sampleReport({ mostBytes: 300_000 });
  const table = tableData(summary, decisions);
  expect(table.columns.id.length).toBeLessThan(held);
  expect(table.columns.id.length).toBeGreaterThan(0);
  expect(table.columns.id.length + table.omitted).toBe(summary.totals.listed);
  expect(table.outcomes).toEqual(tableData(whole.summary, whole.decisions).outcomes);
  const html = renderHtml({ summary, decisions, ...rest });
  expect(html).toContain('more than a report can hold');
  expect(html).toContain('--records FILE writes them all into a file');
  expect(html).not.toContain('Its records were not listed');
});

test('nothing is known of an instance whose records were not listed', () => {
  expect(collectDecisions().of('prod-cache', 'one')).toBeUndefined();
});
