import type { Outcome, StoppedBy } from '../model/outcome.ts';
import type { Summary, TargetSummary } from '../model/summary.ts';
import { visible } from '../model/text.ts';
import { failingWarnings } from '../run/failing-warnings.ts';
import { saysMissing } from '../run/request.ts';
import { byDeletions, heldBackOf, sumHeldBack } from './deletions.ts';
import {
  describeAnswer,
  describeCount,
  type FailureGroup,
  failuresOf,
  failuresOmitted,
  groupFailures,
} from './failures.ts';
import { describeSeconds, describeTime, number, numberOf } from './text.ts';

/** Targets with a line of their own, and reasons why something failed. */
const MAX_TARGETS = 7;
const MAX_REASONS = 4;
/** Names that one line has. */
const MAX_NAMES = 3;
/** Characters of a reason. */
const MAX_REASON = 300;
/** Of them, those at its end, where what to do stands. */
const MAX_ADVICE = 120;
/** Characters that SNS allows for a subject, which has to be ASCII. */
const MAX_SUBJECT = 100;

const ENDED: Readonly<Record<Outcome, string>> = {
  complete: 'is complete: no expired record is left',
  incomplete: 'ended before everything was done',
  failed: 'failed',
};

/** A letter to people: plain text. */
export interface Letter {
  /** ASCII, 100 characters at most. */
  readonly subject: string;
  /** 40 lines at most. */
  readonly text: string;
}

/** The deployment that a letter comes from. */
export interface LetterSender {
  readonly stage: string;
  /** Address of the dashboard. */
  readonly dashboard: string;
  /** Where the runbook is. */
  readonly runbook: string;
}

/**
 * The letter after a run that deleted something or failed: what went where, what failed and why, what is left, what to
 * do next. Nothing where nothing happened.
 */
export function letterOf(summary: Summary, sender: LetterSender): Letter | undefined {
  const { totals, outcome } = summary;
  if (totals.deleted === 0 && outcome !== 'failed') return undefined;
  const groups = groupFailures(failuresOf(summary));
  const failed = groups.filter((group) => group.outcome === 'failed');
  const unreached = groups.filter((group) => group.outcome !== 'failed');
  const warnings = outcome === 'failed' ? failingWarnings(summary.warnings) : [];
  const parts = [
    introduction(summary, sender),
    section('What went', whatWent(summary)),
    section('What failed', whatFailed(failed, warnings, failuresOmitted(summary))),
    section('What is left', whatIsLeft(summary, unreached)),
    section('What to do', whatToDo(summary, failed, warnings, sender)),
    [
      `Dashboard: ${sender.dashboard}`,
      `To find this run in the log, search for its id: ${summary.runId}`,
    ],
  ];
  const text = parts
    .filter((part) => part.length > 0)
    .map((part) => part.map(visible).join('\n'))
    .join('\n\n');
  return { subject: subjectOf(summary, sender), text: `${text}\n` };
}

function subjectOf({ totals, outcome, dryRun }: Summary, { stage }: LetterSender): string {
  const what = dryRun ? 'dry run' : `${numberOf(totals.deleted, 'record')} deleted`;
  const failures = totals.failed > 0 ? `, ${number(totals.failed)} failed` : '';
  const end = outcome === 'failed' && totals.failed === 0 ? ', run failed' : failures;
  return `task-janitor ${stage}: ${what}${end}`.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SUBJECT);
}

function introduction(summary: Summary, { stage }: LetterSender): string[] {
  const { totals, dryRun, startedAt, durationMs, outcome } = summary;
  const deleted = dryRun
    ? 'made a dry run, which deletes nothing'
    : `has deleted ${number(totals.deleted)} of ${numberOf(totals.listed, 'record')} of background tasks`;
  const failures = totals.failed > 0 ? `; ${number(totals.failed)} more could not be deleted` : '';
  return [
    `task-janitor (${stage}) ${deleted}${failures}.`,
    'Such records are the history of cloud instances (Redis, Kafka, RabbitMQ, RocketMQ); no instance was changed.',
    `The run began at ${describeTime(startedAt)}, took ${describeSeconds(durationMs)} and ${ENDED[outcome]}.`,
  ];
}

/** Where records went, those with most first, and where nothing had expired. */
function whatWent(summary: Summary): string[] {
  const sumOf = ({ instances }: TargetSummary) =>
    instances.reduce((sum, { deleted }) => sum + deleted, 0);
  const went = summary.targets
    .filter((target) => sumOf(target) > 0)
    .sort((a, b) => sumOf(b) - sumOf(a));
  const idle = summary.targets.filter(
    ({ outcome, instances }) =>
      outcome === 'complete' && instances.every(({ expired }) => expired === 0),
  );
  const ranked = byDeletions(summary);
  const more = went.slice(MAX_TARGETS);
  return [
    ...went.slice(0, MAX_TARGETS).map((target) => {
      const items = ranked
        .filter(({ target: one, instance }) => one === target && instance.deleted > 0)
        .map(({ instance, name }) => `${name} (${number(instance.deleted)})`);
      return `${describeTarget(target)}: ${number(sumOf(target))} deleted, on ${namesOf(items, 'instance')}`;
    }),
    ...(more.length > 0
      ? [
          `${numberOf(more.length, 'more target')}: ${number(more.reduce((sum, target) => sum + sumOf(target), 0))} deleted`,
        ]
      : []),
    ...(idle.length > 0
      ? [`Nothing had expired in ${namesOf(idle.map(describeTarget), 'target')}`]
      : []),
  ];
}

