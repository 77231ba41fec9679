import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError, TargetError } from '../../lib/answers/api-error.ts';
import { describeResponse } from '../../lib/answers/classify.ts';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  DEMO_REGION,
  DEMO_USER,
  type Emulator,
  task,
  taskOf,
} from '../../lib/emulator/index.ts';
import { Endpoint } from '../../lib/http/endpoint.ts';
import { type Transport, TransportError } from '../../lib/http/transport.ts';
import type { RequestWindow } from '../../lib/http/window.ts';
import { Access } from '../../lib/identity/access.ts';
import type { Credentials } from '../../lib/identity/credentials.ts';
import { CredentialsStore } from '../../lib/identity/credentials-store.ts';
import { Iam } from '../../lib/identity/iam.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import { SERVICE_NAMES, SERVICES, type ServiceName } from '../../lib/model/services.ts';
import type { RequestCounts } from '../../lib/model/summary.ts';
import type { Task } from '../../lib/model/task.ts';
import { RowBudget } from '../../lib/task-api/row-budget.ts';
import { ForbiddenError, TaskApi } from '../../lib/task-api/task-api.ts';
import type { FakeClock } from '../fake-clock.ts';
import { rejectionOf } from '../rejection.ts';
import { startWorld } from '../run/world.ts';

const INSTANCE_ID = '5560df16-cebf-4473-95c4-d1b573c16e79';

let clock: FakeClock;
let emulator: Emulator;
let transport: Transport;
let close: () => Promise<void>;
let stop: AbortController;
let counts: RequestCounts;
beforeEach(async () => {
  ({ clock, emulator, transport, close } = await startWorld());
  stop = new AbortController();
  counts = { sent: 0, retried: 0, throttled: 0 };
});
afterEach(() => close());

interface ApiSettings {
  /** Read one after the other; the last ones stay. */
  credentials?: readonly Credentials[];
  window?: Partial<RequestWindow>;
  projectId?: string;
  timeout?: number;
}

function apiOf(service: ServiceName, settings: ApiSettings = {}): TaskApi {
  const { credentials = [DEMO_ACCESS_KEY], projectId = DEMO_PROJECT_ID } = settings;
  const end = Number.POSITIVE_INFINITY;
  const window = { deleteUntil: end, end, stop: stop.signal, ...settings.window };
  const endpoint = () =>
    new Endpoint({
      origin: emulator.url,
      concurrency: 8,
      transport,
      clock,
      random: () => 0.5,
    });
  const secrets = new RunSecrets();
  const iam = new Iam({ endpoint: endpoint(), clock, window, counts, secrets });
  let reads = 0;
  const read = async () => {
    reads += 1;
    return credentials[Math.min(reads, credentials.length) - 1] as Credentials;
  };
  const store = new CredentialsStore({ name: 'secret s', read }, undefined, secrets);
  return new TaskApi({
    service: SERVICES[service],
    projectId,
    origin: emulator.url,
    endpoint: endpoint(),
    access: new Access(store, (user) => iam.token(user, { name: DEMO_REGION }), clock),
    clock,
    window,
    counts,
    maxAttempts: 5,
    timeout: settings.timeout ?? 10_000,
    time: clock.now,
    rows: new RowBudget(),
  });
}

function add(service: ServiceName, rows: readonly unknown[] | number = 3) {
  const tasks =
    typeof rows === 'number' ? Array.from({ length: rows }, () => taskOf(service)) : rows;
  return emulator.addInstance({ service, id: INSTANCE_ID, tasks });
}

async function listed(api: TaskApi, id = INSTANCE_ID): Promise<Map<string, Task>> {
  return new Map((await clock.settle(api.listTasks(id))).tasks);
}

const failureOf = (promise: Promise<unknown>): Promise<ApiError> =>
  clock.settle(rejectionOf(promise, ApiError));

const listFailure = (api: TaskApi) => failureOf(api.listTasks(INSTANCE_ID));

