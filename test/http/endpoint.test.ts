import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../lib/http/clock.ts';
import { Endpoint, type Reading, type SendOptions } from '../../lib/http/endpoint.ts';
import {
  createTransport,
  type HttpResponse,
  type Transport,
  TransportError,
} from '../../lib/http/transport.ts';
import type { RequestWindow } from '../../lib/http/window.ts';
import type { RequestCounts } from '../../lib/model/summary.ts';
import { FAKE_NOW, FakeClock } from '../fake-clock.ts';
import { serve } from '../serve.ts';

/** The service's reaction to one request: a status, or no answer. */
type Answer = number | TransportError;

interface World {
  readonly clock: FakeClock;
  readonly endpoint: Endpoint;
  readonly counts: RequestCounts;
  /** When requests went out, in milliseconds since the start, and the time-outs they went with. */
  readonly sent: { at: number; timeout: number; aborts: boolean }[];
  readonly stop: AbortController;
  send(
    options?: Partial<Omit<SendOptions<Reading & { status?: number }>, 'window'>> & {
      window?: Partial<RequestWindow>;
    },
  ): ReturnType<Endpoint['send']>;
  peak(): number;
}

const OPEN = { deleteUntil: Number.POSITIVE_INFINITY, end: Number.POSITIVE_INFINITY };

/** An endpoint before a service that answers by a script; the last answer stays. */
function world(
  script: readonly Answer[] | ((request: number) => Answer),
  options: { concurrency?: number; perSecond?: number; takes?: number; random?: () => number } = {},
): World {
  const clock = new FakeClock();
  const { concurrency = 4, takes = 10, random = () => 0.5 } = options;
  const sent: World['sent'] = [];
  let inFlight = 0;
  let peak = 0;
  const transport: Transport = {
    async send(_, timeout, signal) {
      sent.push({ at: clock.now() - FAKE_NOW, timeout, aborts: signal !== undefined });
      const answer =
        typeof script === 'function'
          ? script(sent.length)
          : (script[Math.min(sent.length, script.length) - 1] as Answer);
      inFlight += 1;
      peak = Math.max(peak, inFlight);
      const isTimeout = answer instanceof TransportError && answer.code === 'timeout';
      await clock.sleep(isTimeout ? timeout : takes, signal);
      inFlight -= 1;
      if (signal?.aborted) throw new TransportError('aborted', 'stopped');
      if (answer instanceof TransportError) throw answer;
      return { status: answer, body: '', header: () => undefined };
    },
    close() {},
  };
  const origin = 'https://service.test';
  const endpoint = new Endpoint({
    origin,
    concurrency,
    perSecond: options.perSecond,
    transport,
    clock,
    random,
  });
  const counts: RequestCounts = { sent: 0, retried: 0, throttled: 0 };
  const stop = new AbortController();
  return {
    clock,
    endpoint,
    counts,
    sent,
    stop,
    peak: () => peak,
    send: (extra = {}) =>
      endpoint.send({
        build: async () => ({ method: 'DELETE', url: origin, headers: {} }),
        read,
        maxAttempts: 5,
        timeout: 10_000,
        changes: true,
        counts,
        ...extra,
        window: { ...OPEN, stop: stop.signal, ...extra.window },
      }),
  };
}

function read(result: HttpResponse | TransportError): Reading & { status?: number } {
  if (result instanceof TransportError) return { trouble: 'transient' };
  const { status } = result;
  if (status === 429) return { status, trouble: 'throttled' };
  if (status >= 500) return { status, trouble: 'transient' };
  return { status };
}

const RESET = new TransportError('connection', 'cut');
const SILENCE = new TransportError('timeout', 'no answer');

