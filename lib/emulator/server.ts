import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Outcome } from './gateway.ts';

/** Answers one request that was read to its end. */
export type Respond = (message: IncomingMessage, body: Buffer) => Promise<Outcome>;

/** An HTTP server and the port that it has for good. */
export interface Listening {
  readonly port: number;
  /** Resolves after so many milliseconds; never, when the server is closed before. */
  sleep(milliseconds: number): Promise<void>;
  /** Listens again on the same port after it was closed. */
  reopen(): Promise<void>;
  /** Refuses new connections and destroys those that are open. */
  close(): Promise<void>;
}

const NOTHING = Buffer.alloc(0);

/** Longer than any test: no idle connection is closed under a client by chance. */
const KEEP_ALIVE_MS = 10 * 60 * 1000;

/** Listens on the loopback address; port 0 takes a free one. */
export async function listen(port: number, respond: Respond): Promise<Listening> {
  const server = createServer((message, response) => {
    exchange(message, response, respond).catch((error: unknown) => {
      // A fault of the emulator, or of a test's own hook, must not look like one of the cloud's.
      if (!response.headersSent) response.writeHead(599, { 'content-type': 'text/plain' });
      response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await open(server, port);
  const { port: taken } = server.address() as AddressInfo;
  const timers = new Set<NodeJS.Timeout>();
  return {
    port: taken,
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          resolve();
        }, milliseconds);
        timers.add(timer);
      }),
    reopen: () => open(server, taken),
    close: () => {
      // A timer that is left would keep the process alive.
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      return shut(server);
    },
  };
}

async function open(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function shut(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function exchange(
  message: IncomingMessage,
  response: ServerResponse,
  respond: Respond,
): Promise<void> {
  // A client that goes away in the middle is ordinary here, not an error.
  message.on('error', () => {});
  response.on('error', () => {});
  const { answer, connection } = await respond(message, await readBody(message));
  const { socket } = message;
  if (connection === 'hang') return;
  if (connection === 'reset') {
    socket.resetAndDestroy();
    return;
  }
  const { status, body } = answer;
  const headers: Record<string, string> = { server: 'api-gateway', ...answer.headers };
  if (body === undefined) {
    if (status !== 204) headers['content-length'] = '0';
    response.writeHead(status, headers).end();
    return;
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  headers['content-type'] ??= 'application/json';
  headers['content-length'] = String(Buffer.byteLength(text));
  response.writeHead(status, headers);
  if (connection === 'cut-off') {
    response.write(text.slice(0, text.length / 2), () => socket.destroy());
    return;
  }
  response.end(text);
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const { 'content-length': length, 'transfer-encoding': encoding } = message.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return NOTHING;
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
