/** Changes between two calls of a fleet: in the cloud, in the bucket, or because a call ends early. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { DEMO_REGION, type Interception, type JournalEntry } from '../../lib/emulator/index.ts';
import type { LaneEntry } from '../../lib/fleet/documents.ts';
import { rewriteInstances } from '../instance-list.ts';
import { aged, expired } from '../records.ts';
import { type Call, type FleetWorld, startFleet, truthOf } from './fleet-world.ts';

let world: FleetWorld;
afterEach(() => world.close());

/** Calls that get about 150 requests done each, so that 500 records take several. */
const SLOW = { requests: { perSecond: 10 } };
const startSlow = async (targets: Parameters<typeof startFleet>[0] = [SLOW]) => {
  world = await startFleet(targets);
  world.timeout = 21_000;
};
const startTwo = () =>
  startSlow([
    { ...SLOW, instances: { include: ['prod-*'] } },
    { ...SLOW, instances: { include: ['test-*'] } },
  ]);
const add = (name: string, records: number, fields: { projectId?: string } = {}) =>
  world.emulator.addInstance({
    ...{ service: 'dcs', name, ...fields },
    tasks: [...expired(records), aged(1)],
  });

const cleans = (round = 0) =>
  world.calls.filter(({ step, message }) => step === 'Clean' && message.round === round);
/** Does something before the second call that cleans. */
const beforeSecondCall = (change: () => void) => {
  world.onCall = ({ step }) => {
    if (step === 'Clean' && cleans().length === 2) change();
  };
};
/** Kills a call at its first request to a service: by then it has the lane, and no agenda. */
const killBeforeAgenda = (isMeant: (call: Call) => boolean) => {
  let isKilled = false;
  world.onEffect = (call, effect) => {
    if (isKilled || !/^GET http/.test(effect) || !isMeant(call)) return;
    isKilled = true;
    call.kill();
  };
};
/** Kills the first call once it has an agenda, and before it has listed any records. */
const killBeforeLists = () => {
  let isKilled = false;
  world.onEffect = (call, effect) => {
    if (isKilled || !/^GET http.*\/tasks/.test(effect)) return;
    isKilled = true;
    call.kill();
  };
};
/** Kills one call, after so many DELETEs. */
const killAfter = (deletes: number) => {
  let left = deletes;
  world.onEffect = (call, effect, when) => {
    if (!effect.startsWith('DELETE') || when === 'before') return;
    left -= 1;
    if (left === 0) call.kill();
  };
};
/** Forbids DELETEs of an instance's records; of every instance where none is named. */
const refuseDeletes = (id?: string) => {
  world.emulator.intercept = ({ operation, instanceId }) =>
    operation === 'delete-task' && (id === undefined || instanceId === id)
      ? { status: 400, body: {} }
      : undefined;
};
const listsOf = (instanceId: string) =>
  world.emulator.journal.count({ operation: 'list-tasks', instanceId });
/**
 * Takes instances out of all lists of instances.
 * @param onList decides what happens to a request for the records of one of them.
 */
const leaveOut = (
  ids: readonly string[],
  onList: (
    entry: JournalEntry,
  ) => Interception | undefined | Promise<Interception | undefined> = () => undefined,
) => {
  rewriteInstances(world.emulator, (row) => (ids.includes(row.instance_id) ? [] : [row]));
  const lists = world.emulator.intercept;
  world.emulator.intercept = (entry, emulator) =>
    entry.operation === 'list-tasks' && ids.includes(entry.instanceId ?? '')
      ? onList(entry)
      : lists?.(entry, emulator);
};
const instanceOf = (id: string) =>
  world.summary().targets.flatMap(({ instances }) => instances.filter((each) => each.id === id));

describe('a redriven round', () => {
  /** A run that failed, and nothing is in the way of a redrive. */
  const startFailed = async () => {
    world = await startFleet();
    add('a', 3);
    refuseDeletes();
    const { failedAt } = await world.execute();
    world.emulator.intercept = undefined;
    return failedAt;
  };
  const expectAllDone = () => {
    expect(world.summary(1)).toMatchObject({ outcome: 'complete', totals: { deleted: 3 } });
    expect(truthOf(world)).toBe(3);
  };

  test('is done by its next call where the first is killed before it has an agenda', async () => {
    const failedAt = await startFailed();
    killBeforeAgenda(({ message }) => message.round === 1);
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(cleans(1).length).toBeGreaterThan(1);
    expectAllDone();
  });

  test('is done by its next call where the bucket does not take the agenda of the first', async () => {
    const failedAt = await startFailed();
    let written = 0;
    world.bucket.trouble = (operation, key) => {
      if (operation !== 'create' || !key.includes('/lanes/') || cleans(1).length > 1) return;
      written += 1;
      return written > 1 ? 'error before' : undefined;
    };
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(written).toBeGreaterThan(1);
    expectAllDone();
  });

  test('does not try again what it gave up where a later call is killed before it has an agenda', async () => {
    await startSlow();
    const { id } = add('refused', 3);
    add('large', 500);
    world.emulator.intercept = ({ operation }) =>
      operation === 'list-tasks' ? { status: 400, body: {} } : undefined;
    const { failedAt } = await world.execute();
    world.emulator.journal.clear();
    refuseDeletes(id);
    killBeforeAgenda(({ message }) => message.round === 1 && cleans(1).length === 2);
    expect((await world.execute({}, failedAt)).error?.name).toBe('RunFailedError');
    expect(cleans(1).length).toBeGreaterThan(3);
    expect(listsOf(id)).toBe(1);
    expect(world.summary(1).totals).toMatchObject({ deleted: 500, failed: 3 });
  });
});

