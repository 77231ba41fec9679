import net from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type AwsLimits, awsRequestHandler } from '../../lib/http/aws-handler.ts';
import { FakeClock } from '../fake-clock.ts';
import { type Served, serve } from '../serve.ts';

type Respond = Parameters<typeof serve>[0];

let server: Served;
let clock: FakeClock;
/** How the server answers. */
let respond: Respond;
/** Resolves when the next answer was begun, and when its connection is closed before its end. */
let begun: Promise<void>;
let cut: Promise<void>;
let connections: Set<number | undefined>;
beforeEach(async () => {
  clock = new FakeClock();
  connections = new Set();
  let begin: () => void;
  let close: () => void;
  begun = new Promise((resolve) => {
    begin = resolve;
  });
  cut = new Promise((resolve) => {
    close = resolve;
  });
  server = await serve((request, response) => {
    connections.add(request.socket.remotePort);
    response.once('close', () => !response.writableFinished && close());
    respond(request, response);
    begin();
  });
});
afterEach(() => server.close());

function ask(
  limits: AwsLimits = {},
  {
    abortSignal,
    ...what
  }: {
    abortSignal?: AbortSignal;
    method?: string;
    query?: object;
    body?: string | Uint8Array;
    headers?: Record<string, string>;
  } = {},
) {
  const { hostname, port } = new URL(server.url);
  const handler = awsRequestHandler(limits, clock);
  const place = { protocol: 'http:', hostname, port: Number(port), path: '/' };
  const request = { ...place, method: 'GET', query: {}, headers: {}, ...what };
  const handle = () =>
    handler.handle(request as Parameters<typeof handler.handle>[0], {
      ...(abortSignal && { abortSignal }),
    });
  return { handler, handle };
}

test('an answer is handed on whole, and its connection is used again', async () => {
  respond = (_, response) => response.end('ä'.repeat(100_000));
  const { handler, handle } = ask();
  for (let round = 0; round < 2; round += 1) {
    const { response } = await handle();
    expect(response.statusCode).toBe(200);
    expect((await buffer(response.body)).toString()).toBe('ä'.repeat(100_000));
  }
  expect(connections.size).toBe(1);
  expect(clock.sleeping).toBe(0);
  handler.destroy();
});

const hangs: [string, Respond][] = [
  ['says nothing', () => {}],
  ['sends headers and then nothing', (_, response) => response.flushHeaders()],
  [
    'sends half a body',
    (_, response) => response.writeHead(200, { 'content-length': 9 }).write('x'),
  ],
];
test.each(hangs)(
  'a server that %s ends in a time-out, and its connection is cut',
  async (_, hang) => {
    respond = hang;
    const failure = ask().handle();
    const caught = expect(failure).rejects.toMatchObject({
      name: 'TimeoutError',
      message: 'the whole answer did not come within 60 s',
    });
    await begun;
    await clock.advance(59_999);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    await caught;
    await cut;
  },
);

test('a byte now and then wins no time', async () => {
  let drip = () => {};
  respond = (_, response) => {
    drip = () => response.write(' ');
  };
  const caught = expect(ask().handle()).rejects.toThrow('did not come within 60 s');
  await begun;
  for (let waited = 0; waited < 60_000; waited += 5_000) {
    drip();
    await clock.advance(5_000);
  }
  await caught;
});

const endless: Respond = (_, response) => {
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
    response.once('drain', more);
  };
  more();
};
test.each([
  ['an object', 200, 'GET', {}, '4 MB'],
  ['a list', 200, 'GET', { 'list-type': '2' }, '2 MB'],
  ['any other success', 200, 'POST', {}, '2 MB'],
  ['an error', 403, 'GET', {}, '64 KB'],
])('the body of %s that never ends is cut off', async (_, status, method, query, bound) => {
  respond = (request, response) => {
    response.writeHead(status);
    endless(request, response);
  };
  const { handle } = ask({ maxBytes: 2 ** 22 }, { method, query });
  await expect(handle()).rejects.toMatchObject({
    name: 'AnswerTooLarge',
    message: `the answer is longer than ${bound}`,
  });
  await cut;
  expect(clock.sleeping).toBe(0);
});

test.each([
  [200, 'GET', { 'list-type': '2' }],
  [403, 'GET', {}],
  [503, 'PUT', {}],
  [200, 'POST', {}],
])('a web page (%i to %s) is no answer', async (status, method, query) => {
  respond = (_, response) => response.writeHead(status).end('\n<!-- é --><!DocType html><html>');
  await expect(ask({}, { method, query }).handle()).rejects.toMatchObject({
    name: 'UnexpectedBodyError',
    message: `HTTP ${status} with a web page`,
    $metadata: { httpStatusCode: status },
  });
});

