import { gzipSync } from 'node:zlib';
import { describe, expect, jest, test } from '@jest/globals';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  DEMO_USER,
  type Interception,
} from '../../lib/emulator/index.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { createTransport } from '../../lib/http/transport.ts';
import { CredentialsError } from '../../lib/identity/credentials.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { RowBudget } from '../../lib/task-api/row-budget.ts';
import { type InstanceRow, rewriteInstances } from '../instance-list.ts';
import { onlyTarget, policyOf, targetOf } from '../policies.ts';
import { aged, DAY, expired, NOW } from '../records.ts';
import { serve } from '../serve.ts';
import { startWorld, useWorld } from './world.ts';

// A server, a clock or a secret store that says what is not so. Nothing that must stay may go, and
// nothing may be reported that did not happen.

const world = useWorld();

/** Adds instances of which everything has expired. */
function addExpired(...names: string[]) {
  return names.map((name) => {
    return world.emulator.addInstance({ service: 'dcs', name, tasks: expired(3) });
  });
}

/** Lets an answer be another one. */
function answer(operation: string, lie: Interception, when: () => boolean = () => true): void {
  world.emulator.intercept = (entry) => (entry.operation === operation && when() ? lie : undefined);
}

/** Something that requests wait for. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Lets the rows of the list of instances be others. */
function answerInstances(rewrite: (row: InstanceRow) => object): void {
  rewriteInstances(world.emulator, (row) => [rewrite(row)]);
}

const deletes = () => world.emulator.journal.deletes().length;

describe('a clock', () => {
  test.each([400 * DAY, 16 * 60_000, -16 * 60_000])(
    'that differs from the service by %d ms: nothing is deleted, whatever the credentials',
    async (difference) => {
      const other = await startWorld({ now: () => NOW - difference, verify: false });
      other.emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
      for (const credentials of [undefined, DEMO_USER]) {
        const summary = await other.run(
          onlyTarget(other.emulator),
          {},
          credentials && { credentials: () => ({ name: 'x', read: async () => credentials }) },
        );
        expect(summary.targets[0]).toMatchObject({ outcome: 'failed', error: { code: 'clock' } });
        expect(summary.targets[0]?.error?.message).toContain('Set the clock (NTP)');
        expect(other.emulator.journal.deletes()).toEqual([]);
      }
      await other.close();
    },
  );

  test('that was wrong when the run began, and is set right before the first answer', async () => {
    const { clock } = world;
    addExpired('a');
    clock.step(400 * DAY);
    const summary = await world.run(
      onlyTarget(world.emulator),
      {},
      {
        credentials: () => ({
          name: 'x',
          read: async () => {
            clock.step(-400 * DAY);
            return DEMO_USER;
          },
        }),
      },
    );
    expect(summary.targets[0]?.error?.code).toBe('clock');
    expect(deletes()).toBe(0);
  });

  test('that the service does not tell is a warning', async () => {
    const { emulator } = world;
    addExpired('a');
    const real = createTransport(systemClock);
    const transport = {
      ...real,
      send: async (...args: Parameters<typeof real.send>) => {
        const { status, body } = await real.send(...args);
        return { status, body, header: () => undefined };
      },
    };
    const summary = await world.run(onlyTarget(emulator), {}, { transport });
    real.close();
    expect(summary.outcome).toBe('complete');
    expect(summary.warnings).toEqual([
      `cache: ${emulator.url} does not say what time it is, so this machine's clock was not checked`,
    ]);
  });

  test('that only the answer to a DELETE shows to be wrong ends the run, and that record is counted', async () => {
    const { emulator } = world;
    addExpired('a', 'b', 'c');
    const real = createTransport(systemClock);
    const transport = {
      ...real,
      send: async (...[request, ...more]: Parameters<typeof real.send>) => {
        const { status, body } = await real.send(request, ...more);
        const date = new Date(NOW - 400 * DAY).toUTCString();
        const header = (name: string) =>
          name === 'date' && request.method === 'DELETE' ? date : undefined;
        return { status, body, header };
      },
    };
    const requests = { concurrency: 1 };
    const summary = await world.run(onlyTarget(emulator, { requests }), {}, { transport });
    real.close();
    expect(summary.targets[0]).toMatchObject({ outcome: 'failed', error: { code: 'clock' } });
    expect(deletes()).toBe(1);
    expect(summary.totals).toMatchObject({ deleted: 1, remaining: 2 });
  });

  test.each([-5 * 60_000, 3_600_000])(
    'that steps by %d ms while a run goes on changes neither its length nor its end',
    async (step) => {
      const { emulator, clock } = world;
      addExpired('a', 'b');
      let stepped = false;
      emulator.intercept = () => {
        // The emulator's own time does not step.
        if (emulator.journal.deletes().length === 2 && !stepped) {
          stepped = true;
          clock.step(step);
        }
        return { delayMs: 100 };
      };
      const summary = await world.run(
        onlyTarget(emulator, { requests: { concurrency: 1, perSecond: 5 } }),
        {},
        { deadline: clock.monotonic() + 600_000 },
      );
      expect(stepped).toBe(true);
      expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 6 } });
      expect(summary.durationMs).toBeLessThan(60_000);
      expect(Date.parse(summary.finishedAt) - Date.parse(summary.startedAt)).toBe(
        summary.durationMs,
      );
    },
  );
});

