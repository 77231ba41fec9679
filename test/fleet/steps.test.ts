import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO_REGION } from '../../lib/emulator/index.ts';
import { rewriteInstances } from '../instance-list.ts';
import { aged, expired, NOW } from '../records.ts';
import { expectTruth, type FleetWorld, RUN, startFleet } from './fleet-world.ts';

let world: FleetWorld;
beforeEach(async () => {
  world = await startFleet([{ name: 'cache' }]);
});
afterEach(() => world.close());

/** Other targets than usual. */
const startWith = async (targets: Parameters<typeof startFleet>[0]) => {
  await world.close();
  world = await startFleet(targets);
};
const add = (name: string, records: number) =>
  world.emulator.addInstance({ service: 'dcs', name, tasks: [...expired(records), aged(1)] });
const prepare = (event: unknown = {}) =>
  world.invoke('Prepare', { id: RUN, startedAt: new Date(NOW).toISOString(), event });

describe('a run of a fleet', () => {
  test('deletes what a run of one function would, and reports it in the same shape', async () => {
    add('a', 3);
    add('b', 0);
    const { output } = await world.execute();
    const summary = world.summary();
    expect(summary).toMatchObject({
      schemaVersion: 1,
      runId: RUN,
      trigger: 'fleet',
      outcome: 'complete',
      startedAt: new Date(NOW).toISOString(),
      totals: { targets: 1, instances: 2, listed: 5, kept: 2, deleted: 3 },
      requests: { sent: world.emulator.journal.all().length },
    });
    const { targets: _, warnings: __, ...end } = summary;
    expect(output).toEqual({ again: false, ...end, key: `runs/${RUN}/summary-0.json` });
    expect(world.published.map(({ target }) => target)).toEqual(['cache', 'all']);
    expect(world.published[1]?.values).toMatchObject({ runFinished: 1, runFailed: 0, deleted: 3 });
  });

  test('is prepared without a request, and says how many endpoints there are', async () => {
    expect(await prepare()).toMatchObject({
      run: { id: RUN, startedAt: NOW, dryRun: false, event: {}, lanes: 1 },
      round: 0,
      lanes: [0],
    });
    expect(world.emulator.journal.all()).toEqual([]);
  });

  test('goes by its event in every step', async () => {
    const { id, tasks } = add('a', 3);
    add('b', 3);
    const first = tasks().at(-2);
    const taskIds = [first?.id as string, 'not-there'];
    await world.execute({ instances: ['a'], taskIds });
    expect(world.emulator.journal.deletedIds()).toEqual([first?.id]);
    expect(world.summary()).toMatchObject({
      totals: { instances: 1, deleted: 1 },
      targets: [{ instances: [{ id }] }],
      warnings: ['task not-there was not found on any instance of this run'],
    });
    expect(world.published.at(-1)?.values).not.toHaveProperty('runFinished');
  });

  test('that asks for an instance which is nowhere fails, once all endpoints are known', async () => {
    await startWith([{ name: 'cache' }, { name: 'other', elsewhere: true, service: 'kafka' }]);
    add('a', 3);
    const { error } = await world.execute({ instances: ['a', 'b'] });
    expect(error?.name).toBe('RunFailedError');
    expect(world.summary()).toMatchObject({ outcome: 'failed', totals: { deleted: 3 } });
    expect(world.summary().warnings).toEqual([expect.stringContaining('unknown instance "b"')]);
  });

  test.each([
    ['the event', { event: { dryRun: true }, settings: {} }],
    ['the deployment', { event: {}, settings: { dryRun: true as const } }],
  ])('deletes nothing where %s says so', async (_, { event, settings }) => {
    world.settings = settings;
    add('a', 3);
    await world.execute(event);
    expect(world.emulator.journal.deletes()).toEqual([]);
    expect(world.summary()).toMatchObject({
      dryRun: true,
      outcome: 'complete',
      totals: { expired: 3, remaining: 3 },
    });
  });

  test('has one moment, however long it takes', async () => {
    world.emulator.addInstance({ service: 'dcs', name: 'a', tasks: [aged(29.9), aged(31)] });
    world.onCall = ({ step }) => {
      if (step === 'Prepare') world.clock.step(86_400_000);
    };
    await world.execute();
    expect(world.summary().totals).toMatchObject({ kept: 1, deleted: 1 });
  });

  test('without any instance is complete', async () => {
    await world.execute();
    expect(world.summary()).toMatchObject({ outcome: 'complete', totals: { instances: 0 } });
  });

  test('leaves alone what two targets select', async () => {
    await startWith(
      [{ name: 'cache' }, { name: 'other' }].map((each, index) => ({
        ...each,
        instances: { include: [index === 0 ? 'a*' : '*b'] },
      })),
    );
    for (const name of ['a', 'b', 'ab']) add(name, 2);
    await world.execute();
    const instances = world.summary().targets.flatMap((target) => target.instances);
    expect(instances.map(({ name, stoppedBy, deleted }) => [name, stoppedBy, deleted])).toEqual([
      ['a', undefined, 2],
      ['ab', 'overlap', 0],
      ['b', undefined, 2],
      ['ab', 'overlap', 0],
    ]);
  });

  test('cleans each project of a target by the name that a run finds it under', async () => {
    const projectId = '0b01fbb53600d4671fa8c00673c71262';
    await startWith([
      { name: 'cache', service: ['dcs', 'kafka'], projectId: undefined, projects: ['*'] },
    ]);
    world.emulator.projects.push({ id: projectId, name: `${DEMO_REGION}_team` });
    add('a', 3);
    world.emulator.addInstance({ service: 'dcs', projectId, tasks: expired(2) });
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    const { totals, targets } = world.summary();
    expect(totals.deleted).toBe(5);
    const names = ['dcs', 'kafka'].flatMap((service) =>
      [DEMO_REGION, `${DEMO_REGION}_team`].map((project) => `cache/${service}/${project}`),
    );
    expect(targets.map(({ name }) => name)).toEqual(names);
    expect(world.published.map(({ target }) => target)).toEqual([...names, 'all']);
  });

  test('keeps the projects of a target in its books where they cannot be found again', async () => {
    await startWith([
      { name: 'cache', projectId: undefined, projects: ['*'], requests: { perSecond: 10 } },
    ]);
    world.timeout = 21_000;
    add('a', 500);
    let isLost = false;
    world.emulator.intercept = ({ operation }) =>
      operation === 'projects' && isLost ? { status: 403 } : undefined;
    world.onCall = ({ ordinal }) => {
      isLost = ordinal === 2;
    };
    const { error, failedAt } = await world.execute();
    expect(error?.name).toBe('RunFailedError');
    expectTruth(world, world.summary());
    expect(world.summary().totals.deleted).toBeGreaterThan(50);
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary().targets).toMatchObject([
      { name: `cache/${DEMO_REGION}`, instances: [{ deleted: 500 }] },
    ]);
  });

  test('holds back what is over a limit, and says so', async () => {
    await startWith([{ name: 'cache', limits: { deletions: 2 } }]);
    add('a', 3);
    add('b', 2);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'incomplete' } });
    expect(world.summary().totals).toMatchObject({ deleted: 2, remaining: 3 });
    expect(world.summary().warnings).toHaveLength(1);
  });
});