test('an object that is a web page is handed on', async () => {
  respond = (_, response) => response.end('<!doctype html>');
  const { response } = await ask().handle();
  expect((await buffer(response.body)).toString()).toBe('<!doctype html>');
});

test('a body in the answer to an object that was sent is an error', async () => {
  respond = (_, response) => response.end('{}');
  await expect(ask({}, { method: 'PUT' }).handle()).rejects.toMatchObject({
    name: 'UnexpectedBodyError',
    message: 'HTTP 200 with a body, which no store gives for an object that it took',
  });
});

test.each(['ä'.repeat(100_000), Buffer.alloc(300_000, 'ab'), ''])(
  'an object arrives as it is, as often as it is sent',
  async (body) => {
    const bytes = Buffer.from(body as string);
    const arrived: boolean[] = [];
    respond = async (request, response) => {
      arrived.push((await buffer(request)).equals(bytes));
      response.end();
    };
    const headers = { 'content-length': String(bytes.length) };
    const { handle } = ask({}, { method: 'PUT', body, headers });
    for (let round = 0; round < 2; round += 1) {
      expect((await handle()).response.statusCode).toBe(200);
    }
    expect(arrived).toEqual([true, true]);
  },
);

test('an object that is answered before it was sent is not there', async () => {
  respond = (_, response) => response.end();
  const body = Buffer.alloc(64 * 2 ** 20);
  const headers = { 'content-length': String(body.length) };
  const early = { name: 'UnexpectedBodyError', message: 'HTTP 200 before it had the object' };
  await expect(ask({}, { method: 'PUT', body, headers }).handle()).rejects.toMatchObject(early);
});

/** Sends an object to a store of raw bytes. */
async function put(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  store: (socket: net.Socket) => void,
) {
  const listening = net.createServer(store);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as net.AddressInfo;
  const place = { protocol: 'http:', hostname: '127.0.0.1', port, path: '/', query: {} };
  const sized = { ...headers, 'content-length': String(body.length) };
  const request = { ...place, method: 'PUT', headers: sized, body };
  const handler = awsRequestHandler({}, clock);
  try {
    return await handler.handle(request as unknown as Parameters<typeof handler.handle>[0]);
  } finally {
    listening.close();
  }
}

test('so is one that is answered where it was only announced', async () => {
  const sent = put('abc', { expect: '100-continue' }, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')),
  );
  await expect(sent).rejects.toMatchObject({ message: 'HTTP 200 before it had the object' });
});

test('an error that comes before an object was sent ends the connection', async () => {
  const size = 64 * 2 ** 20;
  let store: net.Socket | undefined;
  const { response } = await put(Buffer.alloc(size), {}, (socket) => {
    store = socket.once('data', () => {
      socket.pause();
      socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n');
    });
  });
  expect(response.statusCode).toBe(503);
  let arrived = 0;
  const end = new Promise<string>((resolve) => {
    store?.on('error', () => {}).once('close', () => resolve('closed'));
    store?.on('data', (bytes) => {
      arrived += bytes.length;
      if (arrived >= size) resolve('sent');
    });
  });
  store?.resume();
  expect(await end).toBe('closed');
});

test('a 407 is the proxy’s, and says what to do', async () => {
  respond = (_, response) => {
    response.statusCode = 407;
    response.end('hunter2');
  };
  await expect(ask().handle()).rejects.toMatchObject({
    code: 'proxy',
    message:
      'the proxy does not pass it on: 407, it asks for a user and a password, or for others: write http://user:password@host:port into HTTPS_PROXY or HTTP_PROXY',
  });
});

test('a body of just its bound is read', async () => {
  respond = (_, response) => response.end(Buffer.alloc(2 ** 20));
  const { response } = await ask({ maxBytes: 2 ** 20 }).handle();
  expect(await buffer(response.body)).toHaveLength(2 ** 20);
  await expect(ask({ maxBytes: 2 ** 20 - 1 }).handle()).rejects.toThrow('longer than');
});

test('a body that is cut short is an error', async () => {
  respond = (_, response) => {
    response.writeHead(200, { 'content-length': 9 }).write('x', () => response.destroy());
  };
  await expect(ask().handle()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('whoever asks may stop it, also in the midst of a body', async () => {
  respond = (_, response) => response.flushHeaders();
  const stop = new AbortController();
  const caught = expect(ask({}, { abortSignal: stop.signal }).handle()).rejects.toThrow();
  await begun;
  stop.abort();
  await caught;
  await cut;
  await expect(ask({}, { abortSignal: stop.signal }).handle()).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(clock.sleeping).toBe(0);
});