/**
 * @param warnings that say why the run failed.
 * @param omitted records of which the summary has only the number.
 */
function whatFailed(
  failed: readonly FailureGroup[],
  warnings: readonly string[],
  omitted: number,
): string[] {
  const reasons = [...warnings.map(shortened), ...failed.map(describeFailures)];
  const more = reasons.slice(MAX_REASONS);
  return [
    ...reasons.slice(0, MAX_REASONS),
    ...(more.length > 0 ? [`${numberOf(more.length, 'other failure')}; the log has all`] : []),
    ...(omitted > 0
      ? [`${numberOf(omitted, 'more record')} failed, for these reasons or others`]
      : []),
  ];
}

function describeFailures(group: FailureGroup): string {
  const answer = describeAnswer(group);
  const places = group.places.map(({ name, count }) =>
    group.of === 'record' ? `${name} (${number(count)})` : name,
  );
  const noun = group.of === 'target' ? 'target' : 'instance';
  return `${describeCount(group, numberOf)} (${namesOf(places, noun)}): ${shortened(group.message)}${answer && ` (${answer})`}`;
}

/** Without its middle, where it is long. */
function shortened(reason: string): string {
  if (reason.length <= MAX_REASON) return reason;
  return `${reason.slice(0, MAX_REASON - MAX_ADVICE).trimEnd()} … ${reason.slice(-MAX_ADVICE).trimStart()}`;
}

function whatIsLeft(summary: Summary, unreached: readonly FailureGroup[]): string[] {
  const held = byDeletions(summary).filter(({ instance }) => heldBackOf(instance) > 0);
  const heldBack = sumHeldBack(held.map(({ instance }) => instance));
  const names = held.map(({ target, name }) => `${target.name} / ${name}`);
  const rest = summary.dryRun ? 0 : summary.totals.remaining - heldBack;
  const targets = unreached.flatMap(({ places }) => places.map(({ name }) => name));
  return [
    ...(heldBack > 0
      ? [
          `${numberOf(heldBack, 'record')} held back, since more had expired than a limit of the policy allows: ${namesOf(names, 'instance')}`,
        ]
      : []),
    ...(rest > 0 ? [`${numberOf(rest, 'expired record')} left for the next run`] : []),
    ...(targets.length > 0
      ? [`Not reached before the run had to end: ${namesOf(targets, 'target')}`]
      : []),
  ];
}

/** Advice for each `stoppedBy` that somebody can do something about. */
const ADVICE: Partial<Record<StoppedBy, string>> = {
  forbidden: 'Grant the permission that is named above; the next run does the rest.',
  overlap: 'Two targets of the policy select one instance: leave it to one of them.',
  archive:
    'Records that could not be archived were not deleted. Repair the archive; the next run does the rest.',
};

function whatToDo(
  { targets, totals }: Summary,
  failed: readonly FailureGroup[],
  warnings: readonly string[],
  { runbook }: LetterSender,
): string[] {
  const stopped = new Set(
    targets.flatMap(({ instances }) => instances.flatMap(({ stoppedBy }) => stoppedBy ?? [])),
  );
  const brokenTargets = failed
    .filter(({ of }) => of === 'target')
    .flatMap(({ places }) => places.map(({ name }) => name));
  const advice = [
    ...(warnings.some(saysMissing)
      ? ['Correct the names of the instances that are not there, and start a new run.']
      : []),
    ...(warnings.every(saysMissing) ? [] : ['For each endpoint above, do what its reason says.']),
    ...(brokenTargets.length > 0
      ? [
          `Correct the problem that is named above for ${namesOf(brokenTargets, 'target')}; the next run does the rest.`,
        ]
      : []),
    ...(Object.keys(ADVICE) as StoppedBy[]).flatMap((each) =>
      stopped.has(each) ? (ADVICE[each] ?? []) : [],
    ),
    ...(totals.failed > 0 || stopped.has('listing') || stopped.has('unavailable')
      ? [
          'Wait for the next run: it tries again what failed. If it fails again, look it up in the runbook.',
        ]
      : []),
    ...(stopped.has('limit')
      ? [
          'If the records that are held back may go, raise the limit in the policy, or delete them once by hand. If not, correct the policy.',
        ]
      : []),
  ];
  return advice.length === 0 ? ['Nothing.'] : [...advice, `How, step by step: ${runbook}`];
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => `- ${line}`)];
}

function describeTarget({ name, cloud, service, region }: TargetSummary): string {
  return `${name} (${cloud} ${service}, ${region})`;
}

/** `a, b, c and 4 more targets`. */
function namesOf(names: readonly string[], noun: string): string {
  const more = names.length - MAX_NAMES;
  const first = names.slice(0, MAX_NAMES).join(', ');
  return more > 0 ? `${first} and ${numberOf(more, `more ${noun}`)}` : first;
}
