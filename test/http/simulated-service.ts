import { Endpoint, type Reading } from '../../lib/http/endpoint.ts';
import type { HttpRequest, Transport } from '../../lib/http/transport.ts';
import { requestWindow } from '../../lib/http/window.ts';
import type { RequestCounts } from '../../lib/model/summary.ts';
import { FakeClock } from '../fake-clock.ts';

/** Decides whether a request that arrives now is let through. */
export type Admit = (now: number) => boolean;

/** At most so many in any second. */
export function slidingWindow(perSecond: (now: number) => number): Admit {
  const passed: number[] = [];
  let head = 0;
  return (now) => {
    while ((passed[head] ?? Number.POSITIVE_INFINITY) <= now - 1_000) head += 1;
    if (passed.length - head >= perSecond(now)) return false;
    passed.push(now);
    return true;
  };
}

/** So many tokens a second, of which a second's worth is saved up. */
export function tokenBucket(perSecond: (now: number) => number): Admit {
  let tokens = Number.POSITIVE_INFINITY;
  let filledAt = 0;
  return (now) => {
    const limit = perSecond(now);
    tokens = Math.min(limit, tokens + ((now - filledAt) / 1_000) * limit);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** At most so many in each second of the clock. */
export function fixedWindow(perSecond: (now: number) => number): Admit {
  let second = 0;
  let passed = 0;
  return (now) => {
    if (Math.floor(now / 1_000) !== second) passed = 0;
    second = Math.floor(now / 1_000);
    if (passed >= perSecond(now)) return false;
    passed += 1;
    return true;
  };
}

/** One request as the simulated service saw it; `at` is milliseconds since the start. */
export interface Arrival {
  readonly at: number;
  readonly admitted: boolean;
}

/** A simulated service behind an endpoint, and workers that send to it without pause. */
export async function simulate(options: {
  admit: Admit;
  workers?: number;
  seconds: number;
  perSecond?: number;
  /** Milliseconds each way, the same for each request or drawn at random. */
  latency?: () => number;
  random: () => number;
}): Promise<{ arrivals: Arrival[]; counts: RequestCounts; gaveUp: string[] }> {
  const { admit, workers = 32, seconds, perSecond, random } = options;
  const { latency = () => 10 } = options;
  const clock = new FakeClock();
  const start = clock.now();
  const arrivals: Arrival[] = [];
  const transport: Transport = {
    async send() {
      await clock.sleep(latency());
      const admitted = admit(clock.now());
      arrivals.push({ at: clock.now() - start, admitted });
      await clock.sleep(latency());
      return { status: admitted ? 204 : 429, body: '', header: () => undefined };
    },
    close() {},
  };
  const endpoint = new Endpoint({
    origin: 'http://service.test',
    concurrency: workers,
    perSecond,
    transport,
    clock,
    random,
  });
  const counts: RequestCounts = { sent: 0, retried: 0, throttled: 0 };
  const end = start + seconds * 1_000;
  const gaveUp: string[] = [];
  const worker = async () => {
    while (clock.now() < end) {
      const sent = await endpoint.send<Reading, HttpRequest>({
        build: async () => ({ method: 'DELETE', url: 'http://service.test/', headers: {} }),
        read: (result) => ('status' in result && result.status === 204 ? {} : THROTTLED),
        maxAttempts: 5,
        timeout: 30_000,
        changes: true,
        window: requestWindow({ deadline: end + 5_500, stopBeforeEnd: 5_500 }),
        counts,
      });
      if (sent.gaveUp) {
        gaveUp.push(sent.gaveUp);
        return;
      }
    }
  };
  await clock.settle(Promise.all(Array.from({ length: workers }, worker)));
  return { arrivals, counts, gaveUp };
}

const THROTTLED: Reading = { trouble: 'throttled' };

/** A repeatable random function: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
