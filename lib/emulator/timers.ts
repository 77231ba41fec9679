/** Waits that can all be given up at once, so that closing leaves no handle open. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>();

  /** Resolves after so many milliseconds; never, once all were given up. */
  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(timer);
        resolve();
      }, milliseconds);
      this.#pending.add(timer);
    });

  giveUp(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
