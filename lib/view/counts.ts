import type { Counts, InstanceSummary } from '../model/summary.ts';
import { heldBackOf } from './deletions.ts';

/** A count of records that a table shows for each instance. */
export interface CountColumn {
  readonly heading: string;
  /** For a terminal, where the heading is too long. */
  readonly short?: string;
  /** The tone of a number that is not 0. */
  readonly tone?: 'goes' | 'failed' | 'incomplete';
  /** Shown also where it is 0 in every row. */
  readonly always?: true;
  /** @param heldBack the expired records that a limit keeps. */
  readonly of: (counts: Counts, heldBack: number) => number;
}

const SEEN: readonly CountColumn[] = [
  { heading: 'listed', always: true, of: ({ listed }) => listed },
  { heading: 'kept', always: true, of: ({ kept }) => kept },
];
const RUN_COLUMNS: readonly CountColumn[] = [
  ...SEEN,
  { heading: 'deleted', always: true, tone: 'goes', of: ({ deleted }) => deleted },
  { heading: 'already gone', short: 'gone', of: ({ alreadyGone }) => alreadyGone },
  { heading: 'failed', tone: 'failed', of: ({ failed }) => failed },
  { heading: 'remaining', tone: 'incomplete', of: ({ remaining }) => remaining },
];
const DRY_RUN_COLUMNS: readonly CountColumn[] = [
  ...SEEN,
  {
    heading: 'would go',
    always: true,
    tone: 'goes',
    of: ({ remaining }, heldBack) => remaining - heldBack,
  },
  { heading: 'held back', tone: 'incomplete', of: (_, heldBack) => heldBack },
];

/** The columns of a table of these instances. */
export function countColumns(
  dryRun: boolean,
  instances: readonly InstanceSummary[],
): readonly CountColumn[] {
  return (dryRun ? DRY_RUN_COLUMNS : RUN_COLUMNS).filter(
    ({ always, of }) =>
      always || instances.some((instance) => of(instance, heldBackOf(instance)) > 0),
  );
}

/** Records by reason, added up over instances: those with most first. */
export function addReasons(
  parts: readonly Readonly<Record<string, number>>[],
): [reason: string, count: number][] {
  const sum = new Map<string, number>();
  for (const [reason, count] of parts.flatMap(Object.entries<number>)) {
    sum.set(reason, (sum.get(reason) ?? 0) + count);
  }
  return [...sum].sort(([, a], [, b]) => b - a);
}
