import { describe, expect, test } from '@jest/globals';
import { createTransport } from '../../lib/http/transport.ts';
import { onlyTarget } from '../policies.ts';
import { expired, NOW } from '../records.ts';
import { useWorld } from './world.ts';

const world = useWorld();

/** Every DELETE takes so many milliseconds. */
function slowDeletes(ms: number): void {
  world.emulator.intercept = async ({ operation }) => {
    if (operation === 'delete-task') await world.clock.advance(ms);
    return undefined;
  };
}

const oneAtATime = () => onlyTarget(world.emulator, { requests: { concurrency: 1 } });

describe('before the deadline', () => {
  test('no DELETE begins in the reserve; what is left remains, and the next run finishes', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(30) });
    slowDeletes(1_000);
    const summary = await world.run(oneAtATime(), {}, { deadline: NOW + 20_000 });
    const begun = emulator.journal.deletes().map(({ at }) => at - NOW);
    expect(Math.max(...begun)).toBe(18_000);
    expect(summary).toMatchObject({
      outcome: 'incomplete',
      totals: { expired: 30, deleted: 19, failed: 0, remaining: 11 },
      targets: [
        { outcome: 'incomplete', instances: [{ outcome: 'incomplete', stoppedBy: 'deadline' }] },
      ],
    });
    const next = await world.run(oneAtATime());
    expect(next).toMatchObject({ outcome: 'complete', totals: { expired: 11, deleted: 11 } });
  });

  test('the reserve can be set', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(30) });
    slowDeletes(1_000);
    await world.run(oneAtATime(), {}, { deadline: NOW + 20_000, stopBeforeEnd: 15_000 });
    expect(emulator.journal.deletes()).toHaveLength(6);
  });

  test('each instance has its share, however many records it has', async () => {
    const { emulator } = world;
    for (const count of [300, 150, 200]) {
      emulator.addInstance({ service: 'dcs', tasks: expired(count) });
    }
    slowDeletes(100);
    const outcomes: string[] = [];
    for (let i = 0; i < 6 && outcomes.at(-1) !== 'complete'; i += 1) {
      const now = world.clock.now();
      const summary = await world.run(oneAtATime(), {}, { deadline: now + 42_000 });
      expect(world.clock.now()).toBeLessThanOrEqual(now + 42_000);
      outcomes.push(summary.outcome);
      for (const { deleted, expired: matched } of summary.targets[0]?.instances ?? []) {
        expect(deleted).toBeGreaterThanOrEqual(Math.min(100, matched));
      }
    }
    expect(outcomes).toEqual(['incomplete', 'complete']);
  });

  test('a DELETE that is not answered in time remains, and nothing waits past the end', async () => {
    const { emulator, clock } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(5) });
    const timeouts: number[] = [];
    let expire = () => {};
    const transport = createTransport({
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          timeouts.push(ms);
          expire = resolve;
          signal?.addEventListener('abort', () => resolve());
        }),
    });
    emulator.intercept = async ({ operation }) => {
      if (operation !== 'delete-task') return undefined;
      if (emulator.journal.deletes().length < 3) {
        await clock.advance(4_000);
        return undefined;
      }
      setImmediate(async () => {
        await clock.advance(timeouts.at(-1) ?? 0);
        expire();
      });
      return { hang: true };
    };
    const summary = await world.run(oneAtATime(), {}, { deadline: NOW + 10_000, transport });
    transport.close();
    // The third one begins after 8 s; half a second is for the summary.
    expect(timeouts.at(-1)).toBe(1_500);
    expect(clock.now()).toBe(NOW + 9_500);
    expect(summary).toMatchObject({
      outcome: 'incomplete',
      totals: { deleted: 2, failed: 0, remaining: 3 },
    });
  });

  test('a back-off that would end too late is not begun', async () => {
    const { emulator, clock } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(2) });
    emulator.intercept = ({ operation }) =>
      operation === 'delete-task'
        ? { status: 429, headers: { 'retry-after': '60' }, body: { error_code: 'APIGW.0308' } }
        : undefined;
    const summary = await world.run(oneAtATime(), {}, { deadline: NOW + 30_000 });
    expect(clock.now()).toBe(NOW);
    expect(summary).toMatchObject({
      outcome: 'incomplete',
      totals: { remaining: 2, failed: 0 },
      requests: { throttled: 1 },
    });
  });

  test('a list that is cut off deletes nothing', async () => {
    const { emulator, clock } = world;
    emulator.addInstance({ service: 'kafka', tasks: expired(400, 'kafka') });
    emulator.intercept = async ({ operation }) => {
      if (operation === 'list-tasks') await clock.advance(8_000);
      return undefined;
    };
    const policy = onlyTarget(emulator, { service: 'kafka', requests: { concurrency: 1 } });
    const summary = await world.run(policy, {}, { deadline: NOW + 20_000 });
    expect(emulator.journal.deletes()).toEqual([]);
    expect(summary.targets[0]?.instances).toMatchObject([
      { outcome: 'incomplete', stoppedBy: 'deadline', listed: 0, errors: [] },
    ]);
  });

  test('with no time at all every target is reported as not reached', async () => {
    const summary = await world.run(oneAtATime(), {}, { deadline: NOW });
    expect(world.emulator.journal.count()).toBe(0);
    expect(summary).toMatchObject({
      outcome: 'incomplete',
      targets: [{ outcome: 'incomplete', error: { code: 'stopped' }, instances: [] }],
    });
  });
});

describe('an interrupt', () => {
  test('lets DELETEs in flight end and begins no other', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(20) });
    emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(20) });
    const stop = new AbortController();
    emulator.intercept = async () => {
      // Three are in flight when it comes; each of them is answered long after.
      if (emulator.journal.deletes().length < 3) return undefined;
      stop.abort();
      for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
      return undefined;
    };
    const policy = onlyTarget(emulator, { requests: { concurrency: 3 } });
    const summary = await world.run(policy, {}, { stop: stop.signal });
    const deleted = emulator.journal.deletedIds().length;
    expect(emulator.journal.deletes()).toHaveLength(deleted);
    expect(deleted).toBeLessThanOrEqual(5);
    expect(summary).toMatchObject({ outcome: 'incomplete', totals: { failed: 0, deleted } });
    for (const instance of summary.targets[0]?.instances ?? []) {
      expect(instance).toMatchObject({ outcome: 'incomplete', stoppedBy: 'interrupted' });
    }
  });

  test('cuts off a list, and leaves instances alone that were not begun', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(5) });
    emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(5) });
    const stop = new AbortController();
    emulator.intercept = ({ operation }) => {
      if (operation !== 'list-tasks') return undefined;
      setImmediate(() => stop.abort());
      return { hang: true };
    };
    const summary = await world.run(oneAtATime(), {}, { stop: stop.signal });
    expect(emulator.journal.count({ operation: 'list-tasks' })).toBe(1);
    expect(summary.targets[0]?.instances).toMatchObject([
      { name: 'a', outcome: 'incomplete', stoppedBy: 'interrupted', listed: 0 },
      { name: 'b', outcome: 'incomplete', stoppedBy: 'interrupted', listed: 0 },
    ]);
  });

  test('that comes before the instances are known is reported as such', async () => {
    const summary = await world.run(oneAtATime(), {}, { stop: AbortSignal.abort() });
    expect(summary).toMatchObject({
      outcome: 'incomplete',
      targets: [{ outcome: 'incomplete', error: { code: 'stopped' } }],
    });
    expect(world.emulator.journal.count()).toBe(0);
  });
});
