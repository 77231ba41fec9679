import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEMO_PROJECT_ID,
  type EmulatedInstance,
  type Emulator,
  type ServiceName,
  startEmulator,
  TASK_NOT_FOUND_CODE,
  task,
} from '../../lib/emulator/index.ts';
import { call, type Reply, tasksPath } from './signed-client.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

const services = ['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq'] as const;
const absentId = '0123456789abcdef0123456789abcdef';

function instanceOf(service: ServiceName, rows: unknown[] = [task()]): EmulatedInstance {
  return emulator.addInstance({ service, tasks: rows });
}

function pathOf(instance: EmulatedInstance, taskId: string): string {
  return `${tasksPath(instance)}/${encodeURIComponent(taskId)}`;
}

function remove(instance: EmulatedInstance, taskId: string): Promise<Reply> {
  return call(emulator, 'DELETE', pathOf(instance, taskId));
}

function codes(family: 'dcs' | 'dms'): Record<string, string> {
  return family === 'dcs'
    ? { instance: 'DCS.3022', badInstance: 'DCS.4061', badTask: 'DCS.4070', method: 'DCS.5001' }
    : {
        instance: 'DMS.00404022',
        badInstance: 'DMS.00400061',
        badTask: 'DMS.00400070',
        method: 'DMS.00405001',
      };
}

describe.each(services)('DELETE on %s', (service) => {
  const isDcs = service.startsWith('dcs');
  const code = codes(isDcs ? 'dcs' : 'dms');

  test('removes the record and nothing else, with the success of the service', async () => {
    const instance = instanceOf(service, [task(), task(), task()]);
    const [first, second, third] = instance.taskIds() as [string, string, string];
    const reply = await remove(instance, second);
    expect(reply.status).toBe(isDcs ? 200 : 204);
    expect(reply.text).toBe(service === 'dcs' ? '{"message":""}' : '');
    expect(instance.taskIds()).toEqual([first, third]);
    expect(emulator.journal.deletedIds()).toEqual([second]);
  });

  test('of an unknown task is 404 with a code that no client can know', async () => {
    const reply = await remove(instanceOf(service), absentId);
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({ error_code: TASK_NOT_FOUND_CODE });
    expect('error_ext_msg' in (reply.json as object)).toBe(isDcs);
  });

  test('of an unknown task can be 400 or 204', async () => {
    const instance = instanceOf(service);
    emulator.switches.taskNotFound = 400;
    expect(await remove(instance, absentId)).toMatchObject({
      status: 400,
      json: { error_code: TASK_NOT_FOUND_CODE },
    });
    emulator.switches.taskNotFound = 204;
    expect(await remove(instance, absentId)).toMatchObject({ status: 204, text: '' });
    expect(emulator.journal.deletedIds()).toEqual([]);
  });

  test('a second time finds nothing', async () => {
    const instance = instanceOf(service);
    const [id] = instance.taskIds() as [string];
    await remove(instance, id);
    expect((await remove(instance, id)).status).toBe(404);
    expect(emulator.journal.count({ operation: 'delete-task', deleted: true })).toBe(1);
  });

  test('of a task of another instance finds nothing and removes nothing', async () => {
    const instance = instanceOf(service);
    const other = instanceOf(service);
    const [id] = other.taskIds() as [string];
    expect((await remove(instance, id)).status).toBe(404);
    expect(other.taskIds()).toEqual([id]);
  });

  test('of an unknown instance is 404 with the service’s code', async () => {
    const instance = instanceOf(service);
    const gone = { ...instance, id: '00000000-0000-0000-0000-000000000000' };
    emulator.removeInstance(instance.id);
    const reply = await remove(instance, absentId);
    expect(reply).toMatchObject({ status: 404, json: { error_code: code.instance } });
    instanceOf(service);
    expect(await remove(gone, absentId)).toMatchObject({ json: { error_code: code.instance } });
  });

  test('with an id of another form is 400', async () => {
    const instance = instanceOf(service);
    expect(await remove(instance, 'not-a-task')).toMatchObject({
      status: 400,
      json: { error_code: code.badTask },
    });
    expect(await remove({ ...instance, id: 'not-a-uuid' }, absentId)).toMatchObject({
      status: 400,
      json: { error_code: code.badInstance },
    });
  });

  test('of an id with characters that need encoding works', async () => {
    const instance = instanceOf(service, [task({ id: 'a/b c%+ü' })]);
    expect((await remove(instance, 'a/b c%+ü')).status).toBeLessThan(300);
    expect(instance.taskIds()).toEqual([]);
  });

  test('with a body is refused as the gateway would, and recorded', async () => {
    const instance = instanceOf(service);
    const [id] = instance.taskIds() as [string];
    const reply = await call(emulator, 'DELETE', pathOf(instance, id), { body: '{}' });
    expect(reply).toMatchObject({ status: 401, json: { error_code: 'APIGW.0301' } });
    expect(instance.taskIds()).toEqual([id]);
    expect(emulator.journal.deletes()).toMatchObject([{ body: '{}', deleted: false }]);
  });

  test('of a row that stays leaves it with status DELETED, and finds nothing again', async () => {
    emulator.switches.deletedRows = 'stay';
    const instance = instanceOf(service);
    const [id] = instance.taskIds() as [string];
    expect((await remove(instance, id)).status).toBeLessThan(300);
    expect(instance.tasks()).toMatchObject([{ id, status: 'DELETED' }]);
    expect((await remove(instance, id)).status).toBe(404);
  });

  test.each(['SUCCESS', 'FAILED', 'CANCELLED'])('takes a task that is %s', async (status) => {
    const instance = instanceOf(service, [task({ status })]);
    expect((await remove(instance, instance.taskIds()[0] as string)).status).toBeLessThan(300);
  });

  test.each(['CREATED', 'WAITING', 'EXECUTING'])('refuses a task that is %s', async (status) => {
    const instance = instanceOf(service, [task({ status })]);
    const [id] = instance.taskIds() as [string];
    expect(await remove(instance, id)).toMatchObject({
      status: 400,
      json: { error_code: isDcs ? 'DCS.4957' : 'DMS.00400017' },
    });
    emulator.switches.runningDelete = 'instance-busy';
    expect(await remove(instance, id)).toMatchObject({
      status: 400,
      json: { error_code: isDcs ? 'DCS.4017' : 'DMS.00400026' },
    });
    emulator.switches.runningDelete = 'ignored';
    expect(await remove(instance, id)).toMatchObject({ status: 204 });
    expect(instance.taskIds()).toEqual([id]);
    emulator.switches.runningDelete = 'deleted';
    await remove(instance, id);
    expect(instance.taskIds()).toEqual([]);
  });

  test('other methods are 405', async () => {
    const instance = instanceOf(service);
    const reply = await call(emulator, 'POST', pathOf(instance, absentId), { body: '{}' });
    expect(reply).toMatchObject({ status: 405, json: { error_code: code.method } });
  });
});

