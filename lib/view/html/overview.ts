import { counted, type Summary } from '../../model/summary.ts';
import type { KeepReason } from '../../policy/decide.ts';
import { describeSeconds, describeTime, number } from '../text.ts';
import { badge, equations } from './counts.ts';
import { type Markup, markup, preformatted } from './markup.ts';
import type { Report } from './report.ts';

/** The meaning of each reason: "stays: …". */
export const REASONS: Readonly<Record<KeepReason | 'expired', string>> = {
  'already-deleted': 'its status says that it is deleted already',
  running: 'its task still runs, or waits to run',
  'unknown-status': 'its status is missing, or not one that is known',
  'no-timestamp': 'when its task ended is missing, or cannot be read',
  malformed: 'it has no id, or a field that is not text',
  'duplicate-id': 'its id stands for another record too',
  'within-keep-last': 'it is among the newest of its instance (keepLast)',
  'status-not-selected': 'its status is not among those that may be deleted (statuses)',
  'kept-forever': 'its rule or target says keep: forever',
  'within-keep-for': 'it is younger than keepFor, or dated in the future',
  'not-requested': 'the run was for certain task ids, and not for this one',
  'not-in-plan': 'it is not in the plan that was approved',
  expired: 'nothing keeps it',
};

/** When the run was, and how it ended. */
export function heading({ summary, options }: Report): Markup {
  const { dryRun, outcome, startedAt, durationMs, runId, requests } = summary;
  const { totals } = summary;
  return markup`<header>
<h1>task-janitor: ${dryRun ? 'dry run' : 'run'} ${badge(outcome)}</h1>
<p>${describeTime(startedAt)}, ${describeSeconds(durationMs)}, ${counted(totals.targets, 'target')}, ${counted(totals.instances, 'instance')}, ${number(requests.sent)} requests (${number(requests.retried)} repeated, ${number(requests.throttled)} throttled). Run <code>${runId}</code>. All times are UTC.</p>
${dryRun ? markup`<p class="note">Nothing was deleted: this was a dry run. What has expired is what a run would delete.</p>` : undefined}
${options.length > 0 ? markup`<p class="note">Not by the policy alone; this run had: <code>${options.join(' ')}</code></p>` : undefined}
</header>`;
}

/** The totals of the run. */
export function totalsSection({ totals, dryRun }: Summary): Markup {
  const tiles = [
    ['listed', totals.listed],
    ['kept', totals.kept],
    ['expired', totals.expired],
    ...(dryRun
      ? []
      : ([
          ['deleted', totals.deleted],
          ['already gone', totals.alreadyGone],
          ['failed', totals.failed],
          ['remaining', totals.remaining],
        ] as const)),
  ] as const;
  return markup`<section id="totals"><h2>Totals</h2>
<dl class="tiles">${tiles.map(([name, value]) => markup`<div class="tile is-${name.replace(' ', '-')}"><dt>${name}</dt><dd>${number(value)}</dd></div>`)}</dl>
${equations(totals)}
</section>`;
}

/** How many records there are for each reason, and what it means. */
export function reasonsSection(summary: Summary): Markup {
  const counts = new Map<string, number>();
  const add = (reason: string, count: number) =>
    counts.set(reason, (counts.get(reason) ?? 0) + count);
  for (const { expired, keptBecause } of summary.targets.flatMap(({ instances }) => instances)) {
    if (expired > 0) add('expired', expired);
    for (const [reason, count] of Object.entries(keptBecause)) add(reason, count);
  }
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  const meanings: Readonly<Record<string, string>> = REASONS;
  return markup`<section id="reasons"><h2>Reasons</h2>
${
  rows.length === 0
    ? markup`<p>No record was decided about.</p>`
    : markup`<table class="plain"><thead><tr><th>reason</th><th class="number">records</th><th>the record</th></tr></thead><tbody>${rows.map(
        ([reason, count]) =>
          markup`<tr><td><span class="key ${reason === 'expired' ? 'is-expired' : 'is-kept'}"></span>${reason}</td><td class="number">${number(count)}</td><td>${reason === 'expired' ? 'goes' : 'stays'}: ${meanings[reason]}</td></tr>`,
      )}</tbody></table>`
}
</section>`;
}

/** The policy's text, and where it was read. */
export function policySection({ policyFile }: Report): Markup {
  return markup`<section id="policy"><h2>Policy</h2>
<p>As it was read from <code>${policyFile.name}</code>:</p>
<pre>${preformatted(policyFile.text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'))}</pre>
</section>`;
}
