import { expect, test } from '@jest/globals';
import type { Interception, TaskRow } from '../../lib/emulator/index.ts';
import { onlyTarget } from '../policies.ts';
import { expired } from '../records.ts';
import { useWorld } from './world.ts';

const world = useWorld();

/**
 * An instance whose records fail once each, so many of them, and one record, returned, whose DELETEs
 * fail as told: `fate` is asked with their number, from 1.
 */
function flaky(others: number, fate: (attempt: number) => Interception | undefined): TaskRow {
  const { emulator } = world;
  const tasks = expired(others + 1);
  emulator.addInstance({ service: 'dcs', tasks });
  const [unlucky] = tasks as [TaskRow];
  emulator.intercept = ({ operation, taskId }) => {
    if (operation !== 'delete-task') return undefined;
    const attempt = emulator.journal.count({ operation, taskId });
    if (taskId === unlucky.id) return fate(attempt);
    return attempt === 1 ? { status: 500, body: {} } : undefined;
  };
  return unlucky;
}

const attemptsFor = ({ id }: TaskRow) =>
  world.emulator.journal.count({ operation: 'delete-task', taskId: id });

test('a record that had bad luck five times is tried again where errors come by chance', async () => {
  const unlucky = flaky(20, (attempt) => (attempt <= 5 ? { status: 500, body: {} } : undefined));
  const summary = await world.run(onlyTarget(world.emulator));
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 21, failed: 0 } });
  expect(summary.targets[0]?.instances[0]?.errors).toEqual([]);
  expect(attemptsFor(unlucky)).toBe(6);
});

test('a record that was deleted by an attempt of the first round is deleted by us', async () => {
  flaky(20, (attempt) =>
    attempt <= 5 ? { status: 500, body: {}, afterwards: attempt === 1 } : undefined,
  );
  const summary = await world.run(onlyTarget(world.emulator));
  expect(summary).toMatchObject({
    outcome: 'complete',
    totals: { deleted: 21, alreadyGone: 0, failed: 0 },
  });
});

test('there is one second round, and what fails then has failed', async () => {
  const unlucky = flaky(20, () => ({ status: 500, body: {} }));
  const summary = await world.run(onlyTarget(world.emulator));
  expect(summary).toMatchObject({ outcome: 'failed', totals: { deleted: 20, failed: 1 } });
  expect(attemptsFor(unlucky)).toBe(10);
});

test('there is none where most of what failed did not recover', async () => {
  const unlucky = flaky(2, () => ({ status: 500, body: {} }));
  const summary = await world.run(onlyTarget(world.emulator));
  expect(summary).toMatchObject({ outcome: 'failed', totals: { deleted: 2, failed: 1 } });
  expect(attemptsFor(unlucky)).toBe(5);
});
