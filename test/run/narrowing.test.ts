import { expect, test } from '@jest/globals';
import { taskId } from '../../lib/emulator/index.ts';
import { parseKeepFor } from '../../lib/policy/duration.ts';
import { RunRequestError } from '../../lib/run/request.ts';
import { onlyTarget, policyOf, targetOf } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { useWorld } from './world.ts';

const world = useWorld();

/** Two targets, each with its own two instances. */
function estate(): object {
  const { emulator } = world;
  for (const service of ['kafka', 'rabbitmq'] as const) {
    for (const name of [`${service}-a`, `${service}-b`]) {
      emulator.addInstance({ service, name, tasks: expired(2, service) });
    }
  }
  return policyOf(
    (['kafka', 'rabbitmq'] as const).map((service) =>
      targetOf(emulator, { name: service, service }),
    ),
  );
}

const cleaned = () =>
  [...new Set(world.emulator.journal.deletes().map(({ instanceId }) => instanceId))]
    .map((id) => world.emulator.instances().find((one) => one.id === id)?.name)
    .sort();

test('a run can be narrowed to targets', async () => {
  const summary = await world.run(estate(), { targets: ['rabbitmq'] });
  expect(summary.targets.map(({ name }) => name)).toEqual(['rabbitmq']);
  expect(cleaned()).toEqual(['rabbitmq-a', 'rabbitmq-b']);
  expect(world.emulator.journal.count(({ query }) => query.engine === 'kafka')).toBe(0);
});

test('a run can be narrowed to instances, by name, glob or id', async () => {
  const policy = estate();
  const [first] = world.emulator.instances();
  const summary = await world.run(policy, { instances: [first?.id ?? '', '*-b'] });
  expect(cleaned()).toEqual(['kafka-a', 'kafka-b', 'rabbitmq-b']);
  expect(summary.totals.instances).toBe(3);
});

test('a run can be narrowed to instances, but never to one that the policy leaves out', async () => {
  const { emulator } = world;
  emulator.addInstance({ service: 'dcs', name: 'prod', tasks: expired(2) });
  emulator.addInstance({ service: 'dcs', name: 'canary', tasks: expired(2) });
  const policy = onlyTarget(emulator, { instances: { exclude: ['canary'] } });
  const summary = await world.run(policy, { instances: ['canary'] });
  expect(summary.outcome).toBe('failed');
  expect(summary.warnings).toEqual([
    expect.stringMatching(/^unknown instance "canary"; known instances: prod \(5560df16/),
  ]);
  expect(emulator.journal.deletes()).toEqual([]);
});

test('an unknown target is an error that names those that exist; nothing is sent', async () => {
  const asked = world.run(estate(), { targets: ['rabbitmq', 'prod', 'test'] });
  await expect(asked).rejects.toThrow(RunRequestError);
  await expect(asked).rejects.toThrow(
    'unknown target "prod"; known targets: kafka, rabbitmq\nunknown target "test"; known targets:',
  );
  expect(world.emulator.journal.count()).toBe(0);
});

test('an unknown instance makes the run fail; the rest is done', async () => {
  const summary = await world.run(estate(), { instances: ['kafka-a', 'kafka-z'] });
  expect(summary.outcome).toBe('failed');
  expect(summary.warnings).toEqual([
    expect.stringMatching(
      /^unknown instance "kafka-z" \(did you mean "kafka-a"\?\); known instances: kafka-a \(/,
    ),
  ]);
  expect(cleaned()).toEqual(['kafka-a']);
});

test('a frozen instance that is asked for is left alone, and not unknown', async () => {
  const { emulator } = world;
  emulator.addInstance({ service: 'dcs', name: 'cache', status: 'FROZEN', tasks: expired(2) });
  emulator.addInstance({ service: 'dcs', name: 'cash', tasks: expired(2) });
  for (const instances of [['cache'], ['cache', 'none']]) {
    const { outcome, warnings } = await world.run(onlyTarget(emulator), { instances });
    expect(warnings).toContainEqual(
      expect.stringMatching(/instance cache is left alone: it is frozen$/),
    );
    expect(warnings.filter((text) => text.includes('unknown instance "cache"'))).toEqual([]);
    expect(outcome).toBe(instances.length > 1 ? 'failed' : 'complete');
  }
  expect(emulator.journal.deletes()).toEqual([]);
});

test('of many instances that exist, the warning names fifty', async () => {
  const { emulator } = world;
  for (let i = 0; i < 60; i += 1) emulator.addInstance({ service: 'dcs' });
  const { warnings } = await world.run(onlyTarget(emulator), { instances: ['none'] });
  expect(warnings).toEqual([expect.stringMatching(/ and 10 more$/)]);
});

test('an unknown instance is no error where a target that failed may know it', async () => {
  const policy = estate();
  world.emulator.intercept = ({ query }) =>
    query.engine === 'kafka' ? { status: 403, body: {} } : undefined;
  const summary = await world.run(policy, { instances: ['kafka-a'] });
  expect(summary.targets).toMatchObject([
    { name: 'kafka', outcome: 'failed' },
    { name: 'rabbitmq', outcome: 'complete', instances: [] },
  ]);
});

test.each(['', '{prod', 'prod-['])('an instance %j is no pattern: an error', async (pattern) => {
  const asked = world.run(estate(), { instances: [pattern] });
  await expect(asked).rejects.toThrow(RunRequestError);
  expect(world.emulator.journal.count()).toBe(0);
});

test('a run can be narrowed to tasks; the others of the instance stay', async () => {
  const { emulator } = world;
  const tasks = [...expired(5), aged(1)];
  emulator.addInstance({ service: 'dcs', tasks });
  const taskIds = [tasks[1]?.id, tasks[3]?.id, tasks[5]?.id] as string[];
  const summary = await world.run(onlyTarget(emulator), { taskIds });
  expect(emulator.journal.deletedIds().sort()).toEqual([tasks[1]?.id, tasks[3]?.id].sort());
  expect(summary.targets[0]?.instances[0]?.keptBecause).toEqual({
    'not-requested': 3,
    'within-keep-for': 1,
  });
  expect(summary.warnings).toEqual([]);
});

test('a task that nobody lists is a warning', async () => {
  const { emulator } = world;
  const tasks = expired(2);
  emulator.addInstance({ service: 'dcs', tasks });
  const missing = taskId();
  const summary = await world.run(onlyTarget(emulator), {
    taskIds: [missing, tasks[0]?.id ?? ''],
  });
  expect(summary.outcome).toBe('complete');
  expect(summary.warnings).toEqual([`task ${missing} was not found on any instance of this run`]);
  expect(summary.totals.deleted).toBe(1);
});

test('keepFor can be another one for one run; rules and keepLast hold nevertheless', async () => {
  const { emulator } = world;
  emulator.addInstance({
    service: 'dcs',
    tasks: [1, 3, 5, 7, 9].map((days) => aged(days, { status: days === 9 ? 'FAILED' : 'SUCCESS' })),
  });
  const policy = onlyTarget(emulator, {
    keepLast: 1,
    rules: [{ match: { statuses: ['FAILED'] }, keepFor: '90d' }],
  });
  const summary = await world.run(policy, { keepFor: parseKeepFor('4d') });
  expect(summary.totals).toMatchObject({ listed: 5, deleted: 2 });
  expect(emulator.instances()[0]?.tasks()).toHaveLength(3);
});
