import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEMO_PROJECT_ID,
  type EmulatedInstance,
  type Emulator,
  startEmulator,
  task,
} from '../../lib/emulator/index.ts';
import { call, type Reply, signedHeaders, tasksPath } from './signed-client.ts';

let time: number;
let emulator: Emulator;
let instance: EmulatedInstance;
beforeEach(async () => {
  time = Date.parse('2025-03-01T00:00:00.000Z');
  emulator = await startEmulator({ now: () => time });
  instance = emulator.addInstance({
    service: 'kafka',
    tasks: Array.from({ length: 20 }, () => task()),
  });
});
afterEach(() => emulator.close());

const root = `/v2/${DEMO_PROJECT_ID}/instances`;

function list(query = ''): Promise<Reply> {
  return call(emulator, 'GET', `${tasksPath(instance)}${query}`, { at: time });
}

function remove(id: string): Promise<Reply> {
  return call(emulator, 'DELETE', `${tasksPath(instance)}/${id}`, { at: time });
}

async function removeEach(ids: readonly string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const id of ids) statuses.push((await remove(id)).status);
  return statuses;
}

/** A random function that repeats these numbers. */
function sequence(...numbers: number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length] as number;
}

describe('failing DELETEs', () => {
  test('meet every n-th record once: a retry succeeds', async () => {
    emulator.faults.deleteFails = { every: 3 };
    const ids = instance.taskIds().slice(0, 6);
    expect(await removeEach(ids)).toEqual([204, 204, 500, 204, 204, 500]);
    expect(await removeEach([ids[2] as string, ids[5] as string])).toEqual([204, 204]);
    expect(instance.tasks()).toHaveLength(14);
    const failed = emulator.journal.filter({ status: 500 });
    expect(failed).toMatchObject([
      { taskId: ids[2], errorCode: 'DMS.00500000', deleted: false },
      { taskId: ids[5], errorCode: 'DMS.00500000', deleted: false },
    ]);
  });

  test('can fail for ever', async () => {
    emulator.faults.deleteFails = { every: 2, once: false, status: 503 };
    const [first, second] = instance.taskIds() as [string, string];
    expect(await removeEach([first, second, second, second])).toEqual([204, 503, 503, 503]);
    emulator.faults.deleteFails = undefined;
    expect(await removeEach([second])).toEqual([204]);
  });

  test('can have deleted nevertheless', async () => {
    emulator.faults.deleteFails = { every: 1, ghost: true };
    const [id] = instance.taskIds() as [string];
    expect(await removeEach([id, id])).toEqual([500, 404]);
    expect(emulator.journal.deletedIds()).toEqual([id]);
    expect(instance.taskIds()).not.toContain(id);
  });

  test('can meet records by chance', async () => {
    emulator.faults.deleteFails = { probability: 0.5, random: sequence(0.9, 0.1, 0.5) };
    expect(await removeEach(instance.taskIds().slice(0, 3))).toEqual([204, 500, 204]);
  });
});

describe('failing pages', () => {
  test('fail so many times, and only the one page', async () => {
    emulator.faults.listPageFails = { page: 2, times: 2 };
    expect((await list('?start=1')).status).toBe(200);
    expect((await list('?start=11')).status).toBe(500);
    expect((await list('?start=11')).status).toBe(500);
    expect((await list('?start=11')).status).toBe(200);
  });

  test('can fail for ever, with another status, on one instance', async () => {
    emulator.faults.listPageFails = { page: 1, status: 502, instanceId: instance.id };
    expect((await list()).status).toBe(502);
    expect((await list()).status).toBe(502);
    const other = emulator.addInstance({ service: 'kafka' });
    const path = tasksPath(other);
    expect((await call(emulator, 'GET', path, { at: time })).status).toBe(200);
  });

  test('can be those of the instances', async () => {
    emulator.faults.listPageFails = { page: 1, operation: 'list-instances', times: 1 };
    const path = `${root}?engine=kafka`;
    expect((await list()).status).toBe(200);
    expect((await call(emulator, 'GET', path, { at: time })).status).toBe(500);
    expect((await call(emulator, 'GET', path, { at: time })).status).toBe(200);
  });
});

