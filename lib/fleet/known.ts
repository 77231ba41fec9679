import { instanceOutcome } from '../model/outcome.ts';
import {
  emptySummary,
  type InstanceSummary,
  MAX_ERRORS,
  type RecordError,
  type RequestCounts,
  type TargetSummary,
} from '../model/summary.ts';
import type { Standing } from '../run/observer.ts';

/**
 * Why a call made no progress with an instance: its list was not read to the end, no DELETE had a final answer, or those
 * before had one and the list is no shorter.
 */
export type Fruitless = 'listing' | 'deadline' | 'in-vain';

/** An instance, as far as it is known: everything that all calls did to it so far. */
export interface KnownInstance {
  readonly target: string;
  readonly summary: InstanceSummary;
  /** Ids of records that may have been deleted: only another list can tell. */
  readonly unclear: readonly string[];
  /** Ids of records that were answered as gone: only another list can tell that they are. */
  readonly saidGone: readonly string[];
  /** Whether a list showed more records than the service counts: then no count says where the next one ends. */
  readonly isUndercounted?: boolean | undefined;
  /** Whether this round has finished with it. */
  readonly done: boolean;
  /** The last call of the round that came to deleting there, from 1; 0 where none did. */
  readonly triedIn: number;
  /** The last call of the round in whose first half it had a turn, from 1; 0 where there was none. */
  readonly lastTurn: number;
  /** The fewest expired records that any of the round's lists held; null before the first. */
  readonly shortest: number | null;
  /** Whether a DELETE there has had a final answer, and no list has told yet what came of it. */
  readonly answered: boolean;
  /** Calls in a row that worked on it and made no progress, for the same reason; null after one that did. */
  readonly fruitless: { readonly why: Fruitless; readonly calls: number } | null;
  /** That it ended without a list of its own, so that nothing is known about its records. */
  readonly unlisted?: boolean | undefined;
  /** The failure that ended its target, and it too. */
  readonly targetError?: TargetSummary['error'];
  /** The target that has it now, if another one does: whatever was open is counted there. */
  readonly movedTo?: string | undefined;
}

/** What lists and DELETEs have told of an instance. */
export type Findings = Pick<KnownInstance, 'summary' | 'unclear' | 'saidGone' | 'isUndercounted'>;

/** A target, as far as it is known. */
export interface KnownTarget extends Omit<TargetSummary, 'instances'> {
  readonly requests: RequestCounts;
  /** The findings of the run's own selection, where it has one and the target could be opened. */
  readonly asked?: {
    readonly allowed: readonly { readonly id: string; readonly name: string }[];
    readonly unmatched: readonly string[];
  };
}

/** What a run has told and found, of which each entry of a lane's log has what is new. */
export interface LaneNews {
  readonly warnings: readonly string[];
  /** Those of the request's ids that were listed. */
  readonly seenIds: readonly string[];
}

/** The facts that a lane knows beside its instances. */
export interface LaneFacts extends LaneNews {
  readonly targets: readonly KnownTarget[];
  /** Calls in a row that got nothing done. */
  readonly idleCalls: number;
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

/** Errors kept for all instances of a lane; beyond them, one for each instance. */
const MAX_LANE_ERRORS = 1_000;

/** Before any call of the round has come to an instance. */
const NO_CALL = {
  done: false,
  triedIn: 0,
  lastTurn: 0,
  shortest: null,
  answered: false,
  fruitless: null,
} satisfies Partial<KnownInstance>;

/** All that was told and found, each once. */
export function uniteNews(news: readonly LaneNews[]): LaneNews {
  return {
    warnings: [...new Set(news.flatMap(({ warnings }) => warnings))],
    seenIds: [...new Set(news.flatMap(({ seenIds }) => seenIds))],
  };
}

/** An instance of which nothing is known yet. */
export function newInstance(
  target: string,
  instance: { readonly id: string; readonly name: string },
): KnownInstance {
  const summary = emptySummary(instance);
  return { target, summary, unclear: [], saidGone: [], ...NO_CALL };
}

/**
 * The same in another round, which tries again what failed and what was not finished, unless a limit holds it back, and
 * what ended without a list.
 */
export function inNextRound(known: KnownInstance): KnownInstance {
  const { outcome, stoppedBy } = known.summary;
  const isInOrder = outcome === 'complete' || stoppedBy === 'limit';
  // A target that failed in an earlier round is no failure of this one.
  const { targetError: _, ...kept } = known;
  return known.done && isInOrder && !known.unlisted ? kept : openAgain(known);
}

/** The same before any call of the round has come to it. */
export function openAgain(before: KnownInstance): KnownInstance {
  const { unlisted, movedTo, targetError, ...known } = before;
  return { ...known, ...NO_CALL };
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
  { summary: is, unclear, saidGone, isUndercounted }: Standing,
  list: ListSeen | undefined,
): Findings {
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
    return { summary, unclear, saidGone, ...(isUndercounted && { isUndercounted }) };
  }
  const { stoppedBy: _, ...known } = was;
  const summary = withErrors(
    { ...known, ...(is.stoppedBy && { stoppedBy: is.stoppedBy }) },
    is.errors,
    is.errorsOmitted,
  );
  return { summary: withOutcome(summary), unclear: before.unclear, saidGone: before.saidGone };
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

/**
 * An instance with all that is open about it at the target that had it before, and with the records that were deleted
 * before the run. Its own list replaces these numbers.
 */
export function inherit(heir: KnownInstance, from: KnownInstance): KnownInstance {
  const unclear = new Set([...heir.unclear, ...from.unclear]);
  const isUndercounted = heir.isUndercounted || from.isUndercounted;
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
    ...(isUndercounted && { isUndercounted }),
    unclear: [...unclear],
    saidGone: [...new Set([...heir.saidGone, ...from.saidGone])].filter((id) => !unclear.has(id)),
    summary: withOutcome(withErrors({ ...own, ...counts }, errors, errorsOmitted)),
  };
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

/** Adds errors to those of an instance, of which it keeps some. */
export function withErrors(
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

/** The summary of an instance with the outcome that its numbers make. */
export function withOutcome(summary: InstanceSummary): InstanceSummary {
  // Nothing is left where nothing has stopped it, so a dry run has the same outcome.
  return { ...summary, outcome: instanceOutcome(summary, true) };
}