describe('an instance that another target has by the next call', () => {
  /** Every expired record of the estate was deleted, and is counted once. */
  const expectCountedOnce = (records: number) => {
    expect(truthOf(world)).toBe(records);
    expect(world.summary()).toMatchObject({
      outcome: 'complete',
      totals: {
        ...{ expired: records, deleted: records, alreadyGone: 0, remaining: 0, failed: 0 },
        // One record of each instance is young.
        kept: world.emulator.instances().length,
      },
    });
  };

  test('is counted once where that target is done with it long before the last call', async () => {
    await startTwo();
    const instance = add('prod-small', 200);
    add('prod-large', 800);
    beforeSecondCall(() => {
      expect(truthOf(world, instance.id)).toBeGreaterThan(0);
      expect(truthOf(world, instance.id)).toBeLessThan(200);
      instance.name = 'test-small';
    });
    await world.execute();
    const last = world.emulator.journal.filter({ deleted: true, instanceId: instance.id }).at(-1);
    expect(world.clock.now() - (last as JournalEntry).at).toBeGreaterThan(world.timeout);
    expectCountedOnce(1_000);
  });

  test('is counted once where it is back by the call after that, and both calls before were killed', async () => {
    await startTwo();
    const instance = add('prod-a', 300);
    const names = ['test-a', 'prod-a'];
    let deletes = 0;
    world.onEffect = (call, effect, when) => {
      if (!effect.startsWith('DELETE') || when === 'before' || names.length === 0) return;
      deletes += 1;
      if (deletes % 45 !== 0) return;
      instance.name = names.shift() as string;
      call.kill();
    };
    await world.execute();
    expect(names).toEqual([]);
    expectCountedOnce(300);
  });

  test('is cleaned where it has gone to and fro, and could not be listed by either before', async () => {
    await startTwo();
    const instance = add('test-a', 40);
    add('prod-large', 500);
    world.emulator.intercept = ({ operation, instanceId }) =>
      operation === 'list-tasks' && instanceId === instance.id && cleans().length < 3
        ? { status: 400, body: {} }
        : undefined;
    world.onCall = ({ step }) => {
      if (step === 'Clean') instance.name = cleans().length === 2 ? 'prod-a' : 'test-a';
    };
    await world.execute();
    expect(cleans().length).toBeGreaterThan(2);
    expectCountedOnce(540);
  });

  test('is cleaned by a redrive where its first target has it again, and never listed it', async () => {
    await startTwo();
    const instance = add('test-a', 40);
    killBeforeLists();
    beforeSecondCall(() => {
      instance.name = 'prod-a';
      refuseDeletes(instance.id);
    });
    const { failedAt } = await world.execute();
    expect(world.summary().totals).toMatchObject({ deleted: 0, failed: 40 });
    world.emulator.intercept = undefined;
    instance.name = 'test-a';
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(world.summary(1).totals).toMatchObject({ listed: 41, deleted: 40, failed: 0 });
    expect(truthOf(world)).toBe(40);
  });

  test('is counted once where its project has another name by then', async () => {
    await startSlow([{ ...SLOW, name: 'cache', projectId: undefined, projects: ['*'] }]);
    const project = { id: '0b01fbb53600d4671fa8c00673c71262', name: `${DEMO_REGION}_old` };
    world.emulator.projects.push(project);
    add('a', 500, { projectId: project.id });
    killAfter(100);
    beforeSecondCall(() => {
      project.name = `${DEMO_REGION}_new`;
    });
    await world.execute();
    expect(project.name).toBe(`${DEMO_REGION}_new`);
    expectCountedOnce(500);
  });
});

describe('an instance that went to another target, and then to none', () => {
  /** Kills a call when it is about to read the records of an instance. */
  const killBeforeList = ({ id }: { readonly id: string }, call: Call, effect: string) => {
    const isMeant = /^GET http.*\/tasks/.test(effect) && effect.includes(id);
    if (isMeant) call.kill();
    return isMeant;
  };

  test('fails where a call that deleted there was killed, and no list told what became of that', async () => {
    await startTwo();
    const instance = add('prod-a', 60);
    let deletes = 0;
    let isOver = false;
    world.onEffect = (call, effect, when) => {
      if (effect.startsWith('DELETE') && when === 'after') {
        deletes += 1;
        if (deletes !== 50) return;
        instance.name = 'test-a';
        call.kill();
      } else if (!isOver && deletes >= 50 && when === 'before') {
        isOver = killBeforeList(instance, call, effect);
        if (isOver) instance.name = 'other';
      }
    };
    const { error } = await world.execute();
    expect(error?.message).toContain(
      'the policy does not select it; 60 more records may have been',
    );
    expect(truthOf(world)).toBeGreaterThanOrEqual(50);
    expect(world.summary().totals).toMatchObject({ deleted: 0, remaining: 60 });
  });

  test('fails with the records that could not be deleted before', async () => {
    await startTwo();
    const instance = add('prod-a', 30);
    add('prod-z', 300);
    refuseDeletes(instance.id);
    beforeSecondCall(() => {
      instance.name = 'test-a';
      world.onEffect = (call, effect, when) => {
        if (when === 'before' && killBeforeList(instance, call, effect)) {
          instance.status = 'FROZEN';
          world.onEffect = undefined;
        }
      };
    });
    const { error } = await world.execute();
    expect(error?.message).toContain('the instance is left alone now: it is frozen');
    expect(world.summary().totals).toMatchObject({ deleted: 300, failed: 30 });
  });

  test('fails nothing where it was cleaned to its end there', async () => {
    await startTwo();
    const instance = add('prod-a', 200);
    add('prod-large', 900);
    world.onCall = ({ step }) => {
      if (step !== 'Clean') return;
      if (cleans().length === 2) instance.name = 'test-a';
      if (truthOf(world, instance.id) === 200) instance.name = 'other';
    };
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(instance.name).toBe('other');
    expect(world.summary().totals).toMatchObject({ listed: 1_102, deleted: 1_100, remaining: 0 });
  });
});