describe('a request', () => {
  test('that is answered is sent once', async () => {
    const { clock, send, counts } = world([204]);
    const result = await clock.settle(send());
    expect(result).toMatchObject({ reading: { status: 204 }, attempts: 1 });
    expect(counts).toEqual({ sent: 1, retried: 0, throttled: 0 });
  });

  test('that is refused for good is not sent again', async () => {
    const { clock, send } = world([404]);
    expect(await clock.settle(send())).toMatchObject({ reading: { status: 404 }, attempts: 1 });
  });

  test('that fails is sent again after a back-off', async () => {
    const { clock, send, sent, counts } = world([500, RESET, 503, 404]);
    const result = await clock.settle(send());
    expect(result).toMatchObject({ reading: { status: 404 }, attempts: 4 });
    // Each answer takes 10 ms; the waits are half of 200, 400 and 800 ms.
    expect(sent.map(({ at }) => at)).toEqual([0, 110, 320, 730]);
    expect(counts).toEqual({ sent: 4, retried: 3, throttled: 0 });
  });

  test('that keeps failing is sent five times', async () => {
    const { clock, send, counts } = world([500]);
    const result = await clock.settle(send());
    expect(result).toMatchObject({
      reading: { status: 500, trouble: 'transient' },
      attempts: 5,
      gaveUp: 'attempts',
    });
    expect(counts).toEqual({ sent: 5, retried: 4, throttled: 0 });
  });

  test('that is throttled uses up no attempt', async () => {
    const { clock, send, counts } = world([...Array<number>(30).fill(429), 204]);
    const result = await clock.settle(send({ maxAttempts: 1 }));
    expect(result).toMatchObject({ reading: { status: 204 }, attempts: 31 });
    expect(counts).toEqual({ sent: 31, retried: 30, throttled: 30 });
  });

  test('that is throttled between failures still has all its attempts', async () => {
    const { clock, send } = world([500, 429, 500, 429, 500, 429, 500, 429, 204]);
    const result = await clock.settle(send());
    expect(result).toMatchObject({ reading: { status: 204 }, attempts: 9 });
  });

  test('is made anew for each attempt', async () => {
    const { clock, send } = world([500, 500, 204]);
    let built = 0;
    const build = async () => {
      built += 1;
      return { method: 'DELETE', url: 'https://service.test', headers: {} } as const;
    };
    await clock.settle(send({ build }));
    expect(built).toBe(3);
  });

  test('that cannot be made is an error, and frees its place', async () => {
    const { clock, send, counts } = world([204], { concurrency: 1 });
    const build = async () => {
      throw new Error('no credentials');
    };
    await expect(clock.settle(send({ build }))).rejects.toThrow('no credentials');
    expect(counts.sent).toBe(0);
    expect(await clock.settle(send())).toMatchObject({ attempts: 1 });
  });

  test('meets a defect of the transport’s as an error', async () => {
    const { clock, endpoint, send } = world(() => {
      throw new RangeError('a defect');
    });
    await expect(clock.settle(send())).rejects.toThrow(RangeError);
    expect(endpoint.unavailable).toBe(false);
  });
});

