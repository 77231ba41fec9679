import { expect, test } from '@jest/globals';
import { type JournalEntry, TASK_NOT_FOUND_CODE, type TaskRow } from '../../lib/emulator/index.ts';
import { onlyTarget } from '../policies.ts';
import { expired } from '../records.ts';
import { useWorld } from './world.ts';

const world = useWorld();

const lists = () => world.emulator.journal.count({ operation: 'list-tasks' });

function addExpired(count: number): TaskRow[] {
  const tasks = expired(count);
  world.emulator.addInstance({ service: 'dcs', tasks });
  return tasks;
}

/** Whether it is the first DELETE of that record. */
function isFirst({ operation, taskId }: JournalEntry): boolean {
  return operation === 'delete-task' && world.emulator.journal.count({ operation, taskId }) === 1;
}

test('nothing ambiguous: the instance is listed once', async () => {
  addExpired(20);
  world.emulator.faults.deleteFails = { every: 3 };
  const summary = await world.run(onlyTarget(world.emulator));
  expect(summary.totals).toMatchObject({ deleted: 20, alreadyGone: 0 });
  expect(lists()).toBe(1);
});

test.each([404, 400] as const)(
  'a record that somebody else deleted (%i with a code of its own) is already gone',
  async (status) => {
    const { emulator } = world;
    emulator.switches.taskNotFound = status;
    const tasks = addExpired(6);
    const taken = tasks.slice(0, 2).map(({ id }) => id);
    emulator.intercept = (entry) => {
      if (isFirst(entry) && taken.includes(entry.taskId ?? '')) {
        emulator.instances()[0]?.removeTask(entry.taskId ?? '');
      }
      return undefined;
    };
    const summary = await world.run(onlyTarget(emulator));
    expect(emulator.journal.count({ errorCode: TASK_NOT_FOUND_CODE })).toBe(2);
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { deleted: 4, alreadyGone: 2, failed: 0 },
    });
    expect(lists()).toBe(2);
  },
);

test('a record that was deleted although the answer was 500 is deleted by us', async () => {
  addExpired(6);
  world.emulator.faults.deleteFails = { every: 2, ghost: true };
  const summary = await world.run(onlyTarget(world.emulator));
  expect(summary).toMatchObject({
    outcome: 'complete',
    totals: { deleted: 6, alreadyGone: 0 },
    requests: { retried: 3 },
  });
  expect(lists()).toBe(2);
});

test('a record that was deleted although the connection was reset is deleted by us', async () => {
  addExpired(6);
  world.emulator.faults.resets = { every: 2, operations: ['delete-task'], when: 'after' };
  const summary = await world.run(onlyTarget(world.emulator));
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 6, alreadyGone: 0 } });
});

test('a record that "does not exist" and is listed nevertheless has failed', async () => {
  const { emulator } = world;
  const [stubborn] = addExpired(3) as [TaskRow];
  emulator.intercept = ({ taskId }) =>
    taskId === stubborn.id
      ? { status: 404, body: { error_code: 'DCS.0815', error_msg: 'no such task' } }
      : undefined;
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({
    outcome: 'failed',
    totals: { deleted: 2, alreadyGone: 0, failed: 1 },
  });
  expect(summary.targets[0]?.instances[0]?.errors).toEqual([
    {
      taskId: stubborn.id,
      status: 404,
      code: 'DCS.0815',
      message: 'no such task; it is still listed',
      attempts: 1,
    },
  ]);
});

test.each(['dcs', 'kafka'] as const)(
  'what the service counts says nothing about the end of a list once it has shown more than it counts: %s',
  async (service) => {
    const { emulator } = world;
    const tasks = expired(55, service);
    emulator.addInstance({ service, tasks });
    emulator.faults.shortPages = 8;
    emulator.faults.taskCount = (total) => Math.max(0, total - 3);
    const stubborn = tasks.slice(-3).map(({ id }) => id);
    emulator.intercept = ({ operation, taskId = '' }) =>
      operation === 'delete-task' && stubborn.includes(taskId)
        ? { status: 404, body: { error_code: 'DCS.0815', error_msg: 'no such task' } }
        : undefined;
    const summary = await world.run(onlyTarget(emulator, { service, keepLast: 48 }));
    expect(emulator.instances()[0]?.tasks()).toHaveLength(51);
    expect(summary.totals).toMatchObject({ listed: 55, deleted: 4, alreadyGone: 0, failed: 3 });
  },
);

test('one count that was too low says nothing about the rows that a later list has to show', async () => {
  const { emulator } = world;
  emulator.addInstance({ service: 'kafka', tasks: expired(130, 'kafka') });
  let counts = 0;
  emulator.faults.taskCount = (total) => {
    counts += 1;
    return counts === 2 ? total - 1 : total;
  };
  let empty = 0;
  emulator.intercept = ({ operation, query }) => {
    if (operation === 'delete-task') {
      empty = 1;
      return { status: 202, body: {} };
    }
    if (operation !== 'list-tasks' || query.start === '1' || empty === 0) return undefined;
    empty -= 1;
    return { status: 200, body: { task_count: '130', tasks: [] } };
  };
  const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
  expect(emulator.instances()[0]?.tasks()).toHaveLength(130);
  expect(summary.totals).toMatchObject({ deleted: 0, alreadyGone: 0, remaining: 130 });
});

