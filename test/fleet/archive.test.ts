import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { archiveOnce } from '../../lib/fleet/archive-once.ts';
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

describe('a call that is killed after it noted what it archived, before its log says so', () => {
  /**
   * Kills the first such call.
   * @param note receives what is noted, and may change it.
   * @param textOf makes the text of that, as it lies in the bucket.
   */
  const killAtNote = (
    note: (document: object) => unknown = (document) => document,
    textOf: (document: unknown) => string = JSON.stringify,
  ) => {
    let isDone = false;
    world.onEffect = (call, effect, when) => {
      if (isDone || when === 'before' || !/^create .*\/archived\//.test(effect)) return;
      isDone = true;
      const key = effect.slice('create '.length);
      const document = JSON.parse(world.bucket.objects.get(key) as string);
      world.bucket.objects.set(key, textOf(note(document)));
      call.kill();
    };
  };

  test('leaves an object that the summary names, beside that of a row that has expired since', async () => {
    const instance = world.emulator.addInstance({ service: 'dcs', tasks: expired(150) });
    killAtNote();
    world.onCall = ({ step }) => {
      if (step === 'Clean' && cleans().length === 2) instance.addTask(expired(1)[0] as never);
    };
    await world.execute();
    expect(archived.map(({ length }) => length)).toEqual([150, 1]);
    expect(world.summary().targets[0]?.instances[0]).toMatchObject({
      ...{ outcome: 'complete', deleted: 151 },
      archive: ['object-1', 'object-2'],
    });
  });

  test.each([
    ['is none', () => null],
    [
      'says where with characters that nobody sees',
      (note: object) => ({ ...note, at: 's3://a/\u001b[31m' }),
    ],
    ['says where in a number', (note: object) => ({ ...note, at: 7 })],
    ['says where in an object', (note: object) => ({ ...note, at: { a: 1 } })],
    ['says a place that is none', (note: object) => ({ ...note, at: 'http://a/b' })],
    ['says where in a megabyte', (note: object) => ({ ...note, at: 'x'.repeat(1_000_000) })],
    ['does not say where', (note: object) => ({ ...note, at: undefined })],
    ['has no digests', (note: object) => ({ ...note, digests: null })],
    ['has digests that are none', (note: object) => ({ ...note, digests: ['x'] })],
    ['says more', (note: object) => ({ ...note, more: 1 })],
  ])('archives the rows again where that note %s', async (_, change) => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(150) });
    killAtNote(change);
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(archived.map(({ length }) => length)).toEqual([150, 150]);
    expect(world.summary().targets[0]?.instances[0]).toMatchObject({
      ...{ deleted: 150, archive: ['object-2'] },
    });
  });

  test('archives the rows again where that note is cut short', async () => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(150) });
    // The bucket is asked for it several times, which takes longer than the other calls here.
    world.timeout = 60_000;
    killAtNote(undefined, (note) => JSON.stringify(note).slice(0, 40));
    expect(await world.execute()).toMatchObject({ output: { outcome: 'complete' } });
    expect(archived.map(({ length }) => length)).toEqual([150, 150]);
    expect(world.summary().targets[0]?.instances[0]).toMatchObject({
      ...{ outcome: 'complete', deleted: 150, archive: ['object-2'] },
    });
  });
});

test('holds no lines: each is made when the archive takes it', async () => {
  const texts = Array.from({ length: 100 }, (_, i) => `{"row":${i}}`);
  let made = 0;
  const lines = {
    *[Symbol.iterator]() {
      made = 0;
      for (const text of texts) {
        made += 1;
        yield text;
      }
    },
  };
  const taken: [string, number][] = [];
  const archive = archiveOnce(
    {
      write: async (_, lines) => {
        for (const line of lines) taken.push([line, made]);
        return 'object';
      },
    },
    world.bucket,
    'archived',
  );
  expect(await archive.write(['one'], lines)).toEqual(['object']);
  expect(taken).toEqual(texts.map((text, index) => [text, index + 1]));
});
