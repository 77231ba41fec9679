import type { Clock } from '../http/clock.ts';
import { type RequestWindow, requestWindow } from '../http/window.ts';

/** Milliseconds for one thing that is looked at: somebody is waiting, and a throttled request waits long. */
const WINDOW_MS = 15_000;

/** A window for requests that is opened anew for each thing that is looked at. Before that it is closed. */
export interface RenewableWindow extends RequestWindow {
  renew(): void;
}

export function renewableWindow(clock: Clock): RenewableWindow {
  let end = 0;
  return {
    ...requestWindow({}),
    get end() {
      return end;
    },
    renew: () => {
      end = clock.monotonic() + WINDOW_MS;
    },
  };
}
