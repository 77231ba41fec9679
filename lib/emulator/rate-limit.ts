import type { JournalEntry, Operation } from './journal.ts';

/** A limit on requests per second, over a rolling window of one second. */
export interface RateLimit {
  perSecond: number;
  /** Only these operations count and are throttled; all when absent. */
  operations?: readonly Operation[];
  /** Adds a `Retry-After` header; no captured answer of the real gateway has one. */
  retryAfter?: { seconds: number; as: 'seconds' | 'date' };
  /** Milliseconds; the emulator's own clock when absent. */
  clock?: () => number;
}

/** Times at which requests were let through, oldest first from `head`. */
interface Window {
  times: number[];
  head: number;
}

const windows = new WeakMap<RateLimit, Window>();

/** Whether this request is one too many. A refused request does not use up the limit. */
export function exceeds(limit: RateLimit, entry: JournalEntry, now: number): boolean {
  if (limit.operations !== undefined && !limit.operations.includes(entry.operation)) return false;
  const window = windows.get(limit) ?? { times: [], head: 0 };
  windows.set(limit, window);
  while ((window.times[window.head] ?? Number.POSITIVE_INFINITY) <= now - 1000) window.head += 1;
  if (window.times.length - window.head >= limit.perSecond) return true;
  window.times.push(now);
  if (window.head > 256) {
    window.times = window.times.slice(window.head);
    window.head = 0;
  }
  return false;
}

/** The header for a refused request, when the limit has one. */
export function retryAfterHeader(limit: RateLimit, now: number): Record<string, string> {
  if (limit.retryAfter === undefined) return {};
  const { seconds, as } = limit.retryAfter;
  const value = as === 'seconds' ? String(seconds) : new Date(now + seconds * 1000).toUTCString();
  return { 'retry-after': value };
}