describe('an instance', () => {
  test.each([null, 7, '', undefined])(
    'whose name is %p is left alone where instances are selected by name',
    async (name) => {
      const { emulator } = world;
      const [odd, other] = addExpired('canary', 'prod');
      answerInstances((row) => (row.instance_id === odd?.id ? { ...row, name } : row));
      const policy = onlyTarget(emulator, { instances: { exclude: ['canary'] } });
      const summary = await world.run(policy);
      expect(odd?.taskIds()).toHaveLength(3);
      expect(other?.taskIds()).toHaveLength(0);
      expect(summary.warnings).toContainEqual(
        expect.stringContaining(`instance ${odd?.id} is left alone: its name cannot be read`),
      );
      // Where ids alone select, no name is needed.
      const byId = onlyTarget(emulator, { instances: { include: [odd?.id] } });
      await world.run(byId);
      expect(odd?.taskIds()).toHaveLength(0);
    },
  );

  test('of DMS without an engine is left alone, with a warning', async () => {
    const { emulator } = world;
    const instance = emulator.addInstance({
      service: 'kafka',
      name: 'a',
      tasks: expired(3, 'kafka'),
    });
    answerInstances(({ engine: _, ...row }) => row);
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(instance.taskIds()).toHaveLength(3);
    expect(summary.warnings).toEqual([
      'cache: instance a is left alone: the service does not say which engine it has',
    ]);
  });

  test('list that holds another engine alone fails the target, and says which', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'kafka', name: 'a', tasks: expired(3, 'kafka') });
    answerInstances((row) => ({ ...row, engine: 'rabbitmq' }));
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(summary.targets[0]?.error).toMatchObject({
      code: 'misaddressed',
      message: expect.stringContaining('but none with the engine kafka, only with rabbitmq'),
    });
  });

  test('that two targets select is left alone by both, and the message names them', async () => {
    const { emulator } = world;
    const [shared, own] = addExpired('shared', 'own');
    const policy = policyOf([
      targetOf(emulator, { name: 'prod', instances: { include: ['*'] } }),
      targetOf(emulator, {
        name: 'keep',
        keep: 'forever',
        instances: { include: ['sh*'] },
      }),
    ]);
    const summary = await world.run(policy);
    expect(shared?.taskIds()).toHaveLength(3);
    expect(own?.taskIds()).toHaveLength(0);
    expect(summary.outcome).toBe('failed');
    const { instances } = summary.targets[1] ?? { instances: [] };
    expect(instances).toMatchObject([
      { name: 'shared', outcome: 'failed', stoppedBy: 'overlap', listed: 0 },
    ]);
    expect(instances[0]?.errors[0]?.message).toContain('the targets "keep" and "prod"');
    expect(
      emulator.journal.count({ operation: 'list-tasks', instanceId: shared?.id as string }),
    ).toBe(0);
  });

  test.each<[string, (row: InstanceRow, list: number) => object[]]>([
    ['in no list', (row) => [{ ...row, name: null }]],
    ['in the first list', (row, list) => [list === 0 ? { ...row, name: null } : row]],
    ['in the second list', (row, list) => [list === 1 ? { ...row, name: null } : row]],
    ['as it is only in the first list', (row, list) => (list === 0 ? [row] : [])],
    ['as it is only in the second list', (row, list) => (list === 1 ? [row] : [])],
    ['frozen in the first list', (row, list) => [list === 0 ? { ...row, status: 'FROZEN' } : row]],
    ['frozen in the second list', (row, list) => [list === 1 ? { ...row, status: 'FROZEN' } : row]],
  ])(
    'that one target selects by its id and another by its name, which is %s, is left alone',
    async (_, rewrite) => {
      const { emulator } = world;
      const [shared] = addExpired('shared');
      let lists = 0;
      answer('list-instances', {
        rewrite: (body) => {
          const { instances } = body as { instances: InstanceRow[] };
          const rows = instances.flatMap((row) => rewrite(row, lists));
          lists += 1;
          return { instances: rows, instance_num: rows.length };
        },
      });
      const policy = policyOf([
        targetOf(emulator, { name: 'deletes', instances: { include: [shared?.id] } }),
        targetOf(emulator, { name: 'keeps', keep: 'forever', instances: { include: ['sh*'] } }),
      ]);
      await world.run(policy);
      expect(lists).toBe(2);
      expect(shared?.taskIds()).toHaveLength(3);
    },
  );

  test.each([DEMO_PROJECT_ID, undefined])(
    'that a target selects which the run leaves out is left alone too (its projectId: %s)',
    async (projectId) => {
      const { emulator } = world;
      const [shared, own] = addExpired('shared', 'own');
      const policy = policyOf([
        targetOf(emulator, { name: 'prod', instances: { include: ['*'] } }),
        targetOf(emulator, {
          name: 'keep',
          keep: 'forever',
          projectId,
          instances: { include: ['sh*'] },
        }),
      ]);
      await world.run(policy, { targets: ['prod'] });
      expect(shared?.taskIds()).toHaveLength(3);
      expect(own?.taskIds()).toHaveLength(0);
    },
  );
});

