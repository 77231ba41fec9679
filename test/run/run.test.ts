import { describe, expect, test } from '@jest/globals';
import { demoEstate, type ServiceName, taskId } from '../../lib/emulator/index.ts';
import { onlyTarget, policyOf, targetOf } from '../policies.ts';
import { aged, expired, NOW } from '../records.ts';
import { expiredIds, type WrittenRetention } from './oracle.ts';
import { useWorld } from './world.ts';

const world = useWorld();

const ROWS = [
  ['huaweicloud', 'dcs', 'eu-west-101'],
  ['huaweicloud', 'dcs-v1', 'cn-north-1'],
  ['huaweicloud', 'kafka', 'cn-north-4'],
  ['huaweicloud', 'rabbitmq', 'eu-west-101'],
  ['huaweicloud', 'rocketmq', 'ap-southeast-1'],
  ['otc', 'dcs', 'eu-de'],
  ['otc', 'kafka', 'eu-nl'],
] as const;

describe('on every service and cloud', () => {
  test.each(ROWS)('%s %s in %s: exactly the expired records go', async (cloud, service, region) => {
    const { emulator } = world;
    const written: WrittenRetention = {
      keepForDays: 30,
      keepLast: 5,
      statuses: service.startsWith('dcs')
        ? ['SUCCESS', 'FAILED']
        : ['SUCCESS', 'FAILED', 'CANCELLED'],
      rules: [
        { statuses: ['FAILED'], keepForDays: 90 },
        { tasks: ['masterStandbySwapJob', 'modifyAutoTopic'], keepForDays: 'forever' },
      ],
    };
    for (const seed of demoEstate({ now: NOW })) emulator.addInstance(seed);
    const own = emulator.instances().filter((instance) => instance.service === service);
    const before = new Map(emulator.instances().map((one) => [one, one.tasks()]));
    const gone = own.flatMap((one) => expiredIds(one.tasks(), written, NOW));
    expect(gone.length).toBeGreaterThan(10);
    emulator.faults.deleteFails = { every: 7 };

    const summary = await world.run(
      onlyTarget(emulator, {
        cloud,
        service,
        region,
        projectId: own[0]?.projectId,
        keepLast: 5,
        statuses: written.statuses,
        rules: [
          { match: { statuses: ['FAILED'] }, keepFor: 'P90D' },
          { match: { tasks: ['masterStandbySwapJob', 'modifyAutoTopic'] }, keep: 'forever' },
        ],
      }),
    );

    expect([...emulator.journal.deletedIds()].sort()).toEqual([...gone].sort());
    for (const [instance, rows] of before) {
      const ids = new Set(own.includes(instance) ? gone : []);
      expect(instance.tasks()).toEqual(rows.filter((row) => !ids.has(row?.id)));
    }
    const retried = Math.floor(gone.length / 7);
    expect(emulator.journal.count({ status: 500 })).toBe(retried);
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { instances: own.filter((one) => one.status === 'RUNNING').length },
      requests: { retried, sent: emulator.journal.count() },
    });
    expect(summary.totals).toMatchObject({ deleted: gone.length, expired: gone.length, failed: 0 });
  });
});

