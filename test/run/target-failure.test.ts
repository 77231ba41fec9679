import { describe, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/index.ts';
import { CredentialsError } from '../../lib/identity/credentials.ts';
import { onlyTarget, policyOf, targetOf } from '../policies.ts';
import { expired } from '../records.ts';
import { startWorld, useWorld } from './world.ts';

const world = useWorld();

describe('a target', () => {
  test('whose server cannot be reached fails with host and reason; the others go on', async () => {
    const { emulator } = world;
    const down = await startWorld();
    await down.emulator.close();
    emulator.addInstance({ service: 'dcs', tasks: expired(3) });
    const policy = policyOf([
      targetOf(down.emulator, { name: 'down' }),
      targetOf(emulator, { name: 'up' }),
    ]);
    const summary = await world.run(policy);
    expect(summary.outcome).toBe('failed');
    expect(summary.targets).toMatchObject([
      { name: 'down', outcome: 'failed', instances: [] },
      { name: 'up', outcome: 'complete', instances: [{ deleted: 3 }] },
    ]);
    const { error } = summary.targets[0] ?? {};
    expect(error?.message).toContain(`127.0.0.1:${down.emulator.port}`);
    expect(error?.message).toContain('nothing listens there');
    await down.close();
  });

  test('whose key is wrong fails after one request, says which key, and deletes nothing', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(3) });
    const summary = await world.run(
      onlyTarget(emulator),
      {},
      {
        credentials: () => ({
          name: 'secret task-janitor/huawei',
          read: async () => ({ ...DEMO_ACCESS_KEY, secretKey: 'wrong-secret-key' }),
        }),
      },
    );
    expect(summary).toMatchObject({ outcome: 'failed', targets: [{ outcome: 'failed' }] });
    const { error } = summary.targets[0] ?? {};
    expect(error?.code).toBe('unauthorised');
    expect(error?.message).toContain('access key HCDE…01 from secret task-janitor/huawei');
    expect(JSON.stringify(summary)).not.toContain('wrong-secret-key');
    expect(emulator.journal.count()).toBe(1);
  });

  test('without credentials fails and says where they were looked for', async () => {
    const summary = await world.run(
      onlyTarget(world.emulator),
      {},
      {
        credentials: () => ({
          name: 'nowhere',
          read: async () => {
            throw new CredentialsError('no credentials in nowhere');
          },
        }),
      },
    );
    expect(summary.targets[0]?.error).toEqual({
      code: 'credentials',
      message: 'no credentials in nowhere',
    });
    expect(world.emulator.journal.count()).toBe(0);
  });

  test('whose credentials cannot be read for a reason of our own fails alone', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(3) });
    const policy = policyOf([
      targetOf(emulator, {
        name: 'a',
        projectId: 'another',
        credentials: { secret: 'broken' },
      }),
      targetOf(emulator, { name: 'b' }),
    ]);
    const summary = await world.run(
      policy,
      {},
      {
        credentials: (reference) => ({
          name: reference?.secret ?? 'the test',
          read: async () => {
            if (reference) throw new TypeError('a defect');
            return DEMO_ACCESS_KEY;
          },
        }),
      },
    );
    expect(summary.targets).toMatchObject([
      { name: 'a', outcome: 'failed', error: { code: 'internal' } },
      { name: 'b', outcome: 'complete' },
    ]);
  });

  test.each([
    ['list-instances', 'dcs:instance:list', 0],
    ['list-tasks', 'dcs:instance:getBackgroundTask', 0],
    ['delete-task', 'dcs:instance:deleteBackgroundTask', 3],
  ] as const)(
    'without permission to %s fails after three instances, with the permission',
    async (operation, permission, sent) => {
      const { emulator } = world;
      emulator.faults.deny = [operation];
      for (const name of ['a', 'b', 'c', 'd']) {
        emulator.addInstance({ service: 'dcs', name, tasks: expired(9) });
      }
      const policy = onlyTarget(emulator, { requests: { concurrency: 1 } });
      const summary = await world.run(policy);
      expect(summary.targets[0]).toMatchObject({ outcome: 'failed', error: { code: 'forbidden' } });
      expect(summary.targets[0]?.error?.message).toContain(permission);
      expect(emulator.journal.deletes()).toHaveLength(sent);
      for (const instance of summary.targets[0]?.instances ?? []) {
        expect(instance).toMatchObject({ outcome: 'failed', failed: 0, deleted: 0 });
        expect(['forbidden', 'unavailable']).toContain(instance.stoppedBy);
      }
    },
  );

  test('is cleaned but for one instance where that one is forbidden', async () => {
    const { emulator } = world;
    for (const name of ['a', 'b', 'c']) {
      emulator.addInstance({ service: 'dcs', name, tasks: expired(2) });
    }
    const forbidden = emulator.instances()[1]?.id;
    emulator.intercept = ({ operation, instanceId }) =>
      operation === 'list-tasks' && instanceId === forbidden
        ? { status: 403, body: { error_code: 'DCS.2003', error_msg: 'No permission.' } }
        : undefined;
    const summary = await world.run(onlyTarget(emulator));
    expect(summary.targets[0]).toMatchObject({
      outcome: 'failed',
      instances: [
        { name: 'a', outcome: 'complete', deleted: 2 },
        { name: 'b', outcome: 'failed', stoppedBy: 'forbidden', listed: 0 },
        { name: 'c', outcome: 'complete', deleted: 2 },
      ],
    });
    expect(summary.targets[0]).not.toHaveProperty('error');
  });

  test.each([
    ['APIGW.0310', 'The project is not available'],
    ['APIG.0402', 'This IP address may not call the API'],
    ['APIGW.0802', 'The user may not work in this region'],
    ['DMS.10240306', 'The account is frozen'],
  ])('fails as a whole at the first 403 %s, with advice that fits', async (code, advice) => {
    const { emulator } = world;
    for (const name of ['a', 'b']) {
      emulator.addInstance({ service: 'dcs', name, tasks: expired(2) });
    }
    emulator.intercept = ({ operation }) =>
      operation === 'list-tasks'
        ? { status: 403, body: { error_code: code, error_msg: 'No.' } }
        : undefined;
    const summary = await world.run(onlyTarget(emulator, { requests: { concurrency: 1 } }));
    expect(summary.targets[0]?.error).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(`${code}: No. ${advice}`),
    });
    expect(emulator.journal.count({ operation: 'list-tasks' })).toBe(1);
  });

  test('that has failed leaves what was finished before as it was', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(2) });
    emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(2) });
    emulator.intercept = () => {
      if (emulator.journal.deletes().length === 3) emulator.faults.deny = ['delete-task'];
      return undefined;
    };
    const policy = onlyTarget(emulator, { requests: { concurrency: 1 } });
    const summary = await world.run(policy, {}, { random: () => 0 });
    expect(summary.targets[0]).toMatchObject({
      outcome: 'failed',
      instances: [
        { name: 'a', outcome: 'complete', deleted: 2 },
        { name: 'b', outcome: 'failed', stoppedBy: 'forbidden', deleted: 0, remaining: 2 },
      ],
    });
  });

  test('at the wrong address fails and says what to check', async () => {
    const { emulator } = world;
    emulator.intercept = () => ({
      status: 404,
      body: { error_code: 'APIGW.0101', error_msg: 'The API does not exist' },
    });
    const summary = await world.run(onlyTarget(emulator));
    expect(summary.targets[0]?.error).toMatchObject({ code: 'misaddressed' });
    expect(summary.targets[0]?.error?.message).toContain(
      'Check region, projectId, service and endpoint',
    );
    expect(emulator.journal.count()).toBe(1);
  });
});

test('credentials that targets share are read once', async () => {
  const { emulator } = world;
  for (const name of ['a', 'b', 'c']) {
    emulator.addInstance({ service: 'dcs', projectId: `project-${name}`, tasks: [] });
  }
  let reads = 0;
  const target = (name: string, secret: string) =>
    targetOf(emulator, { name, projectId: `project-${name}`, credentials: { secret } });
  const summary = await world.run(
    policyOf([target('a', 'one'), target('b', 'one'), target('c', 'two')]),
    {},
    {
      credentials: (reference) => ({
        name: `secret ${reference?.secret}`,
        read: async () => {
          reads += 1;
          return DEMO_ACCESS_KEY;
        },
      }),
    },
  );
  expect(summary.outcome).toBe('complete');
  expect(reads).toBe(2);
});
