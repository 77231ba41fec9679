import { addCounts, type InstanceSummary, type TargetSummary } from '../../model/summary.ts';
import { countColumns } from '../counts.ts';
import { deletionsOf, heldBackOf, namesIn } from '../deletions.ts';
import { number, numberOf } from '../text.ts';
import { badge } from './counts.ts';
import { type Markup, markup } from './markup.ts';

/** A longer table is folded away. */
const OPEN_ROWS = 20;

/** The instances of a target that have no card, one row each. */
export function instancesTable(
  target: TargetSummary,
  instances: readonly InstanceSummary[],
  dryRun: boolean,
): Markup | undefined {
  if (instances.length === 0) return undefined;
  const nameOf = namesIn(target);
  const columns = countColumns(dryRun, instances);
  const rest = target.instances.length > instances.length ? 'other instance' : 'instance';
  const ranked = [...instances].sort((a, b) => deletionsOf(b, dryRun) - deletionsOf(a, dryRun));
  const caption = `${numberOf(instances.length, rest)} of ${target.name}`;
  const { listed } = addCounts(instances);
  const table = markup`<table class="others"><caption>${caption}</caption><thead><tr><th scope="col">instance</th>${columns.map(({ heading }) => markup`<th scope="col" class="number">${heading}</th>`)}</tr></thead><tbody>${ranked.map(
    (instance) => {
      const name = nameOf(instance);
      const label =
        instance.listed > 0
          ? markup`<a href="#records" data-filter="instance" data-value="${target.name} / ${name}"><bdi>${name}</bdi></a>`
          : markup`<bdi>${name}</bdi>`;
      return markup`<tr><th scope="row">${label} ${instance.outcome === 'complete' ? undefined : badge(instance.outcome, instance.stoppedBy)}${name.includes(instance.id) ? undefined : markup`<code>${instance.id}</code>`}</th>${columns.map(({ heading, of }) => markup`<td class="number" data-label="${heading}">${number(of(instance, heldBackOf(instance)))}</td>`)}</tr>`;
    },
  )}</tbody></table>`;
  return instances.length <= OPEN_ROWS
    ? table
    : markup`<details><summary>${caption}: ${numberOf(listed, 'record')}</summary>${table}</details>`;
}
