import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from './http/self-signed.ts';

/** An HTTP proxy, and what stands behind it in place of the internet. */
export interface FakeProxy {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** `host:port` of each tunnel that was asked for, and the address of each request without one. */
  readonly asked: string[];
  /** `Proxy-Authorization` of each tunnel. */
  readonly authorisations: (string | undefined)[];
  /** The status that a tunnel is answered with; 200 lets it through. */
  status: number;
  /** The bytes that answer a request for a tunnel, in place of that. */
  answer: string | undefined;
  close(): Promise<void>;
}

/**
 * Starts a proxy. Every host behind it has a certificate that nobody trusts, unless NODE_TLS_REJECT_UNAUTHORIZED is 0.
 * @param behind the server that stands for a host, by its name: an origin of plain HTTP.
 */
export async function startProxy(behind: (host: string) => string): Promise<FakeProxy> {
  const world = https.createServer(selfSigned(), forward);
  const server = http.createServer((request, response) => {
    proxy.asked.push(request.url ?? '');
    forward(request, response);
  });
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request, socket) => {
    proxy.asked.push(request.url ?? '');
    proxy.authorisations.push(request.headers['proxy-authorization']);
    socket.on('error', () => {});
    if (proxy.answer !== undefined) {
      socket.end(proxy.answer);
      return;
    }
    if (proxy.status !== 200) {
      socket.end(`HTTP/1.1 ${proxy.status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    world.emit('connection', socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FakeProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    authorisations: [],
    status: 200,
    answer: undefined,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;

  function forward(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method, headers, url = '' } = request;
    const path = url.replace(/^http:\/\/[^/]*/, '');
    const onward = http.request(`${behind(headers.host ?? '')}${path}`, {
      method,
      headers,
      agent: false,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}
