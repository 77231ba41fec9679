import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import core from '@huaweicloud/huaweicloud-sdk-core';
import kafka from '@huaweicloud/huaweicloud-sdk-kafka';
import fetch from 'node-fetch';
import pLimit from 'p-limit';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID } from '../../lib/emulator/demo-identity.ts';
import { type Paging, SERVICES } from '../../lib/model/services.ts';
import { DAY_MS, type Job, KEEP_FOR_DAYS } from './estate.ts';

/** One page of a list of instances or of records, as far as a script looks at it. */
interface Page {
  readonly instances: { readonly instance_id: string }[];
  readonly instance_num: number;
  readonly tasks: { readonly id: string; readonly status: string; readonly updated_at: string }[];
  readonly task_count: number | string;
}

const expiredOf = ({ tasks }: Page) => {
  const before = Date.now() - KEEP_FOR_DAYS * DAY_MS;
  const hasEnded = (status: string) => status === 'SUCCESS' || status === 'FAILED';
  return tasks.filter((row) => hasEnded(row.status) && Date.parse(row.updated_at) <= before);
};

/** Sends one request and returns the body of its answer. @throws unless it was done. */
type Send = (method: 'GET' | 'DELETE', url: string) => Promise<string>;

/**
 * The least that cleans up: the instances, every first page, the other pages side by side, and the
 * DELETEs of an instance as soon as its list is complete. No retry, no pacing.
 */
async function cleanBarely({ url, service }: Job, concurrency: number, send: Send): Promise<void> {
  const limit = pLimit(concurrency);
  const readList = async (list: string, { parameter, firstRow, limit: longest }: Paging) => {
    const read = async (skip: number): Promise<Page> => {
      const page = `limit=${longest}&${parameter}=${firstRow + skip}`;
      return JSON.parse(await limit(send, 'GET', `${list}${page}`));
    };
    const first = await read(0);
    const rows = Number(first.task_count ?? first.instance_num);
    const others = Array.from({ length: Math.max(0, Math.ceil(rows / longest) - 1) });
    return [first, ...(await Promise.all(others.map((_, page) => read(longest * (page + 1)))))];
  };
  const { instances, tasks } = SERVICES[service];
  const base = `${url}/v2/${DEMO_PROJECT_ID}/instances`;
  const engine = service === 'dcs' ? '' : `engine=${service}&`;
  const found = await readList(`${base}?${engine}`, instances);
  const ids = found.flatMap((page) => page.instances.map(({ instance_id: id }) => id));
  const clean = async (id: string) => {
    const expired = (await readList(`${base}/${id}/tasks?`, tasks)).flatMap(expiredOf);
    await Promise.all(expired.map((row) => limit(send, 'DELETE', `${base}/${id}/tasks/${row.id}`)));
  };
  await Promise.all(ids.map(clean));
}

const NO_BODY = createHash('sha256').digest('hex');
const SIGNED = 'host;x-project-id;x-sdk-date';

/** The least that signs a request without a body, whose query is encoded and in order. */
function signedHeaders(method: string, host: string, path: string, query = '') {
  const date = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const canonical = `${method}\n${path}/\n${query}\nhost:${host}\nx-project-id:${DEMO_PROJECT_ID}\nx-sdk-date:${date}\n\n${SIGNED}\n${NO_BODY}`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const signature = createHmac('sha256', DEMO_ACCESS_KEY.secretKey)
    .update(`SDK-HMAC-SHA256\n${date}\n${hash}`)
    .digest('hex');
  const signer = `SDK-HMAC-SHA256 Access=${DEMO_ACCESS_KEY.accessKey}`;
  const Authorization = `${signer}, SignedHeaders=${SIGNED}, Signature=${signature}`;
  return { 'X-Project-Id': DEMO_PROJECT_ID, 'X-Sdk-Date': date, Authorization };
}

const agentFor = ({ concurrency }: Job) =>
  new http.Agent({ keepAlive: true, maxSockets: concurrency });

/** By node:http; what does not change from request to request is worked out once. */
async function floor(job: Job): Promise<void> {
  const { host, hostname, port, origin } = new URL(job.url);
  const agent = agentFor(job);
  const send: Send = (method, url) => {
    const path = url.slice(origin.length);
    const [bare = '', query] = path.split('?');
    const headers = signedHeaders(method, host, bare, query);
    return new Promise((resolve, reject) => {
      const sent = http.request({ hostname, port, method, path, headers, agent }, (response) => {
        const { statusCode = 0 } = response;
        if (statusCode >= 300) reject(new Error(`${method} ${url}: ${statusCode}`));
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end();
    });
  };
  await cleanBarely(job, job.concurrency, send);
  agent.destroy();
}

/** By node-fetch. */
async function fetchAll(job: Job, concurrency: number, agent?: http.Agent): Promise<void> {
  await cleanBarely(job, concurrency, async (method, url) => {
    const { host, pathname, search } = new URL(url);
    const headers = signedHeaders(method, host, pathname, search.slice(1));
    const response = await fetch(url, { method, headers, agent });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
    return await response.text();
  });
  agent?.destroy();
}

/** The official client as its README drives it, with p-limit around the DELETEs. */
async function official({ url, concurrency }: Job): Promise<void> {
  const credentials = new core.BasicCredentials()
    .withAk(DEMO_ACCESS_KEY.accessKey)
    .withSk(DEMO_ACCESS_KEY.secretKey)
    .withProjectId(DEMO_PROJECT_ID);
  const builder = kafka.KafkaClient.newBuilder().withCredential(credentials).withEndpoint(url);
  const client = builder.build();
  const pages: Page[] = [];
  for (let seen = 0, all = 1; seen < all; ) {
    const request = new kafka.ListInstancesRequest().withEngine('kafka' as never).withLimit('50');
    // The client returns the body as it came, although its types promise accessors.
    const page = (await client.listInstances(request.withOffset(`${seen}`))) as unknown as Page;
    pages.push(page);
    seen += page.instances.length;
    all = page.instance_num;
  }
  const expired: kafka.DeleteBackgroundTaskRequest[] = [];
  for (const { instance_id: id } of pages.flatMap(({ instances }) => instances)) {
    for (let seen = 0, all = 1; seen < all; ) {
      const request = new kafka.ListBackgroundTasksRequest(id).withStart(1 + seen).withLimit(100);
      const page = (await client.listBackgroundTasks(request)) as unknown as Page;
      for (const row of expiredOf(page)) {
        expired.push(new kafka.DeleteBackgroundTaskRequest(id, row.id));
      }
      seen += page.tasks.length;
      all = Number(page.task_count);
    }
  }
  const limit = pLimit(concurrency);
  await Promise.all(expired.map((one) => limit(() => client.deleteBackgroundTask(one))));
}

/** How others clean up. */
export const RIVALS = {
  official,
  // As most would write it: no agent, everything at once.
  'hand-written': (job: Job) => fetchAll(job, Number.POSITIVE_INFINITY),
  // The floor, sent by node-fetch: what this dependency costs by itself.
  'node-fetch': (job: Job) => fetchAll(job, job.concurrency, agentFor(job)),
  floor,
};