test.each([
  ['http://localhost:', undefined],
  ['http://127.0.0.1:', ['deletes']],
  ['http://127.1:', undefined],
  ['http://LocalHost:', undefined],
])(
  'an instance that two targets select is left alone where one calls the server %s',
  async (start, targets) => {
    const { emulator } = world;
    const [shared] = addExpired('shared');
    const port = new URL(emulator.url).port;
    const policy = policyOf([
      targetOf(emulator, { name: 'keeps', keep: 'forever', instances: { include: ['sh*'] } }),
      targetOf(emulator, { name: 'deletes', endpoint: `${start}${port}` }),
    ]);
    const summary = await world.run(policy, { targets });
    expect(shared?.taskIds()).toHaveLength(3);
    for (const { instances } of summary.targets) {
      expect(instances).toMatchObject([{ name: 'shared', stoppedBy: 'overlap' }]);
    }
  },
);

test.each([
  ['its id in capitals', (id: string) => id.toUpperCase()],
  ['what looks like its name', () => 'cafe\u0301-*'],
])('an instance is left alone where another target includes %s', async (_, include) => {
  const { emulator } = world;
  const [shared] = addExpired('caf\u00e9-1');
  const policy = policyOf([
    targetOf(emulator, { name: 'deletes' }),
    targetOf(emulator, {
      name: 'keeps',
      keep: 'forever',
      instances: { include: [include(shared?.id ?? '')] },
    }),
  ]);
  const summary = await world.run(policy);
  expect(shared?.taskIds()).toHaveLength(3);
  expect(summary.targets[0]?.instances).toMatchObject([{ stoppedBy: 'overlap' }]);
});

test('an instance that has another name in each list of one server is left alone, however targets write that', async () => {
  const { emulator } = world;
  const [shared] = addExpired('shared');
  emulator.intercept = ({ operation, headers }) =>
    operation === 'list-instances' && headers.host?.startsWith('localhost')
      ? {
          rewrite: (body) => {
            const { instances, ...rest } = body as { instances: InstanceRow[] };
            return { ...rest, instances: instances.map((row) => ({ ...row, name: 'other' })) };
          },
        }
      : undefined;
  const port = new URL(emulator.url).port;
  const policy = policyOf([
    targetOf(emulator, { name: 'deletes', instances: { include: ['sh*'] } }),
    targetOf(emulator, {
      name: 'keeps',
      keep: 'forever',
      endpoint: `http://localhost:${port}`,
      instances: { include: ['oth*'] },
    }),
  ]);
  const summary = await world.run(policy);
  expect(shared?.taskIds()).toHaveLength(3);
  for (const { instances } of summary.targets) {
    expect(instances).toMatchObject([{ stoppedBy: 'overlap' }]);
  }
});

describe('an instance that a target selects which cannot be opened', () => {
  const broken = (reference?: { readonly secret?: string | undefined }) => ({
    name: reference?.secret ?? 'the test',
    read: async () => {
      if (reference) throw new CredentialsError('no credentials in broken');
      return DEMO_ACCESS_KEY;
    },
  });
  const keeping = (projectId: string | undefined) => ({
    name: 'keep',
    keep: 'forever',
    projectId,
    credentials: { secret: 'broken' },
    instances: { include: ['sh*'] },
  });

  test.each([DEMO_PROJECT_ID, undefined])(
    'is left alone: what it keeps is not deleted by another target (its projectId: %s)',
    async (projectId) => {
      const { emulator } = world;
      const [shared, own] = addExpired('shared', 'own');
      const policy = policyOf([
        targetOf(emulator, { name: 'prod', instances: { include: ['*'] } }),
        targetOf(emulator, keeping(projectId)),
      ]);
      const summary = await world.run(policy, {}, { credentials: broken });
      expect(shared?.taskIds()).toHaveLength(3);
      expect(own?.taskIds()).toHaveLength(0);
      expect(summary.targets).toMatchObject([
        { name: 'prod', outcome: 'failed' },
        { name: 'keep', outcome: 'failed', error: { code: 'credentials' } },
      ]);
      expect(summary.targets[0]?.instances).toContainEqual(
        expect.objectContaining({ name: 'shared', stoppedBy: 'overlap' }),
      );
    },
  );

  test('is cleaned where that target is of another project', async () => {
    const { emulator } = world;
    const [shared] = addExpired('shared');
    const policy = policyOf([
      targetOf(emulator, { name: 'prod', instances: { include: ['*'] } }),
      targetOf(emulator, keeping('another')),
    ]);
    await world.run(policy, {}, { credentials: broken });
    expect(shared?.taskIds()).toHaveLength(0);
  });
});

