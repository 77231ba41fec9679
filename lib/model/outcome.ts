import type { InstanceSummary, Outcome } from './summary.ts';

/** How the cleanup of one instance ended. */
export function instanceOutcome(
  { failed, stoppedBy }: Pick<InstanceSummary, 'failed' | 'stoppedBy'>,
  dryRun: boolean,
): Outcome {
  if (failed > 0 || stoppedBy === 'listing' || stoppedBy === 'unavailable') return 'failed';
  const harmless = stoppedBy === undefined || (dryRun && stoppedBy === 'limit');
  return harmless ? 'complete' : 'incomplete';
}

/** How a target ended that could not be opened. @param early whether the run had to stop before it. */
export function unopenedOutcome(early: boolean): Outcome {
  return early ? 'incomplete' : 'failed';
}

/** The worst of several outcomes; `complete` where there is none. */
export function worstOutcome(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('failed')) return 'failed';
  return outcomes.includes('incomplete') ? 'incomplete' : 'complete';
}