test('records that stay in the list as deleted are counted once, whichever target lists them', async () => {
  await startTwo();
  world.emulator.switches.deletedRows = 'stay';
  const instance = add('prod-a', 300);
  beforeSecondCall(() => {
    instance.name = 'test-a';
  });
  expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
  const [before, after] = world.summary().targets.map(({ instances }) => instances[0]);
  expect(before).toMatchObject({ kept: 0, listed: before?.deleted });
  expect(after).toMatchObject({ kept: 1, keptBecause: { 'within-keep-for': 1 } });
  expect(world.summary().totals).toMatchObject({ listed: 301, deleted: 300 });
});

test('records that were deleted before the run stay in its account where their instance moves', async () => {
  await startTwo();
  const rows = expired(40).map((row) => ({ ...row, status: 'DELETED' }));
  const instance = world.emulator.addInstance({
    ...{ service: 'dcs', name: 'prod-a' },
    tasks: [...expired(500), ...rows, aged(1)],
  });
  world.onCall = ({ step }) => {
    if (step !== 'Clean') return;
    instance.name = ['prod-a', 'test-a', 'prod-a'][cleans().length - 1] ?? 'prod-a';
  };
  expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
  expect(cleans().length).toBeGreaterThan(2);
  expect(world.summary().totals).toMatchObject({ listed: 541, kept: 41, deleted: 500 });
});

test('records that somebody else deleted, and that stay in the list, are counted once', async () => {
  await startSlow();
  world.emulator.switches.deletedRows = 'stay';
  const instance = add('a', 300);
  let deletes = 0;
  world.onEffect = (_, effect, when) => {
    if (when === 'after' || !effect.startsWith('DELETE')) return;
    deletes += 1;
    if (deletes !== 5) return;
    const others = new Set(instance.taskIds().slice(20, 60));
    instance.setTasks(
      instance.tasks().map((row) => (others.has(row.id) ? { ...row, status: 'DELETED' } : row)),
    );
  };
  expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
  expect(cleans().length).toBeGreaterThan(1);
  const { listed, kept, deleted, alreadyGone } = world.summary().totals;
  expect([listed, kept, deleted + alreadyGone]).toEqual([301, 1, 300]);
});

test('each instance has one line in the log, however it ended', async () => {
  await startTwo();
  const gone = add('prod-gone', 150);
  const moves = add('prod-moves', 150);
  const frozen = add('prod-frozen', 150);
  add('prod-stays', 150);
  beforeSecondCall(() => {
    world.emulator.removeInstance(gone.id);
    moves.name = 'test-moves';
    frozen.status = 'FROZEN';
  });
  const { error } = await world.execute();
  expect(error?.name).toBe('RunFailedError');
  const ends = world
    .summary()
    .targets.flatMap(({ name, instances }) =>
      instances.map((each) => `${name}: ${each.name}: ${each.outcome}`),
    );
  expect(ends).toHaveLength(5);
  expect(world.lines.toSorted()).toEqual(ends.toSorted());
});

test('an instance that the last call of its lane leaves has a line in the log too', async () => {
  await startSlow();
  add('large', 500);
  const preparing = world.invoke('Prepare', {
    ...{ id: 'nightly', startedAt: new Date(world.clock.now()).toISOString(), event: {} },
  });
  const { run, round } = (await world.settle(preparing)) as { run: object; round: number };
  // So many lanes share the calls of a round that each has one.
  const message = { run: { ...run, lanes: 2_000 }, round, lane: 0 };
  const cleaning = world.settle(world.invoke('Clean', message));
  expect(await cleaning).toMatchObject({ again: false });
  expect(world.lines).toEqual(['target-0: large: incomplete']);
});

test('an instance that no call could list in time, and that is frozen by the next, fails nothing', async () => {
  await startSlow();
  const late = add('late', 3);
  add('large', 300);
  world.emulator.intercept = async (entry) => {
    if (entry.operation !== 'list-tasks' || entry.instanceId !== late.id) return undefined;
    await world.delay(entry, 30_000);
    return { status: 200, body: {} };
  };
  beforeSecondCall(() => {
    late.status = 'FROZEN';
  });
  expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
  expect(truthOf(world)).toBe(300);
});

test('an instance that is asked for by the name that it had is said to have another one', async () => {
  await startSlow();
  const instance = add('a', 300);
  beforeSecondCall(() => {
    instance.name = 'b';
  });
  const { error } = await world.execute({ instances: ['a'] });
  expect(error?.message).toContain('the run does not ask for it by the name that it has');
});

test('records that stay in the list as deleted are counted once, in however many calls', async () => {
  await startSlow();
  world.emulator.switches.deletedRows = 'stay';
  const rows = expired(300).map((row, at) => ({
    ...row,
    status: at < 20 ? 'DELETED' : row.status,
  }));
  world.emulator.addInstance({ service: 'dcs', name: 'a', tasks: [...rows, aged(1)] });
  killAfter(100);
  expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
  expect(cleans().length).toBeGreaterThan(2);
  expect(world.summary().targets[0]?.instances[0]).toMatchObject({
    ...{ listed: 301, kept: 21, deleted: 280, alreadyGone: 0 },
    keptBecause: { 'already-deleted': 20, 'within-keep-for': 1 },
  });
});

