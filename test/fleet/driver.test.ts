/**
 * The whole machine under faults: functions are killed at random points, messages come twice, the bucket fails, the
 * service fails. Each run is judged by the emulator's journal.
 *
 * `FLEET_RUNS=5000` tries thousands of cases instead of some. A failure prints FLEET_SEED and FLEET_PATH:
 * with these two variables, that one case is played again, request by request.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEMO_PROJECT_ID } from '../../lib/emulator/index.ts';
import { holds } from '../chaos/replay.ts';
import { aged, expired } from '../records.ts';
import { BUCKET_TROUBLES, type BucketTrouble } from './bucket.ts';
import {
  busiestSecond,
  type Call,
  expectTruth,
  type FleetWorld,
  startFleet,
  truthOf,
} from './fleet-world.ts';

const HOURS = 8 * 3_600_000;
const OTHER_PROJECT = DEMO_PROJECT_ID.replace(/^./, 'f');
/** 500, hang, and lost connections: each before or after the service has done what was asked. */
const TROUBLES = [
  { status: 500, body: {} },
  { status: 500, body: {}, afterwards: true },
  { reset: true },
  { reset: true, afterwards: true },
] as const;

/** One in so many; in the simplest case not. */
const oneIn = (count: number) => fc.nat({ max: count - 1 }).map((n) => n === count - 1);
const rarely = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.constantFrom(0.01, 0.05) },
  { weight: 1, arbitrary: fc.constantFrom(0.2, 0.5) },
);

