import { parseHttpDate } from './http-date.ts';

/** The reasons why an attempt may be made again. */
export type Trouble = 'transient' | 'throttled';

/** Why no further attempt is made. */
export type GaveUp = 'attempts' | 'deadline' | 'stopped' | 'unavailable';

export interface RetryState {
  readonly trouble: Trouble;
  /** Attempts already made and not throttled. */
  readonly attempts: number;
  /** Throttled answers to this request so far. */
  readonly throttled: number;
  readonly maxAttempts: number;
  /** By the clock that does not step, in milliseconds. */
  readonly now: number;
  /** The last moment at which an attempt may begin, by the same clock. */
  readonly latestStart: number;
  /** The wait that the server asked for, in milliseconds. */
  readonly retryAfter?: number | undefined;
  /** From 0 up to 1. */
  readonly random: number;
}

const BASE_MS = { transient: 200, throttled: 1_000 } as const;
const CAP_MS = 20_000;

/** A service that wants a longer rest than this, in milliseconds, is not waited for: a run is not a daemon. */
export const LONGEST_WAIT_MS = 15 * 60_000;

/**
 * Exponential back-off with full jitter, in milliseconds: anything from 0 to 200 ms (1 s when
 * throttled) doubled for each earlier failure, 20 s at most.
 * @param failures failures so far, at least 1.
 */
export function backoff(trouble: Trouble, failures: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS[trouble] * 2 ** (failures - 1));
}

/**
 * Whether to try again, and after how many milliseconds. A throttled answer is not the record's
 * fault and uses up no attempt: the retry budget and the deadline bound it. A wait that would end
 * past the latest start is not begun.
 */
export function decideRetry(state: RetryState): { waitMs: number } | { gaveUp: GaveUp } {
  if (state.trouble === 'transient' && state.attempts >= state.maxAttempts) {
    return { gaveUp: 'attempts' };
  }
  const failures = state.trouble === 'throttled' ? state.throttled : state.attempts;
  const jittered = backoff(state.trouble, failures, state.random);
  const waitMs = Math.max(jittered, state.retryAfter ?? 0);
  if (state.now + waitMs > state.latestStart) return { gaveUp: 'deadline' };
  return waitMs > LONGEST_WAIT_MS ? { gaveUp: 'unavailable' } : { waitMs };
}

/**
 * Milliseconds that a `Retry-After` header asks for: whole seconds, or an HTTP date. Anything else,
 * and any date gone by, is `undefined`: the normal back-off applies.
 * @param now milliseconds since the epoch, by the clock that the date is of.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1_000;
  const wait = (parseHttpDate(header) ?? now) - now;
  return wait > 0 ? wait : undefined;
}
