import pLimit, { type LimitFunction } from 'p-limit';
import type { RequestCounts } from '../model/summary.ts';
import type { Clock } from './clock.ts';
import { LongBodies } from './long-bodies.ts';
import { Pacer } from './pacer.ts';
import { decideRetry, type GaveUp, LONGEST_WAIT_MS, type Trouble } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';
import {
  type HttpRequest,
  type HttpResponse,
  type Transport,
  TransportError,
} from './transport.ts';
import type { RequestWindow } from './window.ts';

/** How one attempt came out, as the caller's protocol reads it. */
export interface Reading {
  /** Present when the same request may be sent again. */
  readonly trouble?: Trouble | undefined;
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter?: number | undefined;
}

export interface SendOptions<R extends Reading, Q extends HttpRequest = HttpRequest> {
  /** Makes the request; called for each attempt, since a signature carries its own time. */
  readonly build: () => Promise<Q>;
  /** Reads an answer, or the lack of one. */
  readonly read: (result: HttpResponse | TransportError) => R;
  /**
   * Whether the request changes something. One that does begins no later than the window allows deletes,
   * and is awaited when the run is stopped; one that only reads is cut off.
   */
  readonly changes: boolean;
  readonly window: RequestWindow;
  readonly maxAttempts: number;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly counts: RequestCounts;
}

export interface Sent<R, Q = HttpRequest> {
  /** How the last attempt came out; absent when none was made. */
  readonly reading?: R;
  /** The request of the last attempt; absent when none was made. */
  readonly request?: Q;
  readonly attempts: number;
  /** Why it ended without a final answer. */
  readonly gaveUp?: GaveUp;
}

/** A request that had to wait longer than this for its turn is made anew: its signature has aged. */
const STALE_MS = 60_000;

/** A timer may fire this many milliseconds early. */
const EARLY_TIMER_MS = 5;

/**
 * Answers to what only reads are long, and many may come at once, from whichever endpoints. They are read one after
 * another, and between two of them the event loop turns: otherwise no timer runs until all are read.
 */
const readings = pLimit(1);

/**
 * One host, and all that is shared by those who send to it: how many requests are in flight, how
 * fast they follow each other, and how much failure is tolerated.
 */
