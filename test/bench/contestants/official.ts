import core from '@huaweicloud/huaweicloud-sdk-core';
import kafka from '@huaweicloud/huaweicloud-sdk-kafka';
import pLimit from 'p-limit';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID } from '../../../lib/emulator/demo-identity.ts';
import type { Clean } from '../contestant.ts';
import { KEEP_FOR_DAYS } from '../records.ts';
import { hasExpired } from './script.ts';

const PAGE = 100;

/** The client returns the body as it came, although its types promise accessors. */
interface RawList {
  readonly tasks: { id: string; status: string; updated_at: string }[];
}
interface RawInstances {
  readonly instances: { instance_id: string }[];
}

/** The official client as its README drives it, with p-limit around the calls. */
export const clean: Clean = async ({ url, concurrency }) => {
  const credentials = new core.BasicCredentials()
    .withAk(DEMO_ACCESS_KEY.accessKey)
    .withSk(DEMO_ACCESS_KEY.secretKey)
    .withProjectId(DEMO_PROJECT_ID);
  const client = kafka.KafkaClient.newBuilder()
    .withCredential(credentials)
    .withEndpoint(url)
    .build();
  const before = Date.now() - KEEP_FOR_DAYS * 86_400_000;
  const request = new kafka.ListInstancesRequest().withEngine('kafka' as never);
  const { instances } = (await client.listInstances(request)) as unknown as RawInstances;
  const expired: { instance: string; id: string }[] = [];
  for (const { instance_id: instance } of instances) {
    for (
      let start = 1, rows: RawList['tasks'] = [];
      start === 1 || rows.length === PAGE;
      start += PAGE
    ) {
      const page = new kafka.ListBackgroundTasksRequest(instance).withStart(start).withLimit(PAGE);
      ({ tasks: rows } = (await client.listBackgroundTasks(page)) as unknown as RawList);
      for (const row of rows) if (hasExpired(row, before)) expired.push({ instance, id: row.id });
    }
  }
  const deletingSince = performance.now();
  const limit = pLimit(concurrency);
  const results = await Promise.all(
    expired.map(({ instance, id }) =>
      limit(async () => {
        const answer = await client.deleteBackgroundTask(
          new kafka.DeleteBackgroundTaskRequest(instance, id),
        );
        return answer.httpStatusCode === 204;
      }),
    ),
  );
  const deleted = results.filter(Boolean).length;
  return { deleted, failed: expired.length - deleted, deletingSince };
};