describe('a summary', () => {
  test('says everything that is promised of it', async () => {
    const { emulator, clock } = world;
    const instance = emulator.addInstance({
      service: 'dcs',
      name: 'prod-sessions',
      tasks: [...expired(3), aged(1), aged(2, { status: 'EXECUTING' })],
    });
    emulator.intercept = async ({ operation }) => {
      if (operation === 'list-tasks') await clock.advance(1_500);
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator));
    const counts = {
      listed: 5,
      kept: 2,
      expired: 3,
      deleted: 3,
      alreadyGone: 0,
      failed: 0,
      remaining: 0,
    };
    expect(summary).toEqual({
      schemaVersion: 1,
      runId: 'run-1',
      trigger: 'manual',
      dryRun: false,
      startedAt: '2026-09-01T03:30:00.000Z',
      finishedAt: '2026-09-01T03:30:01.500Z',
      durationMs: 1_500,
      outcome: 'complete',
      totals: { targets: 1, instances: 1, ...counts },
      requests: { sent: 5, retried: 0, throttled: 0 },
      warnings: [],
      targets: [
        {
          name: 'cache',
          cloud: 'huaweicloud',
          service: 'dcs',
          region: 'eu-west-101',
          outcome: 'complete',
          instances: [
            {
              id: instance.id,
              name: 'prod-sessions',
              outcome: 'complete',
              ...counts,
              keptBecause: { 'within-keep-for': 1, running: 1 },
              errors: [],
              errorsOmitted: 0,
            },
          ],
        },
      ],
    });
  });

  test('of a project without instances is complete', async () => {
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { instances: 0, listed: 0 } });
  });

  test('names the first twenty errors of an instance and counts the others', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(25) });
    emulator.intercept = ({ operation }) =>
      operation === 'delete-task'
        ? { status: 400, body: { error_code: 'DCS.4957', error_msg: 'not in this state' } }
        : undefined;
    const summary = await world.run(onlyTarget(emulator));
    const [instance] = summary.targets[0]?.instances ?? [];
    expect(instance).toMatchObject({ outcome: 'failed', failed: 25, errorsOmitted: 5 });
    expect(instance?.errors).toHaveLength(20);
    expect(instance?.errors[0]).toMatchObject({
      taskId: expect.stringMatching(/^[0-9a-f]{32}$/),
      status: 400,
      code: 'DCS.4957',
      message: 'not in this state',
      attempts: 1,
    });
  });
});

describe('a dry run', () => {
  test('lists and decides, and sends no DELETE', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: [...expired(4), aged(3)] });
    const summary = await world.run(onlyTarget(emulator), { dryRun: true });
    expect(emulator.journal.deletes()).toEqual([]);
    expect(summary).toMatchObject({
      dryRun: true,
      outcome: 'complete',
      totals: { listed: 5, expired: 4, deleted: 0, remaining: 4 },
    });
  });

  test('is what the policy asks for, and what it does when it says nothing', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(4) });
    const target = targetOf(emulator);
    expect((await world.run(policyOf([target], { dryRun: true }))).dryRun).toBe(true);
    expect((await world.run({ version: 1, targets: [target] })).dryRun).toBe(true);
    expect(emulator.journal.deletes()).toEqual([]);
    await world.run({ version: 1, targets: [target] }, { dryRun: false });
    expect(emulator.journal.deletes()).toHaveLength(4);
  });
});

