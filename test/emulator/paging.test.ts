import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type EmulatedInstance,
  type Emulator,
  type ServiceName,
  startEmulator,
  task,
} from '../../lib/emulator/index.ts';
import { call, tasksPath } from './signed-client.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

/** A table of so many records, one a minute, the newest first in id order. */
function tasksOf(count: number) {
  const newest = Date.parse('2025-06-01T12:00:00.000Z');
  return Array.from({ length: count }, (_, at) =>
    task({
      id: at.toString(16).padStart(32, '0'),
      created_at: new Date(newest - at * 60_000).toISOString(),
    }),
  );
}

function instanceWith(service: ServiceName, count: number): EmulatedInstance {
  return emulator.addInstance({ service, tasks: tasksOf(count) });
}

interface Page {
  status: number;
  count: unknown;
  ordinals: number[];
  code: string | undefined;
}

async function list(instance: EmulatedInstance, query = ''): Promise<Page> {
  const { status, json } = await call(emulator, 'GET', `${tasksPath(instance)}${query}`);
  const body = json as { task_count?: unknown; tasks?: { id: string }[]; error_code?: string };
  return {
    status,
    count: body.task_count,
    ordinals: (body.tasks ?? []).map(({ id }) => Number.parseInt(id, 16)),
    code: body.error_code,
  };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

const queues = ['kafka', 'rabbitmq', 'rocketmq'] as const;

describe('tasks of dcs', () => {
  test('the page is 10 long when no limit is given, and task_count is a number', async () => {
    expect(await list(instanceWith('dcs', 25))).toMatchObject({
      status: 200,
      count: 25,
      ordinals: range(0, 10),
    });
  });

  test('offset counts rows from 0', async () => {
    expect((await list(instanceWith('dcs', 25), '?offset=3&limit=4')).ordinals).toEqual(
      range(3, 7),
    );
  });

  test('past the end is an empty page, also when queues would refuse it', async () => {
    emulator.switches.pastTheEnd = 400;
    expect(await list(instanceWith('dcs', 5), '?offset=5')).toMatchObject({
      status: 200,
      count: 5,
      ordinals: [],
    });
  });

  test.each(['?limit=1001', '?limit=0', '?limit=x', '?offset=-1', '?offset=1.5', '?offset='])(
    '%s is 400 DCS.4800',
    async (query) => {
      expect(await list(instanceWith('dcs', 5), query)).toMatchObject({
        status: 400,
        code: 'DCS.4800',
      });
    },
  );

  test('limit 1000 is allowed', async () => {
    expect((await list(instanceWith('dcs', 1001), '?limit=1000')).ordinals).toHaveLength(1000);
  });

  test('start, which is of another dialect, is ignored', async () => {
    expect((await list(instanceWith('dcs', 25), '?start=5&limit=2')).ordinals).toEqual([0, 1]);
  });
});

describe('tasks of dcs-v1', () => {
  test('start counts from 1, the page is 1000 long, task_count is a string', async () => {
    const instance = instanceWith('dcs-v1', 1200);
    expect(await list(instance)).toMatchObject({ count: '1200', ordinals: range(0, 1000) });
    expect((await list(instance, '?start=1001')).ordinals).toEqual(range(1000, 1200));
    expect((await list(instance, '?start=1&limit=2')).ordinals).toEqual([0, 1]);
  });

  test('limit above 2000 is 400 DCS.4800', async () => {
    expect(await list(instanceWith('dcs-v1', 5), '?limit=2001')).toMatchObject({
      status: 400,
      code: 'DCS.4800',
    });
  });

  test('past the end is an empty page, or 400 by switch', async () => {
    const instance = instanceWith('dcs-v1', 5);
    expect(await list(instance, '?start=6')).toMatchObject({ status: 200, ordinals: [] });
    emulator.switches.pastTheEnd = 400;
    expect(await list(instance, '?start=6')).toMatchObject({ status: 400, code: 'DCS.4800' });
  });
});

describe.each(queues)('tasks of %s', (service) => {
  test('start counts from 1, the page is 10 long, task_count is a string', async () => {
    const instance = instanceWith(service, 25);
    expect(await list(instance)).toMatchObject({ count: '25', ordinals: range(0, 10) });
    expect((await list(instance, '?start=4&limit=3')).ordinals).toEqual([3, 4, 5]);
  });

  test('offset, which is of another dialect, brings page 1 again', async () => {
    expect((await list(instanceWith(service, 25), '?offset=20&limit=2')).ordinals).toEqual([0, 1]);
  });

  test('limit 100 is allowed, 101 is 400 DMS.10240042', async () => {
    const instance = instanceWith(service, 150);
    expect((await list(instance, '?limit=100')).ordinals).toEqual(range(0, 100));
    expect(await list(instance, '?limit=101')).toMatchObject({
      status: 400,
      code: 'DMS.10240042',
    });
  });

  test('past the end is an empty page, or 400 DMS.40050010 by switch', async () => {
    const instance = instanceWith(service, 5);
    expect(await list(instance, '?start=6')).toMatchObject({ status: 200, ordinals: [] });
    emulator.switches.pastTheEnd = 400;
    expect(await list(instance, '?start=6')).toMatchObject({ status: 400, code: 'DMS.40050010' });
    expect(await list(instance, '?start=5')).toMatchObject({ status: 200, ordinals: [4] });
  });

  test('an empty list has a first page even where the end is refused', async () => {
    emulator.switches.pastTheEnd = 400;
    expect(await list(instanceWith(service, 0), '?start=1')).toMatchObject({
      status: 200,
      count: '0',
      ordinals: [],
    });
  });

  test('start=0 is an empty page, or 400 DMS.00400062 by switch', async () => {
    const instance = instanceWith(service, 5);
    expect(await list(instance, '?start=0')).toMatchObject({
      status: 200,
      count: '5',
      ordinals: [],
    });
    emulator.switches.startZero = 400;
    expect(await list(instance, '?start=0')).toMatchObject({ status: 400, code: 'DMS.00400062' });
  });

  test('start that is no number is 400 DMS.00400062', async () => {
    expect(await list(instanceWith(service, 5), '?start=-1')).toMatchObject({
      status: 400,
      code: 'DMS.00400062',
    });
  });
});

describe('the live table', () => {
  test('is newest first, whatever the order of insertion', async () => {
    const instance = instanceWith('kafka', 0);
    const rows = tasksOf(5);
    for (const at of [3, 0, 4, 1, 2]) instance.addTask(rows[at]);
    expect((await list(instance)).ordinals).toEqual([0, 1, 2, 3, 4]);
  });

  test('moves up after a deletion and down after an arrival', async () => {
    const instance = instanceWith('kafka', 10);
    instance.removeTask(instance.taskIds()[0] as string);
    expect(await list(instance, '?start=4&limit=1')).toMatchObject({ count: '9', ordinals: [4] });
    instance.addTask(task({ id: 'f'.repeat(12), created_at: '2025-06-01T12:01:00.000Z' }));
    expect((await list(instance, '?start=4&limit=1')).ordinals).toEqual([3]);
  });

  test('serves malformed rows as they are, after the dated ones', async () => {
    const instance = emulator.addInstance({ service: 'kafka', tasks: [null, 42, {}, task()] });
    const { json } = await call(emulator, 'GET', tasksPath(instance));
    expect(json).toEqual({ task_count: '4', tasks: [instance.tasks()[0], null, 42, {}] });
  });
});

describe('time filters', () => {
  // Records 0…9 began at 12:00, 11:59, … 11:51.
  const from = '20250601115500';
  const to = '20250601115700';

  test.each([
    ['dcs', 'start_time', 'end_time'],
    ['dcs', 'begin_time', 'end_time'],
    ['dcs-v1', 'beginTime', 'endTime'],
    ['kafka', 'begin_time', 'end_time'],
    ['rabbitmq', 'begin_time', 'end_time'],
    ['rocketmq', 'begin_time', 'end_time'],
  ] as const)('of %s are %s and %s, on created_at, inclusive', async (service, lower, upper) => {
    const instance = instanceWith(service, 10);
    const both = await list(instance, `?${lower}=${from}&${upper}=${to}`);
    expect(both.ordinals).toEqual([3, 4, 5]);
    expect(String(both.count)).toBe('3');
    expect((await list(instance, `?${lower}=${from}`)).ordinals).toEqual([0, 1, 2, 3, 4, 5]);
    expect((await list(instance, `?${upper}=${to}`)).ordinals).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  test('of another dialect are ignored', async () => {
    expect((await list(instanceWith('kafka', 10), `?start_time=${from}`)).count).toBe('10');
    expect((await list(instanceWith('dcs-v1', 10), `?begin_time=${from}`)).count).toBe('10');
  });

  test('of dcs can be had under one name only', async () => {
    const instance = instanceWith('dcs', 10);
    emulator.switches.dcsTimeNames = 'start_time';
    expect((await list(instance, `?begin_time=${from}`)).count).toBe(10);
    emulator.switches.dcsTimeNames = 'begin_time';
    expect((await list(instance, `?start_time=${from}`)).count).toBe(10);
    expect((await list(instance, `?begin_time=${from}`)).count).toBe(6);
  });

  test('count milliseconds within their second', async () => {
    const instance = emulator.addInstance({
      service: 'kafka',
      tasks: [task({ created_at: '2025-06-01T12:00:00.900Z' })],
    });
    expect((await list(instance, '?end_time=20250601120000')).count).toBe('1');
  });

  test('see changes of the table', async () => {
    const instance = instanceWith('kafka', 10);
    const query = `?begin_time=${from}&end_time=${to}`;
    expect((await list(instance, query)).count).toBe('3');
    instance.removeTask(instance.taskIds()[4] as string);
    expect((await list(instance, query)).ordinals).toEqual([3, 5]);
  });

  test.each([
    ['kafka', 'begin_time=2025-06-01', 'DMS.00400062'],
    ['kafka', 'end_time=20250231000000', 'DMS.00400062'],
    ['dcs', 'start_time=now', 'DCS.4800'],
  ] as const)('of %s: %s is 400 %s', async (service, query, code) => {
    expect(await list(instanceWith(service, 1), `?${query}`)).toMatchObject({ status: 400, code });
  });
});
