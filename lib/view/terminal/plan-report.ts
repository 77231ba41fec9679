import type { Duration } from 'luxon';
import { instanceKey } from '../../model/instance.ts';
import { counted, type Summary } from '../../model/summary.ts';
import type { Task } from '../../model/task.ts';
import { visible } from '../../model/text.ts';
import type { Decision } from '../../policy/decide.ts';
import type { Policy } from '../../policy/schema.ts';
import type { Observer } from '../../run/observer.ts';
import { cutsOf } from '../cuts.ts';
import type { InstanceDecisions } from '../decisions.ts';
import { byDeletions, heldBackOf } from '../deletions.ts';
import { describeTime } from '../text.ts';
import { ageHistogram } from './age-histogram.ts';
import { cellsOf, fold, padEnd } from './cells.ts';
import { MAX_INSTANCES } from './summary-options.ts';
import type { Terminal } from './terminal.ts';
import { withCommas, wrap } from './wrap.ts';

/** Records shown at each end of a long list. */
const SHOWN = 3;
/** Cells of `2026-09-01 03:30Z`, and of most statuses. */
const TIME_CELLS = 17;
const STATUS_CELLS = 9;

interface Group {
  readonly decision: Decision;
  readonly tasks: Task[];
}

/** The input of a plan's text. */
export interface PlanReportInput {
  readonly policy: Policy;
  /** Replaces the policy's `keepFor` in this run. */
  readonly keepFor: Duration | undefined;
  /** Show every record; otherwise only the first and last of those that would go. */
  readonly verbose: boolean;
  readonly terminal: Terminal;
}

/** The text of a plan, which grows while instances are decided. */
export interface PlanReport {
  readonly observer: Observer;
  /** The decisions for each instance where something has expired: ages, the policy's cuts, and the records. */
  render(summary: Summary): string;
}

/** Begins the text of a plan. It keeps only the text to show, not the records. */
export function planReport({ policy, keepFor, verbose, terminal }: PlanReportInput): PlanReport {
  const sections = new Map<string, string>();
  let now = 0;
  return {
    observer: {
      started: ({ startedAt }) => {
        now = startedAt;
      },
      decided: (target, instance, tasks, decisions) => {
        const groups = group(tasks, decisions, verbose);
        if (groups.length === 0) return;
        const cuts = cutsOf(policy, target, now, keepFor);
        const lines = [
          ...renderSpan({ tasks, decisions }, terminal),
          ...ageHistogram({ tasks, decisions }, now, cuts, terminal),
          ...groups.flatMap((part) => renderGroup(part, verbose, terminal)),
        ];
        sections.set(instanceKey(target, instance), lines.join('\n'));
      },
    },
    render: (summary) => {
      const found = byDeletions(summary).flatMap(({ target, instance, name }) => {
        const section = sections.get(instanceKey(target.name, instance));
        return section === undefined
          ? []
          : [{ instance, name: `${target.name} / ${name}`, section }];
      });
      const chosen = verbose ? found : found.slice(0, MAX_INSTANCES);
      const more = found.length - chosen.length;
      const last = `Something has expired on ${counted(more, 'more instance')}; --verbose shows each.\n\n`;
      return `${chosen
        .map(({ instance, name, section }) => {
          const heading = fold(visible(name), terminal.columns).map((line) =>
            terminal.paint('heading', line),
          );
          return `${[...heading, ...heldBackLines(heldBackOf(instance), terminal), section].join('\n')}\n\n`;
        })
        .join('')}${more > 0 ? last : ''}`;
    },
  };
}

function heldBackLines(heldBack: number, { columns, paint }: Terminal): string[] {
  const text = 'held back by a limit: nothing would be deleted here';
  return heldBack > 0 ? wrap('  ', text, columns).map((line) => paint('incomplete', line)) : [];
}

function renderSpan({ tasks, decisions }: InstanceDecisions, { columns }: Terminal): string[] {
  let oldest = Number.POSITIVE_INFINITY;
  let newestKept = Number.NEGATIVE_INFINITY;
  tasks.forEach(({ updatedAt }, index) => {
    if (updatedAt === undefined) return;
    oldest = Math.min(oldest, updatedAt);
    if (decisions[index]?.action === 'keep') newestKept = Math.max(newestKept, updatedAt);
  });
  const parts = [
    ...(Number.isFinite(oldest) ? [`oldest ${describeTime(oldest)}`] : []),
    ...(Number.isFinite(newestKept) ? [`newest kept ${describeTime(newestKept)}`] : []),
  ];
  return parts.length > 0 ? wrap('  ', withCommas(parts), columns) : [];
}

function group(tasks: readonly Task[], decisions: readonly Decision[], verbose: boolean): Group[] {
  const groups = new Map<string, Group>();
  decisions.forEach((decision, index) => {
    if (decision.action === 'keep' && !verbose) return;
    const heading = headingOf(decision);
    const found = groups.get(heading) ?? { decision, tasks: [] };
    found.tasks.push(tasks[index] as Task);
    groups.set(heading, found);
  });
  const oldestFirst = (a: Task, b: Task) => (a.updatedAt ?? 0) - (b.updatedAt ?? 0);
  for (const { tasks: members } of groups.values()) members.sort(oldestFirst);
  return [...groups.values()].sort((a, b) => (a.decision.action < b.decision.action ? -1 : 1));
}

function headingOf({ action, reason, rule }: Decision): string {
  return `${action}: ${reason}${rule === undefined ? '' : ` (${rule})`}`;
}

function renderGroup({ decision, tasks }: Group, verbose: boolean, terminal: Terminal): string[] {
  const tone = decision.action === 'delete' ? 'goes' : undefined;
  const heading = wrap('  ', visible(`${headingOf(decision)}: ${tasks.length}`), terminal.columns);
  const lines = heading.map((line) => terminal.paint(tone, line));
  const hidden = tasks.length - 2 * SHOWN;
  const render = (task: Task) => renderTask(task, terminal.columns);
  if (verbose || hidden <= 1) return [...lines, ...tasks.flatMap(render)];
  const more = wrap('    ', `… ${hidden} more; --verbose shows every record`, terminal.columns);
  return [
    ...lines,
    ...tasks.slice(0, SHOWN).flatMap(render),
    ...more.map((line) => terminal.paint('quiet', line)),
    ...tasks.slice(-SHOWN).flatMap(render),
  ];
}

/** One record. Its id and its name are what a rule or an option is written with, so neither is cut short. */
function renderTask({ id, status, updatedAt, name }: Task, columns: number): string[] {
  const ended = updatedAt === undefined ? '-' : describeTime(updatedAt, 'Z');
  const when = `    ${padEnd(ended, TIME_CELLS)}  ${padEnd(visible(status ?? '-'), STATUS_CELLS)}`;
  const lines: string[] = [];
  let line = when;
  for (const part of [visible(id ?? 'no id'), visible(name ?? '')]) {
    if (cellsOf(line) + 2 + cellsOf(part) <= columns) line += `  ${part}`;
    else {
      lines.push(line.trimEnd());
      line = `      ${part}`;
    }
  }
  return [...lines, line.trimEnd()];
}
