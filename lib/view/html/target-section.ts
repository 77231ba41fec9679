import { addCounts, type InstanceSummary, type TargetSummary } from '../../model/summary.ts';
import { type AgeRange, ageRange, agesOf, describeAge } from '../ages.ts';
import { addReasons } from '../counts.ts';
import { type Cut, cutsOf, type TargetCuts } from '../cuts.ts';
import type { InstanceDecisions } from '../decisions.ts';
import { heldBackOf, namesIn, sumHeldBack } from '../deletions.ts';
import { describeTime, number } from '../text.ts';
import { ageChart } from './chart.ts';
import { badge, equations } from './counts.ts';
import { instancesTable } from './instances-table.ts';
import { type Markup, markup } from './markup.ts';
import type { Report } from './report.ts';

const TARGET_HEIGHT = 130;
const INSTANCE_HEIGHT = 80;
const LIST = new Intl.ListFormat('en');

/**
 * One target: where the policy cuts, a chart of all its records, a card for each instance that is worth a look, and a
 * table of the others.
 * @param id of the section.
 */
export function targetSection(
  report: Report,
  target: TargetSummary,
  id: string,
  chosen: ReadonlySet<InstanceSummary>,
): Markup {
  const { summary, decisions, policy, keepFor } = report;
  const now = Date.parse(summary.startedAt);
  const cuts = cutsOf(policy, target.name, now, keepFor);
  const decided = target.instances.flatMap(({ id }) => decisions.of(target.name, id) ?? []);
  const ages = agesOf(decided, now);
  const marks = (cuts?.rules ?? []).flatMap(({ age }) => age ?? []);
  // All charts of a target have one range, so that the cut is at the same place in each.
  const range = ageRange(ages, cuts?.age, marks);
  const chartOf = (
    parts: readonly InstanceDecisions[],
    title: string,
    height: number,
    omitted = 0,
  ) => chart({ parts, omitted, range, cuts, now, title, height });
  const omitted = target.instances
    .filter(({ id }) => !decisions.of(target.name, id))
    .reduce((sum, { listed }) => sum + listed, 0);
  const { dryRun } = summary;
  const nameOf = namesIn(target);
  const cards = target.instances.filter((instance) => chosen.has(instance));
  const others = target.instances.filter((instance) => !chosen.has(instance));
  const held = sumHeldBack(target.instances);
  return markup`<section class="target" id="${id}">
<h2><bdi>${target.name}</bdi> ${badge(target.outcome)}</h2>
<p>${target.cloud} ${target.service}, ${target.region}</p>
${cuts && policyOfTarget(cuts, now)}
${target.instances.length === 0 ? markup`<p>No instances.</p>` : equations(addCounts(target.instances), dryRun, held)}
${target.instances.length > 1 ? chartOf(decided, `All of ${target.name}`, TARGET_HEIGHT, omitted) : undefined}
${
  cards.length === 0
    ? undefined
    : markup`<div class="instances">${cards.map((instance) => {
        const part = decisions.of(target.name, instance.id);
        const drawn = part && chartOf([part], nameOf(instance), INSTANCE_HEIGHT);
        return instanceCard(instance, dryRun, drawn);
      })}</div>`
}
${instancesTable(target, others, dryRun)}
</section>`;
}

function instanceCard(
  instance: InstanceSummary,
  dryRun: boolean,
  drawn: Markup | undefined,
): Markup {
  const { id, name, outcome, stoppedBy, keptBecause, listed } = instance;
  const held = heldBackOf(instance);
  const reasons = addReasons([keptBecause]);
  return markup`<article>
<h3><bdi>${name || id}</bdi> ${outcome === 'complete' && !stoppedBy ? undefined : badge(outcome, stoppedBy)}</h3>
${name ? markup`<p class="id"><code>${id}</code></p>` : undefined}
${listed > 0 ? (drawn ?? markup`<p>Not drawn: the records of this run are more than a report can hold.</p>`) : markup`<p>${drawn ? 'No records.' : 'Its records were not listed.'}</p>`}
${equations(instance, dryRun, held)}
${held > 0 ? markup`<p class="held">Held back by a limit: ${dryRun ? 'nothing would go here' : 'nothing was deleted here'}.</p>` : undefined}
${reasons.length > 0 ? markup`<p class="reasons">kept: ${reasons.map(([reason, count]) => `${number(count)} ${reason}`).join(', ')}</p>` : undefined}
</article>`;
}

function chart(input: {
  readonly parts: readonly InstanceDecisions[];
  /** Records that are not among them: all of the run are more than a report can hold. */
  readonly omitted: number;
  readonly range: AgeRange | undefined;
  readonly cuts: TargetCuts | undefined;
  readonly now: number;
  readonly title: string;
  readonly height: number;
}): Markup {
  const { parts, omitted, range, now } = input;
  const ages = agesOf(parts, now);
  const beyond = range
    ? [...ages.kept, ...ages.expired].filter((age) => age > range.oldest).length
    : 0;
  const missing = [
    range && beyond > 0 ? `${number(beyond)} older than ${describeAge(range.oldest)}` : '',
    ages.future > 0 ? `${number(ages.future)} dated in the future` : '',
    ages.undated > 0 ? `${number(ages.undated)} without a readable date` : '',
    omitted > 0 ? `${number(omitted)} more than a report can hold` : '',
  ].filter(Boolean);
  return markup`<figure>${range ? ageChart({ ...input, range, ages }) : undefined}
<figcaption><span class="key is-kept"></span>kept <span class="key is-expired"></span>expired${missing.length > 0 ? ` · not drawn: ${missing.join(', ')}` : undefined}</figcaption></figure>`;
}

/** The cut in words, and the numbers of the rules' marks. */
function policyOfTarget(cuts: TargetCuts, now: number): Markup {
  const { keepLast, statuses } = cuts.retention;
  const more = [
    keepLast > 0 ? `The newest ${number(keepLast)} of each instance always stay.` : '',
    `Only ${LIST.format(statuses)} may be deleted.`,
  ];
  return markup`<p class="cuts">Records are ${sentence(cuts, now)} ${more.join(' ').trim()}</p>
${cuts.rules.length > 0 ? markup`<ol class="cuts">${cuts.rules.map((rule) => markup`<li><b>${rule.name}</b>: ${sentence(rule, now)}</li>`)}</ol>` : undefined}`;
}

function sentence({ keepFor, age }: Cut, now: number): string {
  if (age === undefined) return 'kept forever.';
  return `kept for ${keepFor}: the cut is at ${describeTime(now - age)}.`;
}
