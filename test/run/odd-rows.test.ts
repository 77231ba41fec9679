import { describe, expect, test } from '@jest/globals';
import { onlyTarget } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { useWorld } from './world.ts';

const world = useWorld();

describe('two records with one id, of which one runs', () => {
  const twins = (service: 'dcs' | 'kafka') => {
    const id = 'ab'.repeat(16);
    const others = expired(100, service);
    return {
      id,
      near: [aged(90, { id, status: 'EXECUTING' }, service), aged(91, { id }, service)],
      apart: [
        aged(35, { id, status: 'EXECUTING' }, service),
        ...others,
        aged(400, { id }, service),
      ],
    };
  };

  test('on one page: both stay, and all others are dealt with', async () => {
    const { emulator } = world;
    const { id, near } = twins('dcs');
    emulator.addInstance({ service: 'dcs', tasks: [...near, ...expired(3)] });
    const summary = await world.run(onlyTarget(emulator));
    expect(emulator.journal.count({ operation: 'delete-task', taskId: id })).toBe(0);
    expect(summary).toMatchObject({ outcome: 'complete', totals: { kept: 2, deleted: 3 } });
    expect(emulator.instances()[0]?.taskIds()).toEqual([id, id]);
  });

  test.each([undefined, 1])('on two pages, and the count being %s: both stay', async (count) => {
    const { emulator } = world;
    const { id, apart } = twins('kafka');
    emulator.addInstance({ service: 'kafka', tasks: apart });
    emulator.faults.taskCount = () => count;
    const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
    expect(emulator.journal.count({ operation: 'delete-task', taskId: id })).toBe(0);
    expect(summary).toMatchObject({ outcome: 'complete', totals: { kept: 1, deleted: 100 } });
  });

  test.each([0, 1])(
    'on one page, the running one at place %i, in a reading that is not repeated so: the other stays',
    async (place) => {
      const { emulator } = world;
      const tasks = expired(150, 'kafka');
      const [{ id } = { id: '' }] = tasks;
      emulator.addInstance({ service: 'kafka', tasks });
      emulator.intercept = ({ operation }) => {
        if (operation !== 'list-tasks' || emulator.journal.count({ operation }) > 1)
          return undefined;
        const running = aged(0, { id, status: 'EXECUTING' }, 'kafka');
        return {
          rewrite: (body) => {
            const page = body as { tasks: object[] };
            return {
              task_count: '151',
              tasks: page.tasks.slice(0, 99).toSpliced(place, 0, running),
            };
          },
        };
      };
      const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
      expect(emulator.instances()[0]?.taskIds()).toEqual([id]);
      expect(summary).toMatchObject({ outcome: 'complete', totals: { kept: 1, deleted: 149 } });
    },
  );
});

test('a record that ran when the list was first read stays where it is then shown as long finished', async () => {
  const { emulator } = world;
  const tasks = expired(150, 'kafka');
  const [{ id } = { id: '' }] = tasks;
  emulator.addInstance({ service: 'kafka', tasks });
  emulator.intercept = ({ operation }) => {
    if (operation !== 'list-tasks' || emulator.journal.count({ operation }) > 1) return undefined;
    return {
      rewrite: (body) => {
        const [first, ...others] = (body as { tasks: object[] }).tasks;
        return { task_count: '151', tasks: [{ ...first, status: 'EXECUTING' }, ...others] };
      },
    };
  };
  const summary = await world.run(onlyTarget(emulator, { service: 'kafka' }));
  expect(emulator.instances()[0]?.taskIds()).toEqual([id]);
  expect(summary).toMatchObject({ outcome: 'complete', totals: { kept: 1, deleted: 149 } });
});

test('a record without an id that moves while it is listed is one of the newest once', async () => {
  const { emulator } = world;
  const { id: _, ...nameless } = aged(1, {}, 'kafka');
  const tasks = [aged(33, {}, 'kafka'), aged(34, {}, 'kafka'), aged(35, {}, 'kafka')];
  const newest = tasks[1]?.id;
  emulator.addInstance({ service: 'kafka', tasks: [nameless, ...tasks] });
  emulator.faults.shortPages = 2;
  emulator.intercept = ({ operation, query, instanceId }) => {
    if (operation === 'list-tasks' && query.start === '3' && emulator.journal.count() < 4) {
      const instance = emulator.instances().find(({ id }) => id === instanceId);
      instance?.addTask(aged(0, { status: 'EXECUTING' }, 'kafka'));
    }
    return undefined;
  };
  const summary = await world.run(onlyTarget(emulator, { service: 'kafka', keepLast: 4 }));
  expect(summary.totals).toMatchObject({ listed: 5, expired: 1, deleted: 1 });
  expect(emulator.instances()[0]?.taskIds()).toContain(newest);
});

test('a record without an id that changes whenever it is listed does not stand in for one that is missing', async () => {
  const { emulator } = world;
  const { id: _, ...nameless } = aged(1, {}, 'kafka');
  const instance = emulator.addInstance({
    service: 'kafka',
    tasks: [nameless, ...expired(4, 'kafka')],
  });
  emulator.faults.taskCount = (total) => total + 1;
  let progress = 0;
  emulator.intercept = ({ operation }) => {
    if (operation !== 'list-tasks') return undefined;
    progress += 1;
    return {
      rewrite: (body) => {
        const { tasks, ...rest } = body as { tasks: { id?: string }[] };
        return { ...rest, tasks: tasks.map((row) => (row.id ? row : { ...row, progress })) };
      },
    };
  };
  const summary = await world.run(onlyTarget(emulator, { service: 'kafka', keepLast: 3 }));
  expect(summary.targets[0]?.instances[0]).toMatchObject({
    outcome: 'failed',
    stoppedBy: 'listing',
  });
  expect(instance.tasks()).toHaveLength(5);
});