describe('what goes wrong', () => {
  test('on one instance fails the run, and is repeated by a redrive: that instance, and no other', async () => {
    add('a', 3);
    const { id } = add('b', 2);
    world.emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id ? { status: 400 } : undefined;
    const { error, failedAt } = await world.execute();
    expect(error?.message).toContain('run failed: 2 instances');
    expect(world.summary(0).totals).toMatchObject({ deleted: 3, failed: 2 });
    world.emulator.intercept = undefined;
    world.emulator.journal.clear();
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.emulator.journal.filter({ operation: 'list-tasks' })).toMatchObject([
      { instanceId: id },
    ]);
    expect(world.summary(1)).toMatchObject({ outcome: 'complete', totals: { deleted: 5 } });
    const all = world.published.filter(({ target }) => target === 'all');
    expect(all.map(({ values }) => [values.deleted, values.failed])).toEqual([
      [3, 2],
      [2, -2],
    ]);
    expect(all[1]?.values).not.toHaveProperty('duration');
  });

  test('is told to people once, whether a step is repeated or the run is redriven', async () => {
    const { id } = add('b', 2);
    world.emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id ? { status: 400 } : undefined;
    world.disowned = ({ step }) => step === 'Summarise' && world.calls.length < 4;
    const { failedAt } = await world.execute();
    world.emulator.intercept = undefined;
    await world.execute({}, failedAt);
    expect(world.letters).toEqual(['failed']);
  });

  test('with a target as a whole ends it, and is forgotten by the next round', async () => {
    for (const name of ['a', 'b', 'c', 'd']) add(name, 2);
    world.emulator.faults.deny = ['delete-task'];
    const { failedAt } = await world.execute();
    expect(world.summary().targets).toMatchObject([
      { outcome: 'failed', error: { code: 'forbidden' } },
    ]);
    world.emulator.faults.deny = [];
    await world.execute({}, failedAt);
    expect(world.summary()).toMatchObject({ outcome: 'complete', totals: { deleted: 8 } });
    expect(world.summary().targets[0]?.error).toBeUndefined();
  });

  test('with an instance that is gone between two calls costs nothing but its records', async () => {
    await startWith([{ requests: { perSecond: 10 } }]);
    world.timeout = 21_000;
    const { id } = add('a', 500);
    add('b', 3);
    world.onCall = ({ ordinal }) => {
      if (ordinal === 2) world.emulator.removeInstance(id);
    };
    await world.execute();
    const gone = world.summary().targets[0]?.instances.find((one) => one.id === id);
    expect(gone).toMatchObject({ outcome: 'complete', remaining: 0, alreadyGone: 0 });
    expect(world.summary().warnings).toEqual(['target-0: instance a is gone']);
    expect(gone?.deleted).toBe(world.emulator.journal.count({ deleted: true, instanceId: id }));
    expect(world.summary().totals.deleted).toBe(world.emulator.journal.count({ deleted: true }));
  });

  test.each<[string, (row: object) => object[], string]>([
    ['frozen', (row) => [{ ...row, status: 'FROZEN' }], 'left alone now: it is frozen'],
    ['nameless', (row) => [{ ...row, name: null }], 'the policy does not select it'],
    ['listed twice', (row) => [row, row], 'two rows of one page have its id'],
    ['listed no more', () => [], 'but its records are there'],
  ])(
    'with an instance that is %s by the second call keeps its records in the account',
    async (_, rewrite, why) => {
      await startWith([{ requests: { perSecond: 10 }, instances: { exclude: ['never'] } }]);
      world.timeout = 21_000;
      const { id } = add('a', 500);
      world.onCall = ({ ordinal }) => {
        if (ordinal !== 2) return;
        rewriteInstances(world.emulator, rewrite);
      };
      await world.execute();
      const { outcome, totals, targets } = world.summary();
      expect(outcome).toBe('failed');
      const deleted = world.emulator.journal.count({ deleted: true, instanceId: id });
      expect(deleted).toBeGreaterThan(0);
      expect(totals).toMatchObject({ expired: 500, deleted, remaining: 500 - deleted });
      expect(targets[0]?.instances[0]?.errors[0]?.message).toContain(why);
    },
  );

  test.each<[string, (row: object) => object[]]>([
    ['frozen', (row) => [{ ...row, status: 'FROZEN' }]],
    ['listed no more', () => []],
  ])(
    'with a list is not forgotten where the instance is %s by the next round',
    async (_, rewrite) => {
      add('a', 3);
      world.emulator.intercept = ({ operation }) =>
        operation === 'list-tasks' ? { status: 400, body: {} } : undefined;
      const { failedAt } = await world.execute();
      rewriteInstances(world.emulator, rewrite);
      await world.execute({}, failedAt);
      expect(world.summary()).toMatchObject({ outcome: 'failed', totals: { deleted: 0 } });
      world.emulator.intercept = undefined;
      await world.execute({}, failedAt);
      expect(world.summary()).toMatchObject({ outcome: 'complete', totals: { deleted: 3 } });
    },
  );

  test('with an instance whose list is empty by the next round ends with that', async () => {
    const instance = add('a', 3);
    world.emulator.intercept = ({ operation }) =>
      operation === 'delete-task' ? { status: 400, body: {} } : undefined;
    const { failedAt } = await world.execute();
    for (const id of instance.taskIds()) instance.removeTask(id);
    rewriteInstances(world.emulator, () => []);
    await world.execute({}, failedAt);
    expect(world.summary()).toMatchObject({
      outcome: 'complete',
      totals: { expired: 0, deleted: 0, remaining: 0 },
    });
  });

  test('with a DELETE that was done, and refused when it was repeated, is counted by the next round', async () => {
    add('a', 3);
    const seen = new Set<string>();
    world.emulator.intercept = ({ operation, taskId = '' }) => {
      if (operation !== 'delete-task') return undefined;
      const isFirst = !seen.has(taskId);
      seen.add(taskId);
      return isFirst
        ? { status: 502, afterwards: true }
        : { status: 403, body: { error_code: 'DCS.4003', error_msg: 'no' } };
    };
    const { failedAt } = await world.execute();
    expect(world.emulator.journal.count({ deleted: true })).toBeGreaterThan(0);
    world.emulator.intercept = undefined;
    await world.execute({}, failedAt);
    expect(world.summary()).toMatchObject({
      outcome: 'complete',
      totals: { expired: 3, deleted: 3, alreadyGone: 0 },
    });
  });

  test('with an instance that another target cleans by now counts its records once', async () => {
    await startWith([
      { requests: { perSecond: 10 }, instances: { include: ['prod-*'] } },
      { requests: { perSecond: 10 }, instances: { include: ['test-*'] } },
    ]);
    world.timeout = 21_000;
    add('prod-a', 300);
    world.onCall = ({ ordinal }) => {
      if (ordinal === 2) rewriteInstances(world.emulator, (row) => [{ ...row, name: 'test-a' }]);
    };
    await world.execute();
    expect(world.summary().totals).toMatchObject({ expired: 300, deleted: 300, remaining: 0 });
  });

  test.each([
    ['prepare', 'Prepare', { event: {} }],
    ['clean', 'Clean', {}],
    ['summarise', 'Summarise', { run: {} }],
  ] as const)('in calling the function %s by hand is said', async (_, step, message) => {
    await expect(world.invoke(step, message)).rejects.toThrow(
      /this is not how the state machine calls the function.*cleanup/,
    );
    expect(world.emulator.journal.all()).toEqual([]);
  });

  test.each([
    ['event', { keepfor: '1d' }, 'keepfor'],
    ['target', { targets: ['nope'] }, 'unknown target "nope"'],
  ])('in the %s is said by the first step, and nothing is done', async (_, event, message) => {
    await expect(prepare(event)).rejects.toThrow(message);
    expect(world.emulator.journal.all()).toEqual([]);
  });
});

test('10,000 instances fit: into what passes between the states, and into one call', async () => {
  await startWith(Array.from({ length: 20 }, (_, index) => ({ projectId: `project-${index}` })));
  for (let i = 0; i < 10_000; i += 1) {
    const projectId = `project-${i % 20}`;
    world.emulator.addInstance({ service: 'dcs', name: `cache-${i}`, projectId });
  }
  world.emulator.intercept = ({ operation }) =>
    operation === 'list-tasks' ? { status: 503, body: {} } : undefined;
  const { error } = await world.execute();
  expect(error?.message).toContain('10000 instances');
  expect(world.summary().totals.instances).toBe(10_000);
  expect(world.walker.largestPayload).toBeLessThan((256 * 1_024) / 20);
  expect(error?.message.length).toBeLessThan((256 * 1_024) / 20);
});
