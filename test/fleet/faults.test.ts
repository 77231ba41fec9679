/** The fleet's promises, one fault each; the numbers are those of the issue that found them. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, type JournalEntry } from '../../lib/emulator/index.ts';
import { CredentialsError } from '../../lib/identity/credentials.ts';
import { aged, DAY, expired, NOW } from '../records.ts';
import {
  busiestSecond,
  type Call,
  expectTruth,
  type FleetWorld,
  RUN,
  startFleet,
  truthOf,
} from './fleet-world.ts';
import { named } from './walker.ts';

let world: FleetWorld;
beforeEach(async () => {
  world = await startFleet();
});
afterEach(() => world.close());

/** A new fleet, by default with the usual target. */
const startWith = async (targets?: Parameters<typeof startFleet>[0]) => {
  await world.close();
  world = await startFleet(targets);
};

const add = (name: string, records: number) =>
  world.emulator.addInstance({ service: 'dcs', name, tasks: [...expired(records), aged(1)] });

const cleans = () => world.calls.filter(({ step }) => step === 'Clean');
/** The message of the first call that cleans, without having made it. */
const message = async (lane = 0) => {
  const { run } = (await world.settle(
    world.invoke('Prepare', { id: RUN, startedAt: new Date(NOW).toISOString(), event: {} }),
  )) as { run: object };
  return { run, round: 0, lane };
};
/** An instance that takes three calls or four: 150 of its records go in each. */
const startLarge = async (records = 500) => {
  await startWith([{ requests: { perSecond: 10 } }]);
  world.timeout = 21_000;
  return add('large', records);
};

