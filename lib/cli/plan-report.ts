import type { Task } from '../cloud/task.ts';
import type { Decision } from '../policy/decide.ts';
import type { Observer } from '../run/observer.ts';
import { plain, wrap } from './wrap.ts';

/** Records shown at each end of a long list. */
const SHOWN = 3;

interface Group {
  readonly decision: Decision;
  readonly tasks: Task[];
}

/**
 * Gathers what a plan decides, to be shown record by record.
 * @param verbose whether every record is shown, or of those that would go the first and the last.
 */
export function planReport(verbose: boolean): { observer: Observer; render: () => string } {
  const sections: { title: string; groups: Group[] }[] = [];
  return {
    observer: {
      decided: (target, { id, name }, tasks, decisions) => {
        const groups = group(tasks, decisions, verbose);
        if (groups.length > 0) sections.push({ title: `${target} / ${name || id}`, groups });
      },
    },
    render: () =>
      sections
        .map(({ title, groups }) =>
          [
            ...wrap('', plain(title)),
            ...groups.flatMap((part) => renderGroup(part, verbose)),
            '',
          ].join('\n'),
        )
        .join('\n'),
  };
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
  const ended =
    updatedAt === undefined
      ? '-'
      : new Date(updatedAt).toISOString().slice(0, 16).replace('T', ' ');
  const line = `    ${ended.padEnd(16)}  ${(status ?? '-').padEnd(9)}  ${id ?? 'no id'}  ${name ?? ''}`;
  return plain(line.length > 80 ? `${line.slice(0, 79)}…` : line).trimEnd();
}