describe.each(SERVICE_NAMES)('the tasks of %s', (service) => {
  const { limit, parameter, firstRow, pastTheEnd } = SERVICES[service].tasks;

  test.each([...new Set([0, 1, limit - 1, limit, limit + 1, 1_001, 2_345])])(
    'are all listed: %i of them',
    async (rows) => {
      const instance = add(service, rows);
      const found = await listed(apiOf(service));
      expect([...found.keys()].sort()).toEqual([...instance.taskIds()].sort());
      const doubt = pastTheEnd === 'empty' && rows === limit ? 1 : 0;
      const pages = emulator.journal.filter({ operation: 'list-tasks' });
      expect(pages).toHaveLength(Math.max(1, Math.ceil(rows / limit)) + doubt);
      // Side by side they overtake each other.
      const asked = pages.map(({ query }) => query);
      asked.sort((a, b) => Number(a[parameter]) - Number(b[parameter]));
      expect(asked).toEqual(
        pages.map((_, page) => ({
          [parameter]: String(firstRow + page * limit),
          limit: String(limit),
        })),
      );
      expect(counts).toEqual({ sent: pages.length, retried: 0, throttled: 0 });
    },
  );

  test('are asked for in the service’s own way', async () => {
    add(service);
    await listed(apiOf(service));
    const [entry] = emulator.journal.all();
    const version = service === 'dcs-v1' ? 'v1.0' : 'v2';
    expect(entry).toMatchObject({
      method: 'GET',
      path: `/${version}/${DEMO_PROJECT_ID}/instances/${INSTANCE_ID}/tasks`,
      body: '',
      status: 200,
      service,
    });
    expect(entry?.headers['x-project-id']).toBe(DEMO_PROJECT_ID);
    expect(entry?.headers.authorization).toMatch(/^SDK-HMAC-SHA256 Access=/);
  });

  test('are deleted, and the request carries no body', async () => {
    const instance = add(service);
    const api = apiOf(service);
    const [id = ''] = instance.taskIds();
    const sent = await clock.settle(api.deleteTask(INSTANCE_ID, id));
    const status = service.startsWith('dcs') ? 200 : 204;
    expect(sent).toMatchObject({
      reading: { answer: 'deleted', status },
      attempts: 1,
    });
    expect(instance.taskIds()).not.toContain(id);
    const [entry] = emulator.journal.deletes();
    expect(entry).toMatchObject({ method: 'DELETE', body: '', query: {} });
    expect(entry?.headers).not.toHaveProperty('content-length');
    expect(entry?.headers).not.toHaveProperty('transfer-encoding');
  });

  test('and their instance may have ids that need encoding', async () => {
    const ids = ["a/b?c#d&e=f+g h'(*)!%2F", '..a', 'ü😀', '%', 'a\nb'];
    const id = 'in/stance ü';
    const tasks = ids.map((one) => task({ id: one }));
    const instance = emulator.addInstance({ service, id, tasks });
    const api = apiOf(service);
    expect(new Set((await listed(api, id)).keys())).toEqual(new Set(ids));
    for (const one of ids) {
      const sent = await clock.settle(api.deleteTask(id, one));
      expect(sent.reading?.answer).toBe('deleted');
    }
    expect(instance.tasks()).toEqual([]);
  });

  test('that are not there any more are gone: no code for it is documented', async () => {
    add(service);
    const api = apiOf(service);
    const missing = '0'.repeat(32);
    for (const status of [404, 400] as const) {
      emulator.switches.taskNotFound = status;
      const { reading } = await clock.settle(api.deleteTask(INSTANCE_ID, missing));
      expect(reading).toMatchObject({ answer: 'gone', status });
    }
    emulator.switches.taskNotFound = 204;
    const { reading } = await clock.settle(api.deleteTask(INSTANCE_ID, missing));
    expect(reading).toMatchObject({ answer: 'deleted' });
  });

  test('of an instance that is gone are gone', async () => {
    add(service);
    emulator.removeInstance(INSTANCE_ID);
    const api = apiOf(service);
    const error = await listFailure(api);
    expect(error).not.toBeInstanceOf(TargetError);
    expect(error.reading).toMatchObject({ answer: 'gone', status: 404 });
    expect(error.message).toMatch(/^404 D[CM]S\.\d+: This D[CM]S instance does not exist\.$/);
    const { reading } = await clock.settle(api.deleteTask(INSTANCE_ID, '0'.repeat(32)));
    expect(reading?.answer).toBe('gone');
  });

  test.each(['task-running', 'instance-busy'] as const)(
    'that still run are refused: %s',
    async (code) => {
      emulator.switches.runningDelete = code;
      const id = 'f'.repeat(32);
      add(service, [taskOf(service, { id, status: 'EXECUTING' })]);
      const sent = await clock.settle(apiOf(service).deleteTask(INSTANCE_ID, id));
      expect(sent.reading).toMatchObject({ answer: 'refused', status: 400 });
      expect(sent.attempts).toBe(1);
    },
  );

  test('are counted as text, as a number, or not at all', async () => {
    const instance = add(service, 250);
    for (const count of [String, Number, () => undefined, () => null]) {
      emulator.faults.taskCount = count;
      expect([...(await listed(apiOf(service))).keys()]).toEqual(instance.taskIds());
    }
  });

  test.each([-1, 1.5, '', 'many', '-1', '1e3', true, {}, [5], 2 ** 60])(
    'with a count of %p are not believed: the page is asked for again, then given up',
    async (count) => {
      add(service);
      emulator.faults.taskCount = () => count;
      const error = await listFailure(apiOf(service));
      expect(error).not.toBeInstanceOf(TargetError);
      expect(error).toMatchObject({ gaveUp: 'attempts', reading: { code: 'unreadable' } });
      expect(emulator.journal.count()).toBe(5);
    },
  );

  describe('of which an earlier list was undercounted', () => {
    const relist = async () =>
      await apiOf(service).listTasks(INSTANCE_ID, { isUndercounted: true });

    /** Reads a list of 250 and refuses the page past its end. */
    const relistRefused = async (answer: { status: number; body: unknown }) => {
      const instance = add(service, 250);
      expect([...(await relist()).tasks.keys()]).toEqual(instance.taskIds());
      const requests = emulator.journal.count();
      emulator.intercept = ({ operation }) =>
        operation === 'list-tasks' && emulator.journal.count() >= 2 * requests ? answer : undefined;
      const found = [...(await relist()).tasks.keys()];
      expect(found).toEqual(instance.taskIds());
      expect(emulator.journal.count()).toBe(2 * requests);
    };
    const pastTheEnd = { status: 400, body: { error_code: 'XYZ.1', error_msg: 'no such page' } };
    const isUnknown = SERVICES[service].tasks.pastTheEnd === 'unknown';

    test('are read until nothing comes, or until the service refuses to look further, where nobody knows what it does', async () => {
      const reading = expect(relistRefused(pastTheEnd));
      if (isUnknown) await reading.resolves.toBeUndefined();
      else await reading.rejects.toThrow('400 XYZ.1: no such page');
    });

    test.each([
      ['without a code', '<html>Bad Request</html>', '400'],
      ['since it is busy', { error_code: 'DMS.00400026', error_msg: 'busy' }, 'busy'],
    ])('are incomplete where the page past the end is refused %s', async (_, body, words) => {
      await expect(relistRefused({ status: 400, body })).rejects.toThrow(words);
    });

    test('are read to their end where the list itself shows that too few are counted', async () => {
      const instance = add(service, 250);
      emulator.faults.taskCount = (count: number) => count - 1;
      emulator.intercept = ({ operation, query }) =>
        operation === 'list-tasks' && Number(query.start ?? query.offset) >= 250
          ? pastTheEnd
          : undefined;
      const reading = expect(listed(apiOf(service)));
      if (isUnknown) await reading.resolves.toHaveProperty('size', instance.taskIds().length);
      else await reading.rejects.toThrow('400 XYZ.1');
    });

    test('are incomplete where it refuses to show what is counted', async () => {
      add(service, 250);
      emulator.faults.shortPages = 100;
      emulator.intercept = ({ operation }) =>
        operation === 'list-tasks' && emulator.journal.count() === 2
          ? { status: 400, body: { error_code: 'XYZ.1', error_msg: 'no such page' } }
          : undefined;
      await expect(relist()).rejects.toThrow('400 XYZ.1: no such page');
    });
  });

  test('with a count that is too high are incomplete', async () => {
    add(service, 250);
    emulator.faults.taskCount = (total) => total + 1;
    const error = await listFailure(apiOf(service));
    expect(error.reading).toEqual({ answer: 'invalid', code: 'incomplete' });
    expect(error.message).toBe('only 250 rows could be read, fewer than the service counts');
  });

  test('are read where the end is an error, and rows vanish meanwhile', async () => {
    emulator.switches.pastTheEnd = 400;
    const rows = 3 * limit + 5;
    const instance = add(service, rows);
    const ids = instance.taskIds();
    const vanished = new Set([...ids.slice(0, 10), ...ids.slice(2 * limit, 2 * limit + 20)]);
    emulator.intercept = () => {
      const deleted = emulator.journal.count({ operation: 'list-tasks' }) === 4 ? vanished : [];
      for (const id of deleted) instance.removeTask(id);
      return undefined;
    };
    const found = await listed(apiOf(service));
    expect(ids.filter((id) => !vanished.has(id) && !found.has(id))).toEqual([]);
  });

  test('are incomplete when the service does not follow the page position', async () => {
    add(service, 2 * limit + 1);
    emulator.faults.ignorePaging = ['list-tasks'];
    const error = await listFailure(apiOf(service));
    expect(error.message).toContain(`the service ignores "${parameter}"`);
    // Those that were in flight, and one more to be sure.
    expect(emulator.journal.count()).toBeLessThanOrEqual(1 + 8 + 2);
  });

  test('are listed although some rows are malformed', async () => {
    const good = taskOf(service);
    add(service, [good, null, 'text', { id: 7 }, { ...task(), status: 5 }, { id: '..' }]);
    const found = await listed(apiOf(service));
    expect(found.size).toBe(6);
    expect(found.get(good.id)).toMatchObject({ malformed: false, status: 'SUCCESS' });
    expect([...found.values()].filter(({ malformed }) => malformed)).toHaveLength(5);
  });
});

