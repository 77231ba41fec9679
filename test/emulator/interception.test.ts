import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  type EmulatedInstance,
  type Emulator,
  startEmulator,
  task,
} from '../../lib/emulator/index.ts';
import { call, signedHeaders, tasksPath } from './signed-client.ts';

let emulator: Emulator;
let instance: EmulatedInstance;
beforeEach(async () => {
  emulator = await startEmulator();
  instance = emulator.addInstance({ service: 'dcs', tasks: [task(), task()] });
});
afterEach(() => emulator.close());

const list = () => call(emulator, 'GET', tasksPath(instance));
const remove = (id: string) => call(emulator, 'DELETE', `${tasksPath(instance)}/${id}`);

test('an interceptor that returns nothing changes nothing, but may change the estate', async () => {
  emulator.intercept = (entry, { instances }) => {
    if (entry.operation === 'list-tasks') instances()[0]?.addTask(task({ id: 'new' }));
    return undefined;
  };
  const reply = await list();
  expect(reply.json).toMatchObject({ task_count: 3, tasks: [{ id: 'new' }, {}, {}] });
});

test('a status replaces the service, which does nothing', async () => {
  const [id] = instance.taskIds() as [string];
  const body = { error_code: 'DCS.4026', error_msg: 'busy' };
  emulator.intercept = () => ({ status: 409, body, headers: { 'retry-after': '3' } });
  const reply = await remove(id);
  expect(reply).toMatchObject({ status: 409, json: body });
  expect(reply.headers.get('retry-after')).toBe('3');
  expect(instance.taskIds()).toContain(id);
  expect(emulator.journal.all()).toMatchObject([{ status: 409, errorCode: 'DCS.4026' }]);
});

test('a status can come after the work is done', async () => {
  const [id] = instance.taskIds() as [string];
  emulator.intercept = async () => ({ status: 504, afterwards: true });
  expect(await remove(id)).toMatchObject({ status: 504, text: '' });
  expect(instance.taskIds()).not.toContain(id);
  expect(emulator.journal.deletedIds()).toEqual([id]);
});

test('a body can be replaced or rewritten under the true status', async () => {
  emulator.intercept = () => ({ body: { tasks: null } });
  expect(await list()).toMatchObject({
    status: 200,
    text: '{"tasks":null}',
  });
  emulator.intercept = () => ({ rewrite: (body) => ({ ...(body as object), more: true }) });
  expect((await list()).json).toMatchObject({ task_count: 2, more: true });
});

test('an interception goes before the named faults', async () => {
  emulator.faults.resets = { every: 1 };
  emulator.intercept = () => ({ status: 418 });
  expect((await list()).status).toBe(418);
});

test('an interceptor that throws is seen as a defect of the test, not of the cloud', async () => {
  emulator.intercept = () => {
    throw new Error('oops');
  };
  const path = tasksPath(instance);
  const headers = signedHeaders(emulator, 'GET', path);
  const response = await fetch(`${emulator.url}${path}`, { headers });
  expect(response.status).toBe(599);
  expect(await response.text()).toContain('oops');
  expect(emulator.journal.inFlight).toBe(0);
});
