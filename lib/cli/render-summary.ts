import type { Counts, InstanceSummary, Summary, TargetSummary } from '../run/summary.ts';

const COLUMNS: readonly (readonly [heading: string, key: keyof Counts])[] = [
  ['LISTED', 'listed'],
  ['KEPT', 'kept'],
  ['EXPIRED', 'expired'],
  ['DELETED', 'deleted'],
  ['GONE', 'alreadyGone'],
  ['FAILED', 'failed'],
  ['LEFT', 'remaining'],
];
const NAME_WIDTH = 23;

/** A summary for a person: a table for each target, why records were kept, and the totals. */
export function renderSummary(summary: Summary): string {
  const lines: string[] = [];
  for (const target of summary.targets) lines.push(...renderTarget(target), '');
  for (const warning of summary.warnings) lines.push(`warning: ${warning}`);
  if (summary.warnings.length > 0) lines.push('');
  lines.push(...renderTotals(summary));
  return `${lines.join('\n')}\n`;
}

function renderTarget({ name, cloud, service, region, error, instances }: TargetSummary): string[] {
  const lines = [`${name}  (${cloud} ${service} ${region})`];
  if (error) lines.push(`  failed: ${error.message}`);
  if (instances.length === 0) return error ? lines : [...lines, '  no instances'];
  lines.push(
    row(
      'INSTANCE',
      COLUMNS.map(([heading]) => heading),
    ),
  );
  for (const instance of instances) {
    lines.push(row(instance.name || instance.id, cells(instance)), ...notes(instance));
  }
  return lines;
}

function notes(instance: InstanceSummary): string[] {
  const { keptBecause, stoppedBy, outcome, errors, errorsOmitted } = instance;
  const reasons = Object.entries(keptBecause).sort(([, a], [, b]) => b - a);
  const kept = reasons.map(([reason, count]) => `${count} ${reason}`);
  const shown = errors.slice(0, 3);
  const more = errors.length - shown.length + errorsOmitted;
  return [
    ...(kept.length > 0 ? wrap('    kept: ', kept) : []),
    ...(stoppedBy ? [`    ${outcome}: stopped by ${stoppedBy}`] : []),
    ...shown.map(({ taskId, message }) => `    ${taskId ? `task ${taskId}: ` : ''}${message}`),
    ...(more > 0 ? [`    and ${more} more errors`] : []),
  ];
}

function renderTotals(summary: Summary): string[] {
  const { totals, requests, outcome, dryRun, durationMs } = summary;
  const seconds = (durationMs / 1000).toFixed(1);
  return [
    row('TOTAL', cells(totals)),
    '',
    `${dryRun ? 'Dry run' : 'Run'} ${outcome} in ${seconds} s: ${totals.targets} targets, ${totals.instances} instances, ${requests.sent} requests (${requests.retried} repeated, ${requests.throttled} throttled).`,
    ...(dryRun ? ['Nothing was deleted: this was a dry run.'] : []),
  ];
}

function cells(counts: Counts): string[] {
  return COLUMNS.map(([, key]) => String(counts[key]));
}

function row(name: string, values: readonly string[]): string {
  const label = name.length > NAME_WIDTH ? `${name.slice(0, NAME_WIDTH - 1)}…` : name;
  return `  ${label.padEnd(NAME_WIDTH)}${values.map((value) => value.padStart(7)).join(' ')}`;
}

/** Joins parts with commas, in lines of 80 columns at most. */
function wrap(lead: string, parts: readonly string[]): string[] {
  const lines = [lead];
  parts.forEach((part, index) => {
    const text = index < parts.length - 1 ? `${part}, ` : part;
    const line = lines.at(-1) as string;
    if (line.length + text.trimEnd().length > 80) lines.push(' '.repeat(lead.length) + text);
    else lines[lines.length - 1] = line + text;
  });
  return lines.map((line) => line.trimEnd());
}
