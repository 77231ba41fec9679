import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Pacer } from '../../lib/http/pacer.ts';
import { FakeClock } from '../fake-clock.ts';
import {
  type Admit,
  type Arrival,
  fixedWindow,
  seeded,
  simulate,
  slidingWindow,
  tokenBucket,
} from './simulated-service.ts';

const KINDS = { slidingWindow, tokenBucket, fixedWindow } as const;
const KIND_NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** Arrivals a second that were let through or not, within some seconds. */
function rateOf(arrivals: readonly Arrival[], admitted: boolean, from: number, to: number): number {
  const within = arrivals.filter(({ at }) => at >= from * 1_000 && at < to * 1_000);
  return within.filter((arrival) => arrival.admitted === admitted).length / (to - from);
}

function throttledIn(arrivals: readonly Arrival[], from: number, to: number): number {
  return Math.round(rateOf(arrivals, false, from, to) * (to - from));
}

/** From 5 to 25 milliseconds each way. */
function jittered(random: () => number): () => number {
  return () => 5 + Math.floor(random() * 20);
}

describe('a cap on the rate', () => {
  /** Takes turns for some seconds as fast as it is allowed to. */
  async function sentUnder(perSecond: number, seconds: number, gaps: () => number) {
    const clock = new FakeClock(0);
    const pacer = new Pacer(clock, perSecond);
    const sent: number[] = [];
    while (clock.now() < seconds * 1_000) {
      const wait = pacer.take();
      if (wait === 0) sent.push(clock.now());
      await clock.advance(wait + gaps());
    }
    return sent;
  }

  test('is never exceeded within any second, however requests come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.2, max: 20, noNaN: true })),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        async (perSecond, seed) => {
          const random = seeded(seed);
          const sent = await sentUnder(perSecond, 6, () =>
            random() < 0.8 ? 0 : Math.floor(random() * 400),
          );
          sent.forEach((at, index) => {
            const within = sent.slice(index).filter((other) => other < at + 1_000).length;
            expect(within).toBeLessThanOrEqual(Math.max(1, perSecond));
          });
        },
      ),
      {
        numRuns: 40,
        examples: [
          [0.5438726096751946, 628034935],
          [0.7600175033689031, 1],
        ],
      },
    );
  });

  test.each([
    [1, 60],
    [20, 1_200],
    [0.5, 30],
    [2.5, 120],
  ])('of %d a second is used to the full: about %i in a minute', async (perSecond, expected) => {
    const sent = await sentUnder(perSecond, 60, () => 0);
    expect(sent.length).toBeGreaterThanOrEqual(expected * 0.97);
    expect(sent.length).toBeLessThanOrEqual(expected + Math.max(1, perSecond));
  });

  test('is kept at the service too, where requests wait for answers', async () => {
    const random = seeded(3);
    const { arrivals, counts } = await simulate({
      admit: slidingWindow(() => 22),
      perSecond: 20,
      seconds: 20,
      random,
    });
    expect(counts.throttled).toBe(0);
    expect(arrivals.length).toBeGreaterThanOrEqual(380);
  });
});

describe('without a throttled answer', () => {
  test('nothing waits', () => {
    const pacer = new Pacer(new FakeClock());
    for (let n = 0; n < 1_000; n += 1) {
      expect(pacer.take()).toBe(0);
      pacer.passed();
    }
  });
});

