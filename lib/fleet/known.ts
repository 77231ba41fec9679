import { instanceOutcome, type StoppedBy } from '../model/outcome.ts';
import {
  emptySummary,
  type InstanceSummary,
  isNotReached,
  MAX_ERRORS,
  type RecordError,
  type RequestCounts,
  type TargetSummary,
} from '../model/summary.ts';
import type { Standing } from '../run/observer.ts';

/** An instance, as far as it is known: everything that all calls did to it so far. */
export interface KnownInstance {
  readonly target: string;
  readonly summary: InstanceSummary;
  /** Ids of records that may have been deleted: only another list can tell. */
  readonly unclear: readonly string[];
  /** Ids of records that were answered as gone: only another list can tell that they are. */
  readonly saidGone: readonly string[];
  /** Whether this round has finished with it. */
  readonly done: boolean;
  /** The last call of the round that came to deleting there, from 1; 0 where none did. */
  readonly triedIn: number;
  /** The fewest expired records that any of the round's lists held; null before the first. */
  readonly shortest: number | null;
  /** Calls in a row that worked on it and made no progress. */
  readonly fruitless: number;
  /** That it ended without a list of its own, so that nothing is known about its records. */
  readonly unlisted?: boolean | undefined;
  /** The target that has it now, if another one does: whatever was open is counted there. */
  readonly movedTo?: string | undefined;
}

/** A target, as far as it is known. */
export interface KnownTarget extends Omit<TargetSummary, 'instances'> {
  readonly requests: RequestCounts;
  /** The findings of the run's own selection, where it has one and the target could be opened. */
  readonly asked?: {
    readonly allowed: readonly { readonly id: string; readonly name: string }[];
    readonly unmatched: readonly string[];
  };
}

/** The facts that a lane knows beside its instances. */
export interface LaneFacts {
  readonly targets: readonly KnownTarget[];
  readonly warnings: readonly string[];
  /** Those of the request's ids that were listed. */
  readonly seenIds: readonly string[];
  /** Calls in a row that found the instances so late that none had a turn in time. */
  readonly lateCalls: number;
}

/** A list of an instance that one call has read. */
export interface ListSeen {
  /** How many of the unclear records are no longer listed, or only as deleted. */
  readonly gone: number;
  /** How many of those that were answered as gone are no longer listed, or only as deleted. */
  readonly alreadyGone: number;
  /** How many of both are still listed as deleted. */
  readonly marked: number;
  /** Records of the instance that the run has counted as gone before, for whichever target. */
  readonly counted: number;
}

/** After so many calls in a row without progress, an instance is given up, or all of a lane. */
export const FRUITLESS_CALLS = 2;
/** Advice where one call is not long enough to get anything done. */
export const TOO_SHORT =
  'a whole call of the function is not enough for it; raise timeout in serverless.yml, or requests.perSecond in the policy';
/** Errors kept for all instances of a lane; beyond them, one for each instance. */
const MAX_LANE_ERRORS = 1_000;

/** An instance of which nothing is known yet. */
export function newInstance(
  target: string,
  instance: { readonly id: string; readonly name: string },
): KnownInstance {
  const summary = emptySummary(instance);
  const nothing = { unclear: [], saidGone: [], done: false };
  return { target, summary, ...nothing, triedIn: 0, shortest: null, fruitless: 0 };
}

/**
 * The same in another round, which tries again what failed and what was not finished, unless a limit holds it back, and
 * what ended without a list.
 */
export function inNextRound(known: KnownInstance): KnownInstance {
  const { outcome, stoppedBy } = known.summary;
  const isInOrder = outcome === 'complete' || stoppedBy === 'limit';
  return known.done && isInOrder && !known.unlisted ? known : openAgain(known);
}

/** The same before any call of the round has come to it. */
export function openAgain({ unlisted, movedTo, ...known }: KnownInstance): KnownInstance {
  return { ...known, done: false, triedIn: 0, shortest: null, fruitless: 0 };
}

/** Whether nothing is known of its records that only another list could tell. */
export function owesNothing({ summary, unclear }: KnownInstance): boolean {
  const { failed, remaining, stoppedBy } = summary;
  const hadItsChance = stoppedBy !== undefined && stoppedBy !== 'deadline';
  return failed + remaining + unclear.length === 0 && !hadItsChance;
}

/**
 * Adds what a call did to what was known before, as if one call had done it all. Settled records stay
 * counted; what is left comes from the call's own list.
 * @param list the call's own list, once it has one.
 */
