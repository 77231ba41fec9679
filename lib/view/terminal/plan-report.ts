import type { Duration } from 'luxon';
import { groupBy } from '../../model/group-by.ts';
import { instanceKey } from '../../model/instance.ts';
import {
  counted,
  type InstanceSummary,
  type Summary,
  type TargetSummary,
} from '../../model/summary.ts';
import type { Task } from '../../model/task.ts';
import { visible } from '../../model/text.ts';
import type { Decision } from '../../policy/decide.ts';
import { MAX_CHARACTERS } from '../../policy/pattern.ts';
import type { Policy } from '../../policy/schema.ts';
import type { Observer } from '../../run/observer.ts';
import { cutsOf } from '../cuts.ts';
import type { InstanceDecisions } from '../decisions.ts';
import { byDeletions, compareDeletions, heldBackOf } from '../deletions.ts';
import { describeTime } from '../text.ts';
import { ageHistogram } from './age-histogram.ts';
import { cellsOf, fold, padEnd } from './cells.ts';
import { MAX_INSTANCES } from './render-summary.ts';
import type { Terminal } from './terminal.ts';
import { withCommas, wrap } from './wrap.ts';

/** Records shown at each end of a long list. */
const SHOWN = 3;
/** Records that are shown one by one, at most: the text waits in memory until the plan is done. */
const MAX_RECORDS = 200_000;
/** Cells of `2026-09-01 03:30Z`, and of most statuses. */
const TIME_CELLS = 17;
const STATUS_CELLS = 9;

interface Group {
  readonly decision: Decision;
  readonly tasks: readonly Task[];
}

/** The input of a plan's text. */
export interface PlanReportInput {
  readonly policy: Policy;
  /** Replaces the policy's `keepFor` in this run. */
  readonly keepFor: Duration | undefined;
  /** Show every record, up to 200,000; otherwise only the first and last of those that would go. */
  readonly verbose: boolean;
  readonly terminal: Terminal;
}

/** The text of a plan, which grows while instances are decided. */
export interface PlanReport {
  readonly observer: Observer;
  /** The decisions for each instance where something has expired: ages, the policy's cuts, and the records. */
  render(summary: Summary): string;
}

/**
 * Begins the text of a plan. It keeps only the text to show: no records, and no more instances of a target than have
 * room.
 */