describe('a rate limit', () => {
  test('lets so many requests a second through, over a rolling window', async () => {
    emulator.faults.rateLimit = { perSecond: 2 };
    expect((await list()).status).toBe(200);
    time += 600;
    expect((await list()).status).toBe(200);
    const refused = await list();
    expect(refused).toMatchObject({ status: 429, json: { error_code: 'APIGW.0308' } });
    expect(refused.text).toContain('policy user over ratelimit,limit:2,time:1 second');
    expect(refused.headers.get('retry-after')).toBeNull();
    time += 400;
    expect((await list()).status).toBe(200);
    expect((await list()).status).toBe(429);
    time += 600;
    expect((await list()).status).toBe(200);
  });

  test('says when to come back, in seconds or as a date', async () => {
    emulator.faults.rateLimit = { perSecond: 0, retryAfter: { seconds: 7, as: 'seconds' } };
    expect((await list()).headers.get('retry-after')).toBe('7');
    emulator.faults.rateLimit = { perSecond: 0, retryAfter: { seconds: 7, as: 'date' } };
    expect((await list()).headers.get('retry-after')).toBe('Sat, 01 Mar 2025 00:00:07 GMT');
  });

  test('can be the queues’ own, which is a 404', async () => {
    emulator.switches.throttleAnswer = 'dms-404';
    emulator.faults.rateLimit = { perSecond: 0 };
    const [id] = instance.taskIds() as [string];
    expect(await remove(id)).toMatchObject({ status: 404, json: { error_code: 'DMS.10240407' } });
    expect(instance.taskIds()).toContain(id);
    emulator.addInstance({ service: 'dcs' });
    const reply = await call(emulator, 'GET', root, { at: time });
    expect(reply).toMatchObject({ status: 429, json: { error_code: 'APIGW.0308' } });
  });

  test('can count some operations only, by a clock of its own', async () => {
    let own = 0;
    const clock = () => own;
    emulator.faults.rateLimit = { perSecond: 1, operations: ['delete-task'], clock };
    const ids = instance.taskIds();
    expect(await removeEach(ids.slice(0, 2))).toEqual([204, 429]);
    expect((await list()).status).toBe(200);
    own += 1000;
    expect(await removeEach(ids.slice(1, 2))).toEqual([204]);
  });

  test('holds over thousands of requests', async () => {
    emulator.faults.rateLimit = { perSecond: 10, operations: ['show-task'] };
    const path = `${tasksPath(instance)}/${instance.taskIds()[0]}`;
    let passed = 0;
    for (let at = 0; at < 1500; at += 1) {
      time += 50;
      if ((await call(emulator, 'GET', path, { at: time })).status === 200) passed += 1;
    }
    expect(passed).toBe(750);
  });
});

describe('connections', () => {
  test('are reset before anything is done', async () => {
    emulator.faults.resets = { every: 2, operations: ['delete-task'] };
    const [first, second] = instance.taskIds() as [string, string];
    expect((await remove(first)).status).toBe(204);
    await expect(remove(second)).rejects.toThrow('ECONNRESET');
    expect(instance.taskIds()).toContain(second);
    expect(emulator.journal.deletes()[1]).toMatchObject({ status: 0, deleted: false });
    expect(emulator.journal.inFlight).toBe(0);
  });

  test('are reset after the work is done', async () => {
    emulator.faults.resets = { every: 1, when: 'after' };
    const [id] = instance.taskIds() as [string];
    await expect(remove(id)).rejects.toThrow('ECONNRESET');
    expect(instance.taskIds()).not.toContain(id);
    expect(emulator.journal.deletes()).toMatchObject([{ status: 0, deleted: true }]);
  });

  test.each([
    ['before', false],
    ['after', true],
  ] as const)('hang %s the work is done, until they are given up', async (when, deleted) => {
    emulator.faults.hangs = { every: 1, when };
    const [id] = instance.taskIds() as [string];
    const path = `${tasksPath(instance)}/${id}`;
    const arrival = arrivalOf();
    const controller = new AbortController();
    const headers = signedHeaders(emulator, 'DELETE', path, { at: time });
    const { signal } = controller;
    const pending = fetch(`${emulator.url}${path}`, { method: 'DELETE', headers, signal });
    await arrival;
    expect(emulator.journal.inFlight).toBe(1);
    controller.abort();
    await expect(pending).rejects.toThrow();
    expect(instance.taskIds().includes(id)).toBe(!deleted);
    expect(emulator.journal.deletes()).toMatchObject([{ status: 0, deleted }]);
  });

  test('that hang or wait are closed with the emulator', async () => {
    emulator.faults.latency = 1_000_000;
    const arrival = arrivalOf();
    const waiting = list();
    await arrival;
    await Promise.all([expect(waiting).rejects.toThrow('socket hang up'), emulator.close()]);
  });

  /** Resolves when the next request has been let in. */
  function arrivalOf(): Promise<void> {
    return new Promise((resolve) => {
      emulator.intercept = () => {
        setImmediate(resolve);
        return undefined;
      };
    });
  }
});

test('a service that is down refuses connections, and comes back as it was', async () => {
  await emulator.suspend();
  await expect(list()).rejects.toThrow('ECONNREFUSED');
  await emulator.resume();
  expect((await list()).json).toMatchObject({ task_count: '20' });
});

