import core from '@huaweicloud/huaweicloud-sdk-core';
import logging from '@huaweicloud/huaweicloud-sdk-core/logger/index.js';
import kafka from '@huaweicloud/huaweicloud-sdk-kafka';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  type EmulatedInstance,
  type Emulator,
  startEmulator,
  task,
} from '../../lib/emulator/index.ts';

/** The client returns the body as it came, although its types promise accessors. */
interface RawList {
  httpStatusCode: number;
  task_count: string;
  tasks: { id: string }[];
}

const PAGE = 100;

let emulator: Emulator;
let instance: EmulatedInstance;
beforeEach(async () => {
  // It prints every refusal in full, and some of these are wanted.
  jest.spyOn(logging.LocalLogger.prototype, 'error').mockImplementation(() => {});
  emulator = await startEmulator();
  const start = Date.parse('2025-01-01T00:00:00.000Z');
  instance = emulator.addInstance({
    service: 'kafka',
    tasks: Array.from({ length: 250 }, (_, at) =>
      task({ created_at: new Date(start + at * 1000).toISOString() }),
    ),
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await emulator.close();
});

function clientWith(secretKey: string, securityToken?: string) {
  const credentials = new core.BasicCredentials()
    .withAk(DEMO_ACCESS_KEY.accessKey)
    .withSk(secretKey)
    .withProjectId(DEMO_PROJECT_ID);
  if (securityToken !== undefined) credentials.withSecurityToken(securityToken);
  return kafka.KafkaClient.newBuilder()
    .withCredential(credentials)
    .withEndpoint(emulator.url)
    .build();
}

type Client = ReturnType<typeof clientWith>;

async function listAll(client: Client): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const request = new kafka.ListBackgroundTasksRequest(instance.id)
      .withStart(ids.length + 1)
      .withLimit(PAGE);
    const answer: unknown = await client.listBackgroundTasks(request);
    const { task_count: count, tasks } = answer as RawList;
    ids.push(...tasks.map(({ id }) => id));
    if (ids.length >= Number(count)) return ids;
  }
}

test('the official client lists every page and deletes every record, signatures checked', async () => {
  const client = clientWith(DEMO_ACCESS_KEY.secretKey);
  const listed = await listAll(client);
  expect(listed).toEqual(instance.taskIds());
  expect(listed).toHaveLength(250);
  const positions = emulator.journal.filter({ operation: 'list-tasks' }).map(({ query }) => query);
  expect(positions).toEqual([
    { start: '1', limit: '100' },
    { start: '101', limit: '100' },
    { start: '201', limit: '100' },
  ]);

  for (const id of listed) {
    const answer = await client.deleteBackgroundTask(
      new kafka.DeleteBackgroundTaskRequest(instance.id, id),
    );
    expect(answer.httpStatusCode).toBe(204);
  }
  expect(instance.taskIds()).toEqual([]);
  expect(emulator.journal.deletedIds()).toEqual(listed);
  expect(
    emulator.journal.deletes().every(({ body, status }) => body === '' && status === 204),
  ).toBe(true);
  const signed = /^SDK-HMAC-SHA256 Access=HCDEMOACCESSKEY00001, SignedHeaders=[^,]*host/;
  for (const { headers } of emulator.journal.all()) expect(headers.authorization).toMatch(signed);
});

test('the official client lists instances, encodes a filter, and shows one task', async () => {
  const client = clientWith(DEMO_ACCESS_KEY.secretKey);
  emulator.addInstance({ service: 'kafka', name: "orders (o'brien)*!" });
  const request = new kafka.ListInstancesRequest()
    .withEngine('kafka' as never)
    .withName("orders (o'brien)*!");
  expect(await client.listInstances(request)).toMatchObject({
    instance_num: 1,
    instances: [{ name: "orders (o'brien)*!" }],
  });
  const [newest] = instance.tasks();
  const shown = new kafka.ShowBackgroundTaskRequest(instance.id, newest?.id);
  expect(await client.showBackgroundTask(shown)).toMatchObject({ tasks: [newest] });
});

test('the official client asks for the progress of scaling', async () => {
  const client = clientWith(DEMO_ACCESS_KEY.secretKey);
  const scaling = task({ name: 'kafkaExtend', status: 'EXECUTING' });
  instance.addTask(scaling);
  const request = new kafka.ShowBackgroundTaskProgressRequest(instance.id, scaling.id);
  expect(await client.showBackgroundTaskProgress(request)).toMatchObject({
    progress_percentage: 50,
    step_list: [{ statue: 'IN_PROGRESS' }],
  });
});

test('the official client gets 401 APIGW.0301 for a wrong secret, and nothing happens', async () => {
  const client = clientWith('not-the-secret');
  const request = new kafka.DeleteBackgroundTaskRequest(instance.id, instance.taskIds()[0]);
  await expect(client.deleteBackgroundTask(request)).rejects.toMatchObject({
    httpStatusCode: 401,
    errorCode: 'APIGW.0301',
    errorMsg: expect.stringContaining('verify aksk signature fail, canonicalRequest:DELETE|/v2/'),
  });
  expect(instance.taskIds()).toHaveLength(250);
  expect(emulator.journal.all()).toMatchObject([{ status: 401, errorCode: 'APIGW.0301' }]);
});

test('the official client works with temporary keys, only with their security token', async () => {
  emulator.accessKeys[0] = { ...DEMO_ACCESS_KEY, securityToken: 'temporary' };
  expect(await listAll(clientWith(DEMO_ACCESS_KEY.secretKey, 'temporary'))).toHaveLength(250);
  await expect(listAll(clientWith(DEMO_ACCESS_KEY.secretKey))).rejects.toMatchObject({
    errorCode: 'APIGW.0301',
  });
});