describe('a hidden limit', () => {
  const cases = KIND_NAMES.flatMap((kind) => [50, 200].map((limit) => [kind, limit] as const));

  test.each(cases)(
    '(%s, %i a second) is found and used, with few requests refused',
    async (kind, limit) => {
      for (const seed of [1, 2]) {
        const random = seeded(seed);
        const latency = jittered(random);
        const admit = KINDS[kind](() => limit);
        const { arrivals } = await simulate({ admit, seconds: 60, random, latency });
        expect(rateOf(arrivals, true, 0, 60)).toBeGreaterThanOrEqual(0.9 * limit);
        expect(throttledIn(arrivals, 0, 60) / arrivals.length).toBeLessThanOrEqual(0.03);
      }
    },
  );

  test.each(KIND_NAMES)(
    '(%s) that falls to a fifth is followed within five seconds',
    async (kind) => {
      const random = seeded(7);
      const { arrivals, gaveUp } = await simulate({
        admit: changing(kind, 30, 200, 40),
        seconds: 60,
        random,
        latency: jittered(random),
      });
      expect(throttledIn(arrivals, 30, 60)).toBeLessThan(80);
      expect(throttledIn(arrivals, 35, 60)).toBeLessThan(25);
      expect(rateOf(arrivals, true, 35, 60)).toBeGreaterThanOrEqual(36);
      expect(gaveUp).not.toContain('unavailable');
    },
  );

  test.each(KIND_NAMES)('(%s) that rises is found again', async (kind) => {
    const random = seeded(7);
    const { arrivals } = await simulate({
      admit: changing(kind, 20, 40, 200),
      seconds: 80,
      random,
      latency: jittered(random),
    });
    expect(rateOf(arrivals, true, 60, 80)).toBeGreaterThanOrEqual(180);
    expect(throttledIn(arrivals, 20, 80) / arrivals.length).toBeLessThanOrEqual(0.03);
  });

  test('of 200 in five minutes is waited for, without a storm', async () => {
    const random = seeded(7);
    const passed: number[] = [];
    const admit: Admit = (now) => {
      while ((passed[0] ?? now) <= now - 300_000) passed.shift();
      if (passed.length >= 200) return false;
      passed.push(now);
      return true;
    };
    const latency = jittered(random);
    const { arrivals, gaveUp } = await simulate({ admit, seconds: 900, random, latency });
    expect(gaveUp).not.toContain('unavailable');
    expect(rateOf(arrivals, true, 0, 900) * 900).toBeGreaterThanOrEqual(400);
    expect(throttledIn(arrivals, 0, 900)).toBeLessThan(600);
  });
});

describe('a service that throttles everything', () => {
  test.each([1, 8, 32, 128])(
    'is asked a few hundred times by %i workers, then left alone',
    async (workers) => {
      const random = seeded(5);
      const { arrivals, gaveUp } = await simulate({
        admit: () => false,
        workers,
        seconds: 900,
        random,
      });
      expect(arrivals.length).toBeLessThanOrEqual(300 + workers);
      expect(new Set(gaveUp)).toEqual(new Set(['unavailable']));
    },
  );
});

describe('one throttled answer', () => {
  test('holds everybody back as long as the server asks', async () => {
    const clock = new FakeClock(0);
    const pacer = new Pacer(clock);
    expect(pacer.take()).toBe(0);
    pacer.throttled(0, 7_000);
    expect(pacer.take()).toBe(7_000);
    await clock.advance(6_999);
    expect(pacer.take()).toBe(1);
  });

  test('says nothing new when it was sent before the last cut', async () => {
    const clock = new FakeClock(0);
    const pacer = new Pacer(clock);
    for (let n = 0; n < 100; n += 1) pacer.passed();
    await clock.advance(10);
    for (let n = 0; n < 30; n += 1) pacer.throttled(n % 10);
    await clock.advance(1_000);
    let sent = 0;
    const end = clock.now() + 1_000;
    while (clock.now() < end) {
      const wait = pacer.take();
      if (wait === 0) sent += 1;
      else await clock.advance(wait);
    }
    expect(sent).toBeGreaterThan(90);
    expect(sent).toBeLessThan(102);
  });
});

test('a rate that nobody has reached does not grow', async () => {
  const clock = new FakeClock(0);
  const pacer = new Pacer(clock);
  for (let n = 0; n < 100; n += 1) pacer.passed();
  pacer.throttled(0);
  await clock.advance(1_000);
  // Ten minutes of ten a second, while a hundred would be allowed.
  for (let n = 0; n < 6_000; n += 1) {
    expect(pacer.take()).toBe(0);
    pacer.passed();
    await clock.advance(100);
  }
  let burst = 0;
  while (pacer.take() === 0) burst += 1;
  expect(burst).toBeLessThan(5);
});

/** A limit that is another after some seconds. */
function changing(kind: keyof typeof KINDS, seconds: number, before: number, after: number): Admit {
  let changesAt: number | undefined;
  const perSecond = (now: number) => {
    changesAt ??= now + seconds * 1_000;
    return now < changesAt ? before : after;
  };
  return KINDS[kind](perSecond);
}