test('a fault may keep to one instance, and to so many times', async () => {
  const other = emulator.addInstance({ service: 'kafka' });
  const path = tasksPath(other);
  emulator.faults.badBodies = { kind: 'empty', every: 1, instanceId: other.id, times: 1 };
  expect((await list()).text).not.toBe('');
  expect((await call(emulator, 'GET', path, { at: time })).text).toBe('');
  expect((await call(emulator, 'GET', path, { at: time })).text).not.toBe('');
});

test('latency can pass on a clock of the test', async () => {
  await emulator.close();
  const slept: number[] = [];
  const sleep = async (milliseconds: number) => {
    slept.push(milliseconds);
  };
  const faults = { latency: 3_600_000 };
  emulator = await startEmulator({ now: () => time, faults, sleep });
  expect((await call(emulator, 'GET', root, { at: time })).status).toBe(200);
  expect(slept).toEqual([3_600_000]);
});

test('latency may depend on the request', async () => {
  const asked: string[] = [];
  emulator.faults.latency = ({ operation }) => {
    asked.push(operation);
    return 1;
  };
  expect((await list()).status).toBe(200);
  expect(asked).toEqual(['list-tasks']);
});

describe('bad bodies', () => {
  async function text(): Promise<{ status: number; type: string | null; text: string }> {
    const path = tasksPath(instance);
    const headers = signedHeaders(emulator, 'GET', path, { at: time });
    const response = await fetch(`${emulator.url}${path}`, { headers });
    const type = response.headers.get('content-type');
    return { status: response.status, type, text: await response.text() };
  }

  test('can be half of the JSON in a whole response', async () => {
    const whole = await text();
    emulator.faults.badBodies = { kind: 'truncated', every: 1 };
    const half = await text();
    expect(half.status).toBe(200);
    expect(whole.text.startsWith(half.text)).toBe(true);
    expect(() => JSON.parse(half.text)).toThrow();
  });

  test('can break off with the connection', async () => {
    emulator.faults.badBodies = { kind: 'cut-off', every: 1, times: 1 };
    await expect(text()).rejects.toThrow('terminated');
    expect((await text()).status).toBe(200);
  });

  test('can be a page of HTML with 200', async () => {
    emulator.faults.badBodies = { kind: 'html', every: 1 };
    expect(await text()).toMatchObject({
      status: 200,
      type: 'text/html',
      text: expect.stringMatching(/^<html>/),
    });
  });

  test('can be empty, or JSON of another shape', async () => {
    emulator.faults.badBodies = { kind: 'empty', every: 1 };
    expect(await text()).toMatchObject({ status: 200, text: '' });
    emulator.faults.badBodies = { kind: 'wrong-shape', every: 1 };
    expect(JSON.parse((await text()).text)).toEqual(['unexpected']);
  });
});

describe('lists that lie', () => {
  test.each([
    ['too many', (total: number) => String(total + 5), '25'],
    ['too few', (total: number) => String(total - 5), '15'],
    ['no number', () => 'many', 'many'],
    ['nothing', () => undefined, undefined],
  ])('can claim %s in task_count', async (_, taskCount, claimed) => {
    emulator.faults.taskCount = taskCount;
    const { json } = await list();
    expect((json as { task_count?: unknown }).task_count).toBe(claimed);
    expect((json as { tasks: unknown[] }).tasks).toHaveLength(10);
  });

  test('can have pages shorter than their limit', async () => {
    emulator.faults.shortPages = 3;
    const { json } = await list('?start=4&limit=10');
    const ids = (json as { tasks: { id: string }[] }).tasks.map(({ id }) => id);
    expect(ids).toEqual(instance.taskIds().slice(3, 6));
  });

  test('can answer page 1 for ever', async () => {
    emulator.faults.ignorePaging = ['list-tasks'];
    expect((await list('?start=11')).json).toEqual((await list('?start=1')).json);
    expect((await list('?start=1001')).json).toEqual((await list('?start=1')).json);
  });
});

test('an operation can be forbidden, by the name of its permission', async () => {
  emulator.faults.deny = ['delete-task'];
  expect((await list()).status).toBe(200);
  expect(await remove(instance.taskIds()[0] as string)).toMatchObject({
    status: 403,
    json: {
      error_code: 'DMS.00403007',
      error_msg: 'Policy does not allow dms:instance:deleteBackgroundTask to be performed.',
    },
  });
});

test('no fault hides a wrong signature', async () => {
  emulator.faults.deleteFails = { every: 1 };
  const path = `${tasksPath(instance)}/${instance.taskIds()[0]}`;
  const key = { accessKey: 'x', secretKey: 'y' };
  expect((await call(emulator, 'DELETE', path, { at: time, key })).status).toBe(401);
});