describe('a list', () => {
  const twice = (body: unknown) =>
    JSON.stringify(body).replace('"status":"SUCCESS"', '"status":"EXECUTING",$&');

  test.each<[string, Interception]>([
    [
      'that answers 200 with {"error_code":"DCS.5000","error_msg":"try again","tasks":[]} is incomplete, and nothing is deleted',
      { status: 200, body: { error_code: 'DCS.5000', error_msg: 'try again', tasks: [] } },
    ],
    [
      'that answers 200 with {"error_code":"NEW.1"} is incomplete, and nothing is deleted',
      { status: 200, body: { error_code: 'NEW.1' } },
    ],
    [
      'that brings more rows than were asked for is not believed',
      { status: 200, body: { task_count: 1_001, tasks: expired(1_001) } },
    ],
    [
      'in which a key of a row comes twice is not believed, whichever of the two would be read',
      { rewrite: twice },
    ],
    [
      'of an instance that says it is gone, and is still listed, is incomplete',
      { status: 404, body: { error_code: 'DCS.3022', error_msg: 'gone' } },
    ],
  ])('%s', async (_, lie) => {
    const [instance] = addExpired('a');
    answer('list-tasks', lie);
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary.targets[0]?.instances[0]).toMatchObject({
      outcome: 'failed',
      stoppedBy: 'listing',
    });
    expect(instance?.taskIds()).toHaveLength(3);
  });

  test('whose second page has a code and no rows, and no count, is incomplete', async () => {
    const { emulator } = world;
    const instance = emulator.addInstance({
      service: 'kafka',
      name: 'a',
      tasks: expired(150, 'kafka'),
    });
    emulator.intercept = ({ operation, query }) => {
      if (operation !== 'list-tasks') return undefined;
      if (query.start === '1') {
        return { rewrite: (body) => ({ tasks: (body as { tasks: object[] }).tasks }) };
      }
      return { status: 200, body: { error_code: 'DMS.99999999', tasks: [] } };
    };
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(summary.targets[0]?.instances[0]?.stoppedBy).toBe('listing');
    expect(instance.taskIds()).toHaveLength(150);
  });

  test('of an instance that is gone, and is not listed any more, is a warning', async () => {
    const { emulator } = world;
    const [instance] = addExpired('a');
    emulator.intercept = ({ operation }) => {
      if (operation === 'list-tasks') emulator.removeInstance(instance?.id ?? '');
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { listed: 0 } });
    expect(summary.warnings).toEqual(['cache: instance a is gone']);
  });

  test('of one instance after the other that is gone, is a warning for each', async () => {
    const { emulator } = world;
    addExpired('a', 'b', 'c');
    let lists = 0;
    emulator.intercept = ({ operation, instanceId = '' }) => {
      if (operation === 'list-tasks') emulator.removeInstance(instanceId);
      lists += operation === 'list-instances' ? 1 : 0;
      // The list that is asked for the first of them cannot be read.
      return lists === 2 && operation === 'list-instances' ? { status: 403, body: {} } : undefined;
    };
    const policy = onlyTarget(emulator, { requests: { concurrency: 1 } });
    const summary = await world.run(policy, {}, { random: () => 0 });
    expect(summary.targets[0]?.instances).toMatchObject([
      { name: 'a', outcome: 'failed', stoppedBy: 'listing' },
      { name: 'b', outcome: 'complete' },
      { name: 'c', outcome: 'complete' },
    ]);
    expect(summary.warnings).toEqual(['cache: instance b is gone', 'cache: instance c is gone']);
  });

  test('of two instances that go while a list is read for a third one is a warning for each', async () => {
    const { emulator } = world;
    const [a, b, c] = addExpired('a', 'b', 'c').map(({ id }) => id);
    let rows: InstanceRow[] = [];
    let lists = 0;
    const asked = gate();
    const removed = gate();
    let left = 2;
    emulator.intercept = async ({ operation, instanceId = '' }) => {
      if (operation === 'list-instances') {
        lists += 1;
        if (lists === 1) {
          const keep = (body: unknown) => {
            rows = (body as { instances: InstanceRow[] }).instances;
            return body as object;
          };
          return { rewrite: keep };
        }
        if (lists > 2) return undefined;
        asked.open();
        await removed.opened;
        // As it was when it was asked for.
        const instances = rows.filter(({ instance_id: id }) => id !== a);
        return { status: 200, body: { instance_num: instances.length, instances } };
      }
      if (operation !== 'list-tasks') return undefined;
      if (instanceId !== a) await asked.opened;
      emulator.removeInstance(instanceId);
      left -= instanceId === b || instanceId === c ? 1 : 0;
      if (left === 0) setImmediate(() => setImmediate(removed.open));
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary.outcome).toBe('complete');
    expect(summary.warnings.toSorted()).toEqual([
      'cache: instance a is gone',
      'cache: instance b is gone',
      'cache: instance c is gone',
    ]);
  });

  test('of instances that go while lists are read for those before is a warning for each', async () => {
    const { emulator } = world;
    const ids = addExpired(...'abcdef').map(({ id }) => id);
    const gates = ids.map(gate);
    const all = gate();
    let lists = 0;
    let gone = 0;
    emulator.intercept = async ({ operation, instanceId = '' }) => {
      if (operation === 'list-instances') {
        lists += 1;
        gates[lists - 1]?.open();
        if (lists > 1) await all.opened;
        return undefined;
      }
      if (operation === 'list-tasks') {
        // Each is seen after the list for the one before was asked for.
        await gates[ids.indexOf(instanceId)]?.opened;
        if (emulator.instances().some(({ id }) => id === instanceId)) return undefined;
        gone += 1;
        if (gone === ids.length) setImmediate(() => setImmediate(all.open));
      }
      if (operation === 'delete-task') emulator.removeInstance(instanceId);
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { failed: 0 } });
    expect(lists).toBeGreaterThan(4);
  });

  test('that cannot be read counts once, however many instances wait for it', async () => {
    const { emulator } = world;
    addExpired(...'abcdefgh');
    let lists = 0;
    let waiting = 0;
    const all = gate();
    emulator.intercept = async ({ operation, instanceId = '' }) => {
      lists += operation === 'list-instances' ? 1 : 0;
      if (operation === 'list-instances' && (lists === 2 || lists === 3)) {
        return { status: 403, body: {} };
      }
      if (operation !== 'list-tasks') return undefined;
      waiting += 1;
      if (waiting === 4) all.open();
      await all.opened;
      emulator.removeInstance(instanceId);
      return undefined;
    };
    const policy = onlyTarget(emulator, { requests: { concurrency: 4 } });
    const { targets } = await world.run(policy);
    const complete = targets[0]?.instances.filter(({ outcome }) => outcome === 'complete') ?? [];
    expect(complete.length).toBeGreaterThanOrEqual(4);
  });

  test('of many instances that say they are gone, and are listed, costs few lists', async () => {
    const { emulator } = world;
    addExpired(...'abcdefgh');
    emulator.intercept = ({ operation }) =>
      operation === 'list-tasks' ? { status: 404, body: { error_code: 'DCS.3022' } } : undefined;
    const policy = onlyTarget(emulator, { requests: { concurrency: 1 } });
    const summary = await world.run(policy);
    expect(summary.outcome).toBe('failed');
    expect(summary.targets[0]?.instances.every(({ stoppedBy }) => stoppedBy === 'listing')).toBe(
      true,
    );
    expect(emulator.journal.count({ operation: 'list-instances' })).toBe(1 + 3);
  });
});

