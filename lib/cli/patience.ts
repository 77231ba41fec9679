import type { Clock } from '../http/clock.ts';
import { type RequestWindow, requestWindow } from '../http/window.ts';

/** Milliseconds for one thing that is looked at: somebody is waiting, and a throttled request waits long. */
const PATIENCE_MS = 15_000;

/** A window for requests that is opened anew for each thing that is looked at. */
export interface Patience {
  readonly window: RequestWindow;
  renew(): void;
}

export function patience(clock: Clock): Patience {
  let end = 0;
  return {
    window: {
      ...requestWindow({}),
      get end() {
        return end;
      },
    },
    renew: () => {
      end = clock.monotonic() + PATIENCE_MS;
    },
  };
}
