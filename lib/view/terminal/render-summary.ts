import {
  addCounts,
  type Counts,
  counted,
  type InstanceSummary,
  type Summary,
  type TargetSummary,
} from '../../model/summary.ts';
import { visible } from '../../model/text.ts';
import { describeSeconds } from '../text.ts';
import { wrap } from './wrap.ts';

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

/**
 * A summary for a person, 80 columns wide: a table for each target, why records were kept, and the
 * totals.
 */
export function renderSummary(summary: Summary): string {
  const lines: string[] = [];
  // What fails in the same way everywhere, such as credentials that are missing, is said once.
  const said = new Map<string, string>();
  for (const target of summary.targets) {
    lines.push(...renderTarget(target, target.error && said.get(target.error.message)), '');
    if (target.error && !said.has(target.error.message))
      said.set(target.error.message, target.name);
  }
  for (const warning of summary.warnings) lines.push(...wrap('warning: ', visible(warning)));
  if (summary.warnings.length > 0) lines.push('');
  lines.push(...renderTotals(summary));
  return `${lines.join('\n')}\n`;
}

/** @param twin the name of an earlier target that failed in the same way. */
function renderTarget(target: TargetSummary, twin: string | undefined): string[] {
  const { name, cloud, service, region, outcome, error, instances } = target;
  const lines = wrap('', `${name}  (${cloud} ${service} ${region})`);
  if (error) lines.push(...wrap(`  ${outcome}: `, visible(twin ? `as ${twin}` : error.message)));
  if (instances.length === 0) return error ? lines : [...lines, '  no instances'];
  lines.push(
    row(
      'INSTANCE',
      COLUMNS.map(([heading]) => heading),
    ),
  );
  for (const instance of instances) {
    lines.push(row(visible(instance.name || instance.id), cells(instance)), ...notes(instance));
  }
  return lines;
}

function notes(instance: InstanceSummary): string[] {
  const { keptBecause, stoppedBy, outcome, errors, errorsOmitted } = instance;
  const reasons = Object.entries(keptBecause).sort(([, a], [, b]) => b - a);
  const kept = reasons.map(
    ([reason, count], index) => `${count} ${reason}${index < reasons.length - 1 ? ',' : ''}`,
  );
  const shown = errors.slice(0, 3);
  const more = errors.length - shown.length + errorsOmitted;
  return [
    ...(kept.length > 0 ? wrap('    kept: ', kept) : []),
    ...(stoppedBy ? [`    ${outcome}: stopped by ${stoppedBy}`] : []),
    ...shown.flatMap(({ taskId, message }) =>
      wrap('    ', visible(taskId ? `task ${taskId}: ${message}` : message)),
    ),
    ...(more > 0 ? [`    and ${counted(more, 'more error')}`] : []),
  ];
}

function renderTotals(summary: Summary): string[] {
  const { totals, requests, outcome, dryRun, durationMs } = summary;
  const sentence = [
    `${dryRun ? 'Dry run' : 'Run'} ${outcome} in ${describeSeconds(durationMs)}:`,
    `${counted(totals.targets, 'target')},`,
    `${counted(totals.instances, 'instance')},`,
    `${counted(requests.sent, 'request')}`,
    `(${requests.retried} repeated,`,
    `${requests.throttled} throttled).`,
  ];
  return [
    row('TOTAL', cells(totals)),
    '',
    ...wrap('', sentence),
    ...(dryRun ? dryRunLines(summary) : []),
  ];
}

/** The answer that a dry run was made for. */
function dryRunLines({ totals, targets }: Summary): string[] {
  const held = targets
    .flatMap(({ instances }) => instances)
    .filter(({ stoppedBy, remaining }) => stoppedBy === 'limit' && remaining > 0);
  const heldBack = addCounts(held).remaining;
  const answer = `${totals.remaining - heldBack} of ${counted(totals.listed, 'record')} would be deleted, ${totals.kept} kept`;
  const limits = `; ${heldBack} more have expired but are held back by limits on ${counted(held.length, 'instance')}`;
  return [
    ...wrap('', `${answer}${heldBack > 0 ? limits : ''}.`),
    'Nothing was deleted: this was a dry run.',
  ];
}

function cells(counts: Counts): string[] {
  return COLUMNS.map(([, key]) => String(counts[key]));
}

function row(name: string, values: readonly string[]): string {
  const label = name.length < NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 2)}…`;
  return `  ${label.padEnd(NAME_WIDTH)}${values.map((value) => value.padStart(7)).join(' ')}`;
}
