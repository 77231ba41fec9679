import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, curveStepAfter, stack } from 'd3-shape';
import { type AgeBar, type AgeRange, type Ages, ageBars, ageTicks } from '../ages.ts';
import type { TargetCuts } from '../cuts.ts';
import { rounded } from '../text.ts';
import { chartMarks } from './chart-marks.ts';
import { Markup, markup } from './markup.ts';

/** Height of what stands above the bars: the cut's label, and the numbers of the rules. */
const HEAD = 34;
const FOOT = 20;
/** Width of the surface that only the bars are drawn on; it is stretched to the page. */
const WIDTH = 1000;

/** The input of one chart. */
export interface ChartInput {
  readonly ages: Ages;
  readonly range: AgeRange;
  readonly cuts: TargetCuts | undefined;
  /** When the run began: age 0. */
  readonly now: number;
  /** Its subject, for readers who cannot see the chart. */
  readonly title: string;
  /** Of the bars, in pixels. */
  readonly height: number;
}

/**
 * Records by age, the oldest at the left. Bars stretch with the page while text keeps its size, so
 * positions along the axis are in percent, and the bars have a surface of their own.
 */
export function ageChart({ ages, range, cuts, now, title, height }: ChartInput): Markup {
  const bars = ageBars(ages, range);
  const y = scaleLinear()
    .domain([0, max(bars, (bar) => bar.kept + bar.expired) || 1])
    .nice(3)
    .range([height, 0]);
  const percent = scaleLinear().domain([range.oldest, 0]).range([0, 100]);
  const counts = y.ticks(3).filter(Number.isInteger);
  const total = HEAD + height + FOOT;
  const bottom = HEAD + height;
  const marks = cuts && chartMarks({ cuts, range, now, position: percent, bottom });
  const label = `${title}: ${ages.kept.length} kept and ${ages.expired.length} expired records by age, from now back to ${ageTicks(range.oldest).at(-1)?.text}`;
  return markup`<div class="chart">
<svg class="counts" width="40" height="${total}" aria-hidden="true">${counts.map(
    (count) =>
      markup`<text x="34" y="${HEAD + y(count) + 4}" text-anchor="end">${y.tickFormat(3, '~s')(count)}</text>`,
  )}</svg>
<svg class="plot" height="${total}" role="img" aria-label="${label}">${marks?.behind}${counts.map(
    (count) =>
      markup`<line class="grid" x1="0" x2="100%" y1="${HEAD + y(count)}" y2="${HEAD + y(count)}"/>`,
  )}<svg y="${HEAD}" width="100%" height="${height}" viewBox="0 0 ${WIDTH} ${height}" preserveAspectRatio="none">${series(bars, range, y)}</svg>${ageTicks(
    range.oldest,
  ).map(({ age, text }) => {
    const x = percent(age);
    const anchor = x < 6 ? 'start' : x > 94 ? 'end' : 'middle';
    return markup`<line class="tick" x1="${rounded(x)}%" x2="${rounded(x)}%" y1="${bottom}" y2="${bottom + 4}"/><text x="${rounded(x)}%" y="${bottom + 16}" text-anchor="${anchor}">${text}</text>`;
  })}${marks?.before}</svg></div>`;
}

/** Kept below, expired upon it: one path each. */
function series(bars: readonly AgeBar[], range: AgeRange, y: (count: number) => number): Markup[] {
  const x = scaleLinear().domain([range.oldest, 0]).range([0, WIDTH]);
  const last = bars.at(-1);
  // A step goes on to the next point, so the last bar needs one more.
  const points = last ? [...bars, { ...last, from: last.to }] : [];
  const layers = stack<AgeBar>().keys(['kept', 'expired'])(points);
  return layers.map((layer) => {
    const path = area<(typeof layer)[number]>()
      .x((point) => x(point.data.from))
      .y0((point) => y(point[0]))
      .y1((point) => y(point[1]))
      .curve(curveStepAfter)
      .digits(1)([...layer]);
    return markup`<path class="${layer.key}" d="${new Markup(path ?? '')}"/>`;
  });
}