test.each([
  ['all that memory is meant for', 4 * 100_000, ['complete', 'failed']],
  ['half of what memory is meant for', 4 * 200_000, ['complete', 'complete']],
])(
  'instances of a target that take %s: the next target is told so',
  async (_, memory, outcomes) => {
    const { emulator } = world;
    for (const service of ['dcs', 'kafka'] as const) {
      for (let n = 0; n < 30; n += 1) emulator.addInstance({ service, name: `${service}-${n}` });
    }
    const spy = limitMemory(memory);
    const policy = policyOf([
      targetOf(emulator),
      targetOf(emulator, { name: 'q', service: 'kafka' }),
    ]);
    const { targets } = await world.run(policy);
    spy.mockRestore();
    expect(targets.map(({ outcome }) => outcome).sort()).toEqual(outcomes);
    for (const { error } of targets.filter(({ outcome }) => outcome === 'failed')) {
      expect(error?.message).toMatch(
        /^the targets of this run have more instances than memory is meant for; .* \(--target\)$/,
      );
    }
  },
);

test('targets that list the same instances take memory for those that each selects', async () => {
  const { emulator } = world;
  for (let n = 0; n < 30; n += 1)
    emulator.addInstance({ service: 'dcs', name: `team${n % 3}-${n}` });
  const spy = limitMemory(4 * 100_000);
  const { outcome, totals } = await world.run(
    policyOf(
      ['team0', 'team1', 'team2'].map((name) =>
        targetOf(emulator, { name, instances: { include: [`${name}-*`] } }),
      ),
    ),
  );
  spy.mockRestore();
  expect([outcome, totals.instances]).toEqual(['complete', 30]);
});

test('a target that has too many instances for memory keeps no other from being cleaned', async () => {
  const { emulator } = world;
  for (let n = 0; n < 60; n += 1) emulator.addInstance({ service: 'kafka', name: `q-${n}` });
  addExpired('a');
  const spy = limitMemory(4 * 100_000);
  const { targets } = await world.run(
    policyOf([targetOf(emulator, { name: 'huge', service: 'kafka' }), targetOf(emulator)]),
  );
  spy.mockRestore();
  expect(targets).toMatchObject([
    { name: 'huge', outcome: 'failed', error: { code: 'memory' } },
    { outcome: 'complete', instances: [{ outcome: 'complete' }] },
  ]);
});

/** Lets the run hold less: a quarter of these bytes in characters. */
function limitMemory(bytes: number) {
  const budget = new RowBudget(undefined, bytes);
  const { open } = RowBudget.prototype;
  const spy = jest.spyOn(RowBudget.prototype, 'open');
  return spy.mockImplementation((besides) => open.call(budget, besides));
}

test('the newest records that vanish while the list is read keep no others from being kept', async () => {
  const { emulator } = world;
  const instance = emulator.addInstance({
    service: 'kafka',
    name: 'a',
    tasks: expired(150, 'kafka'),
  });
  const newest = instance.taskIds().slice(0, 3);
  let further = 0;
  emulator.intercept = ({ operation, query }) => {
    if (operation !== 'list-tasks' || query.start === '1') return undefined;
    further += 1;
    // The first time the list seems to move, so that it is read page after page.
    if (further === 1)
      return { rewrite: (body) => ({ ...(body as object), total_count: 151, task_count: 151 }) };
    if (further === 2) for (const id of newest) instance.removeTask(id);
    return undefined;
  };
  const summary = await world.run(onlyTarget(emulator, { service: 'kafka', keepLast: 3 }));
  expect(summary.totals).toMatchObject({ listed: 150, kept: 6 });
  expect(instance.taskIds()).toHaveLength(3);
});