describe('a limit', () => {
  test.each([
    ['deletions', { deletions: 3 }, 'limits.deletions allows 3'],
    ['deletions: 0', { deletions: 0 }, 'limits.deletions allows 0'],
    ['deletePercent', { deletePercent: 50 }, 'limits.deletePercent allows 50 %'],
    ['deletePercent: 0', { deletePercent: 0 }, 'limits.deletePercent allows 0 %'],
  ])('%s stops the instance before its first DELETE, and is reported', async (_, limits, words) => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: [...expired(4), aged(1)] });
    emulator.addInstance({ service: 'dcs', name: 'b', tasks: [aged(1), aged(2)] });
    const summary = await world.run(onlyTarget(emulator, { limits }));
    expect(emulator.journal.deletes()).toEqual([]);
    expect(summary.outcome).toBe('incomplete');
    expect(summary.targets[0]?.instances).toMatchObject([
      { name: 'a', outcome: 'incomplete', stoppedBy: 'limit', expired: 4, remaining: 4 },
      { name: 'b', outcome: 'complete', expired: 0 },
    ]);
    expect(summary.warnings).toEqual([expect.stringContaining(words)]);
  });

  test('that is just reached does not stop it', async () => {
    const { emulator } = world;
    emulator.addInstance({
      service: 'dcs',
      tasks: [...expired(4), ...[1, 2, 3, 4].map((days) => aged(days))],
    });
    const limits = { deletions: 4, deletePercent: 50 };
    const summary = await world.run(onlyTarget(emulator, { limits }));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 4 } });
  });

  test('in percent is one of the records that are still there when the list is read', async () => {
    const { emulator } = world;
    const young = Array.from({ length: 100 }, () => aged(1, {}, 'kafka'));
    const tasks = [...young, ...expired(110, 'kafka')];
    const instance = emulator.addInstance({ service: 'kafka', tasks });
    const lists = { operation: 'list-tasks' } as const;
    emulator.intercept = ({ operation }) => {
      if (operation !== 'list-tasks') return undefined;
      const ids = instance.taskIds();
      // The first moves the pages that are asked for side by side, the others are passed over one after the other.
      if (emulator.journal.count(lists) === 2) instance.removeTask(ids.at(-1) as string);
      if (emulator.journal.count(lists) === 5) {
        for (const id of ids.slice(0, 90)) instance.removeTask(id);
      }
      return undefined;
    };
    const limits = { deletePercent: 60 };
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka', limits }));
    expect(emulator.journal.deletes()).toEqual([]);
    expect(summary.warnings).toEqual([expect.stringMatching(/109 of 119 records have expired/)]);
  });

  test('that trips in a dry run is reported, and the dry run is as incomplete as the run would be', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(4) });
    const policy = onlyTarget(emulator, { limits: { deletions: 1 } });
    const summary = await world.run(policy, { dryRun: true });
    expect(summary.outcome).toBe('incomplete');
    expect(summary.targets[0]?.instances[0]).toMatchObject({ stoppedBy: 'limit', expired: 4 });
  });
});

describe('no DELETE', () => {
  test('goes to an instance before its list is complete', async () => {
    const { emulator } = world;
    for (let i = 0; i < 3; i += 1) {
      emulator.addInstance({ service: 'kafka', tasks: expired(250, 'kafka') });
    }
    await world.run(onlyTarget(emulator, { service: 'kafka' }));
    for (const { id } of emulator.instances()) {
      const order = emulator.journal
        .filter({ instanceId: id })
        .map(({ operation }) => operation)
        .filter((operation, index, all) => operation !== all[index - 1]);
      expect(order).toEqual(['list-tasks', 'delete-task']);
    }
    expect(emulator.journal.deletes()).toHaveLength(750);
  });

  test.each([
    ['fails', { listPageFails: { page: 3, status: 400 } }],
    ['fails for ever', { listPageFails: { page: 3 } }],
    ['repeats', { ignorePaging: ['list-tasks'] }],
    ['falls short of the count', { taskCount: (total: number) => total + 7 }],
    ['is no JSON', { badBodies: { kind: 'html', every: 1, operations: ['list-tasks'] } }],
  ] as const)('goes to an instance of whose list a page %s', async (_, faults) => {
    const { emulator } = world;
    Object.assign(emulator.faults, faults);
    emulator.addInstance({ service: 'kafka', tasks: expired(250, 'kafka') });
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(emulator.journal.deletes()).toEqual([]);
    expect(summary.outcome).toBe('failed');
    const [instance] = summary.targets[0]?.instances ?? [];
    expect(instance).toMatchObject({ stoppedBy: 'listing', expired: 0 });
    expect(instance?.kept).toBe(instance?.listed);
    expect(instance?.errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining('could not be listed') }),
    ]);
  });

  test('goes to one instance because of what is wrong with another', async () => {
    const { emulator } = world;
    const broken = emulator.addInstance({ service: 'dcs', name: 'broken', tasks: expired(5) });
    emulator.addInstance({ service: 'dcs', name: 'sound', tasks: expired(5) });
    emulator.faults.listPageFails = { page: 1, instanceId: broken.id };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary.targets[0]?.instances).toMatchObject([
      { name: 'broken', outcome: 'failed', stoppedBy: 'listing', deleted: 0 },
      { name: 'sound', outcome: 'complete', deleted: 5 },
    ]);
  });
});

