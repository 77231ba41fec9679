import type { Clock } from '../lib/http/clock.ts';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** When a fake clock begins, unless a test says otherwise. */
export const FAKE_NOW = Date.UTC(2026, 8, 1, 3, 30);

/**
 * A clock that a test moves. Time stands still until `advance` or `settle` moves it; sleepers wake
 * in the order of their time, and those of the same time in the order in which they lay down.
 */
export class FakeClock implements Clock {
  #now: number;
  #stepped = 0;
  /** In the order in which they wake. */
  readonly #sleepers: Sleeper[] = [];

  constructor(now = FAKE_NOW) {
    this.#now = now;
    this.now = this.now.bind(this);
    this.monotonic = this.monotonic.bind(this);
    this.sleep = this.sleep.bind(this);
  }

  now(): number {
    return this.#now + this.#stepped;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets the wall clock forward or back, as a person or NTP would: no time passes. */
  step(ms: number): void {
    this.#stepped += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { wakesAt: this.#now + Math.max(0, ms), wake };
      const abort = () => {
        const index = this.#sleepers.indexOf(sleeper);
        if (index !== -1) this.#sleepers.splice(index, 1);
        resolve();
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#lay(sleeper);
    });
  }

  /** How many are asleep now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Lets so many milliseconds pass, and everything happen that happens meanwhile. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await quiet();
    while ((this.#sleepers[0]?.wakesAt ?? Number.POSITIVE_INFINITY) <= end) {
      this.#wakeNext();
      await quiet();
    }
    this.#now = end;
  }

  /**
   * Waits for a promise; whenever nothing else goes on, time jumps to the next sleeper. Where
   * sockets are involved, the time-outs of their transport must not sleep here: time would jump to
   * their end while the answer is on its way.
   * @param nothingGoesOn knows better when that is, where sockets are involved after all.
   */
  async settle<T>(promise: Promise<T>, nothingGoesOn: () => Promise<void> = quiet): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    await nothingGoesOn();
    while (!settled) {
      this.#wakeNext();
      await nothingGoesOn();
    }
    return await promise;
  }

  #wakeNext(): void {
    const sleeper = this.#sleepers.shift();
    if (!sleeper) return;
    this.#now = Math.max(this.#now, sleeper.wakesAt);
    sleeper.wake();
  }

  #lay(sleeper: Sleeper): void {
    let low = 0;
    let high = this.#sleepers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sleepers[middle] as Sleeper).wakesAt <= sleeper.wakesAt) low = middle + 1;
      else high = middle;
    }
    this.#sleepers.splice(low, 0, sleeper);
  }
}

/** Resolves when every promise that can go on without time or sockets has done so. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
