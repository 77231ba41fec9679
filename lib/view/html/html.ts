import { createHash } from 'node:crypto';
import type { InstanceSummary, Summary } from '../../model/summary.ts';
import { byDeletions, deletionsOf } from '../deletions.ts';
import { expiredList } from './expired-list.ts';
import { failuresIn, failuresSection, warningsSection } from './failures.ts';
import { Markup, markup } from './markup.ts';
import {
  contents,
  countReasons,
  heading,
  policySection,
  reasonsSection,
  totalsSection,
} from './overview.ts';
import { SCRIPT } from './page-script.ts';
import { STYLE } from './page-style.ts';
import { recordsSection } from './records-section.ts';
import type { Report } from './report.ts';
import { tableData } from './table-data.ts';
import { targetSection } from './target-section.ts';

/** Instances with most deletions that get a card although all is well. */
const MOST_DELETIONS = 10;
/** Cards of a page at most. */
const MAX_CARDS = 30;

/**
 * A report as one HTML file that loads nothing. Its content security policy allows only its own style
 * and script, by their hashes.
 */
export function renderHtml(report: Report): string {
  const { summary } = report;
  const { targets, warnings, totals } = summary;
  const failures = failuresIn(report);
  const reasons = countReasons(summary);
  const table = tableData(summary, report.decisions);
  const chosen = worthALook(summary);
  const nav = contents(
    [
      { id: 'totals', title: 'Totals' },
      { id: 'failures', title: 'Failures', count: failures.count },
      { id: 'warnings', title: 'Warnings', count: warnings.length },
      { id: 'reasons', title: 'Reasons', count: reasons.length },
      { id: 'records', title: 'Records', count: totals.listed },
      { id: 'policy', title: 'Policy' },
    ],
    targets.map(({ name, instances }, index) => ({
      id: `target-${index + 1}`,
      title: name,
      count: instances.length,
    })),
  );
  const policy = [
    "default-src 'none'",
    `style-src ${hashSource(STYLE)}`,
    `script-src ${hashSource(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `${markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>task-janitor: ${summary.dryRun ? 'dry run' : 'run'} of ${summary.startedAt.slice(0, 10)}, ${summary.outcome}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#records">Skip to the records</a>
${heading(report)}
${nav}
<main>
${totalsSection(summary, table.outcomes)}
${failuresSection(failures)}
${warningsSection(summary)}
${reasonsSection(reasons)}
${targets.map((target, index) => targetSection(report, target, `target-${index + 1}`, chosen))}
${recordsSection(table, expiredList(report))}
${policySection(report)}
</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>`}
`;
}

/** The instances that get a card with a chart: those that did not end well, and those with most deletions. */
function worthALook(summary: Summary): ReadonlySet<InstanceSummary> {
  const ranked = byDeletions(summary).map(({ instance }) => instance);
  const ended = (outcome: string) => ranked.filter((instance) => instance.outcome === outcome);
  const most = ranked
    .filter((instance) => deletionsOf(instance, summary.dryRun) > 0)
    .slice(0, MOST_DELETIONS);
  return new Set(
    [...new Set([...ended('failed'), ...ended('incomplete'), ...most])].slice(0, MAX_CARDS),
  );
}

/** An inline text, as a content security policy allows it. */
function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
