/** Moments of the recent past, in the order in which they came; older ones are forgotten. */
export class RecentTimes {
  readonly #lengthMs: number;
  #times: number[] = [];
  /** Those before this index are too old. */
  #head = 0;

  /** @param lengthMs how many milliseconds back is recent. */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  add(now: number): void {
    this.#times.push(now);
  }

  /** How many there are. */
  count(now: number): number {
    while (this.#head < this.#times.length && this.opensAt <= now) this.#head += 1;
    // Cut off once most are too old, so that the cost of it is shared by many calls.
    if (this.#head > 64 && this.#head > this.#times.length / 2) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
    return this.#times.length - this.#head;
  }

  /** When the oldest ceases to be recent; the distant past where there is none. */
  get opensAt(): number {
    return (this.#times[this.#head] ?? Number.NEGATIVE_INFINITY) + this.#lengthMs;
  }
}