describe('an answer that cannot be read', () => {
  const kinds = ['truncated', 'html', 'empty', 'wrong-shape', 'cut-off'] as const;
  test.each(kinds)('(%s) is asked for again', async (kind) => {
    const instance = add('kafka', 250);
    emulator.faults.badBodies = { kind, every: 1, times: 3 };
    const found = await listed(apiOf('kafka'));
    expect([...found.keys()]).toEqual(instance.taskIds());
    expect(counts.retried).toBe(3);
  });

  test.each(kinds)('(%s) fails the list when it stays so', async (kind) => {
    add('dcs');
    emulator.faults.badBodies = { kind, every: 1 };
    const error = await listFailure(apiOf('dcs'));
    expect(error).not.toBeInstanceOf(TargetError);
    expect(error.gaveUp).toBe('attempts');
    expect(error.message).toMatch(
      kind === 'cut-off'
        ? /^connection: .* \(5 attempts\)$/
        : /^unreadable: the answer is not the JSON that was expected \(5 attempts\)$/,
    );
    expect(counts).toEqual({ sent: 5, retried: 4, throttled: 0 });
  });

  test('has rows that are no list', async () => {
    add('kafka');
    emulator.intercept = () => ({ rewrite: () => ({ task_count: '1', tasks: { id: 'a' } }) });
    expect((await listFailure(apiOf('kafka'))).reading?.code).toBe('unreadable');
  });

  test.each([{ task_count: '0' }, { tasks: null }, { tasks: [], note: 'none' }, {}])(
    'is not %j, which is an empty list',
    async (body) => {
      add('kafka');
      emulator.intercept = () => ({ rewrite: () => body });
      expect((await listed(apiOf('kafka'))).size).toBe(0);
    },
  );

  test('speaks of other things only', async () => {
    add('kafka');
    emulator.intercept = () => ({ rewrite: () => ({ message: 'maintenance' }) });
    expect((await listFailure(apiOf('kafka'))).reading?.code).toBe('unreadable');
  });

  test('leaves open what a DELETE did, unless it is empty or JSON without an error', async () => {
    const answers = {
      truncated: 'doubtful',
      html: 'doubtful',
      empty: 'deleted',
      'wrong-shape': 'deleted',
    } as const;
    for (const kind of ['truncated', 'html', 'empty', 'wrong-shape'] as const) {
      emulator.faults.badBodies = { kind, every: 1 };
      const instance = emulator.addInstance({ service: 'dcs', tasks: [task()] });
      const [id = ''] = instance.taskIds();
      const sent = await clock.settle(apiOf('dcs').deleteTask(instance.id, id));
      expect(sent.reading?.answer).toBe(answers[kind]);
    }
  });
});

