import type { StoppedBy } from '../model/outcome.ts';
import { type InstanceSummary, isNotReached, type RecordError } from '../model/summary.ts';
import {
  type Findings,
  type Fruitless,
  type KnownInstance,
  withErrors,
  withOutcome,
} from './known.ts';

/** After so many calls in a row that worked on it without progress, an instance is given up. */
const FRUITLESS_CALLS = 2;
/** Advice where one call is not long enough to get anything done. */
export const TOO_SHORT =
  'a whole call of the function is not enough for it; raise timeout in serverless.yml, or requests.perSecond where the policy sets it low';

/** The work of one call on an instance. */
interface CallOnInstance {
  /** Which of the round's calls it was. */
  readonly number: number;
  /** Whether the instance had its turn in the first half of the call. */
  readonly inTime: boolean;
  /** Whether a DELETE was sent, whether one was answered, and whether one deleted. */
  readonly sent: boolean;
  readonly answered: boolean;
  readonly deleted: boolean;
  /** Expired records on the call's own list, where it has one. */
  readonly expired: number | undefined;
}

/** Whether a list holds fewer expired records than any before it in the round; the first one does not. */
export function isShorter({ shortest }: KnownInstance, expired: number | undefined): boolean {
  return expired !== undefined && shortest !== null && expired < shortest;
}

/** An instance after a call that stopped before it was finished. */
export function left(before: KnownInstance, known: Findings, call: CallOnInstance): KnownInstance {
  const { number, inTime, sent, answered, deleted, expired } = call;
  const fruitless = fruitlessAfter(before, call);
  const next = {
    ...before,
    ...known,
    triedIn: sent ? number : before.triedIn,
    lastTurn: inTime ? number : before.lastTurn,
    shortest: shortestOf(before.shortest, expired),
    answered: answered || (before.answered && !isToldOf(before, call)),
    fruitless,
  };
  // A call that only waited gives nothing up.
  if (!fruitless || fruitless === before.fruitless || fruitless.calls < FRUITLESS_CALLS)
    return next;
  if (fruitless.why !== 'in-vain') return tooSlow(next, fruitless.why);
  // It may have recovered in this very call: the next list tells.
  if (deleted && fruitless.calls === FRUITLESS_CALLS) return next;
  return failed(next, 'unavailable', {
    message: `${fruitless.calls} calls of the function in a row found no fewer expired records there than an earlier one, the last of them ${expired}, although DELETEs were answered: the service refuses them or does not do what it answers, or as many records have expired meanwhile`,
  });
}

function shortestOf(shortest: number | null, expired: number | undefined): number | null {
  if (shortest === null || expired === undefined) return expired ?? shortest;
  return Math.min(shortest, expired);
}

function fruitlessAfter(before: KnownInstance, call: CallOnInstance): KnownInstance['fruitless'] {
  const { inTime, sent, answered, expired } = call;
  const again = (why: Fruitless) => {
    const calls = before.fruitless?.why === why ? before.fruitless.calls + 1 : 1;
    return { why, calls };
  };
  // Those that come late, or have no turn to send anything, only wait for others.
  if (expired === undefined) return inTime ? again('listing') : before.fruitless;
  if (isShorter(before, expired)) return null;
  if (isToldOf(before, call)) return again('in-vain');
  if (answered) return before.fruitless?.why === 'in-vain' ? before.fruitless : null;
  return sent && inTime ? again('deadline') : before.fruitless;
}

/** Whether the call's list tells what became of the DELETEs that were answered before, and that no list has told of. */
function isToldOf(before: KnownInstance, { inTime, expired }: CallOnInstance): boolean {
  return before.answered && expired !== undefined && (inTime || isShorter(before, expired));
}

/** The part of the work on an instance that a call came to, by the word for a cleanup that ends there. */
export type Reached = Extract<StoppedBy, 'listing' | 'archive' | 'deadline'>;

const TOO_SLOW: Readonly<Record<Reached, string>> = {
  listing: `its list takes too long: ${TOO_SHORT}`,
  archive:
    'its records were not in the archive when a whole call of the function was over, so none was deleted; look whether the archive can be reached, or raise timeout in serverless.yml',
  deadline: `no DELETE had a final answer in time: ${TOO_SHORT}`,
};

/** The end of an instance that one call is not long enough for. */
export function tooSlow(known: KnownInstance, reached: Reached): KnownInstance {
  return stopped(known, reached, TOO_SLOW[reached]);
}

/**
 * The end of an instance that had no turn in calls that got nothing done at its endpoint.
 * @param calls how many of them there were, in a row.
 */
