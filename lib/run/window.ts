import { setMaxListeners } from 'node:events';
import type { RequestWindow } from '../task-api/task-api.ts';

/** Milliseconds before the deadline in which no DELETE begins, unless set otherwise. */
export const DEFAULT_RESERVE_MS = 2_000;
/** Milliseconds before the deadline at which nothing is waited for: the summary has to be written. */
const WRITING_MS = 500;

/**
 * What a deadline allows.
 * @param deadline when the run must be over, in milliseconds since the epoch; infinite when never.
 * @param reserve milliseconds before it in which no DELETE begins.
 * @param stop ends the run early.
 */
export function requestWindow(deadline: number, reserve: number, stop: AbortSignal): RequestWindow {
  // Every request in flight listens to it; Node takes more than ten for a leak, and says so.
  setMaxListeners(0, stop);
  return {
    deleteUntil: deadline - reserve,
    end: deadline - Math.min(reserve, WRITING_MS),
    stop,
  };
}