export class Endpoint {
  readonly origin: string;
  readonly concurrency: number;
  /** Lists that are being read there now: they share what may be in flight. */
  activeLists = 0;
  readonly #slots: LimitFunction;
  readonly #longBodies = new LongBodies();
  /** Only one request waits for the pacer at a time, so that requests go in the order in which they came. */
  readonly #turns = pLimit(1);
  readonly #pacer: Pacer;
  readonly #budget: RetryBudget;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(options: {
    origin: string;
    /** Requests in flight at once. */
    concurrency: number;
    /** Requests within any second; no cap, when absent. */
    perSecond?: number | undefined;
    transport: Transport;
    clock: Clock;
    random: () => number;
  }) {
    this.origin = options.origin;
    this.concurrency = options.concurrency;
    this.#slots = pLimit(options.concurrency);
    this.#pacer = new Pacer(options.clock, options.perSecond);
    this.#budget = new RetryBudget(options.clock.monotonic());
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** True once the endpoint has failed so much that nothing more is sent there. */
  get unavailable(): boolean {
    return this.#budget.isExhausted(this.#clock.monotonic());
  }

  /** Sends a request until it has a final answer, or there is a reason to stop trying; throws what `build` throws. */
  async send<R extends Reading, Q extends HttpRequest>(
    options: SendOptions<R, Q>,
  ): Promise<Sent<R, Q>> {
    let last: { request: Q; reading: R } | undefined;
    let attempts = 0;
    let throttled = 0;
    const result = (gaveUp?: GaveUp): Sent<R, Q> => ({
      ...last,
      attempts: attempts + throttled,
      ...(gaveUp && { gaveUp }),
    });
    const latestStart = latestStartOf(options);
    for (;;) {
      const attempt = await this.#slots(() => this.#attempt(options, last !== undefined));
      if ('gaveUp' in attempt) return result(attempt.gaveUp);
      last = attempt;
      const { trouble, retryAfter } = attempt.reading;
      if (trouble === 'throttled') throttled += 1;
      else attempts += 1;
      if (trouble === undefined) return result();
      const now = this.#clock.monotonic();
      // Time ran out on the answer, which is no fault of the request: it did not use up its attempts.
      if (now >= options.window.end - EARLY_TIMER_MS) return result('deadline');
      const next = decideRetry({
        trouble,
        attempts,
        throttled,
        maxAttempts: options.maxAttempts,
        now,
        latestStart,
        retryAfter,
        random: this.#random(),
      });
      if (options.window.stop.aborted) return result('stopped');
      if (this.unavailable) return result('unavailable');
      if ('gaveUp' in next) return result(next.gaveUp);
      await this.#clock.sleep(next.waitMs, options.window.stop);
    }
  }

  async #attempt<R extends Reading, Q extends HttpRequest>(
    options: SendOptions<R, Q>,
    again: boolean,
  ): Promise<{ request: Q; reading: R } | { gaveUp: GaveUp }> {
    const { window, counts } = options;
    const early = this.#reasonToGiveUp(options);
    if (early) return { gaveUp: early };
    // Built before its turn: building may wait for a token, and the turn may be over by then.
    let request = await options.build();
    const builtAt = this.#clock.monotonic();
    let gaveUp: GaveUp | undefined;
    if (!this.#mayGoAtOnce(options)) gaveUp = await this.#turns(() => this.#awaitTurn(options));
    if (!gaveUp && this.#clock.monotonic() - builtAt > STALE_MS) {
      request = await options.build();
      gaveUp = this.#reasonToGiveUp(options);
    }
    if (gaveUp) return { gaveUp };
    const sentAt = this.#clock.monotonic();
    const timeout = Math.max(1, Math.min(options.timeout, window.end - sentAt));
    counts.sent += 1;
    if (again) counts.retried += 1;
    const signal = options.changes ? undefined : window.stop;
    const reading = await this.#exchange(request, timeout, signal, options);
    if (reading.trouble === undefined) {
      this.#budget.recordSuccess(this.#clock.monotonic());
      this.#pacer.passed();
    } else {
      this.#budget.recordFailure();
      if (reading.trouble === 'throttled') {
        counts.throttled += 1;
        this.#pacer.throttled(sentAt, reading.retryAfter);
      }
    }
    return { request, reading };
  }

  #reasonToGiveUp(options: Timing): GaveUp | undefined {
    if (options.window.stop.aborted) return 'stopped';
    if (this.unavailable) return 'unavailable';
    return this.#clock.monotonic() > latestStartOf(options) ? 'deadline' : undefined;
  }

  /** Takes a turn at once if nobody else waits for one and the pacer asks for no wait, as in most cases. */
  #mayGoAtOnce(options: Timing): boolean {
    if (this.#turns.activeCount + this.#turns.pendingCount > 0) return false;
    return this.#reasonToGiveUp(options) === undefined && this.#pacer.take() === 0;
  }

  /** Waits until the request may be sent, or there is a reason why it never will be. */
  async #awaitTurn(options: Timing): Promise<GaveUp | undefined> {
    for (;;) {
      const gaveUp = this.#reasonToGiveUp(options);
      if (gaveUp) return gaveUp;
      const wait = this.#pacer.take();
      if (wait === 0) return undefined;
      if (this.#clock.monotonic() + wait > latestStartOf(options)) return 'deadline';
      if (wait > LONGEST_WAIT_MS) return 'unavailable';
      await this.#clock.sleep(wait, options.window.stop);
    }
  }

  /** Reads what has come, unless there is no time left for that, or the run has been stopped meanwhile. */
  async #readInTime<R extends Reading>(
    { read, window }: SendOptions<R>,
    result: HttpResponse | TransportError,
  ): Promise<R> {
    await this.#clock.sleep(0);
    if (window.stop.aborted) return read(new TransportError('aborted', `${this.origin}: stopped`));
    if (this.#clock.monotonic() <= window.end) return read(result);
    return read(new TransportError('timeout', `${this.origin}: no time left to read the answer`));
  }

  async #exchange<R extends Reading>(
    request: HttpRequest,
    timeout: number,
    signal: AbortSignal | undefined,
    options: SendOptions<R>,
  ): Promise<R> {
    const place = this.#longBodies.open();
    try {
      const result = await this.#answerTo(request, timeout, signal, place);
      if (options.changes) return options.read(result);
      return await readings(() => this.#readInTime(options, result));
    } finally {
      place.leave();
    }
  }

  async #answerTo(
    ...sending: Parameters<Transport['send']>
  ): Promise<HttpResponse | TransportError> {
    try {
      return await this.#transport.send(...sending);
    } catch (error) {
      if (error instanceof TransportError) return error;
      throw error;
    }
  }
}

type Timing = Pick<SendOptions<Reading>, 'changes' | 'window'>;

function latestStartOf({ changes, window }: Timing): number {
  return changes ? window.deleteUntil : window.end;
}