describe('a DELETE', () => {
  test('is done with 200 and with 204 alike', async () => {
    for (const answer of [200, 204] as const) {
      emulator.switches.dcsDeleteAnswer = answer;
      const instance = emulator.addInstance({ service: 'dcs', tasks: [task()] });
      const [id = ''] = instance.taskIds();
      const { reading } = await clock.settle(apiOf('dcs').deleteTask(instance.id, id));
      expect(reading).toMatchObject({ answer: 'deleted', status: answer });
    }
  });

  test('that was done although the answer was lost is gone, and uncertain', async () => {
    const instance = add('kafka');
    const [id = ''] = instance.taskIds();
    emulator.faults.resets = { every: 1, times: 1, when: 'after' };
    let uncertain = 0;
    const onUnclear = () => {
      uncertain += 1;
    };
    const sent = await clock.settle(apiOf('kafka').deleteTask(INSTANCE_ID, id, onUnclear));
    expect(sent).toMatchObject({ reading: { answer: 'gone' }, attempts: 2 });
    expect(uncertain).toBe(1);
    expect(emulator.journal.deletedIds()).toEqual([id]);
  });

  test('that is throttled with 404 is not taken for done', async () => {
    const instance = add('kafka');
    const [id = ''] = instance.taskIds();
    emulator.switches.throttleAnswer = 'dms-404';
    emulator.faults.rateLimit = { perSecond: 0 };
    const sending = apiOf('kafka').deleteTask(INSTANCE_ID, id);
    emulator.intercept = () => {
      if (emulator.journal.count() === 3) emulator.faults.rateLimit = undefined;
      return undefined;
    };
    const sent = await clock.settle(sending);
    expect(sent).toMatchObject({
      reading: { answer: 'deleted', status: 204 },
      attempts: 3,
    });
    expect(counts).toEqual({ sent: 3, retried: 2, throttled: 2 });
  });

  test('does not begin in the last seconds, in which a list still may', async () => {
    const instance = add('kafka');
    const api = apiOf('kafka', {
      window: { deleteUntil: clock.now() - 1, end: clock.now() + 2_000 },
    });
    const [id = ''] = instance.taskIds();
    const sent = await clock.settle(api.deleteTask(INSTANCE_ID, id));
    expect(sent).toMatchObject({ attempts: 0, gaveUp: 'deadline' });
    expect((await listed(api)).size).toBe(3);
  });

  test('is awaited when the run is stopped meanwhile, and a list is not', async () => {
    const instance = add('kafka');
    const [id = ''] = instance.taskIds();
    emulator.intercept = ({ operation }) => {
      stop.abort();
      return operation === 'list-tasks' ? { hang: true } : undefined;
    };
    const sent = await clock.settle(apiOf('kafka').deleteTask(INSTANCE_ID, id));
    expect(sent.reading?.answer).toBe('deleted');
    stop = new AbortController();
    expect(await listFailure(apiOf('kafka'))).toMatchObject({ gaveUp: 'stopped' });
  });
});