describe('requests in flight', () => {
  test('are never more than the concurrency, and not fewer where there is work', async () => {
    const { clock, send, sent, peak } = world([204], { concurrency: 4 });
    await clock.settle(Promise.all(Array.from({ length: 40 }, () => send())));
    expect(peak()).toBe(4);
    expect(sent).toHaveLength(40);
    expect(clock.now() - FAKE_NOW).toBe(100);
  });

  test('leave their place while they wait for another attempt', async () => {
    const { clock, send, sent } = world((n) => (n === 1 ? 500 : 204), { concurrency: 1 });
    await clock.settle(Promise.all([send(), send(), send()]));
    expect(sent.map(({ at }) => at)).toEqual([0, 10, 20, 110]);
  });

  test('go out in the order in which they came, also under a cap', async () => {
    const { clock, endpoint, send } = world([204], { concurrency: 8, perSecond: 2 });
    const order: number[] = [];
    const one = (n: number) =>
      send({
        read: (result) => {
          order.push(n);
          return read(result);
        },
      });
    await clock.settle(Promise.all([0, 1, 2, 3, 4, 5].map(one)));
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(endpoint.concurrency).toBe(8);
  });

  test('that had to wait for a token do not exceed the cap afterwards', async () => {
    const { clock, send, sent } = world([204], { concurrency: 32, perSecond: 10 });
    const token = clock.sleep(5_000);
    const build = async () => {
      await token;
      return { method: 'DELETE', url: 'https://service.test', headers: {} } as const;
    };
    await clock.settle(Promise.all(Array.from({ length: 32 }, () => send({ build }))));
    for (const { at } of sent) {
      const within = sent.filter((other) => other.at >= at && other.at < at + 1_000);
      expect(within.length).toBeLessThanOrEqual(10);
    }
  });

  test('that waited more than a minute for their turn are made anew', async () => {
    const { clock, send } = world([204], { perSecond: 1 / 100 });
    const builtAt: number[] = [];
    const build = async () => {
      builtAt.push(clock.now() - FAKE_NOW);
      return { method: 'DELETE', url: 'https://service.test', headers: {} } as const;
    };
    await clock.settle(send({ build }));
    const second = clock.settle(send({ build }));
    // Its own turn comes after 101 s, when what was signed at 10 ms has aged.
    await second;
    expect(builtAt).toEqual([0, 10, 101_000]);
  });
});

describe('the stop signal', () => {
  test('keeps what has not begun from beginning', async () => {
    const { clock, send, stop, counts } = world([204]);
    stop.abort();
    expect(await clock.settle(send())).toEqual({
      attempts: 0,
      gaveUp: 'stopped',
    });
    expect(counts.sent).toBe(0);
  });

  test('ends a wait for another attempt', async () => {
    const { clock, send, stop } = world([429]);
    const result = send();
    await clock.advance(20);
    stop.abort();
    expect(await result).toMatchObject({ attempts: 1, gaveUp: 'stopped' });
    expect(clock.now() - FAKE_NOW).toBe(20);
  });

  test('lets an attempt in flight come to its end, and its answer count', async () => {
    const { clock, send, stop } = world([204], { takes: 500 });
    const result = send();
    await clock.advance(100);
    stop.abort();
    expect(await clock.settle(result)).toMatchObject({ reading: { status: 204 }, attempts: 1 });
  });

  test('cuts off an attempt in flight where that changes nothing', async () => {
    const { clock, send, stop } = world([200], { takes: 500 });
    const result = send({ changes: false });
    await clock.advance(100);
    stop.abort();
    expect(await result).toMatchObject({ attempts: 1, gaveUp: 'stopped' });
    expect(clock.now() - FAKE_NOW).toBe(100);
  });

  test('ends the wait of those who queue for their turn', async () => {
    const { clock, send, stop, counts } = world([204], { perSecond: 1 / 60, concurrency: 8 });
    const results = Promise.all(Array.from({ length: 20 }, () => send()));
    await clock.advance(1_000);
    stop.abort();
    const ended = await results;
    expect(clock.now() - FAKE_NOW).toBe(1_000);
    expect(ended.filter(({ gaveUp }) => gaveUp === 'stopped')).toHaveLength(19);
    expect(counts.sent).toBe(1);
  });
});