describe('instances', () => {
  test('that cannot have tasks to clean are skipped, with the reason, and are no error', async () => {
    const { emulator } = world;
    const statuses = ['FROZEN', 'FREEZING', 'DELETING', 'DELETED', 'RECYCLE', 'RUNNING', 'ERROR'];
    for (const status of statuses) {
      emulator.addInstance({
        service: 'kafka',
        name: status,
        status,
        tasks: expired(1, 'kafka'),
      });
    }
    const skipped: string[] = [];
    const summary = await world.run(
      onlyTarget(emulator, { service: 'kafka' }),
      {},
      {
        observer: {
          skipped: (target, { name }, reason) => skipped.push(`${target}: ${name}: ${reason}`),
        },
      },
    );
    expect(summary.outcome).toBe('complete');
    expect(summary.targets[0]?.instances.map(({ name }) => name)).toEqual(['RUNNING', 'ERROR']);
    expect(skipped).toHaveLength(5);
    expect(skipped).toContain('cache: FROZEN: it is frozen');
  });

  test('of another engine are left alone, even if the service lists them', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'kafka', engine: 'rabbitmq', tasks: expired(2, 'kafka') });
    emulator.addInstance({ service: 'kafka', tasks: expired(2, 'kafka') });
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(summary.totals).toMatchObject({ instances: 1, deleted: 2 });
  });

  test('are those that the policy includes and does not exclude', async () => {
    const { emulator } = world;
    const names = ['prod-a', 'prod-b', 'prod-canary', 'staging', 'by-id'];
    const made = names.map((name) =>
      emulator.addInstance({ service: 'dcs', name, tasks: expired(1) }),
    );
    const include = ['prod-*', made[4]?.id, 'prdo-*'];
    const instances = { include, exclude: ['prod-canary', 'gone-*'] };
    const summary = await world.run(onlyTarget(emulator, { instances }));
    expect(summary.targets[0]?.instances.map(({ name }) => name)).toEqual([
      'prod-a',
      'prod-b',
      'by-id',
    ]);
    expect(summary.warnings).toEqual([
      'cache: "prdo-*" under instances matches no instance',
      'cache: "gone-*" under instances matches no instance',
    ]);
    expect(summary.outcome).toBe('complete');
  });

  test('that vanish before they are listed are reported, and nothing failed', async () => {
    const { emulator } = world;
    const vanishing = emulator.addInstance({ service: 'dcs', name: 'short-lived' });
    emulator.intercept = ({ operation, instanceId }) => {
      if (operation === 'list-tasks' && instanceId === vanishing.id) {
        emulator.removeInstance(vanishing.id);
      }
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary.outcome).toBe('complete');
    expect(summary.warnings).toEqual(['cache: instance short-lived is gone']);
  });

  test('that vanish while they are cleaned take their records along', async () => {
    const { emulator } = world;
    const vanishing = emulator.addInstance({ service: 'dcs', tasks: expired(20) });
    emulator.intercept = () => {
      if (emulator.journal.deletes().length === 10) emulator.removeInstance(vanishing.id);
      return undefined;
    };
    const policy = onlyTarget(emulator, { requests: { concurrency: 1 } });
    const summary = await world.run(policy);
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { deleted: 9, alreadyGone: 11, failed: 0, remaining: 0 },
    });
  });

  test('with ids that need it are percent-encoded', async () => {
    const { emulator } = world;
    const id = 'a/b?c#d %2e\u00fc';
    emulator.addInstance({ service: 'dcs', id, tasks: [aged(40, { id: 'x/../y z' })] });
    const summary = await world.run(onlyTarget(emulator));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 1 } });
    expect(emulator.journal.deletes()[0]).toMatchObject({ instanceId: id, taskId: 'x/../y z' });
  });

  test('take turns: a huge one does not keep the others waiting', async () => {
    const { emulator } = world;
    const huge = emulator.addInstance({ service: 'dcs', name: 'huge', tasks: expired(600) });
    for (const name of ['b', 'c']) {
      emulator.addInstance({ service: 'dcs', name, tasks: expired(10) });
    }
    await world.run(
      onlyTarget(emulator, { requests: { concurrency: 1 } }),
      {},
      { random: () => 0 },
    );
    const deletes = emulator.journal.deletes().map(({ instanceId }) => instanceId === huge.id);
    expect(deletes).toHaveLength(620);
    // The small ones are through before the huge one has had a third of its own.
    expect(deletes.slice(0, 220).filter((isHuge) => !isHuge)).toHaveLength(20);
  });
});

