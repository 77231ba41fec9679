import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEMO_PROJECT_ID, type Emulator, startEmulator, task } from '../../lib/emulator/index.ts';
import { Journal, type JournalEntry } from '../../lib/emulator/journal.ts';
import { call, tasksPath } from './signed-client.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator({ now: () => 1_735_787_045_000 });
});
afterEach(() => emulator.close());

const at = 1_735_787_045_000;

test('an entry tells what was asked and what was answered', async () => {
  const instance = emulator.addInstance({ service: 'rabbitmq', tasks: [task()] });
  const [id] = instance.taskIds() as [string];
  const path = `${tasksPath(instance)}/${id}`;
  await call(emulator, 'DELETE', `${path}?x=a%20b&y`, { at, headers: { 'x-mark': 'M' } });
  expect(emulator.journal.all()).toEqual([
    {
      method: 'DELETE',
      path,
      query: { x: 'a b', y: '' },
      headers: expect.objectContaining({ 'x-mark': 'M', authorization: expect.any(String) }),
      body: '',
      operation: 'delete-task',
      service: 'rabbitmq',
      projectId: DEMO_PROJECT_ID,
      instanceId: instance.id,
      taskId: id,
      at,
      status: 204,
      deleted: true,
    },
  ]);
});

test('entries are counted and found by values or by a function', async () => {
  const path = `/v2/${DEMO_PROJECT_ID}/instances`;
  await call(emulator, 'GET', path, { at });
  await call(emulator, 'GET', `${path}?engine=kafka`, { at });
  await call(emulator, 'GET', '/nowhere', { at });
  const { journal } = emulator;
  expect(journal.count()).toBe(3);
  expect(journal.count({ operation: 'list-instances' })).toBe(2);
  expect(journal.count({ operation: 'list-instances', service: 'kafka' })).toBe(1);
  expect(journal.count(({ status }) => status === 404)).toBe(1);
  expect(journal.filter({ errorCode: 'APIGW.0101' })).toMatchObject([{ path: '/nowhere' }]);
  journal.clear();
  expect(journal.all()).toEqual([]);
});

test('the peak of requests in flight is known', async () => {
  const path = `/v2/${DEMO_PROJECT_ID}/instances`;
  const waiting: (() => void)[] = [];
  emulator.intercept = () =>
    new Promise((resolve) => {
      waiting.push(() => resolve(undefined));
      if (waiting.length === 3) for (const proceed of waiting) proceed();
    });
  await Promise.all([1, 2, 3].map(() => call(emulator, 'GET', path, { at })));
  expect(emulator.journal.peakInFlight).toBe(3);
  expect(emulator.journal.inFlight).toBe(0);
});

test('a bounded journal keeps the newest', () => {
  const journal = new Journal(2);
  for (const path of ['/1', '/2', '/3', '/4', '/5']) {
    journal.open({ path } as JournalEntry);
  }
  const paths = journal.all().map(({ path }) => path);
  expect(paths.slice(-2)).toEqual(['/4', '/5']);
  expect(paths.length).toBeLessThan(4);
});