test('an instance that was there on one page is not gone by a list of instances from before', async () => {
  const { emulator } = world;
  const gone = emulator.addInstance({ service: 'kafka', name: 'a', tasks: expired(3, 'kafka') });
  const other = emulator.addInstance({ service: 'kafka', name: 'b', tasks: expired(150, 'kafka') });
  let lists = 0;
  emulator.intercept = ({ operation, instanceId, query }) => {
    if (operation === 'list-instances') {
      lists += 1;
      return lists === 2 ? { status: 200, body: { instance_num: 0, instances: [] } } : undefined;
    }
    const fails = instanceId === gone.id || (instanceId === other.id && query.start !== '1');
    return fails ? { status: 404, body: { error_code: 'DMS.00404022' } } : undefined;
  };
  const policy = onlyTarget(emulator, { service: 'kafka', requests: { concurrency: 1 } });
  const summary = await world.run(policy, {}, { random: () => 0 });
  expect(summary.outcome).toBe('failed');
  expect(summary.targets[0]?.instances).toMatchObject([
    { name: 'a', outcome: 'complete' },
    { name: 'b', outcome: 'failed', stoppedBy: 'listing' },
  ]);
});

describe('an answer of another size', () => {
  test.each([
    ['unpacks to 60 MB', gzipSync(Buffer.alloc(60 * 1024 * 1024, ' '))],
    ['is 30 MB of brackets', gzipSync(Buffer.alloc(30 * 1024 * 1024, '['))],
  ])('%s: the list is incomplete, and memory bounded', async (_, body) => {
    let asked = 0;
    const limits = new Set<string>();
    const server = await serve((request, response) => {
      const url = new URL(request.url ?? '', 'http://h');
      asked += 1;
      limits.add(url.searchParams.get('limit') ?? '');
      const date = new Date(NOW).toUTCString();
      response.writeHead(200, { 'content-encoding': 'gzip', date }).end(body);
    });
    const target = {
      ...targetOf(world.emulator),
      endpoint: server.url,
      requests: { attempts: 2 },
    };
    const before = process.memoryUsage().rss;
    const summary = await world.run(policyOf([target]));
    await server.close();
    expect(summary.targets[0]).toMatchObject({ outcome: 'failed', error: { code: 'too-large' } });
    expect([...limits]).toEqual(['1000', '100', '10', '1']);
    expect(asked).toBe(5);
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * 1024 * 1024);
  });

  test('larger than 8 MB is asked for again with a tenth of its limit, and read whole', async () => {
    const { emulator } = world;
    const params = 'x'.repeat(10_000);
    const tasks = Array.from({ length: 900 }, (_, index) => aged(40 + index, { params }));
    const instance = emulator.addInstance({ service: 'dcs', name: 'a', tasks });
    const summary = await world.run(onlyTarget(emulator));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { listed: 900, deleted: 900 } });
    expect(instance.taskIds()).toEqual([]);
  });

  test('is asked for again while whole pages are still on their way, which are read as well', async () => {
    const { emulator } = world;
    const params = 'x'.repeat(10_000);
    const tasks = Array.from({ length: 3_000 }, (_, index) =>
      aged(40 + index, index >= 1_000 && index < 2_000 ? { params } : {}),
    );
    emulator.addInstance({ service: 'dcs', name: 'a', tasks });
    let askAgain = () => {};
    const askedAgain = new Promise<void>((resolve) => {
      askAgain = resolve;
    });
    emulator.intercept = async ({ query }) => {
      if (query.limit === '100') askAgain();
      if (query.offset === '2000' && query.limit === '1000') await askedAgain;
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator), { dryRun: true });
    expect(summary).toMatchObject({ outcome: 'complete', totals: { listed: 3_000 } });
    expect(summary.requests.retried).toBe(0);
  });

  test('and a count that is each page’s own length do not end the list with the first tenth', async () => {
    const { emulator } = world;
    const params = 'x'.repeat(10_000);
    const tasks = Array.from({ length: 1_250 }, (_, index) => aged(40 + index, { params }));
    emulator.addInstance({ service: 'dcs', name: 'a', tasks });
    answer('list-tasks', {
      rewrite: (body) => {
        const page = body as { tasks: object[] };
        return { ...page, task_count: page.tasks.length };
      },
    });
    const summary = await world.run(onlyTarget(emulator), { dryRun: true });
    expect(summary).toMatchObject({ outcome: 'complete', totals: { listed: 1_250 } });
  });
});

