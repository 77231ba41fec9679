import {
  addCounts,
  type Counts,
  counted,
  type InstanceSummary,
  type Summary,
  type TargetSummary,
} from '../../model/summary.ts';
import { visible } from '../../model/text.ts';
import { addReasons, type CountColumn, countColumns } from '../counts.ts';
import { byDeletions, heldBackOf, sumHeldBack } from '../deletions.ts';
import { describeSeconds } from '../text.ts';
import { renderFailures } from './render-failures.ts';
import { type Cell, type Row, type Table, tableOf } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withCommas, wrap } from './wrap.ts';

/** Instances of which each has a row, unless all are asked for. */
export const MAX_INSTANCES = 50;
/** Warnings that are shown, unless all are asked for. */
const MAX_WARNINGS = 20;

/** The ways in which a summary can be shown. */
export interface SummaryOptions {
  readonly terminal: Terminal;
  /** Every instance, every failure, and the reasons of each instance. */
  readonly verbose?: boolean | undefined;
  /** No table: failures, warnings, and how the run ended. */
  readonly quiet?: boolean | undefined;
  /** How to delete what a dry run has found; absent where the dry run was asked for. */
  readonly howToDelete?: string | undefined;
}

/**
 * A summary for a person: a table of the instances with most deletions, why records were kept, the totals, what failed,
 * and how the run ended.
 */
export function renderSummary(summary: Summary, options: SummaryOptions): string {
  const blocks = [
    options.quiet ? [] : renderInstances(summary, options),
    renderFailures(summary, options.terminal, options.verbose),
    renderWarnings(summary, options),
    renderEnd(summary, options),
  ];
  const lines = blocks.filter(({ length }) => length > 0).map((block) => block.join('\n'));
  return `${lines.join('\n\n')}\n`;
}

/** The table, target by target. */
function renderInstances(summary: Summary, { terminal, verbose }: SummaryOptions): string[] {
  const { targets, dryRun } = summary;
  const instances = targets.flatMap((target) => target.instances);
  const ranked = byDeletions(summary);
  const chosen = verbose ? ranked : ranked.slice(0, MAX_INSTANCES);
  const columns = countColumns(dryRun, instances);
  const rowOf = (name: string, parts: readonly InstanceSummary[]): Row => {
    const counts = addCounts(parts);
    return { name, cells: columns.map((column) => cellOf(column, counts, sumHeldBack(parts))) };
  };
  const parts = targets.map((target) => {
    const mine = chosen.filter((place) => place.target === target);
    const rows = mine.map(({ instance, name }) => ({ ...rowOf(name, [instance]), instance }));
    const shownHere = new Set(mine.map(({ instance }) => instance));
    const others = target.instances.filter((instance) => !shownHere.has(instance));
    const name = mine.length === 0 ? counted(others.length, 'instance') : `${others.length} more`;
    return { target, rows, rest: others.length > 0 ? rowOf(name, others) : undefined };
  });
  const total = rowOf('TOTAL', instances);
  const rows = parts.flatMap((part) => [...part.rows, ...(part.rest ? [part.rest] : [])]);
  const headings = columns.map(({ heading, short }) => (short ?? heading).toUpperCase());
  const table = tableOf('INSTANCE', headings, [...rows, total], terminal);
  const lines = parts.flatMap(({ target, rows: own, rest }) =>
    target.instances.length === 0
      ? []
      : [
          ...titleOf(target, terminal),
          ...table.head,
          ...own.flatMap((row) => [
            ...table.row(row),
            ...notesOf(row.instance, terminal, verbose === true),
          ]),
          ...(rest ? table.row(rest) : []),
          ...(verbose ? [] : keptLine(target.instances, terminal)),
          '',
        ],
  );
  return [
    ...lines,
    ...emptyTargets(targets, terminal),
    ...totalLines(table, total, chosen.length < ranked.length, terminal),
  ];
}

function totalLines(table: Table, total: Row, isCut: boolean, terminal: Terminal): string[] {
  const note = `Only the ${MAX_INSTANCES} instances with most deletions have a row; --verbose shows all.`;
  return [
    ...table.row(total).map((line) => terminal.paint('heading', line)),
    ...(isCut ? wrap('  ', note, terminal.proseColumns) : []),
  ];
}

