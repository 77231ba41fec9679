import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEMO_PROJECT_ID,
  type Emulator,
  type ServiceName,
  startEmulator,
} from '../../lib/emulator/index.ts';
import { call } from './signed-client.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

function fill(service: ServiceName, count: number): void {
  for (let at = 0; at < count; at += 1) emulator.addInstance({ service, name: `${service}-${at}` });
}

interface Page {
  status: number;
  total: unknown;
  names: string[];
  code: string | undefined;
}

async function list(query: string, version = 'v2', projectId = DEMO_PROJECT_ID): Promise<Page> {
  const path = `/${version}/${projectId}/instances${query}`;
  const { status, json } = await call(emulator, 'GET', path);
  const body = json as {
    instance_num?: unknown;
    instances?: { name: string }[];
    error_code?: string;
  };
  return {
    status,
    total: body.instance_num,
    names: (body.instances ?? []).map(({ name }) => name),
    code: body.error_code,
  };
}

describe('instances of dcs', () => {
  test('are paged by offset, 10 at a time, with an empty page past the end', async () => {
    fill('dcs', 12);
    expect((await list('')).names).toHaveLength(10);
    expect(await list('?offset=10')).toMatchObject({ total: 12, names: ['dcs-10', 'dcs-11'] });
    expect(await list('?offset=12')).toMatchObject({ status: 200, total: 12, names: [] });
  });

  test('come up to 1000 at a time', async () => {
    fill('dcs', 1101);
    expect((await list('?limit=1000')).names).toHaveLength(1000);
    expect((await list('?limit=1000&offset=1000')).names).toHaveLength(101);
    expect(await list('?limit=1001')).toMatchObject({ status: 400, code: 'DCS.4800' });
    expect(await list('?offset=-1')).toMatchObject({ status: 400, code: 'DCS.4800' });
  });
});

describe('instances of dcs-v1', () => {
  test('are paged by start from 1, 1000 at a time', async () => {
    fill('dcs-v1', 1101);
    expect((await list('', 'v1.0')).names).toHaveLength(1000);
    expect((await list('?start=1001', 'v1.0')).names).toHaveLength(101);
    expect((await list('?start=1102', 'v1.0')).names).toEqual([]);
    expect(await list('?limit=2001', 'v1.0')).toMatchObject({ status: 400, code: 'DCS.4800' });
    expect(await list('?start=0', 'v1.0')).toMatchObject({ status: 400, code: 'DCS.4800' });
  });
});

describe.each(['kafka', 'rabbitmq', 'rocketmq'] as const)('instances of %s', (service) => {
  test('are those of the engine, up to 50 at a time', async () => {
    fill(service, 51);
    fill('dcs', 1);
    const engine = `?engine=${service}`;
    expect((await list(engine)).names).toHaveLength(10);
    expect(await list(`${engine}&limit=50&offset=50`)).toMatchObject({
      total: 51,
      names: [`${service}-50`],
    });
    expect(await list(`${engine}&limit=51`)).toMatchObject({ status: 400, code: 'DMS.10240042' });
    expect(await list(`${engine}&offset=x`)).toMatchObject({ status: 400, code: 'DMS.10240043' });
  });

  test('past the end are 400 DMS.40050010, but an empty first page is not', async () => {
    expect(await list(`?engine=${service}`)).toMatchObject({ status: 200, total: 0, names: [] });
    fill(service, 10);
    expect(await list(`?engine=${service}&offset=10`)).toMatchObject({
      status: 400,
      code: 'DMS.40050010',
    });
  });

  test('cannot be listed without the engine', async () => {
    fill(service, 1);
    expect(await list('')).toMatchObject({ status: 400, code: 'DMS.00400062' });
  });
});

test('rocketmq is also called reliability', async () => {
  fill('rocketmq', 1);
  expect((await list('?engine=reliability')).names).toEqual(['rocketmq-0']);
});

test('an engine that does not exist is 400 DMS.00400062', async () => {
  expect(await list('?engine=redis')).toMatchObject({ status: 400, code: 'DMS.00400062' });
});