describe('right numbers, or a failed run that says what is not known', () => {
  test('several calls read as one', async () => {
    await startLarge();
    add('small', 3);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(cleans().length).toBeGreaterThan(2);
    expect(world.summary().totals).toMatchObject({ listed: 505, kept: 2, deleted: 503 });
    expect(world.summary().requests.sent).toBe(world.emulator.journal.all().length);
    expectTruth(world, world.summary());
  });

  const killed = (call: Call) => call.kill();
  const thrown = (name: string) => () => {
    throw named(name);
  };
  test.each([
    ['is killed', killed],
    ['cannot be started for good', thrown('Lambda.TooManyRequestsException')],
    ['cannot store what it did', () => (world.bucket.trouble = () => 'error before')],
    ['finds another policy', () => (world.policyText += ' ')],
  ])('1: every call after the first %s', async (_, trouble: (call: Call) => unknown) => {
    await startLarge();
    world.onCall = (call) => {
      if (call.step === 'Summarise') world.bucket.trouble = () => undefined;
      else if (cleans().length > 1) trouble(call);
    };
    expect((await world.execute()).error?.name).toBe('RunFailedError');
    const summary = world.summary();
    expect(summary.outcome).toBe('failed');
    expect(summary.totals.deleted).toBeGreaterThan(50);
    expect(JSON.stringify(summary.targets)).toContain('not finished');
    expectTruth(world, summary);
    expect(world.published.at(-1)?.values).toMatchObject({ runFailed: 1 });
  });

  /** Kills so many calls in a row after so many DELETEs each. */
  const killAfter = (deletes: number, calls: number) => {
    let left = deletes;
    world.onEffect = (call, effect, when) => {
      if (!effect.startsWith('DELETE') || when !== 'after' || calls === 0) return;
      left -= 1;
      if (left > 0) return;
      left = deletes;
      calls -= 1;
      call.kill();
    };
  };

  test('2: what a killed call has deleted is counted by the call after it', async () => {
    add('a', 200);
    killAfter(141, 1);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary().totals).toMatchObject({ listed: 201, deleted: 200, alreadyGone: 0 });
  });

  test('2: where every call is killed, the summary says what is not known, and a redrive finds out', async () => {
    add('a', 200);
    killAfter(30, 4);
    const { error, failedAt } = await world.execute();
    expect(error?.message).toMatch(/\d+ more records may have been deleted/);
    expect(world.summary()).toMatchObject({ outcome: 'failed', totals: { listed: 201 } });
    expectTruth(world, world.summary());
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary().totals).toMatchObject({ deleted: 200, alreadyGone: 0 });
  });

  test.each(['000001', '000003', '000004', '000005'])(
    '3: an object that cannot be read (%s) costs what it tells, and nothing else',
    async (number) => {
      add('a', 3);
      add('b', 200);
      const key = `runs/${RUN}/lanes/0/${number}.json`;
      world.onCall = ({ step }) => {
        if (step === 'Summarise') world.bucket.objects.set(key, '{"cut sh');
      };
      const { error } = await world.execute();
      const summary = world.summary();
      // Only the last entry is needed: it holds everything.
      if (number !== '000005') expect(summary.totals.deleted).toBe(203);
      else {
        expect(error?.message).toContain('not everything is known about it');
        expectTruth(world, summary);
      }
      expect(summary.totals.instances).toBe(2);
      expect(world.published).toHaveLength(2);
    },
  );

  test.each(['999999', '1000000'])(
    '3: a stray object (%s) that seems to be far behind the log costs one request',
    async (number) => {
      add('a', 3);
      let before = 0;
      world.onCall = ({ step }) => {
        if (step !== 'Summarise') return;
        world.bucket.objects.set(`runs/${RUN}/lanes/0/${number}.json`, '{}');
        before = world.bucket.requests;
      };
      expect((await world.execute()).error?.message).toContain(
        `not everything is known about it: runs/${RUN}/lanes/0/${number}.json is not what`,
      );
      expect(world.bucket.requests - before).toBeLessThan(20);
      expect(world.summary().totals.deleted).toBe(3);
    },
  );

  test('3: an object of the log that is missing is told, and nothing goes after that', async () => {
    add('a', 200);
    killAfter(141, 1);
    world.onCall = () => {
      if (cleans().length === 2) world.bucket.objects.delete(`runs/${RUN}/lanes/0/000002.json`);
    };
    expect((await world.execute()).error?.message).toContain(
      `not everything is known about it: runs/${RUN}/lanes/0/ lacks entries before 4`,
    );
    expect(truthOf(world)).toBeLessThan(150);
    expectTruth(world, world.summary());
  });

  /** The last entry as written, with some of it changed before it is summarised. */
  // biome-ignore lint/suspicious/noExplicitAny: a document that may be anything.
  const withLast = async (change: (last: any) => unknown) => {
    add('a', 3);
    add('b', 2);
    world.onCall = ({ step }) => {
      if (step !== 'Summarise') return;
      const key = `runs/${RUN}/lanes/0/000004.json`;
      const last = JSON.parse(world.bucket.objects.get(key) as string);
      world.bucket.objects.set(key, JSON.stringify(change(last)));
    };
    return world.execute();
  };
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  const eachSummary = (change: (summary: any) => object) => (last: any) => ({
    ...last,
    // biome-ignore lint/suspicious/noExplicitAny: see above.
    instances: last.instances.map((each: any) => ({
      ...each,
      summary: { ...each.summary, ...change(each.summary) },
    })),
  });

  test.each([
    ['nothing', () => null, 'Invalid input'],
    ['of another run', (last) => ({ ...last, runId: 'other' }), 'it is of another run'],
    ['of another endpoint', (last) => ({ ...last, lane: 1 }), 'it belongs to another place'],
    ['of another place', (last) => ({ ...last, entry: 3 }), 'it belongs to another place'],
    ['of version 1.0.0', ({ runId, lane, entry, agenda, ...last }) => last, 'runId'],
    ['ahead', (last) => ({ ...last, whole: 999 }), 'it refers to an entry after it'],
    ['without facts', ({ facts, ...last }) => last, 'it does not tell all'],
    ['without its agenda', ({ agenda, ...last }) => last, 'it does not tell all'],
    ['with more', (last) => ({ ...last, more: 1 }), 'Unrecognized key'],
    ['ended in text', (last) => ({ ...last, ended: { again: 'false' } }), 'ended.again'],
    [
      'with an instance twice',
      (last) => ({ ...last, instances: [...last.instances, last.instances[0]] }),
      'an instance is in it twice',
    ],
    ['with too many deleted', eachSummary(() => ({ deleted: 1_000 })), 'do not add up'],
    ['with too few listed', eachSummary(() => ({ listed: 0 })), 'do not add up'],
    ['with text', eachSummary(({ deleted }) => ({ deleted: String(deleted) })), 'summary.deleted'],
    [
      'complete with records that remain',
      eachSummary(({ deleted }) => ({ deleted: 0, remaining: deleted })),
      'do not add up',
    ],
  ] as const satisfies readonly (readonly [string, Parameters<typeof withLast>[0], string])[])(
    '3: a last entry that is %s is not believed',
    async (_, change, problem) => {
      const { error } = await withLast(change);
      expect(error?.message).toContain('000004.json is not what this version of task-janitor');
      expect(error?.message).toContain(problem);
      expect(world.summary()).toMatchObject({ outcome: 'failed', totals: { instances: 2 } });
      expectTruth(world, world.summary());
    },
  );

  test.each([
    ['lacks an instance', (last) => ({ ...last, instances: last.instances.slice(1) })],
    ['lacks all instances', (last) => ({ ...last, instances: [] })],
  ] as const satisfies readonly (readonly [string, Parameters<typeof withLast>[0]])[])(
    '3: what was planned is not forgotten where the last entry %s',
    async (_, change) => {
      const { error } = await withLast(change);
      expect(error?.message).toContain('a: not finished');
      expect(world.summary().totals.instances).toBe(2);
      expectTruth(world, world.summary());
    },
  );

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  const called = (name: string) => (each: any) => ({ ...each, name });
  test.each([
    [
      'whose instances are of another target',
      (last) => ({ ...last, instances: [{ ...last.instances[0], target: 'other' }] }),
    ],
    [
      'about another target',
      (last) => ({
        ...last,
        facts: { ...last.facts, targets: last.facts.targets.map(called('other')) },
      }),
    ],
    ['about no target', (last) => ({ ...last, facts: { ...last.facts, targets: [] } })],
  ] as const satisfies readonly (readonly [string, Parameters<typeof withLast>[0]])[])(
    '3: a log %s is not that of the run',
    async (_, change) => {
      const { error } = await withLast(change);
      expect(error?.message).toContain('not about the targets that the run was prepared for');
      expect(world.summary().targets.map(({ name }) => name)).toContain('target-0');
    },
  );

  test('3: another object beside the log costs nothing', async () => {
    add('a', 3);
    world.onCall = ({ step }) => {
      if (step !== 'Summarise') return;
      const { objects } = world.bucket;
      const base = `runs/${RUN}/lanes/0/`;
      for (const name of ['000001 (copy).json', 'zzz.json', '7.json']) {
        objects.set(`${base}${name}`, objects.get(`${base}000001.json`) as string);
      }
    };
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expectTruth(world, world.summary());
  });

  test('3: a bucket that fails now and then costs nothing', async () => {
    add('a', 3);
    let asked = 0;
    world.onCall = ({ step }) => {
      if (step !== 'Summarise') return;
      world.bucket.trouble = () => (asked++ % 3 < 2 ? 'error after' : undefined);
    };
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.published).toHaveLength(2);
  });

  test.each([
    ['of 100 Chinese characters', '汉'.repeat(100)],
    ['with half a character', 'a\ud800'],
  ])('3: a target’s name %s breaks nothing', async (_, name) => {
    await startWith([{ name }]);
    const id = '汉'.repeat(85);
    world.emulator.addInstance({ service: 'dcs', id, name: id, tasks: expired(3) });
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary()).toMatchObject({ totals: { deleted: 3 }, targets: [{ name }] });
  });

  test('4: the same message twice at once: one call works, the other waits', async () => {
    add('a', 200);
    world.twice = () => 0;
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary().totals).toMatchObject({ deleted: 200, alreadyGone: 0 });
    const again = (await message()) as object;
    await expect(world.settle(world.invoke('Clean', again))).resolves.toEqual({
      again: false,
      outcome: 'complete',
      message: '200 expired, 200 deleted',
    });
    expect(truthOf(world)).toBe(200);
  });

  test('4: two calls that begin at the same moment: one has the endpoint', async () => {
    add('a', 200);
    const same = await message();
    const ends = await world.settle(
      Promise.allSettled([world.invoke('Clean', same), world.invoke('Clean', same)]),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'LaneBusyError' },
    });
    await world.settle(world.invoke('Summarise', { run: same.run, round: 0 }));
    expect(world.summary().totals).toMatchObject({ deleted: 200, alreadyGone: 0 });
  });

  test.each([
    ['the end of a killed call lies', '000002', ['until'], 3],
    ['a killed call lies', '000002', ['at', 'until'], 3],
    ['a call that has ended lies', '000006', ['at', 'until'], 2],
  ] as const)(
    '4: %s a year ahead, by a wrong clock: others go on',
    async (_, entry, fields, calls) => {
      await startWith([{ requests: { perSecond: 20 } }]);
      world.timeout = 21_000;
      add('a', 500);
      world.onEffect = (call, effect, when) => {
        const key = `runs/${RUN}/lanes/0/${entry}.json`;
        if (effect !== `create ${key}` || when === 'before') return;
        const written = JSON.parse(world.bucket.objects.get(key) as string);
        for (const field of fields) written[field] += 365 * DAY;
        world.bucket.objects.set(key, JSON.stringify(written));
        call.kill();
      };
      expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
      expect(world.summary().totals.deleted).toBe(500);
      expect(world.clock.now() - NOW).toBeLessThan(30 * 60_000);
      expect(world.bucket.under(`runs/${RUN}/lanes/`).at(-1).number).toBe(calls);
    },
  );

  test('4: a call that comes while another is at work sends nothing', async () => {
    await startWith([{ requests: { concurrency: 1 } }]);
    add('a', 200);
    const same = await message();
    const second: Promise<unknown>[] = [];
    world.onEffect = (_, effect) => {
      if (!effect.startsWith('DELETE') || second.length > 0) return;
      second.push(world.invoke('Clean', same).catch((error: Error) => error.name));
    };
    await world.settle(world.invoke('Clean', same));
    expect(await world.settle(Promise.all(second))).toEqual(['LaneBusyError']);
    expect(world.emulator.journal.count({ operation: 'list-instances' })).toBe(1);
    expect(truthOf(world)).toBe(200);
  });

  const sumOf = (name: string) =>
    world.published
      .filter(({ target }) => target === 'all')
      .reduce((sum, { values }) => sum + (values[name] ?? 0), 0);

  test('5: a summary is published once, however often it is made', async () => {
    add('a', 50);
    world.disowned = ({ step }) => step === 'Summarise' && world.calls.length < 5;
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    const { run } = await message();
    await world.settle(
      Promise.all([0, 0].map((round) => world.invoke('Summarise', { run, round }))),
    );
    expect(sumOf('deleted')).toBe(50);
    expect(sumOf('runFinished')).toBe(1);
  });

  test('5: what failed, and what a limit held back, is published once in all rounds', async () => {
    await startWith([{ limits: { deletions: 20 } }]);
    const { id } = add('a', 10);
    add('b', 30);
    world.emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id ? { status: 400 } : undefined;
    const { failedAt } = await world.execute();
    expect([sumOf('failed'), sumOf('limitTripped')]).toEqual([10, 1]);
    const { failedAt: again } = await world.execute({}, failedAt);
    expect([sumOf('failed'), sumOf('limitTripped')]).toEqual([10, 1]);
    world.emulator.intercept = undefined;
    await world.execute({}, again);
    expect(world.summary(2).totals).toMatchObject({ deleted: 10, failed: 0 });
    expect([sumOf('failed'), sumOf('limitTripped'), sumOf('deleted')]).toEqual([0, 1, 10]);
  });

  test('6: a record that vanishes after we may have deleted it was deleted; another one was not ours', async () => {
    await startWith([{ requests: { perSecond: 10, timeout: '2s' } }]);
    world.timeout = 21_000;
    const instance = add('a', 300);
    let calls = 0;
    // The last answers of the first call do not come, although it is done.
    world.emulator.intercept = ({ operation }) => {
      if (operation === 'delete-task') calls += 1;
      return operation === 'delete-task' && calls > 140 && cleans().length === 1
        ? { reset: true, afterwards: true }
        : undefined;
    };
    world.onCall = () => {
      if (cleans().length !== 2) return;
      instance.setTasks(instance.tasks().filter((_, index) => index !== 290));
    };
    await world.execute();
    const { totals, outcome } = world.summary();
    expect(outcome).toBe('complete');
    expect(totals.deleted).toBe(truthOf(world));
    expect(totals.deleted).toBeGreaterThanOrEqual(299);
  });

  test('7: DRY_RUN that is deployed in the middle of a run ends it as failed', async () => {
    await startLarge();
    world.onCall = () => {
      if (cleans().length === 2) world.settings = { dryRun: true };
    };
    const { error } = await world.execute();
    expect(error?.name).toBe('RunFailedError');
    expect(world.summary()).toMatchObject({ outcome: 'failed', dryRun: false });
    expect(world.summary().totals.remaining).toBeGreaterThan(0);
    expectTruth(world, world.summary());
    expect(cleans()).toHaveLength(2);
  });
});

