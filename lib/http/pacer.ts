import type { Clock } from './clock.ts';
import { RecentTimes } from './recent-times.ts';

/** Catching up after a late timer may send this many milliseconds' worth of requests at once. */
const CATCH_UP_MS = 20;
/** The cap holds in windows that are this much longer than a second: the network jitters. */
const WINDOW_MS = 1_010;
/** The weight of one answer in the share of throttled ones; the other answers have the rest. */
const REFUSAL_WEIGHT = 1 / 8;
/** From this share on the rate is far too high, not a little: four throttled answers in a row reach it. */
const FAR_TOO_HIGH = 0.35;
/** Requests a second. */
const LOWEST_RATE = 0.05;

/**
 * When the next request may go to an endpoint. Shared by all that is sent there, so that one
 * throttled answer slows everybody.
 *
 * Nothing is known of the service's limits (they are not published), so the pacer begins without
 * one. The first throttled answer tells it: what went through in the last second is the rate, and
 * from then on requests are spaced evenly. Each further throttled answer lowers the rate by a
 * little, or by much when they come close together. While requests have to wait for their turn, time
 * without one raises it again, slowly near the rate that was refused and faster away from it.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #perWindow: number;
  readonly #sent: RecentTimes;
  readonly #passed = new RecentTimes(1_000);
  #rate = Number.POSITIVE_INFINITY;
  #throttledRate = Number.POSITIVE_INFINITY;
  #nextAt = 0;
  #pausedUntil = 0;
  #cutAt = Number.NEGATIVE_INFINITY;
  /** Share of throttled answers among the latest, which count most. */
  #refusals = 0;
  /** Deep cuts in a row between which next to nothing went through. */
  #silentCuts = 0;
  #grownAt = 0;

  /** @param perSecond requests that may be sent within any second; infinite where there is no cap. */
  constructor(clock: Clock, perSecond = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    // Half a request cannot be sent: 2.5 a second are 2, and 0.5 are one in two seconds.
    this.#perWindow = Math.max(1, Math.floor(perSecond));
    this.#sent = new RecentTimes(WINDOW_MS * Math.max(1, 1 / perSecond));
  }

  /**
   * Milliseconds until the next request may be sent; when it is 0 the request counts as sent.
   * Callers wait that long and ask again.
   */
  take(): number {
    const now = this.#clock.monotonic();
    // A caller that need not wait sends less than the rate allows, which proves nothing about a higher rate.
    if (this.#nextAt > now) this.#grow(now);
    const wait = Math.max(this.#pausedUntil, this.#nextAt, this.#windowOpensAt(now)) - now;
    if (wait > 0) return wait;
    this.#nextAt = Math.max(this.#nextAt, now - CATCH_UP_MS) + 1_000 / this.#rate;
    if (Number.isFinite(this.#perWindow)) this.#sent.add(now);
    return 0;
  }

  /** A request went through. */
  passed(): void {
    const now = this.#clock.monotonic();
    this.#passed.add(now);
    this.#passed.count(now);
    this.#refusals *= 1 - REFUSAL_WEIGHT;
  }

  /**
   * A request was throttled. Those that were sent before the last cut say nothing new.
   * @param sentAt when the request was sent, by the clock that does not step.
   * @param retryAfter milliseconds that the server asked for; everybody waits as long.
   */
  throttled(sentAt: number, retryAfter = 0): void {
    const now = this.#clock.monotonic();
    this.#pauseFor(retryAfter, now);
    if (sentAt <= this.#cutAt) return;
    this.#refusals += (1 - this.#refusals) * REFUSAL_WEIGHT;
    if (!Number.isFinite(this.#rate)) this.#cutTo(this.#lastSecond(now), now, 1_000);
    else if (this.#refusals <= FAR_TOO_HIGH) this.#cutTo(this.#rate, now);
    else this.#cutDeep(now);
  }

  /** The limit has fallen, or a burst went through that the service had saved up: the rate is measured anew. */
  #cutDeep(now: number): void {
    const seen = this.#lastSecond(now);
    const lowest = 0.3 * this.#rate;
    this.#silentCuts = seen < lowest ? this.#silentCuts + 1 : 0;
    const pause = Math.min(20_000, 1_000 * 2 ** this.#silentCuts);
    this.#cutTo(Math.min(Math.max(seen, lowest), this.#rate), now, pause);
  }

  /** @param throttled the rate that was too high; a little less than that is tried next. */
  #cutTo(throttled: number, now: number, pause = 0): void {
    this.#throttledRate = throttled;
    this.#rate = Math.max(LOWEST_RATE, 0.97 * throttled);
    this.#pauseFor(pause, now);
    if (pause > 0) this.#refusals = 0;
    this.#cutAt = now;
    this.#grownAt = Math.max(now, this.#pausedUntil);
    this.#nextAt = Math.max(this.#nextAt, now);
  }

  #lastSecond(now: number): number {
    return Math.max(1, this.#passed.count(now));
  }

  #pauseFor(ms: number, now: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + ms);
  }

  #grow(now: number): void {
    if (now <= this.#grownAt) return;
    // A long silence proves nothing: it counts as one second at most.
    const seconds = Math.min(1, (now - this.#grownAt) / 1_000);
    const nearThrottled = Math.abs(this.#rate / this.#throttledRate - 1) <= 0.1;
    this.#rate *= (nearThrottled ? 1.01 : 1.5) ** seconds;
    this.#grownAt = now;
  }

  #windowOpensAt(now: number): number {
    return this.#sent.count(now) < this.#perWindow ? 0 : this.#sent.opensAt;
  }
}