export function planReport({ policy, keepFor, verbose, terminal }: PlanReportInput): PlanReport {
  const most = verbose ? Number.POSITIVE_INFINITY : MAX_INSTANCES;
  const hint = verbose
    ? '--records FILE writes them all into a file'
    : '--verbose shows every record';
  /** Records that may still be shown one by one. */
  let room = verbose ? MAX_RECORDS : 0;
  /** Of instances that are not finished. */
  const begun = new Map<string, string>();
  const sections = new Map<string, Sections>();
  let now = 0;
  return {
    observer: {
      started: ({ startedAt }) => {
        now = startedAt;
      },
      decided: (target, instance, tasks, decisions) => {
        const groups = group(tasks, decisions, verbose);
        if (groups.length === 0) return;
        const showsAll = tasks.length <= room;
        if (showsAll) room -= tasks.length;
        const cuts = cutsOf(policy, target, now, keepFor);
        const lines = [
          ...renderSpan({ tasks, decisions }, terminal),
          ...ageHistogram({ tasks, decisions }, now, cuts, terminal),
          ...groups.flatMap((part) => renderGroup(part, showsAll ? undefined : hint, terminal)),
        ];
        begun.set(instanceKey(target, instance), lines.join('\n'));
      },
      instanceDone: (target, instance) => {
        const key = instanceKey(target.name, instance);
        const text = begun.get(key);
        if (text === undefined) return;
        begun.delete(key);
        const own = sections.get(target.name) ?? new Sections(target, most);
        sections.set(target.name, own);
        own.add(instance, text);
      },
    },
    render: (summary) => {
      const found = byDeletions(summary).flatMap(({ target, instance, name }) => {
        const section = sections.get(target.name)?.of(instance.id);
        return section === undefined
          ? []
          : [{ instance, name: `${target.name} / ${name}`, section }];
      });
      const chosen = found.slice(0, most);
      const all = [...sections.values()].reduce((sum, { count }) => sum + count, 0);
      const more = all - chosen.length;
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

/** The texts of a target's instances, of which only the first in the summary's order are kept. */
class Sections {
  /** How many there were. */
  count = 0;
  readonly #most: number;
  readonly #places: ReadonlyMap<string, number>;
  #kept = new Map<string, { readonly instance: InstanceSummary; readonly text: string }>();

  /** @param most how many are kept. */
  constructor({ instances }: TargetSummary, most: number) {
    this.#most = most;
    this.#places = new Map(instances.map(({ id }, place) => [id, place]));
  }

  /** @param instance is finished: its counts do not change any more. */
  add(instance: InstanceSummary, text: string): void {
    this.count += 1;
    this.#kept.set(instance.id, { instance, text });
    if (this.#kept.size < 2 * this.#most) return;
    const placeOf = (id: string) => this.#places.get(id) ?? 0;
    const inOrder = [...this.#kept].sort(
      ([one, { instance: a }], [other, { instance: b }]) =>
        // A plan is a dry run.
        compareDeletions(a, b, true) || placeOf(one) - placeOf(other),
    );
    this.#kept = new Map(inOrder.slice(0, this.#most));
  }

  of(id: string): string | undefined {
    return this.#kept.get(id)?.text;
  }
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
  const shown = decisions
    .map((decision, index) => ({ decision, task: tasks[index] as Task }))
    .filter(({ decision }) => verbose || decision.action === 'delete');
  const oldestFirst = (a: Task, b: Task) => (a.updatedAt ?? 0) - (b.updatedAt ?? 0);
  return [...groupBy(shown, ({ decision }) => headingOf(decision)).values()]
    .map((members) => ({
      decision: members[0].decision,
      tasks: members.map(({ task }) => task).sort(oldestFirst),
    }))
    .sort((a, b) => (a.decision.action < b.decision.action ? -1 : 1));
}

function headingOf({ action, reason, rule }: Decision): string {
  return `${action}: ${reason}${rule === undefined ? '' : ` (${rule})`}`;
}

/** @param hint how to see the records that are left out; absent where none are to be. */
function renderGroup(
  { decision, tasks }: Group,
  hint: string | undefined,
  terminal: Terminal,
): string[] {
  const tone = decision.action === 'delete' ? 'goes' : undefined;
  const heading = wrap('  ', visible(`${headingOf(decision)}: ${tasks.length}`), terminal.columns);
  const lines = heading.map((line) => terminal.paint(tone, line));
  const hidden = tasks.length - 2 * SHOWN;
  const render = (task: Task) => renderTask(task, terminal.columns);
  if (hint === undefined || hidden <= 1) return [...lines, ...tasks.flatMap(render)];
  const more = wrap('    ', `… ${hidden} more; ${hint}`, terminal.columns);
  return [
    ...lines,
    ...tasks.slice(0, SHOWN).flatMap(render),
    ...more.map((line) => terminal.paint('quiet', line)),
    ...tasks.slice(-SHOWN).flatMap(render),
  ];
}

/**
 * One record. Its id and its name are what a rule or an option is written with, so neither is cut short, unless no
 * pattern may be as long.
 */
function renderTask({ id, status, updatedAt, name }: Task, columns: number): string[] {
  const ended = updatedAt === undefined ? '-' : describeTime(updatedAt, 'Z');
  const when = `    ${padEnd(ended, TIME_CELLS)}  ${padEnd(cut(status ?? '-'), STATUS_CELLS)}`;
  const lines: string[] = [];
  let line = when;
  for (const part of [visible(id ?? 'no id'), cut(name ?? '')]) {
    if (cellsOf(line) + 2 + cellsOf(part) <= columns) line += `  ${part}`;
    else {
      lines.push(line.trimEnd());
      line = `      ${part}`;
    }
  }
  return [...lines, line.trimEnd()];
}

function cut(text: string): string {
  const isLong = text.length > MAX_CHARACTERS;
  return visible(isLong ? `${text.slice(0, MAX_CHARACTERS)}…` : text);
}