function titleOf({ name, cloud, service, region }: TargetSummary, terminal: Terminal): string[] {
  const [first = '', ...rest] = wrap(
    '',
    [visible(name), ` (${cloud} ${service} ${region})`],
    terminal.columns,
  );
  return [terminal.paint('heading', first), ...rest];
}

/** The targets without any instance, on one line: there may be one for each region. */
function emptyTargets(targets: readonly TargetSummary[], terminal: Terminal): string[] {
  const names = targets
    .filter(({ instances, error }) => instances.length === 0 && !error)
    .map(({ name }) => visible(name));
  return names.length === 0
    ? []
    : [...wrap('no instances: ', withCommas(names), terminal.proseColumns), ''];
}

function cellOf({ of, tone }: CountColumn, counts: Counts, held: number): Cell {
  const value = of(counts, held);
  return { text: String(value), tone: value > 0 ? tone : undefined };
}

function notesOf(instance: InstanceSummary, terminal: Terminal, verbose: boolean): string[] {
  const { stoppedBy, outcome } = instance;
  return [
    ...(verbose ? keptLine([instance], terminal) : []),
    ...(stoppedBy ? [terminal.paint(outcome, `    ${outcome}: stopped by ${stoppedBy}`)] : []),
  ];
}

function keptLine(instances: readonly InstanceSummary[], terminal: Terminal): string[] {
  const reasons = addReasons(instances.map(({ keptBecause }) => keptBecause)).map(
    ([reason, count]) => `${count} ${reason}`,
  );
  return reasons.length === 0
    ? []
    : wrap('    kept: ', withCommas(reasons), terminal.proseColumns).map((line) =>
        terminal.paint('quiet', line),
      );
}

function renderWarnings({ warnings }: Summary, { terminal, verbose }: SummaryOptions): string[] {
  // They came in whatever order answers came: two runs that find the same print the same.
  const sorted = [...warnings].sort();
  const chosen = verbose ? sorted : sorted.slice(0, MAX_WARNINGS);
  const more = warnings.length - chosen.length;
  return [
    ...chosen.flatMap((warning) => {
      const [first = '', ...rest] = wrap('warning: ', visible(warning), terminal.proseColumns);
      return [first.replace('warning:', terminal.paint('incomplete', 'warning:')), ...rest];
    }),
    ...(more > 0 ? [`and ${counted(more, 'more warning')}; --verbose shows all`] : []),
  ];
}

function renderEnd(summary: Summary, { terminal, howToDelete }: SummaryOptions): string[] {
  const { totals, requests, outcome, dryRun, durationMs } = summary;
  const began = `${dryRun ? 'Dry run' : 'Run'} ${outcome}`;
  const sentence = [
    `${began} in ${describeSeconds(durationMs)}:`,
    `${counted(totals.targets, 'target')},`,
    `${counted(totals.instances, 'instance')},`,
    `${counted(requests.sent, 'request')}`,
    `(${requests.retried} repeated,`,
    `${requests.throttled} throttled).`,
  ];
  const [first = '', ...rest] = wrap('', sentence, terminal.proseColumns);
  return [
    first.replace(began, terminal.paint(outcome, began)),
    ...rest,
    ...(dryRun ? dryRunLines(summary, terminal.proseColumns) : []),
    ...(dryRun && howToDelete ? wrap('', howToDelete, terminal.proseColumns) : []),
  ];
}

/** The answer that a dry run was made for. */
function dryRunLines({ totals, targets }: Summary, columns: number): string[] {
  const instances = targets.flatMap((target) => target.instances);
  const heldBack = sumHeldBack(instances);
  const places = instances.filter((instance) => heldBackOf(instance) > 0).length;
  const wouldGo = totals.remaining - heldBack;
  const answer = `${wouldGo} of ${counted(totals.listed, 'record')} would be deleted, ${totals.kept} kept`;
  const limits = `; ${heldBack} more have expired but are held back by limits on ${counted(places, 'instance')}`;
  return [
    ...wrap('', `${answer}${heldBack > 0 ? limits : ''}.`, columns),
    'Nothing was deleted: this was a dry run.',
  ];
}
