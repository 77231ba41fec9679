import { ageBars, ageRange, agesOf, describeAge } from '../ages.ts';
import type { TargetCuts } from '../cuts.ts';
import type { InstanceDecisions } from '../decisions.ts';

const MAX_BARS = 12;
const BAR_WIDTH = 34;
const KEPT = '█';
const EXPIRED = '░';

/**
 * The ages of an instance's records as bars, kept against expired, with a line where the policy cuts.
 * @param now the run's moment, in milliseconds since the epoch.
 */
export function ageHistogram(
  decided: InstanceDecisions,
  now: number,
  cuts: TargetCuts | undefined,
): string[] {
  const ages = agesOf([decided], now);
  const cut = cuts?.age;
  const range = ageRange(ages, cut, [], MAX_BARS);
  if (!range) return [];
  const bars = ageBars(ages, range);
  const longest = Math.max(1, ...bars.map(({ kept, expired }) => kept + expired));
  const cells = (count: number) => (count === 0 ? 0 : Math.max(1, (count / longest) * BAR_WIDTH));
  const lines = [`    age                  ${KEPT} kept  ${EXPIRED} expired`];
  for (const { from, to, kept, expired } of bars) {
    if (from === cut && cuts) lines.push(`    ── keepFor: ${cuts.keepFor} ──`);
    const bar = KEPT.repeat(cells(kept)) + EXPIRED.repeat(cells(expired));
    const label = `${from === 0 ? 'now' : describeAge(from)} to ${describeAge(to)}`;
    const numbers = [kept > 0 && `${kept} kept`, expired > 0 && `${expired} expired`];
    lines.push(
      `    ${label.padEnd(16)} ${`${bar} ${numbers.filter(Boolean).join(', ')}`.trim()}`.trimEnd(),
    );
  }
  return lines;
}
