import http from 'node:http';
import fetch from 'node-fetch';
import type { Clean } from '../contestant.ts';
import { expiredUrls } from './script.ts';
import { signedHeadersOf } from './signing.ts';

/** The floor, sent by node-fetch: what this dependency costs by itself. */
export const clean: Clean = async (request) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: request.concurrency });
  const send = async (method: string, url: string) => {
    const response = await fetch(url, { method, headers: signedHeadersOf(method, url), agent });
    return { ok: response.ok, text: await response.text() };
  };
  const urls = await expiredUrls(request, async (url) => JSON.parse((await send('GET', url)).text));
  const deletingSince = performance.now();
  let next = 0;
  let deleted = 0;
  const worker = async () => {
    while (next < urls.length) {
      const url = urls[next] as string;
      next += 1;
      if ((await send('DELETE', url)).ok) deleted += 1;
    }
  };
  await Promise.all(Array.from({ length: request.concurrency }, worker));
  agent.destroy();
  return { deleted, failed: urls.length - deleted, deletingSince };
};
