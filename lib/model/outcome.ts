/**
 * `complete`: nothing expired is left (a dry run: everything was listed, and no limit tripped). `incomplete`: stopped
 * by the deadline, a limit or an interrupt; nothing went wrong. `failed`: something could not be listed or deleted.
 */
export type Outcome = 'complete' | 'incomplete' | 'failed';

/**
 * The reason why an instance was not cleaned to the end.
 *
 * - `deadline`: the run's time was up. `interrupted`: somebody ended it.
 * - `limit`: more has expired than the policy allows to delete.
 * - `listing`: its list could not be read, or not to its end.
 * - `archive`: what was to be deleted could not be archived first.
 * - `forbidden`: the credentials may not do it there.
 * - `overlap`: another target of the policy selects it too.
 * - `unavailable`: the endpoint failed too often, or the target failed as a whole.
 */
export type StoppedBy =
  | 'deadline'
  | 'interrupted'
  | 'limit'
  | 'listing'
  | 'archive'
  | 'forbidden'
  | 'overlap'
  | 'unavailable';

const STOPPED_IN_ORDER: ReadonlySet<unknown> = new Set(['deadline', 'interrupted', 'limit']);

/**
 * The end of one record. In a dry run a record that would go is `remaining`, and one that a limit keeps
 * from going is `held-back`.
 */
export type RecordOutcome =
  | 'kept'
  | 'deleted'
  | 'already-gone'
  | 'failed'
  | 'remaining'
  | 'held-back';

/**
 * How the cleanup of one instance ended. A dry run has the outcome that the run would have: what it leaves is no
 * shortcoming of it.
 */
export function instanceOutcome(
  {
    failed,
    remaining,
    stoppedBy,
  }: {
    /** Records that could not be deleted. */
    readonly failed: number;
    /** Records that are left to the next run. */
    readonly remaining: number;
    readonly stoppedBy?: StoppedBy | undefined;
  },
  dryRun: boolean,
): Outcome {
  if (failed > 0) return 'failed';
  if (stoppedBy === undefined) return remaining > 0 && !dryRun ? 'incomplete' : 'complete';
  return STOPPED_IN_ORDER.has(stoppedBy) ? 'incomplete' : 'failed';
}

/** How a target ended, by the outcomes of its instances and the error that ended it as a whole, if there is one. */
export function targetOutcome(
  instances: readonly { readonly outcome: Outcome }[],
  error: unknown,
): Outcome {
  return error ? 'failed' : worstOutcome(instances.map(({ outcome }) => outcome));
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
