import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import core from '@huaweicloud/huaweicloud-sdk-core';
import kafka from '@huaweicloud/huaweicloud-sdk-kafka';
import { range } from 'd3-array';
import fetch from 'node-fetch';
import pLimit from 'p-limit';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID } from '../../lib/emulator/demo-identity.ts';
import { type Paging, SERVICES } from '../../lib/model/services.ts';
import { compete, type Job, KEEP_FOR_DAYS } from './compete.ts';

const { accessKey, secretKey } = DEMO_ACCESS_KEY;

/** One page of a list of instances, or of one of records, as far as a script looks at it. */
interface Page {
  readonly instances: { readonly instance_id: string }[];
  readonly instance_num: number;
  readonly tasks?: { readonly id: string; readonly updated_at: string }[];
  readonly task_count?: number | string;
}

const countOf = (page: Page) => Number(page.task_count ?? page.instance_num);
const expiredOf = ({ tasks = [] }: Page) => {
  const before = Date.now() - KEEP_FOR_DAYS * 86_400_000;
  return tasks.filter((row) => Date.parse(row.updated_at) <= before);
};

/** Sends one request and returns the body of its answer. @throws unless it was done. */
type Send = (method: string, path: string, headers: Record<string, string>) => Promise<string>;

/**
 * The least that cleans up: the instances, every first page, the other pages side by side, and the
 * DELETEs of an instance as soon as its list is complete. No retry, no pacing, no decisions but an age.
 */
async function cleanBarely({ url, service, concurrency }: Job, send: Send): Promise<void> {
  const { host } = new URL(url);
  const limit = pLimit(concurrency);
  const ask = (method: string, path: string, query = '') => {
    const target = query === '' ? path : `${path}?${query}`;
    return limit(() => send(method, target, signedHeaders(method, host, path, query)));
  };
  const readList = async (path: string, paging: Paging, filter = '') => {
    const { parameter, firstRow, limit: longest } = paging;
    const read = async (skip: number): Promise<Page> => {
      const query = `${filter}limit=${longest}&${parameter}=${firstRow + skip}`;
      return JSON.parse(await ask('GET', path, query));
    };
    const first = await read(0);
    const others = range(longest, countOf(first), longest);
    return [first, ...(await Promise.all(others.map(read)))];
  };
  const { instances, tasks } = SERVICES[service];
  const base = `/v2/${DEMO_PROJECT_ID}/instances`;
  const clean = async (id: string) => {
    const expired = (await readList(`${base}/${id}/tasks`, tasks)).flatMap(expiredOf);
    await Promise.all(expired.map((row) => ask('DELETE', `${base}/${id}/tasks/${row.id}`)));
  };
  const engine = service === 'dcs' ? '' : `engine=${service}&`;
  const found = (await readList(base, instances, engine)).flatMap((page) => page.instances);
  await Promise.all(found.map((instance) => clean(instance.instance_id)));
}

const NO_BODY = createHash('sha256').digest('hex');
const SIGNED = 'host;x-project-id;x-sdk-date';

/** The least that signs a request without a body, whose query is encoded and in order. */
function signedHeaders(method: string, host: string, path: string, query = '') {
  const date = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const canonical = `${method}\n${path}/\n${query}\nhost:${host}\nx-project-id:${DEMO_PROJECT_ID}\nx-sdk-date:${date}\n\n${SIGNED}\n${NO_BODY}`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = `SDK-HMAC-SHA256\n${date}\n${hash}`;
  const signature = createHmac('sha256', secretKey).update(text).digest('hex');
  const Authorization = `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=${SIGNED}, Signature=${signature}`;
  return { 'X-Project-Id': DEMO_PROJECT_ID, 'X-Sdk-Date': date, Authorization };
}

const agentFor = ({ concurrency }: Job) =>
  new http.Agent({ keepAlive: true, maxSockets: concurrency });

/** By node:http; what does not change from request to request is worked out once. */
async function floor(job: Job): Promise<void> {
  const { hostname, port } = new URL(job.url);
  const agent = agentFor(job);
  const send: Send = (method, path, headers) =>
    new Promise((resolve, reject) => {
      const sent = http.request({ hostname, port, method, path, headers, agent }, (response) => {
        const { statusCode = 0 } = response;
        if (statusCode >= 300) reject(new Error(`${method} ${path}: ${statusCode}`));
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text)).on('error', reject);
      });
      sent.on('error', reject).end();
    });
  await cleanBarely(job, send);
  agent.destroy();
}

async function fetchAll(job: Job, agent?: http.Agent): Promise<void> {
  await cleanBarely(job, async (method, path, headers) => {
    const response = await fetch(job.url + path, { method, headers, agent });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return await response.text();
  });
  agent?.destroy();
}

/** One page after another, until as many rows have come as the list has. */
async function* pages(read: (seen: number) => Promise<unknown>) {
  for (let seen = 0, all = 1; seen < all; ) {
    // The official client returns the body as it came, although its types promise accessors.
    const page = (await read(seen)) as Page;
    yield page;
    seen += (page.tasks ?? page.instances).length;
    all = countOf(page);
  }
}

/** The official client as its README drives it, with p-limit around the DELETEs. */
async function official({ url, concurrency }: Job): Promise<void> {
  const key = new core.BasicCredentials().withAk(accessKey).withSk(secretKey);
  const credential = key.withProjectId(DEMO_PROJECT_ID);
  const builder = kafka.KafkaClient.newBuilder().withCredential(credential).withEndpoint(url);
  const client = builder.build();
  const expired: kafka.DeleteBackgroundTaskRequest[] = [];
  const list = new kafka.ListInstancesRequest().withEngine('kafka' as never).withLimit('50');
  for await (const found of pages((seen) => client.listInstances(list.withOffset(`${seen}`)))) {
    for (const { instance_id: id } of found.instances) {
      const tasks = new kafka.ListBackgroundTasksRequest(id).withLimit(100);
      const read = (seen: number) => client.listBackgroundTasks(tasks.withStart(1 + seen));
      for await (const page of pages(read)) {
        const rows = expiredOf(page);
        expired.push(...rows.map((row) => new kafka.DeleteBackgroundTaskRequest(id, row.id)));
      }
    }
  }
  const limit = pLimit(concurrency);
  await Promise.all(expired.map((one) => limit(() => client.deleteBackgroundTask(one))));
}

export const RIVALS = {
  official,
  // As most would write it: no agent, everything at once.
  'hand-written': (job: Job) => fetchAll({ ...job, concurrency: Number.POSITIVE_INFINITY }),
  // The floor, sent by node-fetch: what this dependency costs by itself.
  'node-fetch': (job: Job) => fetchAll(job, agentFor(job)),
  floor,
};
compete(RIVALS);