describe('the deadline', () => {
  test('is the last moment at which an attempt begins', async () => {
    const { clock, send } = world([204]);
    expect(await clock.settle(send({ window: { deleteUntil: FAKE_NOW } }))).toMatchObject({
      attempts: 1,
    });
    const late = await clock.settle(send({ window: { deleteUntil: clock.now() - 1 } }));
    expect(late).toMatchObject({ attempts: 0, gaveUp: 'deadline' });
  });

  test('cuts the time-out of an attempt that begins before it', async () => {
    const { clock, send, sent } = world([204]);
    await clock.settle(send({ window: { deleteUntil: FAKE_NOW + 1_000, end: FAKE_NOW + 2_500 } }));
    expect(sent).toEqual([{ at: 0, timeout: 2_500, aborts: false }]);
  });

  test('does not lengthen the time-out', async () => {
    const { clock, send, sent } = world([204]);
    await clock.settle(send({ window: { end: FAKE_NOW + 60_000 } }));
    expect(sent[0]?.timeout).toBe(10_000);
  });

  test('ends an attempt that is never answered', async () => {
    const { clock, send } = world([SILENCE]);
    const window = { deleteUntil: FAKE_NOW + 1_000, end: FAKE_NOW + 2_500 };
    const result = await clock.settle(send({ window }));
    expect(result).toMatchObject({ attempts: 1, gaveUp: 'deadline' });
    expect(clock.now() - FAKE_NOW).toBe(2_500);
  });

  test('is what ended an attempt that it cut off, also the last one allowed', async () => {
    const { clock, send } = world([SILENCE]);
    const window = { deleteUntil: FAKE_NOW + 1_000, end: FAKE_NOW + 2_500 };
    const result = await clock.settle(send({ window, maxAttempts: 1 }));
    expect(result).toMatchObject({ attempts: 1, gaveUp: 'deadline' });
  });

  test('ends the retries, however many attempts are left', async () => {
    const { clock, send, sent } = world([500]);
    const window = { deleteUntil: FAKE_NOW + 500 };
    const result = await clock.settle(send({ window }));
    expect(result).toMatchObject({ attempts: 3, gaveUp: 'deadline' });
    for (const { at } of sent) expect(at).toBeLessThanOrEqual(500);
  });

  test('ends the wait for a turn before it has begun where it comes too late', async () => {
    const { clock, send } = world([204], { perSecond: 1 });
    const window = { deleteUntil: FAKE_NOW + 900 };
    await clock.settle(send({ window }));
    const result = await clock.settle(send({ window }));
    expect(result).toMatchObject({ attempts: 0, gaveUp: 'deadline' });
    expect(clock.now() - FAKE_NOW).toBe(10);
  });

  test('holds also when making the request took its time', async () => {
    const { clock, send, counts, sent } = world([204]);
    const build = async () => {
      await clock.sleep(3_000);
      return { method: 'DELETE', url: 'https://service.test', headers: {} } as const;
    };
    const window = { deleteUntil: FAKE_NOW + 2_000, end: FAKE_NOW + 5_000 };
    expect(await clock.settle(send({ build, window }))).toMatchObject({
      attempts: 0,
      gaveUp: 'deadline',
    });
    expect(counts.sent).toBe(0);
    const now = clock.now();
    await clock.settle(send({ build, window: { deleteUntil: now + 4_000, end: now + 5_000 } }));
    expect(sent[0]?.timeout).toBe(2_000);
  });
});