describe('instances', () => {
  test.each([
    ['kafka', 120, 3],
    ['rabbitmq', 50, 1],
    ['rocketmq', 51, 2],
    ['dcs', 1_100, 2],
    ['dcs-v1', 1_001, 2],
    ['dcs', 0, 1],
    ['kafka', 0, 1],
  ] as const)('of %s are all listed: %i on %i pages', async (service, many, pages) => {
    for (let n = 0; n < many; n += 1) emulator.addInstance({ service });
    const { instances, skipped } = await clock.settle(apiOf(service).listInstances());
    expect(instances.map(({ id }) => id)).toEqual(emulator.instances().map(({ id }) => id));
    expect(skipped).toEqual([]);
    expect(emulator.journal.count()).toBe(pages);
  });

  test('have an id, a name and a status', async () => {
    const { id } = emulator.addInstance({ service: 'rocketmq', name: 'mq', status: 'EXTENDING' });
    const { instances } = await clock.settle(apiOf('rocketmq').listInstances());
    expect(instances).toEqual([{ id, name: 'mq', status: 'EXTENDING' }]);
  });

  test.each(['kafka', 'rabbitmq', 'rocketmq'] as const)(
    'of one engine are asked for: %s',
    async (service) => {
      for (const one of SERVICE_NAMES) emulator.addInstance({ service: one });
      const { instances } = await clock.settle(apiOf(service).listInstances());
      expect(instances).toHaveLength(1);
      expect(instances[0]?.name).toContain(service);
      expect(emulator.journal.all()[0]?.query).toEqual({
        engine: service,
        offset: '0',
        limit: '50',
      });
    },
  );

  test('of another engine are left alone, even where the service sends them', async () => {
    emulator.addInstance({ service: 'kafka', name: 'ours' });
    emulator.addInstance({ service: 'kafka', name: 'theirs', engine: 'rabbitmq' });
    const { instances, skipped } = await clock.settle(apiOf('kafka').listInstances());
    expect(instances.map(({ name }) => name)).toEqual(['ours']);
    expect(skipped).toMatchObject([
      { name: 'theirs', reason: 'its engine is rabbitmq, not kafka' },
    ]);
  });

  test('that may not be touched are left alone, and rows without an id are told of', async () => {
    emulator.addInstance({ service: 'dcs', name: 'ice', status: 'FROZEN' });
    emulator.addInstance({ service: 'dcs', name: 'works' });
    emulator.intercept = () => ({
      rewrite: (body) => {
        const { instances } = body as { instances: unknown[] };
        return { instance_num: 4, instances: [...instances, null, { instance_id: '..' }] };
      },
    });
    const { instances, skipped } = await clock.settle(apiOf('dcs').listInstances());
    expect(instances.map(({ name }) => name)).toEqual(['works']);
    expect(skipped.map(({ name, reason }) => [name, reason])).toEqual([
      ['ice', 'it is frozen'],
      ['', 'its id cannot be used'],
      ['', 'its id cannot be used'],
    ]);
  });

  const listed = (instance_id: string, engine: string | null) => ({
    ...{ instance_id, name: instance_id, status: 'RUNNING' },
    ...(engine !== null && { engine }),
  });
  /** Answers with an instance in one state, then in others, and with one beside it. */
  const showingOneAs = (...engines: (string | null)[]) => {
    const pages = engines.map((engine, n) => [
      listed('odd', engine),
      listed(`other-${n}`, 'kafka'),
    ]);
    const total = engines.length + 1;
    emulator.intercept = () => ({
      status: 200,
      body: { instance_num: total, instances: pages.shift() ?? [] },
    });
  };

  test.each([
    [['rabbitmq', 'kafka']],
    [['kafka', 'rabbitmq']],
    [[null, 'kafka']],
    [['rabbitmq', 'kafka', 'kafka']],
  ])(
    'of DMS that are shown with the engines %j are left alone, with the reason',
    async (engines) => {
      showingOneAs(...engines);
      const { instances, skipped } = await clock.settle(apiOf('kafka').listInstances());
      expect(instances.map(({ id }) => id)).toEqual(engines.map((_, n) => `other-${n}`));
      expect(skipped).toEqual([
        {
          ...{ id: 'odd', name: 'odd', status: 'RUNNING' },
          reason: 'its engine differs between two pages',
          isDoubtful: true,
        },
      ]);
    },
  );

  test.each([
    ['kafka', ['kafka', 'Kafka']],
    ['dcs', ['Redis', null]],
  ] as const)(
    'of %s that are shown with the engines %j are what they are',
    async (service, engines) => {
      showingOneAs(...engines);
      const { instances, skipped } = await clock.settle(apiOf(service).listInstances());
      expect(instances).toHaveLength(3);
      expect(skipped).toEqual([]);
    },
  );

  test('are incomplete when a page fails', async () => {
    for (let n = 0; n < 120; n += 1) emulator.addInstance({ service: 'kafka' });
    emulator.faults.listPageFails = { page: 2, operation: 'list-instances' };
    const error = await failureOf(apiOf('kafka').listInstances());
    expect(error).toMatchObject({
      gaveUp: 'attempts',
      message: '500 DMS.00500000: Internal service error. (5 attempts)',
    });
  });

  test('are incomplete when the service does not follow the page position', async () => {
    for (let n = 0; n < 120; n += 1) emulator.addInstance({ service: 'kafka' });
    emulator.faults.ignorePaging = ['list-instances'];
    const error = await failureOf(apiOf('kafka').listInstances());
    expect(error.message).toMatch(/^the page after 50 rows repeats/);
  });
});