test('DELETE on dcs can be 204', async () => {
  emulator.switches.dcsDeleteAnswer = 204;
  const instance = instanceOf('dcs');
  const reply = await remove(instance, instance.taskIds()[0] as string);
  expect(reply).toMatchObject({ status: 204, text: '' });
});

test('dcs can answer in its older nine-digit codes', async () => {
  emulator.switches.dcsCodes = 'numeric';
  expect(await remove(instanceOf('dcs'), 'x')).toMatchObject({ json: { error_code: '111400070' } });
});

test('an instance does not answer under another version', async () => {
  const instance = instanceOf('dcs');
  const path = pathOf({ ...instance, service: 'dcs-v1' }, absentId);
  expect(await call(emulator, 'DELETE', path)).toMatchObject({
    status: 404,
    json: { error_code: 'DCS.3022' },
  });
});

test.each(['/', '/v2', '/v3/x', `/v1/${DEMO_PROJECT_ID}/instances`, `/v2/${DEMO_PROJECT_ID}/jobs`])(
  '%s is unknown to the gateway',
  async (path) => {
    const reply = await call(emulator, 'GET', path);
    expect(reply).toMatchObject({ status: 404, json: { error_code: 'APIGW.0101' } });
    const { request_id: requestId } = reply.json as { request_id: string };
    expect(reply.headers.get('x-request-id')).toBe(requestId);
    expect(emulator.journal.all()).toMatchObject([{ operation: 'unknown', status: 404 }]);
  },
);

describe('showing one task', () => {
  test('gives a list of one on the queues', async () => {
    const instance = instanceOf('kafka', [task(), task()]);
    const [, second] = instance.tasks();
    expect(await call(emulator, 'GET', pathOf(instance, second?.id ?? ''))).toMatchObject({
      status: 200,
      json: { task_count: '1', tasks: [second] },
    });
    expect(await call(emulator, 'GET', pathOf(instance, absentId))).toMatchObject({ status: 404 });
  });

  test('is not there on dcs', async () => {
    const instance = instanceOf('dcs');
    const reply = await call(emulator, 'GET', pathOf(instance, instance.taskIds()[0] as string));
    expect(reply.status).toBe(405);
  });
});
