import type { InstanceSummary, Summary } from '../../model/summary.ts';
import { byDeletions, deletionsOf } from '../deletions.ts';

/** Instances with most deletions that get a card although all is well. */
const MOST_DELETIONS = 10;
/** Cards of a page at most. */
const MAX_CARDS = 30;

/** The instances that get a card with a chart: those that did not end well, and those with most deletions. */
export function worthALook(summary: Summary): ReadonlySet<InstanceSummary> {
  const ranked = byDeletions(summary).map(({ instance }) => instance);
  const ended = (outcome: string) => ranked.filter((instance) => instance.outcome === outcome);
  const most = ranked
    .filter((instance) => deletionsOf(instance, summary.dryRun) > 0)
    .slice(0, MOST_DELETIONS);
  return new Set(
    [...new Set([...ended('failed'), ...ended('incomplete'), ...most])].slice(0, MAX_CARDS),
  );
}