describe('a target fails at once, with what to do', () => {
  test('when its key is refused', async () => {
    add('dcs');
    const wrong = { accessKey: 'HCDEMOACCESSKEY00001', secretKey: 'wrong secret of the key' };
    const error = await listFailure(apiOf('dcs', { credentials: [wrong] }));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({ code: 'unauthorised', reading: { code: 'APIGW.0301' } });
    expect(error.message).toContain('(access key HCDE…01 from secret s): 401 APIGW.0301:');
    expect(error.message).toContain("Check the key, its secret and this machine's clock.");
    expect(error.message).not.toMatch(/wrong secret|canonicalRequest/);
    expect(emulator.journal.count()).toBe(1);
  });

  test('when its temporary key is refused, without showing the security token', async () => {
    add('dcs');
    const securityToken = 'MIISecurityTokenOfTheKey';
    const credentials = [{ ...DEMO_ACCESS_KEY, securityToken }];
    emulator.accessKeys.splice(0, 1, { ...DEMO_ACCESS_KEY, securityToken: 'another' });
    const error = await listFailure(apiOf('dcs', { credentials }));
    expect(error).toBeInstanceOf(TargetError);
    expect(JSON.stringify([error, error.message])).not.toContain(securityToken);
  });

  test('when its clock is wrong', async () => {
    await close();
    ({ clock, emulator, transport, close } = await startWorld({
      now: () => clock.now() + 3_600_000,
    }));
    add('kafka');
    const error = await listFailure(apiOf('kafka'));
    expect(error).toMatchObject({ code: 'unauthorised' });
    expect(error.message).toContain('signature expired');
    expect(error.message).toContain("this machine's clock");
  });

  test('when the certificate is not trusted, which is all that is told', async () => {
    const message = 'h: its certificate is not trusted (CODE)';
    transport = {
      send: async () => {
        throw new TransportError('certificate', message);
      },
      close() {},
    };
    const error = await listFailure(apiOf('kafka'));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({ code: 'certificate', message });
  });

  test.each([
    ['list-tasks', 'kafka', 'dms:instance:getBackgroundTask'],
    ['list-tasks', 'dcs', 'dcs:instance:getBackgroundTask'],
    ['delete-task', 'kafka', 'dms:instance:deleteBackgroundTask'],
    ['delete-task', 'dcs-v1', 'dcs:instance:deleteBackgroundTask'],
    ['list-instances', 'dcs', 'dcs:instance:list'],
  ] as const)('when %s on %s is forbidden: grant %s', async (operation, service, permission) => {
    const instance = add(service);
    emulator.faults.deny = [operation];
    const api = apiOf(service);
    const [id = ''] = instance.taskIds();
    const error = await failureOf(
      operation === 'list-tasks'
        ? api.listTasks(INSTANCE_ID)
        : operation === 'delete-task'
          ? api.deleteTask(INSTANCE_ID, id)
          : api.listInstances(),
    );
    expect(error).toBeInstanceOf(operation === 'list-instances' ? TargetError : ForbiddenError);
    expect(error.reading).toMatchObject({ status: 403 });
    expect(error.message).toContain(`does not permit ${permission} with these credentials`);
    expect(error.message).toContain(`Grant ${permission} in this project, then run again.`);
    expect(emulator.journal.count()).toBe(1);
  });

  test.each([
    ['the API is not there', { status: 404, body: { error_code: 'APIGW.0101', error_msg: 'no' } }],
    ['the URL is unknown', { status: 404, body: { error_code: 'DCS.4001', error_msg: 'no' } }],
    [
      'the project is malformed',
      { status: 400, body: { error_code: 'DCS.4002', error_msg: 'no' } },
    ],
  ])('when %s', async (_, answer) => {
    add('dcs');
    emulator.intercept = () => answer;
    const error = await listFailure(apiOf('dcs'));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({ code: 'misaddressed' });
    expect(error.message).toContain('Check region, projectId, service and endpoint.');
    expect(emulator.journal.count()).toBe(1);
  });

  test('when IAM gives its user no token', async () => {
    add('dcs');
    const wrong = { ...DEMO_USER, password: 'wrong password of ops' };
    const error = await listFailure(apiOf('dcs', { credentials: [wrong] }));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({ code: 'credentials' });
    expect(error.message).toContain('the user name or password is wrong');
    expect(error.message).not.toContain('wrong password of ops');
  });
});