const scenario = fc.record({
  /** Expired records of each instance. */
  instances: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.nat({ max: 8 }) },
      { weight: 2, arbitrary: fc.integer({ min: 20, max: 130 }) },
      { weight: 1, arbitrary: fc.integer({ min: 200, max: 330 }) },
    ),
    { minLength: 1, maxLength: 6 },
  ),
  /** Whether every other one is on an endpoint of its own. */
  twoEndpoints: oneIn(3),
  concurrency: fc.constantFrom(8, 3, 1),
  perSecond: fc.constantFrom(undefined, 20, 7, 2.5),
  /** Seconds of one call, and milliseconds of one request. */
  timeout: fc.constantFrom(900, 60, 20, 12),
  latency: fc.constantFrom(0, 60, 400),
  deletes: rarely,
  bucket: fc.record({
    share: rarely,
    latency: fc.constantFrom(0, 30),
    troubles: fc.subarray([...BUCKET_TROUBLES], { minLength: 1 }),
  }),
  /** After how many effects on the outside a function is killed. */
  kills: fc.array(
    fc.record({
      at: fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 600 })),
      when: fc.constantFrom('before', 'after'),
    }),
    { maxLength: 4 },
  ),
  /** Calls that come twice, and calls that Lambda says have failed, although they have not. */
  twice: fc.array(
    fc.record({
      call: fc.nat({ max: 8 }),
      delay: fc.oneof(fc.constant(0), fc.nat({ max: 20_000 })),
    }),
    { maxLength: 2 },
  ),
  disowned: fc.array(fc.nat({ max: 8 }), { maxLength: 2 }),
  /** A permanent failure at one of the calls: another deployment, or an object that stays cut short. */
  forGood: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        at: fc.integer({ min: 1, max: 6 }),
        kind: fc.constantFrom('policy', 'dryRun', 'cut short'),
      }),
    },
  ),
  seed: fc.nat(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer One> ? One : never;

async function start(one: Scenario): Promise<FleetWorld> {
  const { concurrency, perSecond, twoEndpoints } = one;
  const requests = { concurrency, ...(perSecond && { perSecond }), timeout: '5s' };
  const world = await startFleet(
    twoEndpoints
      ? [{ requests }, { requests, projectId: OTHER_PROJECT, elsewhere: true }]
      : [{ requests }],
  );
  one.instances.forEach((records, index) => {
    const projectId = twoEndpoints && index % 2 === 1 ? OTHER_PROJECT : DEMO_PROJECT_ID;
    const tasks = [...expired(records), aged(1)];
    world.emulator.addInstance({ service: 'dcs', name: `i${index}`, tasks, projectId });
  });
  world.timeout = one.timeout * 1_000;
  return world;
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function misbehave(one: Scenario, world: FleetWorld): void {
  const random = randomOf(one.seed);
  const { emulator, bucket } = world;
  emulator.intercept = async (entry) => {
    if (one.latency > 0) await world.delay(entry, Math.round(random() * one.latency));
    const { operation } = entry;
    if (operation !== 'delete-task' || random() >= one.deletes) return undefined;
    return TROUBLES[Math.floor(random() * TROUBLES.length)];
  };
  bucket.latency = one.bucket.latency;
  let inARow = 0;
  bucket.trouble = () => {
    inARow = random() < one.bucket.share && inARow < 3 ? inARow + 1 : 0;
    const { troubles } = one.bucket;
    return inARow > 0
      ? (troubles[Math.floor(random() * troubles.length)] as BucketTrouble)
      : undefined;
  };
  let effects = 0;
  const kills = [...one.kills];
  world.onEffect = (call, _, when) => {
    effects += 1;
    const due = kills.findIndex((kill) => effects >= kill.at && kill.when === when);
    if (due < 0) return;
    kills.splice(due, 1);
    call.kill();
  };
  const { forGood } = one;
  world.onCall = ({ ordinal }) => {
    if (forGood?.at !== ordinal) return;
    if (forGood.kind === 'policy') world.policyText += ' ';
    if (forGood.kind === 'dryRun') world.settings = { dryRun: true };
    if (forGood.kind === 'cut short') cutShort(world, random);
  };
  world.twice = ({ ordinal }: Call) => one.twice.find(({ call }) => call === ordinal)?.delay;
  world.disowned = ({ ordinal }: Call) => one.disowned.includes(ordinal);
}

/** Half of one object is lost for ever. */
function cutShort({ bucket }: FleetWorld, random: () => number): void {
  const keys = [...bucket.objects.keys()].filter((name) => !name.includes('/summary-'));
  const key = keys[Math.floor(random() * keys.length)];
  if (key === undefined) return;
  const text = bucket.objects.get(key) as string;
  bucket.objects.set(key, text.slice(0, text.length / 2));
}

/** Nothing goes wrong any more. */
function mend(world: FleetWorld): void {
  world.emulator.intercept = undefined;
  world.bucket.trouble = () => undefined;
  world.onEffect = undefined;
}

function judge(one: Scenario, world: FleetWorld): void {
  const summary = world.summary();
  expectTruth(world, summary);
  const counted = world.published.filter(({ target }) => target === 'all');
  const deleted = counted.reduce((sum, { values }) => sum + (values.deleted ?? 0), 0);
  expect(deleted).toBeLessThanOrEqual(summary.totals.deleted);
  // Killed between the two, it has written its summary, and not published it; or it cannot tell what it published.
  if (one.kills.length + (one.forGood ? 1 : 0) === 0) expect(deleted).toBe(summary.totals.deleted);
  const endpoints = one.twoEndpoints ? 2 : 1;
  expect(world.emulator.journal.peakInFlight).toBeLessThanOrEqual(one.concurrency * endpoints);
  if (one.perSecond) {
    expect(busiestSecond(world)).toBeLessThanOrEqual(Math.floor(1.1 * one.perSecond) * endpoints);
  }
}

async function play(one: Scenario): Promise<void> {
  const world = await start(one);
  try {
    misbehave(one, world);
    let execution = await world.execute();
    for (
      let redrives = 0;
      execution.error?.name === 'RunFailedError' && redrives < 4;
      redrives += 1
    ) {
      judge(one, world);
      if (redrives === 1) mend(world);
      execution = await world.execute({}, execution.failedAt);
    }
    judge(one, world);
    const { outcome, totals, dryRun } = world.summary();
    if (!one.forGood) expect(execution.error).toBeUndefined();
    if (outcome !== 'complete' || dryRun) return;
    const all = one.instances.reduce((sum, records) => sum + records, 0);
    expect([totals.deleted + totals.alreadyGone, truthOf(world)]).toEqual([all, all]);
  } finally {
    await world.close();
  }
}

test(
  'whatever fails, what is reported is true, the limits hold, and the machine ends with a summary',
  () => holds(fc.asyncProperty(scenario, play), 60, 'FLEET'),
  HOURS,
);