describe('the policy’s limits', () => {
  test('8: 20 a second over 60 small instances, in several calls, are 22 in any second at most', async () => {
    await startWith([{ requests: { concurrency: 8, perSecond: 20 } }]);
    world.timeout = 12_000;
    for (let i = 0; i < 60; i += 1) add(`cache-${i}`, 8);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(cleans().length).toBeGreaterThan(3);
    expect(busiestSecond(world)).toBeLessThanOrEqual(22);
    expect(world.emulator.journal.peakInFlight).toBeLessThanOrEqual(8);
    expectTruth(world, world.summary());
  });

  test.each([1, 0.5])(
    '8: %d a second holds from call to call, killed or not',
    async (perSecond) => {
      await startWith([{ requests: { perSecond } }]);
      world.timeout = 20_000;
      for (const name of ['a', 'b', 'c']) add(name, 6);
      world.onCall = (call) => {
        if (cleans().length === 2) void world.clock.sleep(9_000).then(() => call.kill());
      };
      expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
      const times = world.emulator.journal.all().map(({ at }) => at);
      const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000 / perSecond);
      expectTruth(world, world.summary());
    },
  );

  test('9: a service that is down is asked less than 1,000 times for 1,000 instances', async () => {
    for (let i = 0; i < 1_000; i += 1) add(`cache-${i}`, 1);
    world.emulator.intercept = ({ operation }) =>
      operation === 'list-tasks' ? { status: 503, body: {} } : undefined;
    expect((await world.execute()).error?.name).toBe('RunFailedError');
    expect(world.emulator.journal.all().length).toBeLessThan(1_000);
    expect(world.summary()).toMatchObject({ totals: { instances: 1_000, deleted: 0 } });
  });

  test('10: one instance that is forbidden does not stop the others', async () => {
    const { id } = add('forbidden', 2);
    for (const name of ['a', 'b', 'c']) add(name, 2);
    world.emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id
        ? { status: 403, body: { error_code: 'APIGW.0302' } }
        : undefined;
    await world.execute();
    expect(world.summary()).toMatchObject({ totals: { deleted: 6 } });
    const [target] = world.summary().targets;
    expect(target?.error).toBeUndefined();
    expect(target?.instances.filter(({ stoppedBy }) => stoppedBy === 'forbidden')).toHaveLength(1);
  });

  test('10: a secret that is refused once costs the rest of that target, and a redrive gets it', async () => {
    await startLarge();
    let reads = 0;
    world.readSecret = async () => {
      reads += 1;
      if (reads === 2) throw new CredentialsError('AccessDenied');
      return DEMO_ACCESS_KEY;
    };
    const { error, failedAt } = await world.execute();
    expect(error?.message).toContain('AccessDenied');
    expectTruth(world, world.summary());
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary().totals.deleted).toBe(500);
  });

  test('11: a small instance does not wait for a huge one', async () => {
    await startWith([{ requests: { concurrency: 1, perSecond: 20 } }]);
    world.timeout = 30_000;
    add('huge', 2_000);
    const { id } = add('small', 2);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    const done = world.emulator.journal.filter({ deleted: true, instanceId: id });
    expect(done.map(({ at }) => at - NOW < 8_000)).toEqual([true, true]);
    expectTruth(world, world.summary());
  });

  test('11: nor do those that are not begun yet wait for many huge ones', async () => {
    await startWith([{ requests: { concurrency: 2, perSecond: 20 } }]);
    world.timeout = 20_000;
    for (const name of ['a', 'b', 'c', 'd', 'e']) add(name, 500);
    const { id } = add('small', 2);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    const [first] = world.emulator.journal.filter({ deleted: true, instanceId: id });
    expect((first as JournalEntry).at - NOW).toBeLessThan(60_000);
    expectTruth(world, world.summary());
  });
});

