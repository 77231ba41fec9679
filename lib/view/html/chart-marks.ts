import type { AgeRange } from '../ages.ts';
import type { TargetCuts } from '../cuts.ts';
import { type Markup, markup } from './markup.ts';

/** Rules whose marks are nearer to each other, in percent of the width, share one number. */
const NEAR = 6;

/** What the marks of the policy are drawn on. */
interface Ground {
  readonly cuts: TargetCuts;
  readonly range: AgeRange;
  readonly now: number;
  /** An age as percent of the width. */
  readonly position: (age: number) => number;
  /** Where the bars stand, in pixels from the top. */
  readonly bottom: number;
}

/** Where the policy cuts: behind the bars what is old enough to go, before them the lines. */
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
  // The label stands where there is more room.
  const side = x < 50 ? markup`dx="5"` : markup`dx="-5" text-anchor="end"`;
  const day = new Date(now - age).toISOString().slice(0, 10);
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
      // Beside its line where it would touch the cut's, or the edge.
      const left = x > 96 || Math.abs(x - cut) < 3;
      const side = left ? (x > 96 || x < cut ? 'end' : 'start') : x < 3 ? 'start' : 'middle';
      const dx = side === 'end' ? -4 : side === 'start' ? 4 : 0;
      return markup`<text class="rule-label" x="${percent(x)}" dx="${dx}" y="28" text-anchor="${side}">${numbers.join(',')}</text>`;
    }),
  ];
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}
