import { EXIT, type Io } from './io.ts';

/**
 * A second signal within so many milliseconds counts as the first one: a terminal sends Ctrl-C to npx
 * and to its child, and npx passes its own on.
 */
const SAME_SIGNAL_MS = 200;

export interface Interrupt {
  /** Aborts at the first signal. */
  readonly stop: AbortSignal;
  /** The exit status that the signal asks for; `undefined` when there was none. */
  status(): number | undefined;
}

/**
 * The first Ctrl-C lets requests in flight end, the second ends the process at once.
 * @param monotonic milliseconds by a clock that never steps.
 */
export function listenForInterrupt(io: Io, monotonic: () => number): Interrupt {
  const controller = new AbortController();
  let firstAt: number | undefined;
  io.onSignal(() => {
    if (firstAt === undefined) {
      firstAt = monotonic();
      io.err('\nStopping: waiting for the requests in flight. Ctrl-C again ends at once.\n');
      controller.abort();
    } else if (monotonic() - firstAt > SAME_SIGNAL_MS) io.exit(EXIT.interrupted);
  });
  return {
    stop: controller.signal,
    status: () => (firstAt === undefined ? undefined : EXIT.interrupted),
  };
}
