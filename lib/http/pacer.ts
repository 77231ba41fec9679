import type { Clock } from './clock.ts';

/** Catching up after a late timer may send this many milliseconds' worth of requests at once. */
const CATCH_UP_MS = 20;
/** A window of `perSecond` requests is kept this much longer than a second: the network jitters. */
const WINDOW_MS = 1_010;

/**
 * When the next request may go to an endpoint. Shared by all that is sent there, so that one
 * throttled answer slows everybody.
 *
 * Nothing is known of the service's limits (they are not published), so the pacer begins without
 * one. The first throttled answer tells it: what went through in the last second is the rate, and
 * from then on requests are spaced evenly. Each further throttled answer lowers the rate by a
 * little, or by much when they come close together; time without one raises it again, slowly near
 * the rate that was refused and faster away from it.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #sent: number[] = [];
  readonly #passed: number[] = [];
  #rate = Number.POSITIVE_INFINITY;
  #refusedRate = Number.POSITIVE_INFINITY;
  #nextAt = 0;
  #pausedUntil = 0;
  #cutAt = Number.NEGATIVE_INFINITY;
  #cutsInARow = 0;
  #grownAt = 0;

  /** @param perSecond requests that may be sent within any second; infinite where there is no cap. */
  constructor(clock: Clock, perSecond = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Requests a second that are sent at most now; infinite until the service has throttled one. */
  get rate(): number {
    return this.#rate;
  }

  /**
   * Milliseconds until the next request may be sent; when it is 0 the request counts as sent.
   * Callers wait that long and ask again.
   */
  take(): number {
    const now = this.#clock.now();
    this.#grow(now);
    const wait = Math.max(this.#pausedUntil, this.#nextAt, this.#windowOpensAt(now)) - now;
    if (wait > 0) return wait;
    const spacing = Number.isFinite(this.#rate) ? 1_000 / this.#rate : 0;
    this.#nextAt = Math.max(this.#nextAt, now - CATCH_UP_MS) + spacing;
    if (Number.isFinite(this.#perSecond)) this.#sent.push(now);
    return 0;
  }

  /** A request went through. */
  passed(): void {
    if (Number.isFinite(this.#rate)) return;
    // Only the last second matters, and only until the first throttled answer.
    const now = this.#clock.now();
    this.#passed.push(now);
    if (this.#passed.length > 20_000) this.#passed.splice(0, 10_000);
  }

  /**
   * A request was throttled. Those that were sent before the last cut say nothing new.
   * @param sentAt when the request was sent, in milliseconds since the epoch.
   * @param retryAfter milliseconds that the server asked for; everybody waits as long.
   */
  throttled(sentAt: number, retryAfter?: number): void {
    const now = this.#clock.now();
    if (retryAfter !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfter);
    if (sentAt <= this.#cutAt) return;
    const first = !Number.isFinite(this.#rate);
    const sinceCut = now - this.#cutAt;
    this.#cutsInARow = sinceCut < 2_000 ? this.#cutsInARow + 1 : 0;
    if (first) {
      const lastSecond = this.#passed.filter((at) => at > now - 1_000).length;
      this.#passed.length = 0;
      this.#refusedRate = Math.max(1, lastSecond);
      this.#rate = this.#refusedRate * 0.95;
      this.#pausedUntil = Math.max(this.#pausedUntil, now + 1_000);
    } else {
      this.#refusedRate = this.#rate;
      this.#rate = Math.max(0.05, this.#rate * (this.#cutsInARow > 0 ? 0.7 : 0.95));
      const pause = this.#cutsInARow > 0 ? Math.min(20_000, 100 * 2 ** this.#cutsInARow) : 0;
      this.#pausedUntil = Math.max(this.#pausedUntil, now + pause);
    }
    this.#cutAt = now;
    this.#grownAt = Math.max(now, this.#pausedUntil);
    this.#nextAt = Math.max(this.#nextAt, now);
  }

  #grow(now: number): void {
    if (!Number.isFinite(this.#rate) || now <= this.#grownAt) return;
    // A long silence proves nothing: it counts as one second at most.
    const seconds = Math.min(1, (now - this.#grownAt) / 1_000);
    const nearRefused = Math.abs(this.#rate / this.#refusedRate - 1) <= 0.1;
    this.#rate *= (nearRefused ? 1.01 : 1.2) ** seconds;
    this.#grownAt = now;
  }

  #windowOpensAt(now: number): number {
    if (!Number.isFinite(this.#perSecond)) return 0;
    const requests = Math.max(1, Math.floor(this.#perSecond));
    const window = (requests / this.#perSecond) * WINDOW_MS;
    while ((this.#sent[0] ?? now) <= now - window) this.#sent.shift();
    return this.#sent.length < requests ? 0 : (this.#sent[0] ?? 0) + window;
  }
}
