import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { ServiceName, TaskRow } from '../../lib/emulator/index.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { onlyTarget } from '../policies.ts';
import { aged, expired, NOW } from '../records.ts';
import { useWorld } from './world.ts';

const world = useWorld();

function addExpired(count: number, service: ServiceName = 'dcs'): TaskRow[] {
  const tasks = expired(count, service);
  world.emulator.addInstance({ service, tasks });
  return tasks;
}

// By the numbers of docs/peer-defects.md. 2, 3, 7, 11, 12 and 13 are mistakes of a policy: see test/policy.
describe('mistakes that other cleaners made:', () => {
  test('#1 a failed DELETE counts as failed, and the run with it', async () => {
    addExpired(5);
    world.emulator.faults.deleteFails = { every: 5, once: false };
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary).toMatchObject({ outcome: 'failed', totals: { deleted: 4, failed: 1 } });
    // The handler throws this, so that the platform's own error count sees it.
    expect(new RunFailedError(summary).message).toContain('4 deleted, 0 already gone, 1 failed');
  });

  test('#4 a list that cannot be read deletes nothing there', async () => {
    addExpired(250, 'kafka');
    world.emulator.faults.listPageFails = { page: 2 };
    const summary = await world.run(onlyTarget(world.emulator, { service: 'kafka' }));
    expect(summary.outcome).toBe('failed');
    expect(world.emulator.journal.deletes()).toEqual([]);
  });

  test.each([
    ['dcs', 1000],
    ['dcs-v1', 100],
    ['kafka', 100],
  ] as const)('#5 every page of a list on %s is read', async (service, page) => {
    const { emulator } = world;
    const sizes = [0, 1, page - 1, page, page + 1, 2 * page, 1_234];
    for (const size of sizes) addExpired(size, service);
    const summary = await world.run(onlyTarget(emulator, { service }), { dryRun: true });
    expect(summary.outcome).toBe('complete');
    expect(summary.targets[0]?.instances.map(({ listed }) => listed)).toEqual(sizes);
    expect(summary.totals.expired).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  test('#6 records that appear or vanish while the list is read hide none', async () => {
    const { emulator } = world;
    const tasks = addExpired(450, 'kafka');
    const [instance] = emulator.instances();
    const vanished = tasks.slice(20, 60).map(({ id }) => id);
    emulator.intercept = ({ operation, query }) => {
      if (operation === 'list-tasks' && query.start === '101' && vanished.length > 0) {
        for (const id of vanished.splice(0)) instance?.removeTask(id);
      }
      if (
        operation === 'list-tasks' &&
        query.start === '1' &&
        (instance?.tasks().length ?? 0) < 460
      )
        for (let i = 0; i < 30; i += 1) instance?.addTask(aged(0, {}, 'kafka'));
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { failed: 0, remaining: 0 } });
    const left = instance?.tasks() ?? [];
    expect(left.length).toBeGreaterThan(0);
    expect(left.every(({ updated_at }) => Date.parse(updated_at) >= NOW)).toBe(true);
  });

  test('#8 a list that fails makes the run fail, and says so', async () => {
    addExpired(5);
    world.emulator.faults.listPageFails = { page: 1 };
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary).toMatchObject({
      outcome: 'failed',
      targets: [
        {
          outcome: 'failed',
          instances: [
            {
              outcome: 'failed',
              stoppedBy: 'listing',
              errors: [{ status: 500, code: 'DCS.5000' }],
            },
          ],
        },
      ],
    });
  });

  test('#9 200,000 records of one instance are all accounted for', async () => {
    const { emulator } = world;
    const tasks = Array.from({ length: 200_000 }, (_, index) => aged(index % 2 === 0 ? 40 : 20));
    emulator.addInstance({ service: 'dcs', tasks });
    const summary = await world.run(onlyTarget(emulator), { dryRun: true });
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { listed: 200_000, kept: 100_000, expired: 100_000, remaining: 100_000 },
    });
  }, 30_000);

  test('#10 throttled requests are made again, and what is left is counted', async () => {
    const { emulator } = world;
    addExpired(60);
    emulator.faults.rateLimit = { perSecond: 10 };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 60 } });
    expect(summary.requests.throttled).toBeGreaterThan(0);

    emulator.faults.rateLimit = { perSecond: 0, operations: ['delete-task'] };
    addExpired(60);
    const refused = await world.run(onlyTarget(emulator));
    expect(refused).toMatchObject({
      outcome: 'failed',
      totals: { expired: 60, deleted: 0, remaining: 60 },
    });
  });

  test('#14 the summary comes after the last answer', async () => {
    const { emulator } = world;
    addExpired(30);
    emulator.faults.deleteFails = { every: 3 };
    const summary = await world.run(onlyTarget(emulator));
    expect(emulator.journal.inFlight).toBe(0);
    const sent = emulator.journal.count();
    expect(summary.requests.sent).toBe(sent);
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(emulator.journal.count()).toBe(sent);
  });

  test('#15 no retry of the platform, and two runs at once do no harm', async () => {
    const deployment = await readFile('serverless.yml', 'utf8');
    expect(deployment).toContain('maximumRetryAttempts: 0');
    expect(deployment).toContain('MaximumRetryAttempts: 0');
    expect(deployment).toContain('reservedConcurrency: 1');

    const { emulator } = world;
    addExpired(100);
    const policy = onlyTarget(emulator);
    const [one, two] = await Promise.all([world.run(policy), world.run(policy)]);
    for (const { outcome, totals } of [one, two]) {
      expect([outcome, totals.failed, totals.remaining]).toEqual(['complete', 0, 0]);
    }
    expect(one.totals.deleted + two.totals.deleted).toBe(100);
    expect(emulator.journal.deletedIds()).toHaveLength(100);
  });

  test('#16 a run that has not enough time deletes on every instance, and ends in time', async () => {
    const { emulator, clock } = world;
    for (let i = 0; i < 3; i += 1) addExpired(400);
    emulator.intercept = async ({ operation }) => {
      if (operation === 'delete-task') await clock.advance(100);
      return undefined;
    };
    const policy = onlyTarget(emulator, { requests: { concurrency: 1 } });
    const summary = await world.run(policy, {}, { deadline: NOW + 60_000 });
    expect(clock.now()).toBeLessThanOrEqual(NOW + 60_000);
    expect(summary.outcome).toBe('incomplete');
    for (const { deleted } of summary.targets[0]?.instances ?? []) {
      expect(deleted).toBeGreaterThanOrEqual(100);
    }
  });

  test('#17 flow control that is sent as 404 is not taken for "already gone"', async () => {
    const { emulator } = world;
    addExpired(60, 'kafka');
    emulator.switches.throttleAnswer = 'dms-404';
    emulator.faults.rateLimit = { perSecond: 10, operations: ['delete-task'] };
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(emulator.journal.count({ status: 404, errorCode: 'DMS.10240407' })).toBeGreaterThan(0);
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { deleted: 60, alreadyGone: 0 },
      requests: { throttled: emulator.journal.count({ status: 404 }) },
    });
    expect(emulator.instances()[0]?.tasks()).toEqual([]);
  });

  test('#18 page 1 again and again is an incomplete list, not an endless loop', async () => {
    const { emulator } = world;
    addExpired(250, 'kafka');
    emulator.faults.ignorePaging = ['list-tasks'];
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(summary.targets[0]?.instances[0]).toMatchObject({ stoppedBy: 'listing' });
    expect(emulator.journal.count()).toBeLessThan(10);
    expect(emulator.journal.filter({ operation: 'list-tasks' })[1]?.query).toEqual({
      start: '101',
      limit: '100',
    });
  });

  test('#19 a service that is down is asked a few hundred times, whatever there is to do', async () => {
    const { emulator } = world;
    addExpired(2_000);
    emulator.faults.deleteFails = { every: 1, once: false };
    const summary = await world.run(onlyTarget(emulator));
    expect(emulator.journal.count()).toBeLessThan(600);
    expect(summary).toMatchObject({ outcome: 'failed', totals: { expired: 2_000, deleted: 0 } });
    expect(summary.totals.remaining).toBeGreaterThan(1_500);
    const [instance] = summary.targets[0]?.instances ?? [];
    expect(instance?.stoppedBy).toBe('unavailable');
    expect(instance?.errors.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^the deletions were stopped: /),
    );
  });

  test('#20 one throttled request slows all the others', async () => {
    const { emulator, clock } = world;
    for (let i = 0; i < 4; i += 1) addExpired(50);
    // Each DELETE takes 10 ms, so that eight at once come to 800 a second.
    emulator.intercept = async ({ operation }) => {
      if (operation === 'delete-task') await clock.sleep(10);
      return undefined;
    };
    let throttledAt = 0;
    const { intercept } = emulator;
    emulator.intercept = (entry, self) => {
      if (throttledAt === 0 && emulator.journal.deletes().length === 40) {
        throttledAt = clock.now();
        return { status: 429, body: { error_code: 'APIGW.0308', error_msg: 'too many' } };
      }
      return intercept?.(entry, self);
    };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { deleted: 200 },
      requests: { throttled: 1 },
    });
    // Those in flight at that moment were sent before; then comes a pause for everyone.
    const after = emulator.journal.deletes().filter(({ at }) => at > throttledAt + 20);
    expect(after.length).toBeGreaterThan(100);
    expect(Math.min(...after.map(({ at }) => at))).toBeGreaterThanOrEqual(throttledAt + 1_000);
  });
});