test.each([
  ['is killed', true],
  ['has no time left', false],
])(
  'that the service counts too few records is known to the next call where one %s',
  async (_, killed) => {
    await startSlow();
    const { emulator } = world;
    emulator.addInstance({
      ...{ service: 'dcs', name: 'miscounted' },
      tasks: [...Array.from({ length: 40 }, (__, at) => aged(1 + at / 50)), ...expired(268)],
    });
    emulator.faults.shortPages = 10;
    // Only in the first list a page shows more than are counted.
    emulator.faults.taskCount = (total) =>
      total === 308 ? 303 : 10 * Math.floor((total - 5) / 10);
    if (killed) killAfter(3);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(cleans().length).toBeGreaterThan(2);
    expect(emulator.instances()[0]?.tasks()).toHaveLength(40);
    expect(world.summary().totals).toMatchObject({ listed: 308, deleted: 268, alreadyGone: 0 });
  },
);

describe('an instance that is listed no more by the next call', () => {
  test('takes no time from a large one where it never answers, and has failed at the end', async () => {
    await startSlow([{ requests: { ...SLOW.requests, concurrency: 1, timeout: '30s' } }]);
    const silent = ['a', 'b', 'c'].map((name) => add(name, 300).id);
    const { id } = add('large', 500);
    beforeSecondCall(() => {
      expect(silent.map(listsOf)).toEqual([1, 1, 1]);
      leaveOut(silent, async (entry) => {
        await world.delay(entry, 3_600_000);
        return undefined;
      });
    });
    expect((await world.execute()).error?.name).toBe('RunFailedError');
    expect(instanceOf(id)).toMatchObject([{ outcome: 'complete', deleted: 500 }]);
    for (const each of silent) {
      expect(instanceOf(each)).toMatchObject([
        {
          ...{ outcome: 'failed', stoppedBy: 'unavailable', deleted: truthOf(world, each) },
          errors: [{ message: expect.stringContaining('left alone now: it is not listed, and') }],
        },
      ]);
    }
  });

  test('is looked at by one more call where time is up before its list has come', async () => {
    await startSlow([{ requests: { ...SLOW.requests, timeout: '30s' } }]);
    const slow = add('slow', 500);
    const large = add('large', 500);
    let looks = 0;
    beforeSecondCall(() => {
      slow.setTasks([]);
      // These take the next call half of its time; the list takes more than the other half.
      large.setTasks(large.tasks().slice(-80));
      leaveOut([slow.id], async (entry) => {
        looks += 1;
        await world.delay(entry, 12_000);
        return undefined;
      });
    });
    await world.execute();
    expect([looks, cleans().length]).toEqual([2, 3]);
    expect(world.summary()).toMatchObject({
      outcome: 'complete',
      totals: { deleted: truthOf(world), remaining: 0 },
      warnings: ['target-0: instance slow is not listed any more, and has no records'],
    });
  });

  test('is not taken for empty where its list says 0 records beside rows', async () => {
    await startSlow();
    const { id } = add('a', 500);
    beforeSecondCall(() =>
      leaveOut([id], () => ({ rewrite: (body) => ({ ...(body as object), task_count: '0' }) })),
    );
    const { error } = await world.execute();
    expect(error?.message).toContain('its records are there');
    const deleted = truthOf(world);
    expect(deleted).toBeGreaterThan(0);
    expect(world.summary()).toMatchObject({
      outcome: 'failed',
      totals: { expired: 500, deleted, remaining: 500 - deleted },
      warnings: [],
    });
  });

  test('is named in a warning where it truly has no records', async () => {
    await startSlow();
    const instance = add('a', 500);
    beforeSecondCall(() => {
      instance.setTasks([]);
      leaveOut([instance.id]);
    });
    await world.execute();
    expect(world.summary()).toMatchObject({
      outcome: 'complete',
      totals: { deleted: truthOf(world), remaining: 0 },
      warnings: ['target-0: instance a is not listed any more, and has no records'],
    });
  });
});

describe('what was asked for by name', () => {
  test.each<[string, (id: string) => void]>([
    ['is gone', (id) => void world.emulator.removeInstance(id)],
    [
      'has another name',
      (id) => {
        for (const each of world.emulator.instances()) if (each.id === id) each.name = 'other';
      },
    ],
  ])('is not unknown where it was cleaned, and %s by the next call', async (_, change) => {
    await startSlow();
    const { id } = add('small', 3);
    add('large', 500);
    beforeSecondCall(() => {
      expect(truthOf(world, id)).toBe(3);
      change(id);
    });
    const { error } = await world.execute({ instances: ['small', 'large'] });
    expect([error, cleans().length > 1]).toEqual([undefined, true]);
    expect(world.summary()).toMatchObject({
      ...{ outcome: 'complete', warnings: [] },
      totals: { instances: 2, deleted: 503, remaining: 0 },
    });
  });

  test('is looked for on all endpoints by a redrive where it was in no list', async () => {
    world = await startFleet([{}, { elsewhere: true, service: 'kafka' }]);
    add('other', 3);
    const { error, failedAt } = await world.execute({ instances: ['late'] });
    expect(error?.name).toBe('RunFailedError');
    expect(world.summary(0).warnings).toEqual([expect.stringContaining('unknown instance "late"')]);
    add('late', 2);
    expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
    expect(cleans(1).map(({ message }) => message.lane)).toEqual([0, 1]);
    expect(world.summary(1)).toMatchObject({
      ...{ outcome: 'complete', warnings: [] },
      totals: { instances: 1, deleted: 2 },
    });
  });

  test('by the id of a record was found, although the call that deleted it was killed', async () => {
    world = await startFleet();
    const [taskId = ''] = add('a', 3).taskIds().slice(1);
    killAfter(1);
    expect(await world.execute({ taskIds: [taskId] })).toMatchObject({
      output: { outcome: 'complete' },
    });
    expect(cleans().length).toBeGreaterThan(1);
    expect(world.emulator.journal.deletedIds()).toEqual([taskId]);
    expect(world.summary()).toMatchObject({ totals: { deleted: 1 }, warnings: [] });
  });
});