describe('a DELETE', () => {
  test('that says the instance is not there, while all is still listed, has failed', async () => {
    addExpired('a');
    answer('delete-task', { status: 404, body: { error_code: 'DCS.3022', error_msg: 'no' } });
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary).toMatchObject({ outcome: 'failed', totals: { failed: 3, alreadyGone: 0 } });
    const { errors } = summary.targets[0]?.instances[0] ?? { errors: [] };
    expect(errors[0]?.message).toContain('it is still listed');
  });

  test('is no success where another row of its id is listed still', async () => {
    const { emulator } = world;
    const [instance] = addExpired('a');
    let lists = 0;
    emulator.intercept = ({ operation }) => {
      if (operation === 'delete-task') return { status: 404, body: {} };
      if (operation !== 'list-tasks') return undefined;
      lists += 1;
      if (lists === 1) return undefined;
      const tasks = (instance?.tasks() ?? []).flatMap((row) => [
        { ...row, status: 'DELETED' },
        row,
      ]);
      return { status: 200, body: { task_count: tasks.length, tasks } };
    };
    const summary = await world.run(onlyTarget(emulator));
    expect(summary).toMatchObject({ outcome: 'failed', totals: { failed: 3, alreadyGone: 0 } });
  });

  test('of an instance is not settled by a list of instances from before it was sent', async () => {
    const { emulator } = world;
    const [gone, other] = addExpired('a', 'b');
    let lists = 0;
    emulator.intercept = ({ operation, instanceId }) => {
      if (operation === 'list-instances') {
        lists += 1;
        return lists === 2 ? { status: 200, body: { instance_num: 0, instances: [] } } : undefined;
      }
      const isAsked = emulator.journal.count({ operation, instanceId: other?.id ?? '' }) > 1;
      const fails =
        instanceId === gone?.id || operation === 'delete-task' || (isAsked && instanceId);
      return fails ? { status: 404, body: { error_code: 'DCS.3022' } } : undefined;
    };
    const policy = onlyTarget(emulator, { requests: { concurrency: 1 } });
    const summary = await world.run(policy, {}, { random: () => 0 });
    expect(summary).toMatchObject({ outcome: 'failed', totals: { failed: 3, alreadyGone: 0 } });
    expect(summary.warnings).toEqual(['cache: instance a is gone']);
    expect(lists).toBe(3);
  });

  test.each([404, 410])(
    'of a record that another one deleted (%d) found it gone',
    async (status) => {
      const { emulator } = world;
      const [instance] = addExpired('a');
      emulator.intercept = ({ operation }) => {
        if (operation !== 'delete-task') return undefined;
        for (const id of instance?.taskIds() ?? []) instance?.removeTask(id);
        return { status, body: {} };
      };
      const summary = await world.run(onlyTarget(emulator, { requests: { concurrency: 1 } }));
      expect(summary).toMatchObject({
        outcome: 'complete',
        totals: { alreadyGone: 3, deleted: 0 },
      });
    },
  );

  test.each<[string, Interception, object]>([
    [
      'was accepted (202) and done is deleted',
      { status: 202, body: {}, afterwards: true },
      { outcome: 'complete', totals: { deleted: 3 } },
    ],
    [
      'was accepted (202) and is not done yet remains',
      { status: 202, body: {} },
      { totals: { deleted: 0, remaining: 3, failed: 0 } },
    ],
    [
      'answers 200 with a code nobody knows, and was done',
      { status: 200, body: { error_code: 'NEW.1' }, afterwards: true },
      { totals: { deleted: 3, failed: 0 } },
    ],
    [
      'answers 200 with a code nobody knows, and was not done',
      { status: 200, body: { error_code: 'NEW.1' }, afterwards: false },
      { totals: { deleted: 0, failed: 3 } },
    ],
  ])('that %s', async (_, lie, expected) => {
    addExpired('a');
    answer('delete-task', lie);
    expect(await world.run(onlyTarget(world.emulator))).toMatchObject(expected);
  });

  test('that answers 200 with the code of flow control is sent again', async () => {
    addExpired('a');
    let times = 0;
    answer('delete-task', { status: 200, body: { error_code: 'DMS.10240407' } }, () => {
      times += 1;
      return times <= 2;
    });
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 3 } });
    expect(summary.requests.throttled).toBe(2);
  });
});

describe('a secret store that never answers', () => {
  const never = () => ({ name: 'secret s', read: () => new Promise<never>(() => {}) });

  test('does not outlast the deadline, and holds up no other target', async () => {
    const { emulator, clock } = world;
    const other = await startWorld();
    addExpired('a');
    other.emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(3) });
    const policy = policyOf([
      targetOf(emulator, { name: 'hangs', credentials: { secret: 's' } }),
      targetOf(other.emulator, { name: 'works' }),
    ]);
    const summary = await world.run(
      policy,
      {},
      {
        credentials: (reference) =>
          reference
            ? never()
            : {
                name: 'x',
                read: async () => ({ accessKey: 'HCDEMOACCESSKEY00001', secretKey: 'demo' }),
              },
        deadline: clock.monotonic() + 60_000,
      },
    );
    await other.close();
    expect(summary.targets[0]).toMatchObject({ outcome: 'incomplete', error: { code: 'stopped' } });
    expect(summary.durationMs).toBeLessThanOrEqual(60_000);
  });

  test('does not outlast an interrupt', async () => {
    const { emulator } = world;
    const stop = new AbortController();
    const running = world.run(onlyTarget(emulator), {}, { credentials: never, stop: stop.signal });
    setImmediate(() => stop.abort());
    const summary = await running;
    expect(summary.targets[0]).toMatchObject({ outcome: 'incomplete', error: { code: 'stopped' } });
  });
});