test('records that stay in the list as DELETED count as gone, and are not deleted again', async () => {
  const { emulator } = world;
  emulator.switches.deletedRows = 'stay';
  addExpired(6);
  emulator.faults.deleteFails = { every: 2, ghost: true };
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 6 } });
  emulator.journal.clear();
  const next = await world.run(onlyTarget(emulator));
  expect(next.targets[0]?.instances[0]?.keptBecause).toEqual({ 'already-deleted': 6 });
  expect(emulator.journal.deletes()).toEqual([]);
});

test('what cannot be looked up again has failed', async () => {
  const { emulator } = world;
  addExpired(3);
  emulator.faults.deleteFails = { every: 3, ghost: true };
  emulator.intercept = ({ operation }) =>
    operation === 'list-tasks' && lists() > 1 ? { status: 400, body: {} } : undefined;
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({ outcome: 'failed', totals: { deleted: 2, failed: 1 } });
  expect(summary.targets[0]?.instances[0]?.errors[0]?.message).toContain(
    'the list could not be read again',
  );
});

test('a record that is gone after its last attempt was answered 504 is deleted by us', async () => {
  const { emulator } = world;
  addExpired(3);
  emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 504, afterwards: true } : undefined;
  const policy = onlyTarget(emulator, { requests: { attempts: 1 } });
  const summary = await world.run(policy);
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 3, failed: 0 } });
  expect(lists()).toBe(2);
});

test('a record that is refused after an attempt that deleted it is deleted by us', async () => {
  const { emulator } = world;
  addExpired(2);
  emulator.intercept = (entry) => {
    if (entry.operation !== 'delete-task') return undefined;
    return isFirst(entry) ? { status: 502, afterwards: true } : { status: 400, body: {} };
  };
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 2, failed: 0 } });
  expect(lists()).toBe(2);
});

test('a record that is there after its last attempt has failed, with the answer', async () => {
  const { emulator } = world;
  addExpired(1);
  emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 500, body: { error_code: 'DCS.5000' } } : undefined;
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({ outcome: 'failed', totals: { deleted: 0, failed: 1 } });
  expect(summary.targets[0]?.instances[0]?.errors).toMatchObject([
    { status: 500, code: 'DCS.5000', message: expect.stringMatching(/; it is still listed$/) },
  ]);
});

test('a record that an attempt may have deleted is left to the next run where the next attempt is refused', async () => {
  const { emulator } = world;
  addExpired(1);
  emulator.intercept = (entry) => {
    if (entry.operation !== 'delete-task') return undefined;
    return isFirst(entry)
      ? { status: 502, afterwards: true }
      : { status: 403, body: { error_code: 'APIGW.0302', error_msg: 'no' } };
  };
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({ outcome: 'failed', totals: { deleted: 0, remaining: 1 } });
});

test('records that were throttled to the end are not looked up: nothing of them was done', async () => {
  const { emulator } = world;
  addExpired(1);
  emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 429 } : undefined;
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({ outcome: 'failed', totals: { deleted: 0 } });
  expect(lists()).toBe(1);
});

test('an instance that is gone when it is looked at again has no records left', async () => {
  const { emulator } = world;
  addExpired(3);
  emulator.faults.deleteFails = { every: 3, ghost: true };
  emulator.intercept = ({ operation, instanceId = '' }) => {
    if (operation === 'list-tasks' && lists() > 1) emulator.removeInstance(instanceId);
    return undefined;
  };
  const summary = await world.run(onlyTarget(emulator));
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 3, failed: 0 } });
});

test('what is unsettled when time is up remains', async () => {
  const { emulator, clock } = world;
  addExpired(3);
  emulator.faults.deleteFails = { every: 3, ghost: true };
  emulator.intercept = async ({ operation }) => {
    if (operation === 'list-tasks' && lists() > 1) {
      await clock.advance(60_000);
      return { status: 500 };
    }
    return undefined;
  };
  const summary = await world.run(onlyTarget(emulator), {}, { deadline: clock.now() + 30_000 });
  expect(summary).toMatchObject({ outcome: 'incomplete', totals: { deleted: 2, remaining: 1 } });
});

test('an instance whose list after the deletions was stopped says why', async () => {
  const { emulator } = world;
  for (let n = 0; n < 120; n += 1) addExpired(1);
  const listed = new Set<string | undefined>();
  emulator.intercept = ({ operation, instanceId }) => {
    if (operation === 'delete-task') return { status: 404, body: { error_code: 'DCS.3022' } };
    if (operation !== 'list-tasks' || !listed.has(instanceId)) {
      if (operation === 'list-tasks') listed.add(instanceId);
      return undefined;
    }
    return { status: 500, body: {} };
  };
  const summary = await world.run(onlyTarget(emulator));
  const stopped = (summary.targets[0]?.instances ?? []).filter(
    ({ stoppedBy }) => stoppedBy === 'unavailable',
  );
  const texts = stopped.map(({ errors }) => errors[0]?.message ?? '');
  expect(texts).toContainEqual(
    expect.stringMatching(/^the list after the deletions could not be read: .*failed too often/),
  );
  expect(texts).not.toContain('');
});
