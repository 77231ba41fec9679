import type { AgeRange } from '../ages.ts';
import type { TargetCuts } from '../cuts.ts';
import { describeDay, rounded } from '../text.ts';
import { type Markup, markup } from './markup.ts';

/** Marks of rules closer to each other than so many percent of the width share one label. */
const NEAR = 6;

/** The chart that the policy's marks are drawn on. */
interface Ground {
  readonly cuts: TargetCuts;
  readonly range: AgeRange;
  readonly now: number;
  /** An age as percent of the width. */
  readonly position: (age: number) => number;
  /** The foot of the bars, in pixels from the top. */
  readonly bottom: number;
}

/** The policy's cuts: an area behind the bars for the ages that may go, and lines in front of them. */
export function chartMarks(ground: Ground): { behind: Markup; before: Markup } {
  const { cuts, range, now, position, bottom } = ground;
  const { age, keepFor } = cuts;
  if (age === undefined) {
    const label = markup`<text class="cut-label" x="0" y="14">kept forever: no cut</text>`;
    return { behind: markup``, before: markup`${ruleMarks(ground)}${label}` };
  }
  if (age > range.oldest) {
    const label = markup`<text class="cut-label" x="0" y="14">◂ cut at ${keepFor}: older than all shown</text>`;
    return { behind: markup``, before: markup`${ruleMarks(ground)}${label}` };
  }
  const x = position(age);
  const at = percent(x);
  // The label goes to the side with more room.
  const side = x < 50 ? markup`dx="5"` : markup`dx="-5" text-anchor="end"`;
  const day = describeDay(now - age);
  return {
    behind: markup`<rect class="beyond" x="0" y="4" width="${at}" height="${bottom - 4}"/>`,
    before: markup`${ruleMarks(ground)}<line class="cut" x1="${at}" x2="${at}" y1="4" y2="${bottom}"/><text class="cut-label" x="${at}" y="14" ${side}>${keepFor} (${day})</text>`,
  };
}

function ruleMarks({ cuts, range, position, bottom }: Ground): Markup[] {
  const marks = cuts.rules
    .flatMap(({ age }, i) =>
      age === undefined || age > range.oldest ? [] : [{ x: position(age), numbers: [i + 1] }],
    )
    .sort((a, b) => a.x - b.x);
  const cut = cuts.age === undefined ? Number.NaN : position(cuts.age);
  let label: { x: number; numbers: number[] } | undefined;
  const labels: { x: number; numbers: number[] }[] = [];
  for (const mark of marks) {
    if (label && mark.x - label.x < NEAR) label.numbers.push(...mark.numbers);
    else {
      label = { x: mark.x, numbers: [...mark.numbers] };
      labels.push(label);
    }
  }
  return [
    ...marks.map(
      ({ x }) =>
        markup`<line class="rule" x1="${percent(x)}" x2="${percent(x)}" y1="32" y2="${bottom}"/>`,
    ),
    ...labels.map(({ x, numbers }) => {
      // Put the label beside its line where it would touch the cut's line or the edge.
      const left = x > 96 || Math.abs(x - cut) < 3;
      const side = left ? (x > 96 || x < cut ? 'end' : 'start') : x < 3 ? 'start' : 'middle';
      const dx = side === 'end' ? -4 : side === 'start' ? 4 : 0;
      return markup`<text class="rule-label" x="${percent(x)}" dx="${dx}" y="28" text-anchor="${side}">${numbers.join(',')}</text>`;
    }),
  ];
}

function percent(value: number): string {
  return `${rounded(value)}%`;
}
