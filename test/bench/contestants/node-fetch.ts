import http from 'node:http';
import fetch from 'node-fetch';
import type { Clean } from '../contestant.ts';
import { deleteInWorkers, expiredUrls } from './script.ts';
import { signedHeadersOf } from './signing.ts';

/** The floor, sent by node-fetch: what this dependency costs by itself. */
export const clean: Clean = async (request) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: request.concurrency });
  const send = async (method: string, url: string) => {
    const response = await fetch(url, { method, headers: signedHeadersOf(method, url), agent });
    return { ok: response.ok, text: await response.text() };
  };
  const urls = await expiredUrls(request, async (url) => JSON.parse((await send('GET', url)).text));
  const remove = async (url: string) => (await send('DELETE', url)).ok;
  const cleaned = await deleteInWorkers(urls, request.concurrency, remove);
  agent.destroy();
  return cleaned;
};
