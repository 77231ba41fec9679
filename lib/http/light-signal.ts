/** As much of an `AbortSignal` as waiting and node-fetch need. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * A signal that is cheap enough for each request to have its own. An `AbortController` costs more processor
 * time than everything else around a request, since its events and its exception serve the whole web.
 */
export class LightSignal implements StopSignal {
  aborted = false;
  readonly #listeners = new Set<() => void>();

  /** node-fetch takes a signal by this name only. */
  get [Symbol.toStringTag](): string {
    return 'AbortSignal';
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** Calls each listener once. */
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }
}