test('an instance that was asked for, planned, and selected no more before it was listed makes the run fail', async () => {
  await startSlow([{ ...SLOW, instances: { include: ['prod-*'] } }]);
  const instance = add('prod-a', 40);
  add('prod-b', 3);
  killBeforeLists();
  beforeSecondCall(() => {
    instance.name = 'other';
  });
  const { error } = await world.execute({ instances: ['prod-a', 'prod-b'] });
  expect(error?.message).toContain(
    'prod-a: the instance is left alone now: the policy does not select it',
  );
  expect(world.summary().totals).toMatchObject({ deleted: 3, remaining: 0 });
});

/** Another target on the same endpoint: in a project of its own. */
const OTHER = { ...SLOW, projectId: '0b01fbb53600d4671fa8c00673c71262' };

test('a lane ends with its tenth call in a row that found the instances too late', async () => {
  await startSlow([SLOW, OTHER]);
  for (let n = 0; n < 12; n += 1) add(`a-${n}`, 3);
  const isOther = ({ operation, projectId }: JournalEntry) =>
    operation === 'list-instances' && projectId === OTHER.projectId;
  world.emulator.intercept = async (entry) => {
    if (isOther(entry)) await world.delay(entry, 20_000);
    return undefined;
  };
  const { error } = await world.execute();
  expect(error?.name).toBe('RunFailedError');
  expect(cleans()).toHaveLength(10);
  const [target] = world.summary().targets;
  expect(target?.instances).toHaveLength(12);
  for (const { errors } of target?.instances ?? []) {
    expect(errors[0]?.message).toContain(
      '10 calls of the function in a row got nothing done at its endpoint',
    );
  }
  expect(world.lines).toHaveLength(12);
});

test('one call that finds the instances too late ends nothing', async () => {
  await startSlow([SLOW, OTHER]);
  add('a', 300);
  beforeSecondCall(() => {
    world.emulator.intercept = async (entry) => {
      const isSlow = entry.operation === 'list-instances' && cleans().length === 2;
      if (isSlow && entry.projectId === OTHER.projectId) await world.delay(entry, 20_000);
      return undefined;
    };
  });
  const { output } = await world.execute();
  expect(output).toMatchObject({ outcome: 'complete', totals: { deleted: 300 } });
  // Without that one, two would have been enough.
  expect(cleans()).toHaveLength(3);
});

test('records that were gone are counted, although that call had no time to look again', async () => {
  await startSlow();
  const instance = add('a', 300);
  let deletes = 0;
  world.emulator.intercept = ({ operation }) => {
    deletes += operation === 'delete-task' ? 1 : 0;
    // Somebody else deletes thirty whose turn comes soon.
    if (operation === 'delete-task' && deletes === 1) {
      instance.setTasks(instance.tasks().toSpliced(50, 30));
    }
    return undefined;
  };
  const { output } = await world.execute();
  expect(output).toMatchObject({
    outcome: 'complete',
    totals: { listed: 301, deleted: 270, alreadyGone: 30 },
  });
  expect(cleans().length).toBeGreaterThan(1);
});

test('the failure that ended a target is its error, also where later calls go on with others', async () => {
  await startTwo();
  add('prod-a', 500);
  const { id } = add('test-a', 20);
  world.emulator.intercept = ({ operation, instanceId }) =>
    operation === 'delete-task' && instanceId === id
      ? { status: 404, body: { error_code: 'APIGW.0101', error_msg: 'no such API' } }
      : undefined;
  await world.execute();
  expect(cleans().length).toBeGreaterThan(1);
  const [first, second] = world.summary().targets;
  expect(first?.error).toBeUndefined();
  expect(second?.error?.message).toContain('APIGW.0101');
  expect(second?.instances[0]).toMatchObject({ outcome: 'failed', errors: [] });
});

test('a summary after another deployment says that a new run has to be started', async () => {
  await startSlow();
  add('a', 300);
  beforeSecondCall(() => {
    world.policyText += ' ';
  });
  const { error } = await world.execute();
  expect(error?.message).toContain('another policy was deployed');
  expect(error?.message).not.toContain('redrive');
  const [target] = world.summary().targets;
  for (const { message } of [target?.error, ...(target?.instances[0]?.errors ?? [])].flatMap(
    (each) => each ?? [],
  )) {
    expect(message).toContain('another policy was deployed after run nightly was prepared');
    expect(message).toContain('start a new run');
  }
});

test('a redrive after another deployment says that nothing was tried again', async () => {
  await startSlow();
  add('a', 30);
  world.emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 400, body: { error_code: 'DCS.4999' } } : undefined;
  const { failedAt } = await world.execute();
  world.policyText += ' ';
  const { error } = await world.execute({}, failedAt);
  expect(error?.message).toContain('not tried again: another policy was deployed');
  expect(error?.message).toContain('start a new run');
  expect(world.summary(1).targets[0]?.error?.message).toContain('not tried again');
});

test('the same error of an instance stands once, however many rounds find it', async () => {
  await startSlow();
  const instance = add('a', 300);
  beforeSecondCall(() => {
    instance.status = 'FROZEN';
  });
  let { failedAt } = await world.execute();
  for (let round = 1; round < 4; round += 1) ({ failedAt } = await world.execute({}, failedAt));
  const [known] = instanceOf(instance.id);
  expect(known?.errors.map(({ message }) => message)).toEqual([
    expect.stringContaining('the instance is left alone now: it is frozen'),
  ]);
  expect(known?.errorsOmitted).toBe(0);
});

