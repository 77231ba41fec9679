import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEMO_PROJECT_ID,
  type EmulatedInstance,
  type Emulator,
  startEmulator,
  task,
} from '../../lib/emulator/index.ts';
import { call, type Reply } from './signed-client.ts';

const DCS = 'dcs.eu-de.otc.t-systems.com';
const DMS = 'dms.eu-de.otc.t-systems.com';
const IAM = 'iam.eu-de.otc.t-systems.com';

const instances = `/v2/${DEMO_PROJECT_ID}/instances`;
const unknownTasks = `${instances}/00000000-0000-0000-0000-000000000000/tasks`;
const unknownTask = `${unknownTasks}/${'0'.repeat(32)}`;

let emulator: Emulator;
let redis: EmulatedInstance;
let kafka: EmulatedInstance;
beforeEach(async () => {
  emulator = await startEmulator();
  redis = emulator.addInstance({ service: 'dcs', tasks: [task()] });
  kafka = emulator.addInstance({ service: 'kafka', tasks: [task()] });
});
afterEach(() => emulator.close());

function get(path: string, host?: string): Promise<Reply> {
  return call(emulator, 'GET', path, { host });
}

describe('at the queues’ host', () => {
  test('a list of instances without the engine is 400 DMS.00400062', async () => {
    expect(await get(instances, DMS)).toMatchObject({
      status: 400,
      json: { error_code: 'DMS.00400062', error_msg: expect.stringContaining('engine') },
    });
    expect(await get(`${instances}?engine=kafka`, DMS)).toMatchObject({
      status: 200,
      json: { instances: [{ instance_id: kafka.id }] },
    });
  });

  test.each([
    ['GET', unknownTasks],
    ['GET', unknownTask],
    ['GET', `${unknownTask}/progress`],
    ['DELETE', unknownTask],
  ])('%s %s of an instance that was never there is 404 DMS.00404022', async (method, path) => {
    const reply = await call(emulator, method, path, { host: DMS });
    expect(reply.status).toBe(404);
    expect(reply.json).toEqual({
      error_code: 'DMS.00404022',
      error_msg: 'This DMS instance does not exist.',
    });
  });

  test('an instance of Redis does not exist, and keeps its records', async () => {
    const path = `${instances}/${redis.id}/tasks/${redis.taskIds()[0]}`;
    expect(await call(emulator, 'DELETE', path, { host: DMS })).toMatchObject({
      status: 404,
      json: { error_code: 'DMS.00404022' },
    });
    expect(redis.taskIds()).toHaveLength(1);
  });

  test.each([
    ['a project id of another form', '/v2/no-project/instances', 'DMS.00400002'],
    ['an instance id of another form', `${instances}/no-uuid/tasks`, 'DMS.00400061'],
  ])('%s is refused in the queues’ codes', async (_, path, code) => {
    expect(await get(path, DMS)).toMatchObject({ status: 400, json: { error_code: code } });
  });

  test('a wrong method, a denial and throttling are in the queues’ codes', async () => {
    expect(await call(emulator, 'POST', instances, { host: DMS })).toMatchObject({
      status: 405,
      json: { error_code: 'DMS.00405001' },
    });
    emulator.faults.deny = ['list-tasks'];
    expect(await get(unknownTasks, DMS)).toMatchObject({
      status: 403,
      json: { error_code: 'DMS.00403007', error_msg: expect.stringContaining('dms:instance:') },
    });
    emulator.faults.rateLimit = { perSecond: 0 };
    emulator.faults.deny = [];
    emulator.switches.throttleAnswer = 'dms-404';
    expect(await get(instances, DMS)).toMatchObject({ json: { error_code: 'DMS.10240407' } });
    expect(await get(instances, DCS)).toMatchObject({ json: { error_code: 'APIGW.0308' } });
  });

  test('neither v1.0 nor the paths of IAM are there', async () => {
    const legacy = `/v1.0/${DEMO_PROJECT_ID}/instances`;
    expect(await get(legacy, DMS)).toMatchObject({ json: { error_code: 'APIGW.0101' } });
    expect(await get('/v3/projects', DMS)).toMatchObject({ json: { error_code: 'APIGW.0101' } });
  });
});

describe('at the host of Redis', () => {
  test('an engine is a parameter that nobody knows', async () => {
    expect(await get(`${instances}?engine=kafka`, DCS)).toMatchObject({
      status: 200,
      json: { instances: [{ instance_id: redis.id }] },
    });
  });

  test('an instance of Kafka does not exist', async () => {
    expect(await get(`${instances}/${kafka.id}/tasks`, DCS)).toMatchObject({
      status: 404,
      json: { error_code: 'DCS.3022', error_ext_msg: null },
    });
  });
});

test('the host of IAM serves IAM alone', async () => {
  expect((await get('/v3/projects', IAM)).status).toBe(200);
  expect(await get(instances, IAM)).toMatchObject({ json: { error_code: 'APIGW.0101' } });
});

describe('without a host’s name', () => {
  test('start, which only the queues have, tells whose instance is not there', async () => {
    expect(await get(`${unknownTasks}?start=1&limit=10`)).toMatchObject({
      status: 404,
      json: { error_code: 'DMS.00404022' },
    });
    expect(await get(`${unknownTasks}?start_time=20250101000000`)).toMatchObject({
      status: 404,
      json: { error_code: 'DCS.3022' },
    });
  });

  test('showing one task, which only the queues can, tells it too', async () => {
    expect(await get(unknownTask)).toMatchObject({ json: { error_code: 'DMS.00404022' } });
  });

  test('what nothing tells apart is answered as the emulator was started', async () => {
    expect(await get(instances)).toMatchObject({ json: { instances: [{ engine: 'Redis' }] } });
    await emulator.close();
    emulator = await startEmulator({ host: 'dms' });
    emulator.addInstance({ service: 'dcs' });
    emulator.addInstance({ service: 'kafka' });
    expect(await get(instances)).toMatchObject({
      status: 400,
      json: { error_code: 'DMS.00400062' },
    });
    expect(await call(emulator, 'DELETE', unknownTask)).toMatchObject({
      json: { error_code: 'DMS.00404022' },
    });
  });
});