export function neverInTime(known: KnownInstance, calls: number): KnownInstance {
  const why = `${calls} calls of the function in a row got nothing done at its endpoint, and had no time left for it: ${TOO_SHORT}`;
  return stopped(known, known.shortest === null ? 'listing' : 'deadline', why);
}

/** The end of an instance that is not finished when its lane has had all of its calls. */
export function outOfCalls(known: KnownInstance): KnownInstance {
  if (known.unclear.length === 0) return finished(known);
  return stopped(known, 'deadline', 'the round has no more calls for its endpoint');
}

/** The end of an instance that time stopped. It has failed where only another round can tell what became of records. */
function stopped(known: KnownInstance, by: Reached, why: string): KnownInstance {
  if (known.unclear.length === 0) return failed(known, by, { message: why });
  const message = `${why}${mayBeDeleted(known)}; redrive the execution to find out`;
  return failed(known, by === 'deadline' ? 'unavailable' : by, { message });
}

/** The end of an instance that was cleaned in order. */
export function finished(known: KnownInstance): KnownInstance {
  return { ...known, done: true };
}

/** The end of an instance for a reason that lies outside it, or that its cleanup did not report. */
export function failed(
  known: KnownInstance,
  stoppedBy: StoppedBy,
  error: RecordError,
): KnownInstance {
  const { stoppedBy: _, ...summary } = known.summary;
  return {
    ...known,
    done: true,
    summary: withOutcome(withErrors({ ...summary, stoppedBy }, [error], 0)),
  };
}

/** The end of an instance whose list holds nothing any more: what was unclear has gone by our doing. */
export function emptied(known: KnownInstance): KnownInstance {
  const { length } = known.unclear;
  const { summary, ...end } = vanished({ ...known, unclear: [] });
  const { listed, expired, deleted } = summary;
  const counts = { listed: listed + length, expired: expired + length, deleted: deleted + length };
  return { ...end, summary: { ...summary, ...counts } };
}

/**
 * The end of an instance that does not exist any more: of its records, only those count that are known to be gone.
 * @param why what became of the instance.
 */
export function vanished(known: KnownInstance, why = 'the instance is gone'): KnownInstance {
  const { stoppedBy: _, ...was } = known.summary;
  const { length } = known.saidGone;
  const rest = was.remaining + was.failed - length;
  const summary = {
    ...was,
    listed: was.listed - rest,
    expired: was.expired - rest,
    alreadyGone: was.alreadyGone + length,
    failed: 0,
    remaining: 0,
    errors: [],
    errorsOmitted: 0,
  };
  const gone = { ...known, saidGone: [], summary: withOutcome(summary) };
  if (known.unclear.length === 0) return unlisted(gone);
  return failed(gone, 'unavailable', {
    message: `${why}, so nobody can tell whether ${known.unclear.length} of its records were deleted before`,
  });
}

/**
 * The end of an instance that another target has now, whose own list tells what became of the rest; of what is unclear
 * it cannot tell. It may come back.
 */
export function moved(known: KnownInstance, movedTo: string): KnownInstance {
  const { unlisted: _, summary, ...end } = vanished(known, `the target ${movedTo} has it now`);
  const listed = summary.listed - summary.kept;
  return { ...end, movedTo, summary: { ...summary, listed, kept: 0, keptBecause: {} } };
}

/** The end of an instance that was not there to be listed. It may be in the next round. */
export function unlisted(known: KnownInstance): KnownInstance {
  return { ...finished(known), unlisted: true };
}

const NO_RESULT = 'no-result';

/** Whether an instance ended with its lane, and no call of the lane has told that. */
export function isUntold(instance: InstanceSummary): boolean {
  return isNotReached(instance) || instance.errors[0]?.code === NO_RESULT;
}

/**
 * The end of an instance whose lane ended before it was finished.
 * @param why in words, with what to do.
 * @param isWhole whether all of the lane's log could be read.
 */
export function lost(known: KnownInstance, why: string, isWhole: boolean): KnownInstance {
  return failed(known, 'unavailable', {
    code: NO_RESULT,
    message: `not finished: ${why}${mayBeDeleted(known, isWhole)}`,
  });
}

/** The end of an instance that is left alone now. */
export function leftAlone(known: KnownInstance, why: string): KnownInstance {
  const message = `the instance is left alone now: ${why}${mayBeDeleted(known)}`;
  return failed(known, 'unavailable', { message });
}

/** @param isWhole false where entries of the log are missing, so that nobody knows how many. */
function mayBeDeleted({ unclear: { length } }: KnownInstance, isWhole = true): string {
  return length === 0 ? '' : `; ${isWhole ? length : 'some'} more records may have been deleted`;
}
