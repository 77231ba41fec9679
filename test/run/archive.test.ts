import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type Archive, ArchiveError } from '../../lib/archive/archive.ts';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/index.ts';
import type { Observer } from '../../lib/run/observer.ts';
import { RowBudget } from '../../lib/task-api/row-budget.ts';
import { useFolder } from '../on-disk.ts';
import { onlyTarget, policyOf, targetOf } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { useWorld } from './world.ts';

const world = useWorld();
const folder = useFolder();
afterEach(() => {
  jest.restoreAllMocks();
});

const archivingTo = (archive: string, fields: object = {}, top: object = {}) =>
  policyOf([targetOf(world.emulator, fields)], { archive, ...top });

/** All lines of the archive, as they are written. */
async function archived(): Promise<string[]> {
  const names = await readdir(folder.path, { recursive: true });
  const files = names.filter((name) => name.endsWith('.jsonl.gz')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder.path, name))));
  return texts.flatMap((bytes) => gunzipSync(bytes).toString().trimEnd().split('\n'));
}

/** An archive that does what a test says. */
const archiveOf = (write: Archive['write']) => ({ openArchive: () => ({ write }) });

test('every record that goes is in the archive first, and the summary says where', async () => {
  const { emulator } = world;
  const kept = [aged(1), aged(2, { status: 'EXECUTING' })];
  emulator.addInstance({ service: 'dcs', name: 'one', tasks: [...expired(250), ...kept] });
  emulator.addInstance({ service: 'dcs', name: 'two', tasks: expired(3) });
  emulator.addInstance({ service: 'dcs', name: 'none', tasks: kept });
  const sent: number[] = [];
  emulator.intercept = async ({ operation }) => {
    if (operation === 'delete-task') sent.push((await archived()).length);
    return undefined;
  };
  const summary = await world.run(archivingTo(folder.path));
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 253 } });
  const lines = (await archived()).map((line) => JSON.parse(line));
  expect(lines.map(({ task }) => task.id).sort()).toEqual(emulator.journal.deletedIds().sort());
  expect(lines[0]).toMatchObject({ runId: 'run-1', target: 'cache', instanceName: 'one' });
  expect(Math.min(...sent)).toBeGreaterThan(0);
  const [one, two, none] = summary.targets[0]?.instances ?? [];
  expect(one?.archive).toEqual([expect.stringMatching(new RegExp(`${one?.id}-1.jsonl.gz$`))]);
  expect(two?.archive).toHaveLength(1);
  expect(none).not.toHaveProperty('archive');
});

test('a row is archived as it came: numbers, text and unknown fields', async () => {
  const { emulator } = world;
  const { id } = expired(1)[0] ?? { id: '' };
  const row = `{"id":${JSON.stringify(id)},"name":"EXTEND","status":"SUCCESS","created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-01T00:00:00Z","big":12345678901234567890,"huge":1e400,"exact":0.1234567890123456789,"one":1.0,"minus":-0,"text":"\\u0000\\ud800 ü 漢 \\"\\\\","nested":{"a":[1,{"b":null}]},"__proto__":{"x":1}}`;
  emulator.addInstance({ service: 'dcs', tasks: [{ ...aged(400), id }] });
  emulator.intercept = ({ operation }) =>
    operation === 'list-tasks'
      ? { status: 200, body: `{"task_count":1,"tasks":[ ${row} ]}`, afterwards: true }
      : undefined;
  await world.run(archivingTo(folder.path));
  const [line = ''] = await archived();
  // Numbers are compared as they are written, since reading them as doubles would hide what was lost.
  expect(line.slice(line.indexOf('"task":') + 7, -1)).toBe(row);
  expect(emulator.journal.deletedIds()).toEqual([id]);
});

test('a page in which a key comes twice is not archived, so nothing goes there', async () => {
  const { emulator } = world;
  emulator.addInstance({ service: 'dcs', tasks: expired(1) });
  const [{ id = '' } = {}] = emulator.instances()[0]?.tasks() ?? [];
  emulator.intercept = ({ operation }) =>
    operation === 'list-tasks'
      ? {
          status: 200,
          body: `{"task_count":1,"tasks":[{"id":"${id}","id":"other","name":"EXTEND","status":"SUCCESS","updated_at":"2025-01-01T00:00:00Z"}]}`,
        }
      : undefined;
  const summary = await world.run(archivingTo(folder.path));
  expect(summary.targets[0]?.instances[0]).toMatchObject({ stoppedBy: 'listing', deleted: 0 });
  expect(emulator.journal.deletes()).toEqual([]);
});

