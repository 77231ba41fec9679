import type { Summary } from '../../model/summary.ts';
import { recordsOf } from '../decisions.ts';
import { namesIn } from '../deletions.ts';
import { describeTime, number, numberOf } from '../text.ts';
import { type Markup, markup } from './markup.ts';
import type { Report } from './report.ts';
import { outcomeWord } from './words.ts';

/** Records of the list at most: it stands in the page besides the table's data. */
const MAX_LISTED = 10_000;

/** Every record that has expired, for a reader without scripts: a table for each instance. */
export function expiredList({ summary, decisions }: Report): Markup {
  let listed = 0;
  let omitted = 0;
  const tables = summary.targets.flatMap((target) => {
    const nameOf = namesIn(target);
    return target.instances.flatMap((instance) => {
      const rows: Markup[] = [];
      for (const record of recordsOf(decisions.of(target.name, instance.id))) {
        if (record.decision.action === 'keep') continue;
        if (listed === MAX_LISTED) {
          omitted += 1;
          continue;
        }
        listed += 1;
        const { task, outcome } = record;
        const ended = task.updatedAt === undefined ? '' : describeTime(task.updatedAt, 'Z');
        rows.push(
          markup`<tr><td>${task.id}</td><td>${task.name}</td><td>${ended}</td><td>${outcomeWord(outcome, summary.dryRun).text}</td></tr>`,
        );
      }
      return rows.length === 0
        ? []
        : [
            markup`<table class="gone"><caption><bdi>${target.name} / ${nameOf(instance)}</bdi></caption><thead><tr><th scope="col">id</th><th scope="col">name</th><th scope="col">ended</th><th scope="col">outcome</th></tr></thead><tbody>${rows}</tbody></table>`,
          ];
    });
  });
  return markup`<p class="note">This viewer runs no scripts, so there is no table to search. Here is what ${verb(summary)}: ${numberOf(listed, 'record')}${omitted > 0 ? `, and ${number(omitted)} more; --records FILE writes them all into a file` : ''}.</p>
${tables}`;
}

function verb({ dryRun }: Summary): string {
  return dryRun ? 'would go, or is held back' : 'has expired, and what became of it';
}
