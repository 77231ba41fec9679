import { bin, ticks } from 'd3-array';
import type { InstanceDecisions } from './decisions.ts';
import { number } from './text.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Widths of a bar that a person can name. */
const STEPS = [
  ...[1, 5, 15, 30].map((n) => n * MINUTE),
  ...[1, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10, 20, 30, 60, 90, 180, 365].map((n) => n * DAY),
];
/** Bars of a chart at most, give or take the one at each end. */
const MAX_BARS = 60;
/** Ages so many times higher than nearly all others are not drawn: they would squeeze the rest. */
const FAR = 4;

/** Ages in milliseconds of the records of one instance, or of several. */
export interface Ages {
  readonly kept: readonly number[];
  readonly expired: readonly number[];
  /** Records without a time that could be read. */
  readonly undated: number;
  /** Records dated in the future. */
  readonly future: number;
}

/** The ages that a chart shows: from 0 to `oldest`, in bars between `edges`. */
export interface AgeRange {
  readonly oldest: number;
  readonly edges: readonly number[];
}

/** Records of one bar: from age `from` up to, and without, age `to`. */
export interface AgeBar {
  readonly from: number;
  readonly to: number;
  readonly kept: number;
  readonly expired: number;
}

/** How old the records were when the run began. */
export function agesOf(parts: readonly InstanceDecisions[], now: number): Ages {
  const ages = { kept: [] as number[], expired: [] as number[], undated: 0, future: 0 };
  for (const { tasks, decisions } of parts) {
    tasks.forEach(({ updatedAt }, i) => {
      if (updatedAt === undefined || !Number.isFinite(updatedAt)) ages.undated += 1;
      else if (updatedAt > now) ages.future += 1;
      else ages[decisions[i]?.action === 'delete' ? 'expired' : 'kept'].push(now - updatedAt);
    });
  }
  return ages;
}

/**
 * The range for a chart. One bar ends exactly at the policy's cut, so that no bar holds records from both
 * sides of it. The range leaves out a few records that are much older than nearly all, and a cut much
 * older than every record.
 * @param marks further ages to show, where they are not much older than the records.
 * @param maxBars bars at most, give or take the one at each end.
 */
export function ageRange(
  { kept, expired }: Ages,
  cut: number | undefined,
  marks: readonly number[] = [],
  maxBars = MAX_BARS,
): AgeRange | undefined {
  const sorted = Float64Array.from([...kept, ...expired]).sort();
  if (sorted.length === 0) return undefined;
  const few = Math.max(Math.floor(0.02 * sorted.length), sorted.length < 10 ? 0 : 1);
  const most = sorted[sorted.length - 1 - few] ?? 0;
  const last = sorted.at(-1) as number;
  const records = Math.max(most > 0 && last > FAR * most ? most * 1.05 : last, MINUTE);
  let oldest = records;
  for (const mark of [cut, ...marks]) {
    if (mark !== undefined && mark <= FAR * records) oldest = Math.max(oldest, mark * 1.1);
  }
  const step = STEPS.find((width) => width * maxBars >= oldest) ?? Math.ceil(oldest / maxBars);
  const edges: number[] = [];
  for (let edge = (cut ?? 0) % step; edge < oldest; edge += step) if (edge > 0) edges.push(edge);
  return { oldest: (edges.at(-1) ?? 0) + step, edges };
}

/** The number of records in each bar of a range; the youngest first. */
export function ageBars({ kept, expired }: Ages, { oldest, edges }: AgeRange): AgeBar[] {
  const count = bin()
    .domain([0, oldest])
    .thresholds([...edges]);
  const expiredBars = count([...expired]);
  return count([...kept]).map((bar, i) => ({
    from: bar.x0 as number,
    to: bar.x1 as number,
    kept: bar.length,
    expired: expiredBars[i]?.length ?? 0,
  }));
}

/** Ages worth a tick, with their texts. */
export function ageTicks(oldest: number): { age: number; text: string }[] {
  const [unit, letter] =
    oldest > 3 * DAY ? [DAY, 'd'] : oldest > 3 * HOUR ? [HOUR, 'h'] : [MINUTE, 'min'];
  return ticks(0, oldest / unit, 5).map((count) => ({
    age: count * unit,
    text: count === 0 ? 'now' : `${number(count)} ${letter}`,
  }));
}

/** An age in one unit, rounded: `400 d`. */
export function describeAge(age: number): string {
  const [unit, letter] =
    age >= 3 * DAY ? [DAY, 'd'] : age >= 3 * HOUR ? [HOUR, 'h'] : [MINUTE, 'min'];
  return `${number(Math.round(age / unit))} ${letter}`;
}
