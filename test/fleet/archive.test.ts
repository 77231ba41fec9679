import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { expired } from '../records.ts';
import { type FleetWorld, startFleet } from './fleet-world.ts';

let world: FleetWorld;
/** The ids in the archive, object by object. */
let archived: string[][];
beforeEach(async () => {
  archived = [];
  world = await startFleet([{ name: 'cache', requests: { concurrency: 1 } }]);
  world.settings = { archiveTo: { folder: 'anywhere' } };
  world.openArchive = () => ({
    write: async (_, lines) => {
      archived.push([...lines].map((line) => JSON.parse(line).task.id));
      return `object-${archived.length}`;
    },
  });
  // So that a fleet needs several calls.
  world.timeout = 21_000;
  world.emulator.intercept = async (entry) => {
    if (entry.operation === 'delete-task') await world.delay(entry, 200);
    return undefined;
  };
});
afterEach(() => world.close());

const cleans = () => world.calls.filter(({ step }) => step === 'Clean');

test('a fleet that needs several calls archives every row once, before it goes', async () => {
  const { emulator } = world;
  emulator.addInstance({ service: 'dcs', tasks: expired(250) });
  await world.execute();
  expect(cleans().length).toBeGreaterThan(1);
  expect(archived).toHaveLength(1);
  expect(archived[0]?.sort()).toEqual(emulator.journal.deletedIds().sort());
  expect(new Set(archived[0]).size).toBe(250);
  const [instance] = world.summary().targets[0]?.instances ?? [];
  expect(instance).toMatchObject({ deleted: 250, archive: ['object-1'] });
});

test('a row that has expired since an earlier call is archived in an object of its own', async () => {
  const instance = world.emulator.addInstance({ service: 'dcs', tasks: expired(250) });
  const late = expired(1);
  world.onCall = ({ step }) => {
    if (step === 'Clean' && cleans().length === 2) {
      for (const row of late.splice(0)) instance.addTask(row);
    }
  };
  const [{ id = '' } = {}] = late;
  await world.execute();
  expect(archived.map(({ length }) => length)).toEqual([250, 1]);
  expect(archived[1]).toEqual([id]);
  expect(world.summary().targets[0]?.instances[0]).toMatchObject({
    deleted: 251,
    archive: ['object-1', 'object-2'],
  });
});

test('where the bucket cannot tell what is archived, nothing goes', async () => {
  world.emulator.addInstance({ service: 'dcs', tasks: expired(5) });
  world.bucket.trouble = (operation, key) =>
    operation === 'list' && key.includes('/archived/') ? 'error before' : undefined;
  await world.execute();
  expect(archived).toEqual([]);
  expect(world.emulator.journal.deletes()).toEqual([]);
  expect(world.summary().targets[0]?.instances[0]).toMatchObject({
    outcome: 'failed',
    deleted: 0,
    remaining: 5,
  });
});

test('where the archive never answers, nothing goes, and the summary says that it was the archive', async () => {
  world.emulator.addInstance({ service: 'dcs', tasks: expired(5) });
  world.openArchive = () => ({ write: () => new Promise<never>(() => {}) });
  expect((await world.execute()).error?.name).toBe('RunFailedError');
  expect(world.emulator.journal.deletes()).toEqual([]);
  expect(world.summary().targets[0]?.instances[0]).toMatchObject({
    ...{ outcome: 'failed', stoppedBy: 'archive', remaining: 5 },
    errors: [{ message: expect.stringContaining('not in the archive when a whole call') }],
  });
});
