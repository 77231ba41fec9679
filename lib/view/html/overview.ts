import type { RecordOutcome } from '../../model/outcome.ts';
import type { Summary } from '../../model/summary.ts';
import type { KeepReason } from '../../policy/decide.ts';
import { addReasons } from '../counts.ts';
import { byDeletions, heldBackOf, sumHeldBack } from '../deletions.ts';
import { describeSeconds, describeTime, number, numberOf } from '../text.ts';
import { badge, equations } from './counts.ts';
import { foldedList, type Markup, markup, preformatted } from './markup.ts';
import type { Report } from './report.ts';
import { outcomesOf, outcomeWord } from './words.ts';

/** Instances that a sentence names; the others are folded away. */
const NAMED = 10;
/** Targets that the contents show at once; the others are folded away. */
const OPEN_TARGETS = 12;

/** The meaning of each reason: "stays: …". */
export const REASONS: Readonly<Record<KeepReason | 'expired', string>> = {
  'already-deleted': 'its status says that it is deleted already',
  running: 'its task still runs, or waits to run',
  'unknown-status': 'its status is missing or unknown',
  'no-timestamp': 'the time when its task ended is missing, unreadable or impossible',
  malformed: 'it has no id or no name, or a field that is not text',
  'duplicate-id': 'another record has the same id',
  'within-keep-last': 'it is among the newest of its instance (keepLast)',
  'status-not-selected': 'its status is not among those that may be deleted (statuses)',
  'kept-forever': 'its rule or target says keep: forever',
  'within-keep-for': 'it is younger than keepFor, or dated in the future',
  'not-requested': 'the run was for certain task ids, but not for this one',
  'not-in-plan': 'it is not in the plan that was approved',
  expired: 'nothing keeps it',
};

/** When the run was, and how it ended. */
export function heading({ summary, options }: Report): Markup {
  const { dryRun, outcome, startedAt, durationMs, runId, requests, totals } = summary;
  return markup`<header>
<h1>task-janitor: ${dryRun ? 'dry run' : 'run'} ${badge(outcome)}</h1>
<p>${describeTime(startedAt)}, ${describeSeconds(durationMs)}, ${numberOf(totals.targets, 'target')}, ${numberOf(totals.instances, 'instance')}, ${numberOf(requests.sent, 'request')} (${number(requests.retried)} repeated, ${number(requests.throttled)} throttled). Run <code>${runId}</code>. All times are UTC.</p>
${dryRun ? markup`<p class="note">Nothing was deleted: this was a dry run. “Would go” means that a run would delete the record.</p>` : undefined}
${options.length > 0 ? markup`<p class="note">Besides the policy, this run had these options: <code>${options.join(' ')}</code></p>` : undefined}
${heldBackNote(summary)}
</header>`;
}

/** The records that limits keep, and where; nothing where none has tripped. */
function heldBackNote(summary: Summary): Markup | undefined {
  const held = byDeletions(summary).filter(({ instance }) => heldBackOf(instance) > 0);
  if (held.length === 0) return undefined;
  const records = sumHeldBack(held.map(({ instance }) => instance));
  const items = held.map(
    ({ target, instance, name }) =>
      markup`<li><bdi>${target.name} / ${name}</bdi>: ${number(instance.remaining)} of ${number(instance.listed)} records</li>`,
  );
  return markup`<div class="note"><p>${numberOf(records, 'record')} on ${numberOf(held.length, 'instance')} ${summary.dryRun ? 'have expired but are' : 'had expired but were'} held back by a limit of the policy:</p>
${foldedList(items, NAMED, 'instance')}</div>`;
}

/** A section of the page, and how many things are in it. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly count?: number | undefined;
}

/** The table of contents. Sections without anything in them are left out. */
export function contents(sections: readonly Entry[], targets: readonly Entry[]): Markup {
  return markup`<nav aria-label="Contents"><ul>${sections.filter(({ count }) => count !== 0).map(entry)}</ul>
${foldedList(targets.map(entry), OPEN_TARGETS, 'target', 'targets')}</nav>`;
}

function entry({ id, title, count }: Entry): Markup {
  return markup`<li><a href="#${id}"><bdi>${title}</bdi></a>${count === undefined ? undefined : markup` <span class="count">${number(count)}</span>`}</li>`;
}

/** The totals of the run, and how many records came to which end. */
export function totalsSection(
  { totals, dryRun, targets }: Summary,
  outcomes: ReadonlyMap<RecordOutcome, number>,
): Markup {
  const tiles = outcomesOf(dryRun).filter(
    (outcome) => outcome !== 'held-back' || outcomes.has(outcome),
  );
  const heldBack = sumHeldBack(targets.flatMap(({ instances }) => instances));
  return markup`<section id="totals"><h2>Totals</h2>
<dl class="tiles"><div class="tile"><dt>listed</dt><dd>${number(totals.listed)}</dd></div>${tiles.map(
    (outcome) => {
      const { text } = outcomeWord(outcome, dryRun);
      const count = number(outcomes.get(outcome) ?? 0);
      const value = outcomes.has(outcome)
        ? markup`<a href="#records" data-filter="outcome" data-value="${text}">${count}</a>`
        : count;
      return markup`<div class="tile is-${outcome}"><dt>${text}</dt><dd>${value}</dd></div>`;
    },
  )}</dl>
${equations(totals, dryRun, heldBack)}
<table class="plain"><caption>What became of the records</caption><thead><tr><th scope="col">outcome</th><th scope="col" class="number">records</th><th scope="col">the record</th></tr></thead><tbody>${outcomesOf(
    dryRun,
  )
    .filter((outcome) => outcomes.has(outcome))
    .map((outcome) => {
      const { text, meaning } = outcomeWord(outcome, dryRun);
      return markup`<tr><th scope="row"><span class="mark is-${outcome}"></span>${text}</th><td class="number">${number(outcomes.get(outcome) ?? 0)}</td><td>${meaning}</td></tr>`;
    })}</tbody></table>
</section>`;
}

/** How many records there are for each reason, and what it means. */
export function reasonsSection(
  reasons: readonly (readonly [reason: string, count: number])[],
): Markup {
  const meanings: Readonly<Record<string, string>> = REASONS;
  return markup`<section id="reasons"><h2>Reasons</h2>
${
  reasons.length === 0
    ? markup`<p>No record was listed.</p>`
    : markup`<table class="plain"><caption>Why records go, and why they stay</caption><thead><tr><th scope="col">reason</th><th scope="col" class="number">records</th><th scope="col">the record</th></tr></thead><tbody>${reasons.map(
        ([reason, count]) =>
          markup`<tr><th scope="row"><span class="key ${reason === 'expired' ? 'is-expired' : 'is-kept'}"></span>${reason}</th><td class="number">${number(count)}</td><td>${reason === 'expired' ? 'goes' : 'stays'}: ${meanings[reason]}</td></tr>`,
      )}</tbody></table>`
}
</section>`;
}

/** Records by the reason for which they stay, and those that have expired; those with most first. */
export function countReasons({ targets }: Summary): [reason: string, count: number][] {
  return addReasons(
    targets.flatMap(({ instances }) =>
      instances.map(({ expired, keptBecause }) => ({
        ...(expired > 0 && { expired }),
        ...keptBecause,
      })),
    ),
  );
}

/** The policy's text, and where it was read. */
export function policySection({ policyFile }: Report): Markup {
  return markup`<section id="policy"><h2>Policy</h2>
<p>As it was read from <code>${policyFile.name}</code>:</p>
<pre>${preformatted(policyFile.text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'))}</pre>
</section>`;
}
