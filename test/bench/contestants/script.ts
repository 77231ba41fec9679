import { DEMO_PROJECT_ID } from '../../../lib/emulator/demo-identity.ts';
import type { Cleaned, CleanRequest } from '../contestant.ts';
import { KEEP_FOR_DAYS } from '../records.ts';

/** What a script knows of a record. */
interface Row {
  readonly id: string;
  readonly status: string;
  readonly updated_at: string;
}

/** The queues' longest page. */
const PAGE = 100;

/**
 * What most scripts do before they delete: take every page of every Kafka instance, and pick what is
 * old.
 * @param get asks for a URL and returns its JSON.
 * @returns the URLs to DELETE.
 */
export async function expiredUrls(
  { url }: CleanRequest,
  get: (url: string) => Promise<unknown>,
): Promise<string[]> {
  const base = `${url}/v2/${DEMO_PROJECT_ID}/instances`;
  const { instances } = (await get(`${base}?engine=kafka`)) as {
    instances: { instance_id: string }[];
  };
  const before = Date.now() - KEEP_FOR_DAYS * 86_400_000;
  const urls: string[] = [];
  for (const { instance_id: id } of instances) {
    for (let start = 1, rows: Row[] = []; start === 1 || rows.length === PAGE; start += PAGE) {
      const page = `${base}/${id}/tasks?limit=${PAGE}&start=${start}`;
      ({ tasks: rows } = (await get(page)) as { tasks: Row[] });
      for (const row of rows)
        if (hasExpired(row, before)) urls.push(`${base}/${id}/tasks/${row.id}`);
    }
  }
  return urls;
}

/** @param before milliseconds since the epoch. */
export function hasExpired({ status, updated_at: at }: Omit<Row, 'id'>, before: number): boolean {
  return ['SUCCESS', 'FAILED'].includes(status) && Date.parse(at) <= before;
}

/**
 * Deletes with as many workers as requests in flight.
 * @param send sends one DELETE, and tells whether the record is gone.
 */
export async function deleteInWorkers(
  urls: readonly string[],
  concurrency: number,
  send: (url: string) => Promise<boolean>,
): Promise<Cleaned> {
  const deletingSince = performance.now();
  let next = 0;
  let deleted = 0;
  const worker = async () => {
    while (next < urls.length) {
      const url = urls[next] as string;
      next += 1;
      if (await send(url)) deleted += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { deleted, failed: urls.length - deleted, deletingSince };
}
