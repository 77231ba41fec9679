import type { InstanceSummary, Outcome } from './summary.ts';

const STOPPED_IN_ORDER: ReadonlySet<unknown> = new Set(['deadline', 'interrupted', 'limit']);

/** How the cleanup of one instance ended. A dry run has the outcome that the run would have. */
export function instanceOutcome({
  failed,
  stoppedBy,
}: Pick<InstanceSummary, 'failed' | 'stoppedBy'>): Outcome {
  if (failed > 0) return 'failed';
  if (stoppedBy === undefined) return 'complete';
  return STOPPED_IN_ORDER.has(stoppedBy) ? 'incomplete' : 'failed';
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