describe('the end', () => {
  test('12: an instance whose records stay listed while they are said to be gone is given up', async () => {
    await startWith([{ requests: { perSecond: 10 } }]);
    world.timeout = 20_000;
    add('lies', 300);
    add('works', 3);
    world.emulator.intercept = ({ operation, instanceId }) => {
      const lies = world.emulator.instances().find(({ name }) => name === 'lies');
      return operation === 'delete-task' && instanceId === lies?.id
        ? { status: 404, body: { error_code: 'DCS.3022' } }
        : undefined;
    };
    expect((await world.execute()).error?.message).toContain('does not do what it answers');
    expect(cleans().length).toBeLessThan(6);
    expect(world.summary().totals).toMatchObject({ listed: 305, expired: 303, deleted: 3 });
  });

  test('12: a call that got nothing done is not followed by another one', async () => {
    world.timeout = 12_000;
    add('a', 3);
    world.emulator.intercept = async (entry) => {
      if (entry.operation === 'list-tasks') await world.delay(entry, 20_000);
      return undefined;
    };
    await world.execute();
    expect(cleans().length).toBeLessThanOrEqual(2);
    expect(world.summary().outcome).toBe('failed');
  });

  test('13: a list that takes longer than one call fails, and says what to do', async () => {
    await startWith([{ requests: { perSecond: 1 } }]);
    world.timeout = 12_000;
    add('long', 1_500);
    world.emulator.faults.shortPages = 20;
    const { error } = await world.execute();
    expect(error?.message).toContain('raise timeout');
    expect(world.summary().targets).toMatchObject([
      { outcome: 'failed', instances: [{ listed: 0, stoppedBy: 'listing' }] },
    ]);
  });

  test('13: where the list was complete and no DELETE was answered, that is said', async () => {
    world.timeout = 12_000;
    add('a', 3);
    world.emulator.intercept = async (entry) => {
      if (entry.operation === 'delete-task') await world.delay(entry, 20_000);
      return undefined;
    };
    expect((await world.execute()).error?.message).toContain('redrive the execution to find out');
    expect(world.summary().targets[0]?.instances).toMatchObject([
      {
        // Some of them may have been deleted, which only another round can tell.
        ...{ outcome: 'failed', listed: 4, expired: 3, remaining: 3, stoppedBy: 'unavailable' },
        errors: [
          { message: expect.stringMatching(/^no DELETE had a final answer in time.*raise/) },
        ],
      },
    ]);
  });

  test('13: so does a list of instances', async () => {
    world.timeout = 12_000;
    add('a', 3);
    world.emulator.intercept = async (entry) => {
      await world.delay(entry, 20_000);
      return undefined;
    };
    const { error } = await world.execute();
    expect(error?.message).toContain('raise timeout');
    expect(world.summary().outcome).toBe('failed');
  });

  test('14: a bucket that hangs in mid-run costs no number', async () => {
    add('a', 300);
    let writes = 0;
    world.bucket.trouble = (operation) => {
      if (operation === 'create') writes += 1;
      return writes === 4 && operation === 'create' ? 'hang after' : undefined;
    };
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary().totals).toMatchObject({ deleted: 300, alreadyGone: 0 });
  });

  test.each([
    ['list', 'error before'],
    ['list', 'hang before'],
    ['read', 'error before'],
    ['read', 'hang before'],
  ] as const)(
    '14: a bucket whose %s fails in the end (%s) is told in the summary',
    async (which, how) => {
      for (let i = 0; i < 800; i += 1) add(`cache-${i}`, 1);
      world.bucket.latency = 10;
      world.onCall = ({ step }) => {
        if (step !== 'Summarise') return;
        world.bucket.trouble = (operation) => (operation === which ? how : undefined);
      };
      const { error } = await world.execute();
      expect(world.bucket.under(`runs/${RUN}/lanes/`).length).toBeGreaterThan(150);
      expect(error?.message).toMatch(`nothing is known about it: runs/${RUN}/lanes/0/`);
      expect(error?.message).toContain(how);
      expect(world.calls.filter(({ step }) => step === 'Summarise')).toHaveLength(1);
      expect(world.summary()).toMatchObject({ outcome: 'failed', targets: [{ name: 'target-0' }] });
      expect(world.letters).toEqual(['failed']);
    },
  );

  test('14: where not even the summary can be stored, the execution fails and says why', async () => {
    add('a', 3);
    world.onCall = ({ step }) => {
      if (step === 'Summarise') world.bucket.trouble = () => 'error before';
    };
    const { error } = await world.execute();
    expect(error?.message).toContain(`runs/${RUN}/summary-0.json: InternalError`);
    expect(world.letters).toEqual([]);
  });

  test('15: a policy that asks for a pause which no call can wait for is told', async () => {
    await startWith([{ requests: { perSecond: 0.001 } }]);
    add('a', 3);
    const { error } = await world.execute();
    expect(error?.message).toContain('raise timeout in serverless.yml, or requests.perSecond');
    expect(cleans()).toHaveLength(2);
    expect(world.emulator.journal.all()).toHaveLength(1);
  });

  test('15: a time-out that leaves no time to delete anything is an error', async () => {
    add('a', 3);
    world.timeout = 10_000;
    world.settings = { stopBeforeEnd: 10_000 };
    const { error } = await world.execute();
    expect(error?.name).toBe('RunFailedError');
    await expect(world.settle(world.invoke('Clean', await message()))).rejects.toThrow(
      'leaves no time to delete anything',
    );
  });
});

