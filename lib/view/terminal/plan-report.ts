import type { Duration } from 'luxon';
import type { Summary } from '../../model/summary.ts';
import type { Task } from '../../model/task.ts';
import { visible } from '../../model/text.ts';
import type { Decision } from '../../policy/decide.ts';
import type { Policy } from '../../policy/schema.ts';
import type { Observer } from '../../run/observer.ts';
import { cutsOf } from '../cuts.ts';
import type { InstanceDecisions } from '../decisions.ts';
import { describeTime } from '../text.ts';
import { ageHistogram } from './age-histogram.ts';
import { wrap } from './wrap.ts';

/** Records shown at each end of a long list. */
const SHOWN = 3;

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
}

/** The text of a plan, which grows while instances are decided. */
export interface PlanReport {
  readonly observer: Observer;
  /** The decisions for each instance: ages, the policy's cuts, and the records. */
  render(summary: Summary): string;
}

/** Begins the text of a plan. It keeps no records, but what is to be shown of them. */
export function planReport({ policy, keepFor, verbose }: PlanReportInput): PlanReport {
  const sections = new Map<string, string>();
  const keyOf = (target: string, id: string) => JSON.stringify([target, id]);
  let now = 0;
  return {
    observer: {
      started: ({ startedAt }) => {
        now = startedAt;
      },
      decided: (target, { id }, tasks, decisions) => {
        if (tasks.length === 0) return;
        const groups = group(tasks, decisions, verbose);
        const lines = [
          ...renderSpan({ tasks, decisions }),
          ...ageHistogram({ tasks, decisions }, now, cutsOf(policy, target, now, keepFor)),
          ...groups.flatMap((part) => renderGroup(part, verbose)),
        ];
        sections.set(keyOf(target, id), lines.join('\n'));
      },
    },
    render: ({ targets }) =>
      targets
        .flatMap((target) =>
          target.instances.flatMap(({ id, name, stoppedBy }) => {
            const section = sections.get(keyOf(target.name, id));
            if (section === undefined) return [];
            const heldBack =
              stoppedBy === 'limit'
                ? ['  held back by a limit: nothing would be deleted here']
                : [];
            const heading = wrap('', visible(`${target.name} / ${name || id}`));
            return `${[...heading, ...heldBack, section].join('\n')}\n\n`;
          }),
        )
        .join(''),
  };
}

function renderSpan({ tasks, decisions }: InstanceDecisions): string[] {
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
  return parts.length > 0 ? [`  ${parts.join(', ')}`] : [];
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

function renderGroup({ decision, tasks }: Group, verbose: boolean): string[] {
  const heading = wrap('  ', `${headingOf(decision)}: ${tasks.length}`);
  const hidden = tasks.length - 2 * SHOWN;
  if (verbose || hidden <= 1) return [...heading, ...tasks.map(renderTask)];
  return [
    ...heading,
    ...tasks.slice(0, SHOWN).map(renderTask),
    `    … ${hidden} more; --verbose shows every record`,
    ...tasks.slice(-SHOWN).map(renderTask),
  ];
}

function renderTask({ id, status, updatedAt, name }: Task): string {
  const ended = updatedAt === undefined ? '-' : describeTime(updatedAt);
  const line = `    ${ended.padEnd(16)}  ${(status ?? '-').padEnd(9)}  ${id ?? 'no id'}  ${name ?? ''}`;
  return visible(line.length > 80 ? `${line.slice(0, 79)}…` : line).trimEnd();
}