describe('requests in flight', () => {
  /** Holds every DELETE until so many are in flight, and a little longer: there might come more. */
  function holdDeletes(until: number): void {
    const { emulator } = world;
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    emulator.intercept = async ({ operation }) => {
      if (operation !== 'delete-task') return undefined;
      if (emulator.journal.inFlight >= until) {
        for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
        open();
      }
      await gate;
      return undefined;
    };
  }

  test('are as many as the policy allows, over all instances', async () => {
    const { emulator } = world;
    holdDeletes(5);
    for (let i = 0; i < 4; i += 1) emulator.addInstance({ service: 'dcs', tasks: expired(20) });
    await world.run(onlyTarget(emulator, { requests: { concurrency: 5 } }));
    expect(emulator.journal.peakInFlight).toBe(5);
  });

  test('are bounded for two targets on one endpoint together, by the lower of their bounds', async () => {
    const { emulator } = world;
    holdDeletes(3);
    for (const service of ['kafka', 'rabbitmq'] satisfies ServiceName[]) {
      emulator.addInstance({ service, tasks: expired(30, service) });
    }
    const targets = [
      targetOf(emulator, { name: 'a', service: 'kafka', requests: { concurrency: 3 } }),
      targetOf(emulator, { name: 'b', service: 'rabbitmq', requests: { concurrency: 9 } }),
    ];
    const summary = await world.run(policyOf(targets));
    expect(summary.totals.deleted).toBe(60);
    expect(emulator.journal.peakInFlight).toBe(3);
  });

  test('are no more than the deployment allows, whatever the policy asks for', async () => {
    const { emulator } = world;
    holdDeletes(2);
    emulator.addInstance({ service: 'dcs', tasks: expired(20) });
    const policy = onlyTarget(emulator, { requests: { concurrency: 9 } });
    await world.run(policy, {}, { maxConcurrency: 2 });
    expect(emulator.journal.peakInFlight).toBe(2);
  });
});

describe('what should not happen', () => {
  test('a defect in one instance does not lose the summary, nor the other instances', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
    const b = emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(3) });
    // Only a back-off asks for a second random number, and only one instance needs a back-off.
    emulator.faults.listPageFails = { page: 1, instanceId: b.id };
    const numbers = [0];
    const random = () => {
      const number = numbers.shift();
      if (number === undefined) throw new Error('a defect');
      return number;
    };
    const summary = await world.run(onlyTarget(emulator), {}, { random });
    expect(summary.outcome).toBe('failed');
    expect(summary.targets[0]?.instances).toMatchObject([
      { name: 'a', outcome: 'complete', deleted: 3 },
      {
        name: 'b',
        outcome: 'failed',
        stoppedBy: 'unavailable',
        errors: [{ message: 'internal error: Error: a defect' }],
      },
    ]);
  });

  test('an observer that throws costs a warning, not the summary', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(3) });
    const fail = () => {
      throw new Error('disk full');
    };
    const observer = {
      discovered: fail,
      decided: fail,
      settled: fail,
      instanceDone: fail,
      warning: fail,
      done: fail,
    };
    const summary = await world.run(onlyTarget(emulator), { taskIds: [taskId()] }, { observer });
    expect(summary.outcome).toBe('complete');
    expect(summary.warnings).toContain('not reported (instanceDone): Error: disk full');
    expect(summary.warnings).toContain('not reported (done): Error: disk full');
    const cleaned = await world.run(onlyTarget(emulator), {}, { observer });
    expect(cleaned.totals.deleted).toBe(3);
    expect(cleaned.warnings.filter((text) => text.includes('settled'))).toHaveLength(1);
  });
});
