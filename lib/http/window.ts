import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';
import { LightSignal } from './light-signal.ts';

/**
 * When requests may be made: until the deadline, and until somebody stops the run. Moments are milliseconds by the
 * clock that does not step.
 */
export interface RequestWindow {
  /** No request that changes something begins after this moment. */
  readonly deleteUntil: number;
  /** Nothing is waited for after this moment. */
  readonly end: number;
  /** No further request begins once this aborts; what only reads is cut off, deletes in flight are awaited. */
  readonly stop: AbortSignal;
}

/** Milliseconds before the deadline in which no DELETE begins, unless set otherwise. */
export const STOP_BEFORE_END_MS = 2_000;
/** Milliseconds before the deadline at which nothing is waited for: the summary has to be written. */
const SUMMARY_MS = 500;
/** Milliseconds more for each instance, on the third of a processor that a small function has. */
const SUMMARY_OF_INSTANCE_MS = 0.1;

/** A window that closes earlier where there is more to sum up. */
export interface RunWindow extends RequestWindow {
  /** Leaves time to sum up so many instances, as far as no DELETE begins in it anyway. */
  allowFor(instances: number): void;
}

/** Whether time is up, or somebody has stopped the run. */
export function isClosed({ end, stop }: RequestWindow, clock: Pick<Clock, 'monotonic'>): boolean {
  return stop.aborted || clock.monotonic() > end;
}

/** @param limits all absent: the window never closes. */
export function requestWindow(limits: {
  /** When all must be over. */
  readonly deadline?: number | undefined;
  /** Milliseconds before the deadline in which no DELETE begins. */
  readonly stopBeforeEnd?: number | undefined;
  readonly stop?: AbortSignal | undefined;
}): RunWindow {
  const { deadline = Number.POSITIVE_INFINITY, stopBeforeEnd = STOP_BEFORE_END_MS } = limits;
  const { stop = new AbortController().signal } = limits;
  // Every request in flight listens to it; Node takes more than ten for a leak, and says so.
  setMaxListeners(0, stop);
  let needed = SUMMARY_MS;
  return {
    deleteUntil: deadline - stopBeforeEnd,
    get end() {
      return deadline - Math.min(stopBeforeEnd, needed);
    },
    stop,
    allowFor: (instances) => {
      needed = SUMMARY_MS + Math.floor(SUMMARY_OF_INSTANCE_MS * instances);
    },
  };
}

/**
 * Waits for something that knows no deadline of its own, for as long as the window is open.
 * @throws what the promise rejects with.
 */
export async function withinWindow<T>(
  promise: Promise<T>,
  { end, stop }: RequestWindow,
  clock: Clock,
): Promise<{ value: T } | { gaveUp: 'deadline' | 'stopped' }> {
  const settled = new LightSignal();
  const closes: Promise<{ gaveUp: 'deadline' | 'stopped' }>[] = [];
  if (Number.isFinite(end)) {
    const left = Math.max(0, end - clock.monotonic());
    closes.push(clock.sleep(left, settled).then(() => ({ gaveUp: 'deadline' })));
  }
  const abort = new Promise<{ gaveUp: 'stopped' }>((resolve) => {
    const close = () => resolve({ gaveUp: 'stopped' });
    if (stop.aborted) close();
    stop.addEventListener('abort', close, { once: true });
    settled.addEventListener('abort', () => stop.removeEventListener('abort', close));
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), abort, ...closes]);
  } finally {
    settled.abort();
  }
}