test('a lane whose DELETEs never get an answer ends soon, and says why for each instance', async () => {
  await startSlow([{ requests: { ...SLOW.requests, timeout: '30s' } }]);
  for (let n = 0; n < 12; n += 1) add(`a-${n}`, 3);
  world.emulator.intercept = async (entry) => {
    if (entry.operation !== 'delete-task') return undefined;
    await world.delay(entry, 60_000);
    return { status: 503, body: {} };
  };
  await world.execute();
  expect(cleans().length).toBeLessThan(12);
  const [target] = world.summary().targets;
  expect(target?.instances.flatMap(({ errors }) => errors[0] ?? [])).toHaveLength(12);
});

test('records that were answered as gone are counted, although the list could not be read again', async () => {
  await startSlow();
  const { id } = add('a', 30);
  add('large', 500);
  let refused = 0;
  world.emulator.intercept = ({ operation, instanceId }) => {
    if (instanceId !== id) return undefined;
    const isListed = listsOf(id) > 1 && cleans().length === 1;
    if (operation === 'list-tasks' && isListed) return { status: 400, body: {} };
    if (operation !== 'delete-task' || refused === 10) return undefined;
    refused += 1;
    return { afterwards: true, status: 404, body: { error_code: 'DCS.3022' } };
  };
  const { failedAt } = await world.execute();
  world.emulator.intercept = undefined;
  const { output } = await world.execute({}, failedAt);
  expect(output).toMatchObject({ outcome: 'complete', totals: { listed: 532, failed: 0 } });
  expect(instanceOf(id)).toMatchObject([{ deleted: 20, alreadyGone: 10 }]);
});

test.each([
  ['one of its records failed', false],
  ['that call is killed later', true],
])('the failure that ended a target is its error, also where %s', async (_, isKilled) => {
  await startTwo();
  add('prod-a', 500);
  const { id } = add('test-a', 20);
  let deletes = 0;
  world.emulator.intercept = ({ operation, instanceId }) => {
    if (operation !== 'delete-task' || instanceId !== id) return undefined;
    deletes += 1;
    if (deletes === 2 && !isKilled) return { status: 400, body: { error_code: 'DCS.4999' } };
    return deletes > 3 ? { status: 404, body: { error_code: 'APIGW.0101' } } : undefined;
  };
  if (isKilled) killAfter(150);
  await world.execute();
  expect(cleans().length).toBeGreaterThan(1);
  const [first, second] = world.summary().targets;
  expect(first?.error).toBeUndefined();
  expect(second?.error?.message).toContain('APIGW.0101');
});

test('the errors of records are kept where the call that met them is killed, and no other ends', async () => {
  await startSlow();
  const instance = add('a', 300);
  const refused = new Set(instance.taskIds().slice(10, 16));
  world.emulator.intercept = ({ operation, taskId }) =>
    operation === 'delete-task' && refused.has(taskId ?? '')
      ? { status: 400, body: { error_code: 'DCS.4999', error_msg: 'busy' } }
      : undefined;
  world.onEffect = (call, effect) => {
    const isSecondTurn = world.emulator.journal.count({ operation: 'delete-task' }) > 120;
    if (/^(GET|DELETE) http/.test(effect) && isSecondTurn) call.kill();
  };
  await world.execute();
  const [known] = instanceOf(instance.id);
  expect(known?.failed).toBe(6);
  expect(known?.errors.filter(({ message }) => message.includes('busy')).length).toBeGreaterThan(1);
});

test('records that were answered as gone are gone where their instance is gone by the next call', async () => {
  await startSlow();
  const { id } = add('a', 300);
  let answered = 0;
  world.emulator.intercept = ({ operation, instanceId }) => {
    if (operation !== 'delete-task' || instanceId !== id || answered === 10) return undefined;
    answered += 1;
    return { afterwards: true, status: 404, body: { error_code: 'DCS.3022' } };
  };
  beforeSecondCall(() => world.emulator.removeInstance(id));
  const { output } = await world.execute();
  const { deleted } = world.summary().totals;
  expect(deleted).toBeGreaterThan(100);
  expect(output).toMatchObject({
    outcome: 'complete',
    totals: { listed: deleted + 11, kept: 1, alreadyGone: 10, remaining: 0 },
  });
});

test('an instance that can be cleaned is not given up with others that never answer', async () => {
  await startSlow([{ requests: { perSecond: 10, concurrency: 1, timeout: '30s' } }]);
  const sick = ['b', 'c', 'd'].map((name) => add(name, 3).id);
  const { id } = add('a', 400);
  world.emulator.intercept = async (entry) => {
    const isSick = sick.includes(entry.instanceId ?? '');
    if (isSick && entry.operation === 'list-tasks') await world.delay(entry, 60_000);
    return undefined;
  };
  const { error } = await world.execute();
  expect(error?.name).toBe('RunFailedError');
  expect(instanceOf(id)).toMatchObject([{ outcome: 'complete', deleted: 400 }]);
  expect(sick.flatMap(instanceOf).every(({ stoppedBy }) => stoppedBy === 'listing')).toBe(true);
  expect(cleans().length).toBeLessThan(15);
});

test('a lane in which nothing gets on ends with its tenth call, however many instances it has', async () => {
  await startSlow([{ requests: { perSecond: 10, concurrency: 1, timeout: '30s' } }]);
  for (let n = 0; n < 30; n += 1) add(`a-${n}`, 3);
  world.emulator.intercept = async (entry) => {
    if (entry.operation === 'list-tasks') await world.delay(entry, 60_000);
    return undefined;
  };
  await world.execute();
  expect(cleans()).toHaveLength(10);
  const instances = world.summary().targets[0]?.instances ?? [];
  expect(instances.map(({ errors }) => errors.length)).toEqual(Array(30).fill(1));
  expect(world.lines).toHaveLength(30);
});

