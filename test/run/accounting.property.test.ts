import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ServiceName } from '../../lib/emulator/index.ts';
import type { RunDependencies } from '../../lib/run/run-context.ts';
import { policyOf, retentionKeys, targetOf } from '../policies.ts';
import { aged } from '../records.ts';
import { expiredIds, type WrittenRetention } from './oracle.ts';
import { startWorld, type World } from './world.ts';

const SERVICES = ['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq'] as const;

const row = fc.record({
  age: fc.integer({ min: -1, max: 60 }),
  status: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('SUCCESS', 'FAILED') },
    {
      weight: 2,
      arbitrary: fc.constantFrom('CANCELLED', 'EXECUTING', 'CREATED', 'ODD', undefined),
    },
  ),
  updated: fc.oneof(
    { weight: 9, arbitrary: fc.constant('well') },
    { weight: 1, arbitrary: fc.constantFrom(undefined, null, 17, '', 'yesterday') },
  ),
});

const estate = fc.array(
  fc.record({ service: fc.constantFrom(...SERVICES), rows: fc.array(row, { maxLength: 25 }) }),
  { minLength: 1, maxLength: 4 },
);

const written = fc.record({
  keepForDays: fc.integer({ min: 0, max: 50 }),
  keepLast: fc.nat({ max: 6 }),
  statuses: fc.uniqueArray(fc.constantFrom('SUCCESS', 'FAILED'), { minLength: 1 }),
  rules: fc.constantFrom(
    [],
    [{ statuses: ['FAILED'], keepForDays: 45 }],
    [{ statuses: ['FAILED'], keepForDays: 'forever' as const }],
  ),
});

const sometimes = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

const faults = fc.record({
  seed: fc.nat(),
  deleteFails: sometimes(
    fc.record({
      probability: fc.constantFrom(0.2, 0.6),
      status: fc.constantFrom(500, 503),
      once: fc.boolean(),
      ghost: fc.boolean(),
    }),
  ),
  resets: sometimes(
    fc.record({ probability: fc.constant(0.15), when: fc.constantFrom('before', 'after') }),
  ),
  perSecond: sometimes(fc.integer({ min: 3, max: 30 })),
  throttleAnswer: fc.constantFrom('gateway-429', 'dms-404'),
  // A list of one instance fails: now and then, or for ever.
  listFails: sometimes(fc.record({ instance: fc.nat({ max: 3 }), times: sometimes(fc.nat(3)) })),
  // Somebody else deletes the record at the last moment.
  gone: fc.constantFrom(0, 0.2),
  taskNotFound: fc.constantFrom(404, 400, 204),
  deletedRows: fc.constantFrom('disappear', 'stay'),
  limits: sometimes(fc.constantFrom({ deletions: 5 }, { deletePercent: 60 }, { deletions: 0 })),
  seconds: sometimes(fc.integer({ min: 1, max: 40 })),
  slow: fc.boolean(),
});
type Trouble = typeof faults extends fc.Arbitrary<infer T> ? T : never;

test('whatever goes wrong: every record is accounted for, and nothing kept is touched', async () => {
  await fc.assert(
    fc.asyncProperty(estate, written, faults, async (instances, retention, trouble) => {
      const world = await startWorld();
      try {
        await check(world, instances, retention, trouble);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 250 },
  );
}, 60_000);

async function check(
  world: World,
  seeds: typeof estate extends fc.Arbitrary<infer T> ? T : never,
  retention: WrittenRetention,
  trouble: Trouble,
): Promise<void> {
  const { emulator, clock } = world;
  for (const { service, rows } of seeds) {
    emulator.addInstance({
      service,
      projectId: `project-of-${service}`,
      tasks: rows.map(({ age, status, updated }) =>
        aged(age, { status, ...(updated !== 'well' && { updated_at: updated }) }, service),
      ),
    });
  }
  const before = emulator.instances().map((instance) => {
    const ids = new Set(expiredIds(instance.tasks(), retention, clock.now()));
    return { instance, ids, rows: instance.tasks() };
  });
  const mayGo = new Set(before.flatMap(({ ids }) => [...ids]));
  const random = randomFrom(trouble.seed);
  misbehave(world, trouble, random);

  const services = [...new Set(seeds.map(({ service }) => service))];
  const policy = policyOf(
    services.map((service) => targetOf(emulator, targetFields(service, retention, trouble))),
  );
  const { seconds } = trouble;
  const limits: Partial<RunDependencies> = { random };
  const summary = await world.run(
    policy,
    {},
    {
      ...limits,
      ...(seconds && { deadline: clock.now() + seconds * 1_000 }),
    },
  );

  for (const { taskId = '' } of emulator.journal.deletes()) expect(mayGo).toContain(taskId);
  for (const { instance, ids, rows } of before) {
    const there = new Set(
      instance.tasks().flatMap(({ id, status }) => (status === 'DELETED' ? [] : [id])),
    );
    for (const { id } of rows) if (!ids.has(id)) expect(there).toContain(id);
    const order = emulator.journal.filter({ instanceId: instance.id });
    const firstDelete = order.findIndex(({ operation }) => operation === 'delete-task');
    const pages = order.filter(
      ({ operation, status }, index) =>
        operation === 'list-tasks' && status === 200 && index < firstDelete,
    );
    if (firstDelete !== -1) expect(pages).not.toEqual([]);

    const reported = summary.targets
      .flatMap((target) => target.instances)
      .find(({ id }) => id === instance.id);
    if (reported === undefined) continue;
    const left = [...ids].filter((id) => there.has(id)).length;
    expect(reported.deleted + reported.alreadyGone).toBeLessThanOrEqual(ids.size - left);
    if (reported.outcome === 'complete') expect([left, reported.expired]).toEqual([0, ids.size]);
    if (reported.stoppedBy === 'limit') expect(firstDelete).toBe(-1);
  }
}

function targetFields(
  service: ServiceName,
  retention: WrittenRetention,
  { limits }: Trouble,
): object {
  return {
    name: service,
    service,
    projectId: `project-of-${service}`,
    ...retentionKeys(retention),
    ...(limits && { limits }),
  };
}

function misbehave({ emulator, clock }: World, trouble: Trouble, random: () => number): void {
  const { deleteFails, resets, perSecond, listFails, gone, slow } = trouble;
  if (deleteFails) emulator.faults.deleteFails = { ...deleteFails, random };
  if (resets) emulator.faults.resets = { ...resets, when: resets.when as 'before', random };
  if (perSecond) emulator.faults.rateLimit = { perSecond, clock: clock.now };
  const broken = listFails && emulator.instances()[listFails.instance];
  if (broken) {
    const { times } = listFails;
    emulator.faults.listPageFails = {
      page: 1,
      instanceId: broken.id,
      ...(times !== undefined && { times }),
    };
  }
  Object.assign(emulator.switches, {
    throttleAnswer: trouble.throttleAnswer,
    taskNotFound: trouble.taskNotFound,
    deletedRows: trouble.deletedRows,
  });
  emulator.intercept = async ({ operation, instanceId, taskId = '' }) => {
    if (slow) await clock.advance(200);
    if (operation === 'delete-task' && random() < gone) {
      emulator
        .instances()
        .find(({ id }) => id === instanceId)
        ?.removeTask(taskId);
    }
    return undefined;
  };
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
