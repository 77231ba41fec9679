import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { createTransport, type Transport, TransportError } from '../../lib/http/transport.ts';
import type { FakeClock } from '../fake-clock.ts';

/** One request and what came of it, as its sender saw it. */
export interface Exchange {
  /** Its place among all requests of the world, from 0. */
  readonly ordinal: number;
  /** The run that sent it. */
  readonly run: number;
  readonly method: string;
  readonly url: URL;
  readonly at: number;
  endedAt?: number;
  /** Absent when no answer came, or none yet. */
  answer?: { readonly status: number; readonly body: string };
  /** Kind of the TransportError, when no answer came. */
  error?: string;
}

/** Sent with every request, so that the server knows which exchange it is a part of. */
export const EXCHANGE_HEADER = 'x-exchange';

type State = 'queued' | 'moving' | 'held' | 'severed' | 'over';

/**
 * Real sockets under a clock that is not. One exchange moves at a time, and while one does time stands
 * still, so that what happens, and in which order, is the same each time. An exchange that waits
 * for time to pass (latency, or no answer ever) is held: others move meanwhile.
 */
export class Wire {
  readonly exchanges: Exchange[] = [];
  /** Called before an exchange goes out, while nothing moves. */
  beforeSending: ((exchange: Exchange) => Promise<void>) | undefined;
  /** Called once an exchange is on its way. */
  sent: ((exchange: Exchange) => void) | undefined;
  /** Called when an exchange is answered, or never will be. */
  ended: ((exchange: Exchange) => void) | undefined;
  readonly #clock: FakeClock;
  readonly #states: State[] = [];
  readonly #waiting: (() => void)[] = [];
  #free = true;
  /** In the order in which they are to fail, which need not be that of the closing sockets. */
  #severed: { ordinal: number; come: () => void; turn: Promise<void> }[] = [];
  #stillness = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.quiet = this.quiet.bind(this);
  }

  /** A transport of its own for each run. Its time-outs are simulated. */
  transport(run: number): Transport {
    const inner = createTransport(this.#clock);
    return {
      close: inner.close,
      send: async (request, timeoutMs, signal) => {
        const url = new URL(request.url);
        const ordinal = this.exchanges.length;
        const at = this.#clock.now();
        const exchange: Exchange = { ordinal, run, method: request.method, url, at };
        this.exchanges.push(exchange);
        this.#states.push('queued');
        await this.#take();
        this.#states[ordinal] = 'moving';
        try {
          await this.beforeSending?.(exchange);
          // It had no need to wait for others where they are not made to take turns.
          if (signal?.aborted) throw new TransportError('aborted', 'stopped before it was sent');
          const headers = { ...request.headers, [EXCHANGE_HEADER]: String(ordinal) };
          const answered = inner.send({ ...request, headers }, timeoutMs, signal);
          this.sent?.(exchange);
          const response = await answered;
          exchange.answer = { status: response.status, body: response.body };
          return response;
        } catch (error) {
          exchange.error = error instanceof TransportError ? error.code : String(error);
          throw error;
        } finally {
          await this.#ownTurnToFail(ordinal);
          exchange.endedAt = this.#clock.now();
          const state = this.#states[ordinal] as State;
          this.#states[ordinal] = 'over';
          if (state === 'moving') this.#release();
          if (state === 'severed') this.#nextToFail();
          this.ended?.(exchange);
        }
      },
    };
  }

  /** The server lets so much time pass before it goes on with an exchange. */
  async delay(ordinal: number, ms: number): Promise<void> {
    this.hold(ordinal);
    await this.#clock.sleep(ms);
    if (this.#states[ordinal] !== 'held') return;
    await this.#take();
    if (this.#states[ordinal] === 'held') this.#states[ordinal] = 'moving';
    else this.#release();
  }

  /** The server does not answer (yet). */
  hold(ordinal: number): void {
    if (this.#states[ordinal] !== 'moving') return;
    this.#states[ordinal] = 'held';
    this.#release();
  }

  /** The connections of all exchanges that are held are about to be cut. Resolves when each of them has failed. */
  async sever(): Promise<void> {
    this.#states.forEach((state, ordinal) => {
      if (state !== 'held') return;
      this.#states[ordinal] = 'severed';
      let come = () => {};
      const turn = new Promise<void>((resolve) => {
        come = resolve;
      });
      this.#severed.push({ ordinal, come, turn });
    });
    this.#severed[0]?.come();
    while (this.#severed.length > 0) await immediate();
  }

  /** Resolves when nothing can happen any more unless time goes on. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < 2; ) {
      await immediate();
      turns = this.#free && this.#severed.length === 0 ? turns + 1 : 0;
    }
    this.#stillness = this.#clock.sleeping === 0 ? this.#stillness + 1 : 0;
    if (this.#stillness > 1_000) throw new Error('nothing is under way, and the run does not end');
  }

  async #ownTurnToFail(ordinal: number): Promise<void> {
    await this.#severed.find((one) => one.ordinal === ordinal)?.turn;
  }

  /** Requests fail in the order in which they were severed; otherwise the order of closing sockets would be left to chance. */
  #nextToFail(): void {
    this.#severed.shift();
    setImmediate(() => this.#severed[0]?.come());
  }

  async #take(): Promise<void> {
    if (!this.#free) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free = false;
  }

  #release(): void {
    const next = this.#waiting.shift();
    // The turn goes straight to the next one, so it is never free in between.
    if (next) next();
    else this.#free = true;
  }
}

/** Sockets of clients that are open. */
const open = new Set<Socket>();
subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket };
  open.add(socket);
  socket.once('close', () => open.delete(socket));
});

/**
 * Resolves when each client has noticed that the server has closed all connections, which takes a busy machine its
 * time. Otherwise chance would tell who sends into a closed one.
 */
export async function allHaveNoticed(): Promise<void> {
  while (open.size > 0) await immediate();
}

/** One turn of the event loop. */
export function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
