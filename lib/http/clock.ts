import { setImmediate } from 'node:timers/promises';
import type { StopSignal } from './light-signal.ts';

/** Time, passed in, so that a test decides what it is. */
export interface Clock {
  /** The wall clock, in milliseconds since the epoch. It may be wrong, and it may step. */
  now(): number;
  /** Milliseconds since some moment. It never steps, so all waits and deadlines go by it. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds, or at once when `signal` aborts; never rejects. With 0, other work that waits
   * comes first.
   */
  sleep(ms: number, signal?: StopSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    if (ms === 0) await setImmediate();
    for (let left = ms; left > 0 && !signal?.aborted; left -= LONGEST_TIMER_MS) {
      await timer(Math.min(left, LONGEST_TIMER_MS), signal);
    }
  },
};

/** `setTimeout` fires at once for a longer time, and `Retry-After` may ask for years. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function timer(ms: number, signal: StopSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timeout = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