export function addCall(
  before: KnownInstance,
  { summary: is, unclear, saidGone }: Standing,
  list: ListSeen | undefined,
): Pick<KnownInstance, 'summary' | 'unclear' | 'saidGone'> {
  const was = before.summary;
  if (list) {
    // A record that was unclear and is not listed any more has gone by our doing, as far as anybody can tell.
    const deleted = was.deleted + list.gone + is.deleted;
    const alreadyGone = was.alreadyGone + list.alreadyGone + is.alreadyGone;
    const expired = deleted + alreadyGone + is.failed + is.remaining;
    const kept = keptByOthers(was, is, list);
    const counts = { listed: kept.kept + expired, ...kept, expired, deleted, alreadyGone };
    const archive = [...new Set([...(was.archive ?? []), ...(is.archive ?? [])])];
    const summary = { ...is, ...counts, ...(archive.length > 0 && { archive }) };
    return { summary, unclear, saidGone };
  }
  const { stoppedBy: _, ...known } = was;
  const summary = withErrors(
    { ...known, ...(is.stoppedBy && { stoppedBy: is.stoppedBy }) },
    is.errors,
    is.errorsOmitted,
  );
  return { summary: ended(summary), unclear: before.unclear, saidGone: before.saidGone };
}

/** How many records are counted as gone, by the id of their instance. */
export function countedById(lane: Iterable<KnownInstance>): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const { summary } of lane) {
    const { id, deleted, alreadyGone } = summary;
    counted.set(id, (counted.get(id) ?? 0) + deleted + alreadyGone);
  }
  return counted;
}

/**
 * The rows that a list keeps, without those of records that this run has counted as gone: a service may go on listing
 * them as deleted.
 */
function keptByOthers(
  was: InstanceSummary,
  is: InstanceSummary,
  { marked: unclear, counted }: ListSeen,
): Pick<InstanceSummary, 'kept' | 'keptBecause'> {
  const { 'already-deleted': marked = 0, ...reasons } = is.keptBecause;
  const news = marked - unclear - (was.keptBecause['already-deleted'] ?? 0);
  const own = Math.min(marked, unclear + Math.min(Math.max(0, news), counted));
  const rest = marked - own;
  return {
    kept: is.kept - own,
    keptBecause: { ...reasons, ...(rest > 0 && { 'already-deleted': rest }) },
  };
}

/** An instance after a call that stopped before it was finished. */
export function left(
  before: KnownInstance,
  known: Pick<KnownInstance, 'summary' | 'unclear' | 'saidGone'>,
  call: {
    /** Which of the round's calls it was. */
    readonly number: number;
    /** Whether the instance had its turn before time was up. */
    readonly inTime: boolean;
    /** Whether it came to deleting. */
    readonly tried: boolean;
    /** Expired records on the call's own list, where it has one. */
    readonly expired: number | undefined;
  },
): KnownInstance {
  const { number, inTime, tried, expired } = call;
  const shortest = before.shortest ?? Number.POSITIVE_INFINITY;
  const gotOn = expired !== undefined && expired < shortest;
  const hadItsChance = tried || (inTime && expired === undefined);
  const fruitless = gotOn ? 0 : before.fruitless + (hadItsChance ? 1 : 0);
  const next = {
    ...before,
    ...known,
    triedIn: tried ? number : before.triedIn,
    shortest: gotOn ? expired : before.shortest,
    fruitless,
  };
  if (fruitless < FRUITLESS_CALLS) return next;
  if (expired === undefined) return tooSlow(next, 'listing');
  return failed(next, 'unavailable', {
    message: `${FRUITLESS_CALLS} calls of the function in a row sent DELETEs there, but ${expired} expired records are still listed, no fewer than before: the service does not do what it answers`,
  });
}

/** The part of the work on an instance that a call came to, by the word for a cleanup that ends there. */
export type Reached = Extract<StoppedBy, 'listing' | 'archive' | 'deadline'>;

const TOO_SLOW: Readonly<Record<Reached, string>> = {
  listing: `its list takes too long: ${TOO_SHORT}`,
  archive:
    'its records were not in the archive when a whole call of the function was over, so none was deleted; look whether the archive can be reached, or raise timeout in serverless.yml',
  deadline: `no DELETE was answered in time: ${TOO_SHORT}`,
};

/** The end of an instance that one call is not long enough for. */
export function tooSlow(known: KnownInstance, reached: Reached): KnownInstance {
  return failed(known, reached, { message: `${TOO_SLOW[reached]}${mayBeDeleted(known)}` });
}

/** The end of an instance for which no time was left in calls that found the instances of its endpoint too late. */
export function neverInTime(known: KnownInstance, reached: Reached): KnownInstance {
  const message = `${FRUITLESS_CALLS} calls of the function in a row had no time left for it, since finding the instances of its endpoint takes too long: ${TOO_SHORT}${mayBeDeleted(known)}`;
  return failed(known, reached, { message });
}