describe('answers that come at once and take long to read', () => {
  const MANY = 12;
  const TAKES_MS = 40;

  /** Asks two endpoints, whose service answers all in one go; `onAnswers` is called just before. */
  async function ask(
    changes: boolean,
    end: number,
    onAnswers: (stop: AbortController) => void = () => {},
  ) {
    const waiting: ServerResponse[] = [];
    const stop = new AbortController();
    let answersRead = 0;
    const server = await serve((_, response) => {
      waiting.push(response);
      if (waiting.length < MANY) return;
      onAnswers(stop);
      for (const one of waiting) one.end('{}');
    });
    const transport = createTransport(systemClock);
    const [one, other] = [1, 2].map(
      () =>
        new Endpoint({
          origin: server.url,
          concurrency: MANY,
          transport,
          clock: systemClock,
          random: () => 0.5,
        }),
    ) as [Endpoint, Endpoint];
    const window = { deleteUntil: end, end, stop: stop.signal };
    const asking = Array.from({ length: MANY }, (_, at) =>
      (at % 2 === 0 ? one : other).send({
        build: async () => ({ method: changes ? 'DELETE' : 'GET', url: server.url, headers: {} }),
        read: (result) => {
          if (!(result instanceof TransportError)) {
            answersRead += 1;
            const until = performance.now() + TAKES_MS;
            while (performance.now() < until);
          }
          return read(result);
        },
        changes,
        window,
        maxAttempts: 5,
        timeout: 10_000,
        counts: { sent: 0, retried: 0, throttled: 0 },
      }),
    );
    const results = await Promise.all(asking);
    transport.close();
    await server.close();
    return { answersRead, gaveUp: results.map(({ gaveUp }) => gaveUp) };
  }

  test('are all read where there is time', async () => {
    const { answersRead, gaveUp } = await ask(false, Number.POSITIVE_INFINITY);
    expect(answersRead).toBe(MANY);
    expect(gaveUp).toEqual(Array(MANY).fill(undefined));
  });

  test('are read until the deadline, and no longer', async () => {
    const { answersRead, gaveUp } = await ask(false, performance.now() + 3 * TAKES_MS);
    expect(answersRead).toBeLessThanOrEqual(3);
    expect(gaveUp.filter((reason) => reason === 'deadline')).toHaveLength(MANY - answersRead);
  });

  test('let timers run between them, and are not read once the run is stopped', async () => {
    const { answersRead, gaveUp } = await ask(false, Number.POSITIVE_INFINITY, (stop) => {
      setTimeout(() => stop.abort(), TAKES_MS / 2);
    });
    expect(answersRead).toBeLessThanOrEqual(2);
    expect(gaveUp.filter((reason) => reason === 'stopped')).toHaveLength(MANY - answersRead);
  });

  test('are read, however late, where they tell what became of a DELETE', async () => {
    const { answersRead, gaveUp } = await ask(true, performance.now() + 8 * TAKES_MS);
    expect(answersRead).toBe(MANY);
    expect(gaveUp).toEqual(Array(MANY).fill(undefined));
  });
});

test('nobody waits for a service that wants to rest for hours', async () => {
  const { clock, send, counts } = world([429]);
  const asking = () => send({ read: (result) => ({ ...read(result), retryAfter: 3 * 3_600_000 }) });
  const [first] = await clock.settle(Promise.all([asking()]));
  expect(first.gaveUp).toBe('unavailable');
  expect((await clock.settle(send())).gaveUp).toBe('unavailable');
  expect(counts.sent).toBe(1);
  expect(clock.now()).toBeLessThan(FAKE_NOW + 1_000);
});

describe('a service that is down', () => {
  test.each([1, 8, 64])(
    'is asked some 300 times by %i at once, whatever there is to do',
    async (concurrency) => {
      const { clock, endpoint, send, counts } = world([500], { concurrency });
      const results = await clock.settle(Promise.all(Array.from({ length: 2_000 }, () => send())));
      expect(counts.sent).toBeGreaterThanOrEqual(300);
      expect(counts.sent).toBeLessThanOrEqual(300 + concurrency);
      expect(endpoint.unavailable).toBe(true);
      expect(new Set(results.map(({ gaveUp }) => gaveUp))).toEqual(new Set(['unavailable']));
      expect(await clock.settle(send())).toMatchObject({ attempts: 0, gaveUp: 'unavailable' });
    },
  );

  test('for every fifth record only is asked for all of them', async () => {
    const { clock, endpoint, send } = world((n) => (n % 5 === 0 ? 500 : 204), { concurrency: 8 });
    const results = await clock.settle(
      Promise.all(Array.from({ length: 3_000 }, () => send({ maxAttempts: 10 }))),
    );
    expect(results.every(({ gaveUp }) => gaveUp === undefined)).toBe(true);
    expect(endpoint.unavailable).toBe(false);
  });
});