describe('nothing goes', () => {
  test('on an instance whose rows cannot be archived, and the others are cleaned', async () => {
    const { emulator } = world;
    for (const name of ['good', 'bad']) {
      emulator.addInstance({ service: 'dcs', name, tasks: expired(5) });
    }
    const bad = emulator.instances().find(({ name }) => name === 'bad');
    const summary = await world.run(
      archivingTo('anywhere'),
      {},
      archiveOf(async (name) => {
        if (name.at(-1) === bad?.id) throw new ArchiveError('ENOSPC', 'archive: the disk is full');
        return 'there';
      }),
    );
    expect(summary.outcome).toBe('failed');
    expect(summary.targets[0]?.instances).toMatchObject([
      { name: 'good', outcome: 'complete', deleted: 5, archive: ['there'] },
      {
        name: 'bad',
        outcome: 'failed',
        stoppedBy: 'archive',
        deleted: 0,
        remaining: 5,
        errors: [
          {
            code: 'ENOSPC',
            message:
              'the records could not be archived, so none is deleted: archive: the disk is full',
          },
        ],
      },
    ]);
    expect(bad?.tasks()).toHaveLength(5);
  });

  test('where the folder is a file', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(5) });
    const file = await folder.write('file', '');
    const summary = await world.run(archivingTo(file));
    expect(summary.targets[0]?.instances[0]).toMatchObject({ stoppedBy: 'archive', remaining: 5 });
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('and no error shows a secret of the run', async () => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(5) });
    const summary = await world.run(
      archivingTo('anywhere'),
      {},
      archiveOf(async (_, __, { secrets } = {}) => {
        throw new ArchiveError('X', `it got ${secrets?.conceal(DEMO_ACCESS_KEY.secretKey)}`);
      }),
    );
    expect(summary.targets[0]?.instances[0]?.errors[0]?.message).toMatch(/: it got \[secret\]$/);
  });

  test('where the archive fails by a defect of its own', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(5) });
    const summary = await world.run(
      archivingTo('anywhere'),
      {},
      archiveOf(async () => {
        throw new TypeError('x is not a function');
      }),
    );
    expect(summary.targets[0]?.instances[0]).toMatchObject({ stoppedBy: 'archive', remaining: 5 });
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('where the archive does not answer before time is up, and nothing went wrong', async () => {
    const { emulator, clock } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(5) });
    const summary = await world.run(
      archivingTo('anywhere'),
      {},
      { ...archiveOf(() => new Promise(() => {})), deadline: clock.monotonic() + 60_000 },
    );
    expect(summary.targets[0]?.instances[0]).toMatchObject({
      outcome: 'incomplete',
      stoppedBy: 'deadline',
      remaining: 5,
    });
    expect(emulator.journal.deletes()).toEqual([]);
  });
});

test.each([
  ['in a dry run', {}, { dryRun: true }],
  ['where a limit trips', { limits: { deletions: 1 } }, {}],
])('nothing is archived %s', async (_, fields, request) => {
  world.emulator.addInstance({ service: 'dcs', tasks: expired(5) });
  const writing = archiveOf(async () => {
    throw new Error('archived');
  });
  const summary = await world.run(archivingTo('anywhere', fields), request, writing);
  expect(summary.targets[0]?.instances[0]).toMatchObject({ remaining: 5, errors: [] });
});

test('a second run adds its own object and writes over none', async () => {
  const { emulator } = world;
  emulator.addInstance({ service: 'dcs', tasks: expired(5) });
  emulator.faults.deleteFails = { every: 1, once: false };
  const policy = archivingTo(folder.path);
  const [first, second] = [await world.run(policy), await world.run(policy)];
  const places = [first, second].map(({ targets }) => targets[0]?.instances[0]?.archive?.[0]);
  expect(places).toEqual([
    expect.stringMatching(/-1\.jsonl\.gz$/),
    expect.stringMatching(/-2\.jsonl\.gz$/),
  ]);
  expect(await archived()).toHaveLength(10);
});

test('without an archive nothing is opened', async () => {
  world.emulator.addInstance({ service: 'dcs', tasks: expired(1) });
  const summary = await world.run(
    onlyTarget(world.emulator),
    {},
    {
      openArchive: () => {
        throw new Error('opened');
      },
    },
  );
  expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 1 } });
});

test.each([
  ['has not taken yet count', 'archived', { outcome: 'failed', stoppedBy: 'listing', deleted: 0 }],
  ['has do not count', 'deleted', { outcome: 'complete', deleted: 40 }],
])('rows that the archive %s towards what lists may hold', async (_, until, end) => {
  const { emulator } = world;
  const budget = new RowBudget(1_000, 4 * 20_000);
  const { open } = RowBudget.prototype;
  jest
    .spyOn(RowBudget.prototype, 'open')
    .mockImplementation((besides) => open.call(budget, besides));
  const add = (name: string) =>
    emulator.addInstance({ service: 'dcs', name, tasks: expired(40) }).id;
  const [one, two] = [add('one'), add('two')];
  const [reached, second] = [gate(), gate()];
  emulator.intercept = async ({ operation, instanceId }) => {
    if (operation === 'delete-task') reached.open();
    if (operation === 'list-tasks' && instanceId === two) await reached.opened;
    return undefined;
  };
  const archive = archiveOf(async (name) => {
    if (name.at(-1) === two) second.open();
    else if (until === 'archived') {
      reached.open();
      await second.opened;
    }
    return 'somewhere';
  });
  const observer: Observer = {
    instanceDone: (_, { id }) => {
      if (id === two) second.open();
    },
  };
  const { targets } = await world.run(archivingTo(folder.path), {}, { ...archive, observer });
  expect(targets[0]?.instances.map(({ id }) => id)).toEqual([one, two]);
  expect(targets[0]?.instances).toMatchObject([{ outcome: 'complete', deleted: 40 }, end]);
});

function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