test('a target that failed in one round is well in the next where another one has its instance', async () => {
  await startTwo();
  add('prod-a', 500);
  const instance = add('test-b', 20);
  world.emulator.intercept = ({ operation, instanceId }) =>
    operation === 'delete-task' && instanceId === instance.id
      ? { status: 404, body: { error_code: 'APIGW.0101' } }
      : undefined;
  beforeSecondCall(() => {
    world.emulator.intercept = undefined;
    instance.name = 'prod-b';
  });
  const { failedAt, error } = await world.execute();
  expect(error?.message).toContain('APIGW.0101');
  expect(await world.execute({}, failedAt)).toMatchObject({ output: { outcome: 'complete' } });
  expect(world.summary(1).targets.map((target) => target.error)).toEqual([undefined, undefined]);
});

test('records that went although no DELETE was answered in time are counted', async () => {
  await startSlow([{ requests: { perSecond: 10, concurrency: 4, timeout: '30s' } }]);
  const instance = add('a', 30);
  const { id } = instance;
  world.emulator.intercept = async (entry) => {
    if (entry.operation !== 'delete-task') return undefined;
    instance.removeTask(entry.taskId ?? '');
    await world.delay(entry, 60_000);
    return { status: 204, body: {} };
  };
  const { output } = await world.execute();
  expect(output).toMatchObject({ outcome: 'complete', totals: { deleted: 30, remaining: 0 } });
  expect(instanceOf(id)).toMatchObject([{ deleted: 30 }]);
});

test('an instance that works is cleaned, although the DELETEs of others hang and take all turns', async () => {
  await startSlow([{ requests: { perSecond: 10, concurrency: 2, timeout: '30s' } }]);
  const sick = ['a', 'b', 'c', 'd'].map((name) => add(name, 20).id);
  const { id } = add('well', 200);
  world.emulator.intercept = async (entry) => {
    if (entry.operation !== 'delete-task' || !sick.includes(entry.instanceId ?? ''))
      return undefined;
    await world.delay(entry, 60_000);
    return { status: 503, body: {} };
  };
  const { error } = await world.execute();
  expect(error?.message).toContain('no DELETE had a final answer in time');
  expect(instanceOf(id)).toMatchObject([{ outcome: 'complete', deleted: 200 }]);
  expect(sick.flatMap(instanceOf).map(({ outcome, deleted }) => [outcome, deleted])).toEqual(
    Array(4).fill(['failed', 0]),
  );
  expect(cleans().length).toBeLessThan(12);
});

test('an instance is not given up in the call in which its DELETEs are answered again', async () => {
  await startSlow([{ requests: { perSecond: 10, timeout: '30s' } }]);
  const { id } = add('a', 600);
  world.emulator.intercept = async (entry) => {
    if (entry.operation !== 'delete-task' || ![2, 3].includes(cleans().length)) return undefined;
    await world.delay(entry, 60_000);
    return { status: 503, body: {} };
  };
  const { output } = await world.execute();
  expect(output).toMatchObject({ outcome: 'complete' });
  expect(instanceOf(id)).toMatchObject([{ deleted: 600, errors: [] }]);
});

test('an instance whose every DELETE is refused is given up, and the reason says so', async () => {
  await startSlow();
  const { id } = add('a', 500);
  refuseDeletes(id);
  const { error } = await world.execute();
  expect(error?.message).toContain(
    'no fewer expired records there than an earlier one, the last of them 500, although',
  );
  expect(cleans()).toHaveLength(3);
});

test('an instance is not given up in the call in which its DELETEs are no longer refused', async () => {
  await startSlow();
  const { id } = add('a', 500);
  world.emulator.intercept = ({ operation }) =>
    operation === 'delete-task' && cleans().length < 3
      ? { status: 400, body: { error_code: 'DCS.4957' } }
      : undefined;
  const { output } = await world.execute();
  expect(output).toMatchObject({ outcome: 'complete' });
  expect(instanceOf(id)).toMatchObject([{ deleted: 500, errors: [] }]);
});

test('an instance whose DELETEs are answered, and do nothing, is given up one call later', async () => {
  await startSlow();
  add('a', 500);
  world.emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 204 } : undefined;
  const { error } = await world.execute();
  expect(error?.message).toContain('3 calls of the function in a row');
  expect(cleans()).toHaveLength(4);
});

test('an instance that had its turns at the end of calls only is not given up', async () => {
  await startSlow([{ requests: { perSecond: 10, concurrency: 1, timeout: '30s' } }]);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) add(name, 60);
  world.emulator.intercept = async (entry) => {
    if (entry.operation === 'list-tasks') await world.delay(entry, 6_000);
    return undefined;
  };
  const { output } = await world.execute();
  expect(output).toMatchObject({ outcome: 'complete', totals: { deleted: 360 } });
});

test('a call that finds the instances too late, after one that got nothing done, ends nothing', async () => {
  await startSlow([SLOW, OTHER]);
  const { id } = add('a', 20);
  world.emulator.intercept = async (entry) => {
    const calls = cleans().length;
    const isSlowList = entry.operation === 'list-tasks' && calls === 1;
    const isLate = entry.operation === 'list-instances' && calls === 2;
    if (isSlowList || (isLate && entry.projectId === OTHER.projectId))
      await world.delay(entry, 20_000);
    return undefined;
  };
  const { output } = await world.execute();
  expect(output).toMatchObject({ outcome: 'complete' });
  expect(instanceOf(id)).toMatchObject([{ deleted: 20 }]);
});