/** Whether an instance ended because its target failed, so that the target's error is its reason. */
export function endedWithTarget({ done, summary: { stoppedBy, errors } }: KnownInstance): boolean {
  return done && stoppedBy === 'unavailable' && errors.length === 0;
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
    summary: ended(withErrors({ ...summary, stoppedBy }, [error], 0)),
  };
}

/**
 * The end of an instance whose list holds nothing any more: what was unclear has gone by our doing, and what was answered
 * as gone is gone.
 */
export function emptied(known: KnownInstance): KnownInstance {
  const { unclear, saidGone } = known;
  const { summary, ...end } = vanished({ ...known, unclear: [] });
  const all = unclear.length + saidGone.length;
  const counts = {
    listed: summary.listed + all,
    expired: summary.expired + all,
    deleted: summary.deleted + unclear.length,
    alreadyGone: summary.alreadyGone + saidGone.length,
  };
  return { ...end, saidGone: [], summary: { ...summary, ...counts } };
}

/**
 * The end of an instance that does not exist any more: its records do not count any more.
 * @param why what became of the instance.
 */
export function vanished(known: KnownInstance, why = 'the instance is gone'): KnownInstance {
  const { stoppedBy: _, ...was } = known.summary;
  const rest = was.remaining + was.failed;
  const summary = {
    ...was,
    listed: was.listed - rest,
    expired: was.expired - rest,
    failed: 0,
    remaining: 0,
    errors: [],
    errorsOmitted: 0,
  };
  const gone = { ...known, summary: ended(summary) };
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

/**
 * An instance with all that is open about it at the target that had it before, and with the records that were deleted
 * before the run. Its own list replaces these numbers.
 */
export function inherit(heir: KnownInstance, from: KnownInstance): KnownInstance {
  const { failed, remaining, errors, errorsOmitted, keptBecause } = from.summary;
  const { summary: own } = heir;
  const { 'already-deleted': marked = 0 } = keptBecause;
  const sum = marked + (own.keptBecause['already-deleted'] ?? 0);
  const counts = {
    listed: own.listed + marked + failed + remaining,
    kept: own.kept + marked,
    keptBecause: { ...own.keptBecause, ...(sum > 0 && { 'already-deleted': sum }) },
    expired: own.expired + failed + remaining,
    failed: own.failed + failed,
    remaining: own.remaining + remaining,
  };
  return {
    ...heir,
    unclear: [...new Set([...heir.unclear, ...from.unclear])],
    saidGone: [...new Set([...heir.saidGone, ...from.saidGone])],
    summary: ended(withErrors({ ...own, ...counts }, errors, errorsOmitted)),
  };
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
 */
export function lost(known: KnownInstance, why: string): KnownInstance {
  return failed(known, 'unavailable', {
    code: NO_RESULT,
    message: `not finished: ${why}${mayBeDeleted(known)}`,
  });
}

/** The end of an instance that is left alone now. */
export function leftAlone(known: KnownInstance, why: string): KnownInstance {
  const message = `the instance is left alone now: ${why}${mayBeDeleted(known)}`;
  return failed(known, 'unavailable', { message });
}

function mayBeDeleted({ unclear: { length } }: KnownInstance): string {
  return length === 0 ? '' : `; ${length} more records may have been deleted`;
}

/** Keeps fewer errors of an instance where its lane has many, so that what is kept stays small. */
export function withFewerErrors(known: KnownInstance, keptElsewhere: number): KnownInstance {
  const { errors, errorsOmitted } = known.summary;
  const room = Math.max(1, MAX_LANE_ERRORS - keptElsewhere);
  if (errors.length <= room) return known;
  const summary = {
    ...known.summary,
    errors: errors.slice(0, room),
    errorsOmitted: errorsOmitted + errors.length - room,
  };
  return { ...known, summary };
}

function withErrors(
  summary: Omit<InstanceSummary, 'stoppedBy'> & Pick<InstanceSummary, 'stoppedBy'>,
  more: readonly RecordError[],
  moreOmitted: number,
): InstanceSummary {
  // Each round may say the same of the instance once more.
  const others = summary.errors.filter((one) => !more.some((each) => isSameError(one, each)));
  const errors = [...more, ...others];
  const kept = errors.slice(0, MAX_ERRORS);
  const errorsOmitted = summary.errorsOmitted + moreOmitted + errors.length - kept.length;
  return { ...summary, errors: kept, errorsOmitted };
}

function isSameError(one: RecordError, other: RecordError): boolean {
  return one.taskId === other.taskId && one.code === other.code && one.message === other.message;
}

function ended(summary: InstanceSummary): InstanceSummary {
  // Nothing is left where nothing has stopped it, so a dry run has the same outcome.
  return { ...summary, outcome: instanceOutcome(summary, true) };
}
