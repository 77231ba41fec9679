import type { Outcome } from '../model/summary.ts';

/** What the process ends with. */
export const EXIT = { complete: 0, failed: 1, usage: 2, incomplete: 3 } as const satisfies Record<
  Outcome | 'usage',
  number
>;

/** What a process ends with that a signal has stopped. */
export function signalStatus(signal: NodeJS.Signals): number {
  return signal === 'SIGTERM' ? 143 : 130;
}
