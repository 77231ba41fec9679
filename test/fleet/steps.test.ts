import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openArchive } from '../../lib/archive/open-archive.ts';
import { DEMO_ACCESS_KEY, DEMO_REGION, type Emulator } from '../../lib/emulator/index.ts';
import { type CleanAnswer, cleanStep } from '../../lib/fleet/clean-step.ts';
import type { ObjectStore } from '../../lib/fleet/object-store.ts';
import { prepareStep } from '../../lib/fleet/prepare-step.ts';
import type { Round } from '../../lib/fleet/round.ts';
import type { StepDependencies } from '../../lib/fleet/step.ts';
import { summariseStep } from '../../lib/fleet/summarise-step.ts';
import type { FleetItem } from '../../lib/fleet/worklist.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { type Observer, observeAll } from '../../lib/run/observer.ts';
import type { Measurements, Publish } from '../../lib/telemetry/metrics.ts';
import { metricsObserver } from '../../lib/telemetry/metrics-observer.ts';
import type { FakeClock } from '../fake-clock.ts';
import { policyOf, targetOf } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { expectToAddUp, startWorld } from '../run/world.ts';

/** Of AWS, for the input and output of a state. */
const MAX_PAYLOAD = 256 * 1024;

let emulator: Emulator;
let clock: FakeClock;
let close: () => Promise<void>;
let objects: Map<string, string>;
let dependencies: StepDependencies;
let seen: string[];
let published: { target: string; values: Measurements }[];
beforeEach(async () => {
  const world = await startWorld();
  ({ clock, emulator, close } = world);
  objects = new Map();
  seen = [];
  published = [];
  const store: ObjectStore = {
    read: async (key) => {
      const text = objects.get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    write: async (key, value) => {
      objects.set(key, JSON.stringify(value));
    },
  };
  dependencies = {
    settings: {
      policyFile: 'retention.yml',
      stopBeforeEnd: undefined,
      maxConcurrency: undefined,
      dryRun: undefined,
      bucket: 'fleet',
      instancesAtOnce: 4,
    },
    policyText: textOf([{ name: 'cache' }]),
    store,
    clock,
    random: () => 0.5,
    openArchive,
    transport: world.transport,
    credentials: () => ({ name: 'the test', read: async () => DEMO_ACCESS_KEY }),
    observe: () => ({}),
    observeSummary: (_, options) => {
      const watcher: Observer = {
        targetFailed: ({ name }) => seen.push(`${name} failed`),
        done: ({ outcome }) => seen.push(`${outcome}${options.routine ? ', routine' : ''}`),
      };
      const publish: Publish = ({ target = 'all' }, values) => published.push({ target, values });
      return observeAll([watcher, metricsObserver(publish, options)]);
    },
  };
});
afterEach(() => close());

const textOf = (targets: readonly object[]) =>
  JSON.stringify(policyOf(targets.map((fields) => targetOf(emulator, fields))));

const prepare = (event: unknown = {}) =>
  prepareStep({ id: 'run-1', startedAt: new Date(clock.now()).toISOString(), event }, dependencies);

const itemsOf = (key: string): FleetItem[] => JSON.parse(objects.get(key) ?? '[]');

/** Cleans all instances of a round, one after the other, as the state machine does at the same time. */
async function cleanAll({ run, round, endpoints }: Round): Promise<CleanAnswer[]> {
  const answers: CleanAnswer[] = [];
  for (const { items, share } of endpoints) {
    for (const item of itemsOf(items)) {
      const message = { run, round, share, item };
      answers.push(await cleanStep(message, dependencies));
    }
  }
  return answers;
}

const summariseRound = ({ run, round }: Round) => summariseStep({ run, round }, dependencies);
function summaryOf(round: number): Summary {
  const summary = JSON.parse(objects.get(`runs/run-1/summary-${round}.json`) ?? 'null');
  expectToAddUp(summary);
  return summary;
}

const add = (name: string, records: number) =>
  emulator.addInstance({ service: 'dcs', name, tasks: [...expired(records), aged(1)] });

describe('a run of a fleet', () => {
  test('deletes what a run of one function would, and reports it in the same shape', async () => {
    add('a', 3);
    add('b', 0);
    const round = await prepare();
    expect(round).toMatchObject({
      run: { id: 'run-1', startedAt: clock.now(), dryRun: false, event: {} },
      round: 0,
      endpoints: [
        { items: 'runs/run-1/items/0-0.json', instancesAtOnce: 2, share: { concurrency: 4 } },
      ],
    });
    expect(await cleanAll(round)).toEqual([
      { again: false, outcome: 'complete', message: '3 expired, 3 deleted' },
      { again: false, outcome: 'complete', message: '0 expired, 0 deleted' },
    ]);
    const answer = await summariseRound(round);
    const summary = summaryOf(0);
    expect(summary).toMatchObject({
      schemaVersion: 1,
      runId: 'run-1',
      trigger: 'fleet',
      outcome: 'complete',
      totals: { targets: 1, instances: 2, listed: 5, kept: 2, deleted: 3 },
      requests: { sent: emulator.journal.all().length },
    });
    const { targets: _, warnings: __, ...end } = summary;
    expect(answer).toEqual({ again: false, ...end, key: 'runs/run-1/summary-0.json' });
    expect(seen).toEqual(['complete, routine']);
  });

  test('cleans each project of a target by the name that a run finds it under', async () => {
    emulator.projects.push({ id: '0b01fbb53600d4671fa8c00673c71262', name: `${DEMO_REGION}_team` });
    add('a', 3);
    emulator.addInstance({
      service: 'dcs',
      projectId: '0b01fbb53600d4671fa8c00673c71262',
      tasks: expired(2),
    });
    const { projectId: _, ...target } = targetOf(emulator, {
      service: ['dcs', 'kafka'],
      projects: ['*'],
    }) as { projectId: string };
    dependencies = { ...dependencies, policyText: JSON.stringify(policyOf([target])) };
    const round = await prepare();
    await cleanAll(round);
    await summariseRound(round);
    const { outcome, totals, targets } = summaryOf(0);
    expect(outcome).toBe('complete');
    expect(totals.deleted).toBe(5);
    const names = ['dcs', 'kafka'].flatMap((service) =>
      [DEMO_REGION, `${DEMO_REGION}_team`].map((project) => `cache/${service}/${project}`),
    );
    expect(targets.map(({ name }) => name)).toEqual(names);
    expect(published.map(({ target: name }) => name)).toEqual([...names, 'all']);
  });

  test.each(['2026-11-24T03:30:00.250+00:00', '2026-11-24T05:30:00.250+02:00'])(
    'begins at the time that the state machine says, also as %s',
    async (startedAt) => {
      const { run } = await prepareStep({ id: 'run-1', startedAt, event: {} }, dependencies);
      expect(run.startedAt).toBe(Date.parse('2026-11-24T03:30:00.250Z'));
    },
  );

  test('goes by its event in every step', async () => {
    const { id, tasks } = add('a', 3);
    add('b', 3);
    const first = tasks().at(-1);
    const taskIds = [first?.id as string, 'not-there'];
    const round = await prepare({ instances: ['a'], taskIds });
    await cleanAll(round);
    await summariseRound(round);
    expect(emulator.journal.deletedIds()).toEqual([first?.id]);
    expect(summaryOf(0)).toMatchObject({
      totals: { instances: 1, deleted: 1 },
      targets: [{ instances: [{ id }] }],
      warnings: ['no instance of this run lists task not-there'],
    });
    expect(seen).toEqual(['complete']);
  });

  test.each([
    ['the event', { event: { dryRun: true } }],
    ['the deployment', { settings: { dryRun: true } }],
  ])(
    'deletes nothing where %s says so',
    async (_, {
      event = {},
      settings = {},
    }: {
      event?: object;
      settings?: object;
    }) => {
      dependencies = { ...dependencies, settings: { ...dependencies.settings, ...settings } };
      add('a', 3);
      const round = await prepare(event);
      await cleanAll(round);
      await summariseRound(round);
      expect(emulator.journal.deletes()).toEqual([]);
      expect(summaryOf(0)).toMatchObject({ dryRun: true, totals: { expired: 3, remaining: 3 } });
    },
  );

  test('has one moment, however long it takes', async () => {
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: [aged(29.9), aged(31)] });
    const round = await prepare();
    await clock.advance(86_400_000);
    await cleanAll(round);
    await summariseRound(round);
    expect(summaryOf(0).totals).toMatchObject({ kept: 1, deleted: 1 });
  });

  test('deletes nothing once another policy has been deployed', async () => {
    add('a', 3);
    const round = await prepare();
    dependencies = { ...dependencies, policyText: textOf([{ name: 'cache', keepFor: '1d' }]) };
    await expect(cleanAll(round)).rejects.toThrow('another policy was deployed after run run-1');
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('without any instance is complete', async () => {
    const round = await prepare();
    expect(round.endpoints).toEqual([]);
    await summariseRound(round);
    expect(summaryOf(0)).toMatchObject({ outcome: 'complete', totals: { instances: 0 } });
  });
});

describe('what goes wrong', () => {
  test('on one instance fails the run, after its summary is written', async () => {
    add('a', 3);
    const { id } = add('b', 1);
    emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id ? { status: 400 } : undefined;
    const round = await prepare();
    const answers = await cleanAll(round);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['complete', 'failed']);
    await expect(summariseRound(round)).rejects.toThrow('run failed: 2 instances');
    expect(summaryOf(0).totals).toMatchObject({ deleted: 3, failed: 1 });
    expect(seen).toEqual(['failed, routine']);
  });

  test('is repeated by a redrive: the failed instances, and no others', async () => {
    add('a', 3);
    const { id } = add('b', 2);
    const failing = { status: 400 };
    emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id ? failing : undefined;
    const round = await prepare();
    await cleanAll(round);
    await expect(summariseRound(round)).rejects.toThrow('run failed');
    const again = (await summariseRound(round)) as Round & { again: boolean };
    expect(again).toMatchObject({ again: true, round: 1, run: round.run });
    expect(again.endpoints.flatMap(({ items }) => itemsOf(items))).toMatchObject([{ id }]);
    emulator.intercept = undefined;
    await cleanAll(again);
    await summariseRound(again);
    expect(summaryOf(1)).toMatchObject({ outcome: 'complete', totals: { deleted: 5, failed: 0 } });
    expect(seen).toEqual(['failed, routine', 'complete, routine']);
  });

  test('tells people once, whether a step is repeated or the run is redriven', async () => {
    const letters: string[] = [];
    const sendLetter = async ({ outcome }: Summary) => {
      letters.push(outcome);
    };
    dependencies = { ...dependencies, sendLetter };
    const { id } = add('b', 2);
    emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id ? { status: 400 } : undefined;
    const round = await prepare();
    await cleanAll(round);
    await expect(summariseRound(round)).rejects.toThrow('run failed');
    emulator.intercept = undefined;
    const again = (await summariseRound(round)) as Round;
    await cleanAll(again);
    await summariseRound(again);
    await summariseRound(again);
    expect(letters).toEqual(['failed']);
  });

  test('is counted once by the metrics, however often it is repeated', async () => {
    add('a', 3);
    const { id } = add('b', 2);
    emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === id ? { status: 400 } : undefined;
    const round = await prepare();
    await cleanAll(round);
    await expect(summariseRound(round)).rejects.toThrow('run failed');
    emulator.intercept = undefined;
    const again = (await summariseRound(round)) as Round;
    await cleanAll(again);
    await summariseRound(again);
    const [first, firstAll, then, thenAll] = published;
    expect(published.map(({ target }) => target)).toEqual(['cache', 'all', 'cache', 'all']);
    expect(first?.values).toMatchObject({ deleted: 3, failed: 2, kept: 2, expired: 5 });
    expect(then?.values).toMatchObject({ deleted: 2, failed: 0, kept: 2, expired: 5 });
    for (const name of ['requests', 'throttled', 'alreadyGone'] as const) {
      const total = (first?.values[name] as number) + (then?.values[name] as number);
      const asked = emulator.journal.all().length;
      expect([name, total]).toEqual([name, name === 'requests' ? asked : 0]);
    }
    expect(firstAll?.values).toMatchObject({ runFailed: 1, runFinished: 1, duration: 0 });
    expect(thenAll?.values).toMatchObject({ runFailed: 0, runFinished: 1 });
    expect(thenAll?.values).not.toHaveProperty('duration');
  });

  test('with a target as a whole ends it for the instances after', async () => {
    for (const name of ['a', 'b', 'c']) add(name, 2);
    const round = await prepare();
    emulator.intercept = ({ operation }) =>
      operation === 'delete-task'
        ? { status: 403, body: { error_code: 'APIGW.0310', error_msg: 'not available' } }
        : undefined;
    const answers = await cleanAll(round);
    for (const answer of answers) {
      expect(answer).toMatchObject({ again: false, outcome: 'failed' });
      expect(answer.message).toContain('dcs:instance:deleteBackgroundTask');
    }
    expect(emulator.journal.count({ operation: 'list-tasks' })).toBe(1);
    await expect(summariseRound(round)).rejects.toThrow('run failed');
    expect(summaryOf(0).targets).toMatchObject([
      { outcome: 'failed', error: { code: 'forbidden' } },
    ]);
    expect(seen).toEqual(['cache failed', 'failed, routine']);
  });

  test('with a target as a whole is forgotten by the next round', async () => {
    add('a', 2);
    add('b', 2);
    const round = await prepare();
    emulator.faults.deny = ['delete-task'];
    await cleanAll(round);
    await expect(summariseRound(round)).rejects.toThrow('run failed');
    emulator.faults.deny = [];
    const again = (await summariseRound(round)) as Round;
    await cleanAll(again);
    await summariseRound(again);
    expect(summaryOf(1)).toMatchObject({ outcome: 'complete', totals: { deleted: 4 } });
    expect(summaryOf(1).targets[0]?.error).toBeUndefined();
  });

  test('in finding a target’s instances fails the run, and cleans the other targets', async () => {
    dependencies = {
      ...dependencies,
      policyText: textOf([{ name: 'cache' }, { name: 'other', projectId: 'unknown' }]),
    };
    add('a', 2);
    const round = await prepare();
    await cleanAll(round);
    await expect(summariseRound(round)).rejects.toThrow('other: ');
    expect(summaryOf(0)).toMatchObject({
      totals: { deleted: 2 },
      targets: [{ outcome: 'complete' }, { name: 'other', outcome: 'failed', instances: [] }],
    });
  });

  test('before a function could write a result is a failure of its instance', async () => {
    add('a', 2);
    const round = await prepare();
    await expect(summariseRound(round)).rejects.toThrow('nothing is known of it');
    expect(summaryOf(0).targets[0]?.instances).toMatchObject([
      { name: 'a', outcome: 'failed', stoppedBy: 'unavailable', errors: [{ code: 'no-result' }] },
    ]);
    const again = (await summariseRound(round)) as Round;
    await cleanAll(again);
    await summariseRound(again);
    expect(summaryOf(1)).toMatchObject({ outcome: 'complete', totals: { deleted: 2 } });
  });

  test.each([
    ['prepare', () => prepareStep({ event: {} }, dependencies)],
    ['clean', () => cleanStep({}, dependencies)],
    ['summarise', () => summariseStep({ run: {} }, dependencies)],
  ])('in calling the function %s by hand is said, and nothing is done', async (_, call) => {
    await expect(call()).rejects.toThrow(/not called as the state machine calls it.*cleanup/);
    expect(emulator.journal.all()).toEqual([]);
  });

  test.each([
    ['event', { event: { keepfor: '1d' } }, 'keepfor'],
    ['target', { event: { targets: ['nope'] } }, 'unknown target "nope"'],
  ])('in the %s is said by the first step, and nothing is done', async (_, { event }, message) => {
    await expect(prepare(event)).rejects.toThrow(message);
    expect(emulator.journal.all()).toEqual([]);
  });
});

test('what passes between the states of 10,000 instances stays within the limits of AWS', async () => {
  const targets = Array.from({ length: 20 }, (_, i) => ({
    name: `target-${i}`,
    projectId: `project-${i}`,
  }));
  dependencies = { ...dependencies, policyText: textOf(targets) };
  for (let i = 0; i < 10_000; i += 1) {
    emulator.addInstance({ service: 'dcs', name: `cache-${i}`, projectId: `project-${i % 20}` });
  }
  const round = await prepare();
  expect(round.endpoints.flatMap(({ items }) => itemsOf(items))).toHaveLength(10_000);
  const failing = summariseRound(round);
  await expect(failing).rejects.toThrow('10000 instances');
  const error = await failing.catch((reason: Error) => reason.message);
  const again = await summariseRound(round);
  for (const payload of [round, error, again]) {
    expect(JSON.stringify(payload).length).toBeLessThan(MAX_PAYLOAD / 20);
  }
});
