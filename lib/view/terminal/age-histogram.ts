import { ageBars, ageRange, agesOf, describeAge } from '../ages.ts';
import type { TargetCuts } from '../cuts.ts';
import type { InstanceDecisions } from '../decisions.ts';
import { describeTime } from '../text.ts';
import { padEnd } from './cells.ts';
import type { Terminal } from './terminal.ts';

const MAX_BARS = 12;
/** Cells of the longest bar. */
const MAX_CELLS = 60;
/** Where a bar would have fewer cells, the numbers beside it do without words. */
const FEW_CELLS = 14;
const KEPT = '█';
const EXPIRED = '░';
const INDENT = '    ';

/**
 * The ages of an instance's records as bars, kept against expired, with a line where the policy cuts.
 * @param now the run's moment, in milliseconds since the epoch.
 */
export function ageHistogram(
  decided: InstanceDecisions,
  now: number,
  cuts: TargetCuts | undefined,
  { columns, paint }: Terminal,
): string[] {
  const ages = agesOf([decided], now);
  const cut = cuts?.age;
  const range = ageRange(ages, cut, [], MAX_BARS);
  if (!range) return [];
  const rows = ageBars(ages, range).map(({ from, to, kept, expired }) => ({
    from,
    kept,
    expired,
    label: `${from === 0 ? 'now' : describeAge(from)} to ${describeAge(to)}`,
    words: [kept > 0 && `${kept} kept`, expired > 0 && `${expired} expired`]
      .filter(Boolean)
      .join(', '),
    digits: kept + expired === 0 ? '' : `${kept} + ${expired}`,
  }));
  const longestOf = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));
  const labelCells = longestOf(rows.map(({ label }) => label));
  const room = columns - INDENT.length - labelCells - 2;
  const inWords = room - longestOf(rows.map(({ words }) => words)) >= FEW_CELLS;
  const numbersOf = (row: (typeof rows)[number]) => (inWords ? row.words : row.digits);
  const cells = Math.max(1, Math.min(MAX_CELLS, room - longestOf(rows.map(numbersOf))));
  const most = Math.max(1, ...rows.map(({ kept, expired }) => kept + expired));
  // Both parts of a bar are rounded together, so that bars of one length look so.
  const lengthOf = (count: number) =>
    count === 0 ? 0 : Math.max(1, Math.round((count / most) * cells));
  const goes = (text: string) => (text === '' ? '' : paint('goes', text));
  const heading = `${INDENT}${'age'.padEnd(labelCells)} ${KEPT} kept  ${goes(`${EXPIRED} expired`)}`;
  return [
    heading,
    ...rows.flatMap((row) => {
      const { from, kept, expired, label } = row;
      const keptCells = Math.min(lengthOf(kept), cells - (expired > 0 ? 1 : 0));
      const expiredCells = Math.min(lengthOf(expired), cells - keptCells);
      const bar = `${KEPT.repeat(keptCells)}${goes(EXPIRED.repeat(expiredCells))}`;
      const line = `${INDENT}${padEnd(label, labelCells)} ${bar} ${numbersOf(row)}`.trimEnd();
      return from === cut
        ? [paint('heading', cutLine(cuts?.keepFor, now - from, columns)), line]
        : [line];
    }),
  ];
}

/** The policy's cut; with its moment, where that fits. */
function cutLine(keepFor: string | undefined, moment: number, columns: number): string {
  const line = (text: string) => `${INDENT}── keepFor: ${text} ──`;
  const whole = line(`${keepFor} (${describeTime(moment)})`);
  return whole.length <= columns ? whole : line(`${keepFor}`);
}