test('failed creations are listed only when asked for', async () => {
  emulator.addInstance({ service: 'kafka', name: 'good' });
  emulator.addInstance({ service: 'kafka', name: 'bad', status: 'CREATEFAILED' });
  expect(await list('?engine=kafka')).toMatchObject({ total: 1, names: ['good'] });
  expect((await list('?engine=kafka&include_failure=true')).names).toEqual(['good', 'bad']);
});

test('name, id and status narrow the list', async () => {
  fill('dcs', 12);
  const [first] = emulator.instances();
  expect((await list('?name=dcs-1')).names).toEqual(['dcs-1', 'dcs-10', 'dcs-11']);
  expect((await list('?name=dcs-1&name_equal=true')).names).toEqual(['dcs-1']);
  expect((await list(`?instance_id=${first?.id}`)).names).toEqual(['dcs-0']);
  expect((await list('?status=FROZEN')).names).toEqual([]);
});

test('each project sees its own', async () => {
  const other = 'a'.repeat(32);
  fill('dcs', 2);
  emulator.addInstance({ service: 'dcs', name: 'theirs', projectId: other });
  expect((await list('', 'v2', other)).names).toEqual(['theirs']);
  expect((await list('')).names).toEqual(['dcs-0', 'dcs-1']);
});

test('a project id of another form is 400', async () => {
  expect(await list('', 'v2', 'no-project')).toMatchObject({ status: 400, code: 'DCS.4002' });
  expect(await list('?engine=kafka', 'v2', 'no-project')).toMatchObject({
    code: 'DMS.00400002',
  });
});

test('a project id with dashes is accepted, as the vendor’s own examples write it', async () => {
  const projectId = '6d9b2a0e-1c7f-4f8e-9a52-0b5d7e3c4a61';
  expect(await list('', 'v2', projectId)).toMatchObject({ status: 200, total: 0 });
  expect(await list('?engine=kafka', 'v2', projectId)).toMatchObject({ status: 200, total: 0 });
});

test.each([
  ['dcs', '', { port: 6379, engine_version: '5.0' }],
  ['rabbitmq', '?engine=rabbitmq', { port: 5672, engine_version: '3.8.35' }],
] as const)(
  'rows of %s have the columns that all services document',
  async (service, query, own) => {
    fill(service, 1);
    const { json } = await call(emulator, 'GET', `/v2/${DEMO_PROJECT_ID}/instances${query}`);
    const text = expect.any(String);
    expect(json).toMatchObject({
      instances: [
        {
          ...own,
          resource_spec_code: text,
          charging_mode: expect.any(Number),
          vpc_id: text,
          vpc_name: text,
          user_id: text,
          user_name: text,
          maintain_begin: text,
          maintain_end: text,
        },
      ],
    });
  },
);

test('rows have the id with dashes, and creation times in the form of their service', async () => {
  await emulator.close();
  emulator = await startEmulator({ now: () => 1735787045678, verify: false });
  fill('dcs', 1);
  fill('kafka', 1);
  const dcs = await call(emulator, 'GET', `/v2/${DEMO_PROJECT_ID}/instances`);
  expect(dcs.json).toMatchObject({
    instances: [{ instance_id: expect.stringMatching(/^[0-9a-f-]{36}$/), engine: 'Redis' }],
  });
  expect(dcs.json).toMatchObject({ instances: [{ created_at: '2025-01-02T03:04:05.678Z' }] });
  const kafka = await call(emulator, 'GET', `/v2/${DEMO_PROJECT_ID}/instances?engine=kafka`);
  expect(kafka.json).toMatchObject({ instances: [{ created_at: '1735787045678' }] });
});

test('an instance that was removed is not found, in the words of its service', async () => {
  const instance = emulator.addInstance({ service: 'rabbitmq' });
  expect(emulator.removeInstance(instance.id)).toBe(true);
  expect(emulator.removeInstance(instance.id)).toBe(false);
  const reply = await call(
    emulator,
    'GET',
    `/v2/${DEMO_PROJECT_ID}/instances/${instance.id}/tasks`,
  );
  expect(reply).toMatchObject({ status: 404, json: { error_code: 'DMS.00404022' } });
});