describe('one execution, one summary', () => {
  let summarised: number;
  /** The bucket fails in the first call of Summarise, or in another one. */
  const failIn = (call: number, operation: string, part: string) => {
    const { trouble } = world.bucket;
    world.bucket.trouble = (...request) =>
      summarised === call && request[0] === operation && request[1].includes(part)
        ? 'error before'
        : trouble(...request);
  };
  const start = async () => {
    add('a', 3);
    summarised = 0;
    world.onCall = ({ step }) => {
      if (step === 'Summarise') summarised += 1;
    };
    failIn(1, 'create', '/reported-');
  };

  test('that is failed stays so where a repetition of the step could read more; a redrive mends it', async () => {
    await start();
    failIn(1, 'read', '/lanes/');
    const { error, failedAt } = await world.execute();
    expect([summarised, error?.name]).toEqual([2, 'RunFailedError']);
    expect(world.summary(0).outcome).toBe('failed');
    expect(world.letters).toEqual(['failed']);
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(cleans()).toHaveLength(1);
    expect(world.summary(1)).toMatchObject({ outcome: 'complete', totals: { deleted: 3 } });
    const all = world.published.filter(({ target }) => target === 'all');
    expect(all.map(({ values }) => [values.deleted, values.runFailed])).toEqual([
      [0, 1],
      [3, 0],
    ]);
  });

  test('that is complete stays so where a repetition of the step can read less', async () => {
    await start();
    failIn(2, 'read', '/lanes/');
    const { output } = await world.execute();
    const { outcome, totals, requests } = world.summary(0);
    expect(output).toMatchObject({ outcome: 'complete', totals: { deleted: 3 } });
    expect(output).toMatchObject({ outcome, totals, requests });
    expect(world.letters).toEqual(['complete']);
  });

  const rounds = () => [...world.bucket.objects.keys()].filter((key) => key.includes('/summary-'));
  const startFailing = async () => {
    await startWith();
    add('a', 3);
    world.emulator.intercept = ({ operation }) =>
      operation === 'delete-task' ? { status: 400 } : undefined;
  };

  test('and one round of a run that failed, wherever its last step is killed; a redrive begins one more', async () => {
    for (let at = 1, isKilled = true; isKilled; at += 1) {
      await startFailing();
      let effects = 0;
      isKilled = false;
      world.onEffect = (call) => {
        if (call.step !== 'Summarise') return;
        effects += 1;
        if (effects !== at) return;
        isKilled = true;
        call.kill();
      };
      const { error, failedAt } = await world.execute();
      expect([at, error?.name, rounds()]).toEqual([
        at,
        'RunFailedError',
        [`runs/${RUN}/summary-0.json`],
      ]);
      expect(new Set(world.letters)).toEqual(new Set(['failed']));
      const told = world.letters.length;
      world.emulator.intercept = undefined;
      expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
      expect(rounds()).toHaveLength(2);
      expect(world.letters).toHaveLength(told);
    }
  });

  test('and a letter about it, although every call of the last step was killed before a redrive', async () => {
    await startFailing();
    let isKilled = true;
    world.onEffect = (call, effect, when) => {
      if (isKilled && when === 'after' && /^create .*reported-0/.test(effect)) call.kill();
    };
    const { error, failedAt } = await world.execute();
    expect([error?.name, rounds().length, world.letters]).toEqual(['Runtime.ExitError', 1, []]);
    isKilled = false;
    expect((await world.execute({}, failedAt)).error?.name).toBe('RunFailedError');
    expect([rounds().length, world.letters]).toEqual([2, ['failed']]);
  });

  test.each([
    ['is no summary', { totals: 'many' }, 'totals: Invalid input'],
    ['is that of another run', { runId: 'other' }, 'it is of another run'],
    ['lacks a target that its totals count', { targets: [] }, 'its numbers do not add up'],
    [
      'has another outcome than its targets',
      { outcome: 'incomplete' },
      'its numbers do not add up',
    ],
    [
      'says when it ended in control characters',
      { finishedAt: '\u001b[31m' },
      'finishedAt: Invalid',
    ],
    ['did not end when it says', { finishedAt: new Date(NOW + DAY) }, 'its numbers do not add up'],
  ])('and an error where what is in its place %s', async (_, changes, problem) => {
    add('a', 3);
    await world.execute();
    const key = `runs/${RUN}/summary-0.json`;
    world.bucket.objects.set(key, JSON.stringify({ ...world.summary(), ...changes }));
    const { run } = await message();
    const again = world.settle(world.invoke('Summarise', { run, round: 0 }));
    await expect(again).rejects.toThrow(
      `${key} is not what this version of task-janitor writes there: ${problem}`,
    );
  });
});