describe('a limit is for all calls of a run together', () => {
  test.each([
    [{ deletions: 320 }, '420 records have expired, and limits.deletions allows 320'],
    [
      { deletePercent: 80 },
      '420 of 520 records have expired, and limits.deletePercent allows 80 %',
    ],
  ])('%j', async (limits, text) => {
    await startSlow([{ ...SLOW, limits }]);
    const young = Array.from({ length: 100 }, () => aged(1));
    const tasks = [...expired(300), ...young];
    const instance = world.emulator.addInstance({ service: 'dcs', name: 'a', tasks });
    beforeSecondCall(() => {
      for (const task of expired(120)) instance.addTask(task);
    });
    const { error } = await world.execute();
    expect(error).toBeUndefined();
    const gone = world.emulator.journal.deletes().length;
    expect(gone).toBeGreaterThan(100);
    expect(world.summary()).toMatchObject({
      outcome: 'incomplete',
      totals: { deleted: gone, remaining: 420 - gone },
      warnings: [
        `target-0: instance a: ${text} (${gone} of them are gone already); nothing more is deleted there`,
      ],
    });
  });

  test.each(['stay', 'disappear'] as const)(
    'and holds nothing back that it lets go in one, where deleted rows %s',
    async (deletedRows) => {
      await startSlow([{ ...SLOW, limits: { deletions: 280, deletePercent: 80 } }]);
      world.emulator.switches.deletedRows = deletedRows;
      const others = Array.from({ length: 70 }, (_, at) =>
        aged(1, at < 20 ? { status: 'DELETED' } : {}),
      );
      const tasks = [...expired(280), ...others];
      world.emulator.addInstance({ service: 'dcs', name: 'a', tasks });
      killAfter(100);
      expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
      expect(cleans().length).toBeGreaterThan(2);
      expect(world.summary()).toMatchObject({ totals: { deleted: 280 }, warnings: [] });
    },
  );

  test('also where a call was killed, and a list has to tell what became of its records', async () => {
    world = await startFleet([{ limits: { deletions: 50 } }]);
    const instance = add('a', 40);
    killAfter(15);
    beforeSecondCall(() => {
      for (const task of expired(20)) instance.addTask(task);
    });
    await world.execute();
    const gone = world.emulator.journal.deletedIds().length;
    expect(gone).toBeLessThan(40);
    expect(world.summary()).toMatchObject({
      totals: { deleted: gone, remaining: 60 - gone },
      warnings: [expect.stringContaining('60 records have expired')],
    });
  });

  test('and of a redrive', async () => {
    world = await startFleet([{ limits: { deletions: 50 } }]);
    const instance = add('a', 40);
    const refused = instance.taskIds().at(-1);
    world.emulator.intercept = ({ operation, taskId }) =>
      operation === 'delete-task' && taskId === refused ? { status: 400, body: {} } : undefined;
    const { failedAt } = await world.execute();
    world.emulator.intercept = undefined;
    for (const task of expired(11)) instance.addTask(task);
    await world.execute({}, failedAt);
    expect(instance.taskIds()).toHaveLength(1 + 1 + 11);
    expect(world.summary(1)).toMatchObject({
      outcome: 'incomplete',
      totals: { deleted: 39, remaining: 12 },
      warnings: [expect.stringContaining('51 records have expired')],
    });
  });
});

test('what a killed call has told and found stands in the summary', async () => {
  await startSlow([{ ...SLOW, limits: { deletions: 250 } }]);
  const held = add('held', 300);
  const large = add('large', 240);
  const taskIds = [...held.taskIds(), ...large.taskIds(), 'ff8080818f0a1b0100000000000nope'];
  killAfter(130);
  const { output } = await world.execute({ taskIds });
  expect(output).toMatchObject({ outcome: 'incomplete' });
  expect(instanceOf(large.id)).toMatchObject([{ deleted: 240 }]);
  expect(world.summary().warnings).toEqual([
    expect.stringContaining('instance held: 300 records have expired'),
    expect.stringContaining('nope was not found'),
  ]);
});

test('an instance whose log has a gap is to be cleaned by a new run, as its target says', async () => {
  await startSlow();
  const { id } = add('a', 500);
  killAfter(110);
  beforeSecondCall(() => {
    const [entry = ''] = [...world.bucket.objects.keys()].filter((key) => key.endsWith('2.json'));
    world.bucket.objects.set(entry, '{}');
  });
  const { error } = await world.execute();
  expect(error?.message).toContain('start a new run');
  expect(instanceOf(id)[0]?.errors[0]?.message).toContain('start a new run');
  expect(JSON.stringify(world.summary())).not.toContain('redrive the execution');
});

test('the log of a call grows with the records, and not with their square', async () => {
  world = await startFleet([{}]);
  const { id } = add('a', 1_500);
  world.emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 404, body: { error_code: 'DCS.3022' } } : undefined;
  killAfter(1_450);
  await world.execute();
  const entries = [...world.bucket.objects]
    .filter(([key]) => key.includes('/lanes/'))
    .map(([, text]) => JSON.parse(text) as LaneEntry)
    .filter(({ number, facts }) => number === 1 && !facts);
  expect(entries.length).toBeGreaterThan(10);
  const ids = entries.flatMap(({ instances }) =>
    instances.flatMap(({ unclear, saidGone, dropped = [] }) => [
      ...unclear,
      ...saidGone,
      ...dropped,
    ]),
  );
  expect(ids.length).toBeLessThan(4 * 1_500);
  expect(instanceOf(id)).toMatchObject([{ listed: 1_501, alreadyGone: 0, deleted: 0 }]);
});
