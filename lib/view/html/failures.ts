import type { Summary } from '../../model/summary.ts';
import { recordsOf } from '../decisions.ts';
import { namesIn } from '../deletions.ts';
import {
  describeAnswer,
  describeCount,
  type Failure,
  type FailureGroup,
  type FailurePlace,
  failuresOf,
  groupFailures,
} from '../failures.ts';
import { number, numberOf } from '../text.ts';
import { foldedList, type Markup, markup } from './markup.ts';
import type { Report } from './report.ts';

/** Records that one place of a group names; the table of records has all. */
const NAMED = 100;
/** Places that a group shows at once; the others are folded away. */
const OPEN_PLACES = 5;

/** All failures of a run, the same ones together. */
export interface Failures {
  readonly groups: readonly FailureGroup[];
  /** Records that failed, and whose errors are not known any more. */
  readonly untold: number;
  /** All of them. */
  readonly count: number;
}

/** Everything that went wrong: all records that failed where they are known, else the summary's first ones. */
export function failuresIn({ summary, decisions }: Report): Failures {
  const ofRecords: Failure[] = [];
  const told = new Set<string>();
  let untold = 0;
  for (const target of summary.targets) {
    const nameOf = namesIn(target);
    for (const summarised of target.instances) {
      const instance = nameOf(summarised);
      const before = ofRecords.length;
      for (const { outcome, error, task } of recordsOf(decisions.of(target.name, summarised.id))) {
        if (outcome !== 'failed' || !error) continue;
        const named = { ...error, ...(task.id !== undefined && { taskId: task.id }) };
        ofRecords.push({ of: 'record', outcome, target: target.name, instance, error: named });
      }
      if (ofRecords.length > before) told.add(JSON.stringify([target.name, instance]));
      else untold += summarised.errorsOmitted;
    }
  }
  const ofSummary = failuresOf(summary).filter(
    ({ of, target, instance }) => of !== 'record' || !told.has(JSON.stringify([target, instance])),
  );
  const all = [...ofSummary, ...ofRecords];
  return { groups: groupFailures(all, NAMED), untold, count: all.length + untold };
}

/** Everything that went wrong, with the messages; empty where nothing did. */
export function failuresSection({ groups, untold, count }: Failures): Markup {
  if (count === 0) return markup``;
  const rest = untold > 0 ? markup`<li>and ${numberOf(untold, 'more record')}</li>` : undefined;
  return markup`<section id="failures"><h2>Failures</h2><ul class="failures">${groups.map(groupItem)}${rest}</ul></section>`;
}

function groupItem(group: FailureGroup): Markup {
  const answer = describeAnswer(group);
  const items = group.places.map((place) => placeItem(place, group));
  const noun = group.of === 'target' ? 'target' : 'instance';
  return markup`<li><b class="${group.outcome}">${describeCount(group, numberOf)}</b>: ${group.message}${answer ? markup` <span class="details">(${answer})</span>` : undefined}
${foldedList(items, OPEN_PLACES, noun)}</li>`;
}

function placeItem({ name, count, taskIds }: FailurePlace, { of }: FailureGroup): Markup {
  if (of !== 'record') return markup`<li><bdi>${name}</bdi></li>`;
  if (count === 1) return markup`<li><bdi>${name}</bdi>: task <code>${taskIds[0]}</code></li>`;
  const more = count - taskIds.length;
  const rest =
    more > 0 ? markup` and ${number(more)} more: see the records that failed` : undefined;
  return markup`<li><details><summary><bdi>${name}</bdi>: ${numberOf(count, 'record')}</summary>${taskIds.map((id) => markup`<code>${id}</code> `)}${rest}</details></li>`;
}

/** The run's warnings; empty where there are none. */
export function warningsSection({ warnings }: Summary): Markup {
  return warnings.length === 0
    ? markup``
    : markup`<section id="warnings"><h2>Warnings</h2><ul class="failures">${warnings.map((warning) => markup`<li>${warning}</li>`)}</ul></section>`;
}