describe('messages', () => {
  test('16: the smaller of both clocks decides what is old', async () => {
    world.emulator.addInstance({ service: 'dcs', name: 'a', tasks: [aged(1), aged(31)] });
    const { run, ...rest } = await message();
    const startedAt = NOW + 3_650 * DAY;
    await world.settle(world.invoke('Clean', { run: { ...run, startedAt }, ...rest }));
    expect(truthOf(world)).toBe(1);
  });

  test('16: the policy says which instances and which project, and a message cannot', async () => {
    await startWith([{ instances: { exclude: ['b'] } }]);
    add('a', 3);
    const { id } = add('b', 3);
    const same = await message();
    const item = { target: 'target-0', projectId: '..', id, name: 'b' };
    for (const more of [{ item }, { lane: 1 }, { run: { ...same.run, id: '..' } }]) {
      await expect(world.settle(world.invoke('Clean', { ...same, ...more }))).rejects.toThrow();
    }
    await world.settle(world.invoke('Clean', same));
    expect(truthOf(world, id)).toBe(0);
    expect(truthOf(world)).toBe(3);
  });

  test.each([
    '2026-09-01T03:30:00Z',
    '2026-09-01T03:30:00.000Z',
    '2026-09-01T03:30:00+00:00',
    '2026-09-01T03:30:00.000000+00:00',
    '2026-09-01T05:30:00.000+02:00',
  ])('17: a run begins when the machine says, as %s', async (startedAt) => {
    await expect(world.invoke('Prepare', { id: RUN, startedAt, event: {} })).resolves.toMatchObject(
      { run: { startedAt: NOW } },
    );
  });

  test('17: fewer endpoints than the policy has are refused, or looked for all the same', async () => {
    await startWith([{}, { elsewhere: true, service: 'kafka' }]);
    add('a', 3);
    const { run, ...rest } = await message();
    const none = { ...run, lanes: 0 };
    await expect(world.invoke('Summarise', { run: none, round: 0 })).rejects.toThrow('run.lanes');
    await world.settle(world.invoke('Clean', { run, ...rest }));
    const one = { run: { ...run, lanes: 1 }, round: 0 };
    await expect(world.settle(world.invoke('Summarise', one))).rejects.toThrow(
      'target-1: nothing is known about it',
    );
  });

  test('17: another policy, or an older round, is refused', async () => {
    add('a', 3);
    const same = await message();
    await world.settle(world.invoke('Clean', { ...same, round: 1 }));
    await expect(world.settle(world.invoke('Clean', same))).rejects.toThrow('is in round 1');
    world.policyText += ' ';
    await expect(world.invoke('Clean', same)).rejects.toThrow('another policy was deployed');
  });
});