test('an endpoint that hangs holds up no other: all of it is clean before the first answers', async () => {
  const slow = await startWorld();
  slow.emulator.intercept = () => ({ hang: true });
  const instance = world.emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(3) });
  const clean = new Promise<void>((resolve) => {
    world.emulator.intercept = () => {
      if (instance.taskIds().length <= 1) resolve();
      return undefined;
    };
  });
  const stop = new AbortController();
  const running = world.run(
    policyOf([
      targetOf(slow.emulator, { name: 'slow' }),
      targetOf(world.emulator, { name: 'quick' }),
    ]),
    {},
    { stop: stop.signal },
  );
  await clean;
  stop.abort();
  const summary = await running;
  await slow.close();
  expect(summary.targets[0]?.outcome).toBe('incomplete');
  expect(deletes()).toBeGreaterThan(0);
});

describe('text of a server', () => {
  const NASTY = '\u001b[2J\u009b31m\u202eevil\u2066\u0007';

  test('holds nothing that a terminal would obey, wherever it is repeated', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', name: NASTY, tasks: expired(1) });
    answer('delete-task', { status: 400, body: { error_code: NASTY, error_msg: NASTY } });
    const summary = await world.run(onlyTarget(emulator), { instances: ['nope'] });
    const again = await world.run(onlyTarget(emulator));
    const { errors } = again.targets[0]?.instances[0] ?? { errors: [] };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const obeyed = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
    for (const text of [...summary.warnings, ...errors.map(({ message }) => message)]) {
      expect(text).not.toMatch(obeyed);
    }
    expect(errors[0]?.code).toBe('HTTP 400');
  });

  test.each([
    ['as it is', (secret: string) => secret],
    ['in base64', (secret: string) => Buffer.from(secret).toString('base64')],
    ['percent-encoded', encodeURIComponent],
  ])(
    'that holds a secret %s, in code, message, name or id, repeats it nowhere',
    async (_, write) => {
      const { emulator } = world;
      const { secretKey } = DEMO_ACCESS_KEY;
      const written = write(secretKey);
      emulator.addInstance({ service: 'dcs', name: `a ${written}`, tasks: expired(2) });
      emulator.intercept = ({ operation }) => {
        if (operation === 'list-tasks') {
          return {
            rewrite: (body) => ({ ...(body as object), tasks: [...leaky, ...tasksOf(body)] }),
          };
        }
        if (operation !== 'delete-task') return undefined;
        return { status: 400, body: { error_code: written.slice(0, 64), error_msg: written } };
      };
      const tasksOf = (body: unknown) => (body as { tasks: object[] }).tasks;
      const leaky = [
        aged(50, { name: written }),
        aged(60, { id: 'x'.repeat(32), user_name: written }),
      ];
      const seen: unknown[] = [];
      const observer = {
        skipped: (...values: unknown[]) => seen.push(values),
        decided: (...values: unknown[]) => seen.push(values),
      };
      const summary = await world.run(onlyTarget(emulator), {}, { observer });
      const again = await world.run(onlyTarget(emulator), { instances: ['nope'] });
      const said = JSON.stringify([summary, again, seen]);
      expect(said).not.toContain(written);
      expect(said).not.toContain(secretKey);
      expect(emulator.instances()[0]?.taskIds()).toHaveLength(2);
    },
  );

  test('holds nothing of the kind in the error that the platform logs', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', name: NASTY, tasks: expired(1) });
    answer('delete-task', { status: 400, body: { error_code: 'DCS.4957', error_msg: 'no' } });
    const summary = await world.run(onlyTarget(emulator));
    expect(new RunFailedError(summary).message).toContain('cache: ?[2J?31m?evil??: no');
  });

  test('that is no code is not repeated as one', async () => {
    addExpired('a');
    answer('delete-task', { status: 400, body: { error_code: 'x y', error_msg: 'no' } });
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary.targets[0]?.instances[0]?.errors[0]?.code).toBe('HTTP 400');
  });

  test.each(['..', '.', '', '\ud800'])('%j from IAM is no project', async (id) => {
    const { emulator } = world;
    answer('projects', { rewrite: () => ({ projects: [{ id, name: 'x' }] }) });
    const { projectId: _, ...target } = targetOf(emulator) as { projectId: string };
    const summary = await world.run(policyOf([target]));
    expect(summary.targets[0]?.error).toMatchObject({ code: 'project' });
  });

  test('with two full stops in a row is not made: advice follows what ends by itself', async () => {
    addExpired('a');
    answer('list-instances', {
      status: 403,
      body: { error_code: 'DCS.2003', error_msg: '没有权限。' },
    });
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary.targets[0]?.error?.message).toContain('没有权限。 Grant');
  });

  test('has its second part too (error_ext_msg)', async () => {
    addExpired('a');
    const body = { error_code: 'DCS.4999', error_msg: 'No.', error_ext_msg: 'Ask for help.' };
    answer('delete-task', { status: 400, body });
    const summary = await world.run(onlyTarget(world.emulator));
    expect(summary.targets[0]?.instances[0]?.errors[0]?.message).toBe('No. Ask for help.');
  });
});
