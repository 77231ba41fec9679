import http from 'node:http';
import type { Clean } from '../contestant.ts';
import { deleteInWorkers, expiredUrls } from './script.ts';
import { signedHeaders } from './signing.ts';

/** The least that Node can do: as many workers as requests in flight, each with a connection of its own. */
export const clean: Clean = async (request) => {
  const { host, hostname, port } = new URL(request.url);
  const origin = request.url.length;
  const agent = new http.Agent({ keepAlive: true, maxSockets: request.concurrency });

  function send(method: string, url: string): Promise<{ status: number; text: string }> {
    const path = url.slice(origin);
    const mark = path.indexOf('?');
    const bare = mark === -1 ? path : path.slice(0, mark);
    const query = mark === -1 ? '' : path.slice(mark + 1);
    const headers = signedHeaders(method, host, bare, query);
    return new Promise((resolve, reject) => {
      const sent = http.request({ hostname, port, method, path, headers, agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  const urls = await expiredUrls(request, async (url) => JSON.parse((await send('GET', url)).text));
  const remove = async (url: string) => (await send('DELETE', url)).status === 204;
  const cleaned = await deleteInWorkers(urls, request.concurrency, remove);
  agent.destroy();
  return cleaned;
};