test('18: a target that could not be planned is planned again by a redrive', async () => {
  await startWith([{}, { service: 'kafka' }]);
  add('a', 3);
  const tasks = expired(2, 'kafka');
  world.emulator.addInstance({ service: 'kafka', name: 'k', tasks });
  world.emulator.intercept = ({ operation, service }) =>
    operation === 'list-instances' && service === 'kafka' ? { status: 400 } : undefined;
  const { error, failedAt } = await world.execute();
  expect(error?.message).toContain('target-1');
  expect(world.summary().totals).toMatchObject({ instances: 1, deleted: 3 });
  world.emulator.intercept = undefined;
  expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
  expect(world.summary().totals).toMatchObject({ instances: 2, deleted: 5 });
});

test('20: what is kept of errors does not grow with all that goes wrong', async () => {
  for (let i = 0; i < 100; i += 1) add(`cache-${i}`, 22);
  world.emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 400 } : undefined;
  await world.execute();
  const { totals, targets } = world.summary();
  expect(totals.failed).toBe(2_200);
  const instances = targets.flatMap((target) => target.instances);
  const errors = instances.map((instance) => instance.errors.length);
  expect(Math.min(...errors)).toBe(1);
  expect(errors.reduce((sum, count) => sum + count, 0)).toBeLessThan(1_150);
  for (const instance of instances) {
    expect(instance.errors.length + instance.errorsOmitted).toBe(22);
  }
});