describe('a refused request', () => {
  test('is sent again with the key that was rotated in meanwhile', async () => {
    const instance = add('dcs');
    const rotated = { accessKey: 'HCDEMOACCESSKEY00002', secretKey: 'rotated' };
    const api = apiOf('dcs', { credentials: [DEMO_ACCESS_KEY, rotated] });
    await listed(api);
    emulator.accessKeys.splice(0, 1, rotated);
    emulator.journal.clear();
    const results = await clock.settle(
      Promise.all(instance.taskIds().map((id) => api.deleteTask(INSTANCE_ID, id))),
    );
    expect(results.map(({ reading, attempts }) => [reading?.answer, attempts])).toEqual([
      ['deleted', 2],
      ['deleted', 2],
      ['deleted', 2],
    ]);
    expect(instance.tasks()).toEqual([]);
    expect(counts).toEqual({ sent: 7, retried: 3, throttled: 0 });
  });

  test.each(['token-must-be-updated', 'decrypt-token-fail', 'service'] as const)(
    'is sent again with a new token, one for fifty of them: %s',
    async (expiredToken) => {
      emulator.switches.expiredToken = expiredToken;
      const instance = add('kafka', 50);
      const api = apiOf('kafka', { credentials: [DEMO_USER] });
      await listed(api);
      emulator.expireTokens();
      const ids = instance.taskIds();
      const results = await clock.settle(
        Promise.all(ids.map((id) => api.deleteTask(INSTANCE_ID, id))),
      );
      expect(results.every(({ reading }) => reading?.answer === 'deleted')).toBe(true);
      expect(emulator.journal.count({ operation: 'token' })).toBe(2);
      expect(emulator.journal.peakInFlight).toBeLessThanOrEqual(9);
    },
  );

  test('fails the target when the new token is refused too', async () => {
    add('kafka');
    emulator.switches.authentication = 'signature';
    const error = await listFailure(apiOf('kafka', { credentials: [DEMO_USER] }));
    expect(error).toMatchObject({ code: 'unauthorised' });
    expect(error.message).toContain('(token of user demo-janitor from secret s)');
    expect(emulator.journal.count({ operation: 'token' })).toBe(2);
    expect(emulator.journal.count({ operation: 'list-tasks' })).toBe(2);
  });

  test('that had failed before is still uncertain afterwards', async () => {
    const uncertain: string[] = [];
    const instance = add('kafka');
    const [id = ''] = instance.taskIds();
    const api = apiOf('kafka', { credentials: [DEMO_USER] });
    await listed(api);
    let resets = 0;
    emulator.intercept = ({ operation }) => {
      if (operation !== 'delete-task' || resets > 0) return undefined;
      resets += 1;
      emulator.expireTokens();
      return { reset: true, afterwards: true };
    };
    const sent = await clock.settle(api.deleteTask(INSTANCE_ID, id, () => uncertain.push('once')));
    expect(sent).toMatchObject({
      reading: { answer: 'gone' },
      attempts: 3,
    });
    expect(uncertain).toEqual(['once']);
  });

  test('is nobody’s fault when the run ends before there is a new token', async () => {
    const instance = add('kafka');
    const api = apiOf('kafka', { credentials: [DEMO_USER] });
    await listed(api);
    emulator.expireTokens();
    emulator.intercept = ({ operation }) => {
      if (operation === 'token') stop.abort();
      return operation === 'token' ? { hang: true } : undefined;
    };
    const [id = ''] = instance.taskIds();
    const sent = await clock.settle(api.deleteTask(INSTANCE_ID, id));
    expect(sent).toMatchObject({ attempts: 1, gaveUp: 'stopped' });
    expect(instance.taskIds()).toContain(id);
  });
});

test('what came of a request is told in words', () => {
  const sent = { attempts: 3 };
  expect(describeResponse(sent)).toBe('no answer (3 attempts)');
  expect(
    describeResponse({ ...sent, attempts: 1, reading: { answer: 'deleted', status: 204 } }),
  ).toBe('204');
  const reading = { answer: 'transient', status: 500, code: 'HTTP 500', message: 'oops' } as const;
  expect(describeResponse({ ...sent, reading })).toBe('500: oops (3 attempts)');
  expect(describeResponse({ ...sent, reading: { ...reading, code: 'DCS.5000' } })).toBe(
    '500 DCS.5000: oops (3 attempts)',
  );
});
