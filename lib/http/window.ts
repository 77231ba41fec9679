import { setMaxListeners } from 'node:events';

/** When requests may be made: what a deadline, and whoever may stop the run, leave of the time. */
export interface RequestWindow {
  /** No request that changes something begins after this moment, in milliseconds since the epoch. */
  readonly deleteUntil: number;
  /** Nothing is waited for after this moment, in milliseconds since the epoch. */
  readonly end: number;
  /** No further request begins once this aborts; what only reads is cut off, deletes in flight are awaited. */
  readonly stop: AbortSignal;
}

/** Milliseconds before the deadline in which no DELETE begins, unless set otherwise. */
const STOP_BEFORE_END_MS = 2_000;
/** Milliseconds before the deadline at which nothing is waited for: the summary has to be written. */
const SUMMARY_MS = 500;

/** @param limits all absent: the window never closes. */
export function requestWindow(limits: {
  /** When all must be over, in milliseconds since the epoch. */
  readonly deadline?: number | undefined;
  /** Milliseconds before the deadline in which no DELETE begins. */
  readonly stopBeforeEnd?: number | undefined;
  readonly stop?: AbortSignal | undefined;
}): RequestWindow {
  const { deadline = Number.POSITIVE_INFINITY, stopBeforeEnd = STOP_BEFORE_END_MS } = limits;
  const { stop = new AbortController().signal } = limits;
  // Every request in flight listens to it; Node takes more than ten for a leak, and says so.
  setMaxListeners(0, stop);
  return {
    deleteUntil: deadline - stopBeforeEnd,
    end: deadline - Math.min(stopBeforeEnd, SUMMARY_MS),
    stop,
  };
}
