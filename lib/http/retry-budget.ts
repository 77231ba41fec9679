/**
 * How much failure an endpoint may cost before it is left alone. Each failed or throttled answer
 * takes one from the budget, and each other one gives one back. So a service that fails now and then is
 * asked for ever, and one that is down is asked some 300 times.
 */
export class RetryBudget {
  /** Failures in a row, in effect, after which the endpoint counts as unavailable. */
  static readonly CAPACITY = 300;
  /**
   * The endpoint counts as unavailable too after so many milliseconds without a success, and {@link IN_A_ROW}
   * failures. (Limits of 200 requests in five minutes are known: their window must have time to pass.)
   */
  static readonly SILENCE_MS = 6 * 60_000;
  /** Failures in a row that it takes beside {@link SILENCE_MS}. */
  static readonly IN_A_ROW = 20;

  #left = RetryBudget.CAPACITY;
  #inARow = 0;
  #lastSuccessAt: number;

  /** @param now milliseconds by the clock that does not step, as everywhere here. */
  constructor(now: number) {
    this.#lastSuccessAt = now;
  }

  /** An answer that ended a request, for better or worse: the endpoint works. */
  recordSuccess(now: number): void {
    this.#left = Math.min(RetryBudget.CAPACITY, this.#left + 1);
    this.#inARow = 0;
    this.#lastSuccessAt = now;
  }

  /** A failed or throttled answer, or none. */
  recordFailure(): void {
    this.#left -= 1;
    this.#inARow += 1;
  }

  /** True once nothing more should be sent. */
  isExhausted(now: number): boolean {
    const silent = now - this.#lastSuccessAt >= RetryBudget.SILENCE_MS;
    return this.#left <= 0 || (silent && this.#inARow >= RetryBudget.IN_A_ROW);
  }
}
