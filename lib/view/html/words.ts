import type { RecordOutcome } from '../../model/outcome.ts';

/** The word for an outcome of a record on the page. */
export interface OutcomeWord {
  readonly text: string;
  /** The end of "the record …". */
  readonly meaning: string;
}

const WORDS: Readonly<Record<RecordOutcome, OutcomeWord>> = {
  kept: { text: 'kept', meaning: 'is kept by the policy' },
  deleted: { text: 'deleted', meaning: 'has expired, and this run has deleted it' },
  'already-gone': {
    text: 'already gone',
    meaning: 'had expired, but was already gone when the run came to delete it',
  },
  failed: { text: 'failed', meaning: 'has expired, but could not be deleted' },
  remaining: { text: 'remaining', meaning: 'has expired, but is left for the next run' },
  'held-back': {
    text: 'held back',
    meaning: 'has expired, but a limit of the policy holds back everything on its instance',
  },
};
const WOULD_GO: OutcomeWord = {
  text: 'would go',
  meaning: 'has expired, and a run would delete it (in a records file: remaining)',
};

/** The word for an outcome; in a dry run, `remaining` is called "would go". */
export function outcomeWord(outcome: RecordOutcome, dryRun: boolean): OutcomeWord {
  return dryRun && outcome === 'remaining' ? WOULD_GO : WORDS[outcome];
}

/** The outcomes that a run, or a dry run, can have, those that ask for a look first. */
export function outcomesOf(dryRun: boolean): readonly RecordOutcome[] {
  return dryRun
    ? ['held-back', 'remaining', 'kept']
    : ['failed', 'held-back', 'remaining', 'already-gone', 'deleted', 'kept'];
}
