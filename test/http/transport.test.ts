import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../lib/http/clock.ts';
import { LONG_BODY, LongBodies } from '../../lib/http/long-bodies.ts';
import {
  createTransport,
  type HttpRequest,
  type Transport,
  TransportError,
} from '../../lib/http/transport.ts';
import { FakeClock } from '../fake-clock.ts';
import { rejectionOf } from '../rejection.ts';
import { selfSigned } from './self-signed.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

let handle: Handler;
let server: http.Server;
let url: string;
let transport: Transport;

beforeEach(async () => {
  handle = (_, response) => response.end('hello');
  server = http.createServer((request, response) => handle(request, response));
  url = `http://127.0.0.1:${await listen(server)}`;
  transport = createTransport(systemClock);
});
afterEach(async () => {
  transport.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function listen(on: Server): Promise<number> {
  await new Promise<void>((resolve) => on.listen(0, '127.0.0.1', resolve));
  return (on.address() as AddressInfo).port;
}

function get(path = '/'): HttpRequest {
  return { method: 'GET', url: `${url}${path}`, headers: {} };
}

const failureOf = (sending: Promise<unknown>) => rejectionOf(sending, TransportError);

describe('an answer', () => {
  test('comes with its status, its headers in any case, and its whole body', async () => {
    handle = (_, response) => {
      response.writeHead(404, { 'X-Request-Id': 'abc' });
      response.write('one ');
      response.end('two');
    };
    const response = await transport.send(get(), 10_000);
    expect(response.status).toBe(404);
    expect(response.header('x-request-id')).toBe('abc');
    expect(response.header('X-Request-ID')).toBe('abc');
    expect(response.header('retry-after')).toBeUndefined();
    expect(response.body).toBe('one two');
  });

  test('of a success has to be UTF-8; of an error, what is not is replaced', async () => {
    let status = 200;
    handle = (_, response) => response.writeHead(status).end(Buffer.from('M\xfcller', 'latin1'));
    const failure = await failureOf(transport.send(get(), 1_000));
    expect(failure).toMatchObject({ code: 'unreadable' });
    expect(failure.message).toMatch(/^127\.0\.0\.1:\d+: the answer \(200\) is not UTF-8$/);
    status = 403;
    const { body } = await transport.send(get(), 1_000);
    expect(body).toBe('M\uFFFDller');
  });

  test('that is packed and was cut off so early that nothing comes of it is no success', async () => {
    handle = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync('{"error_code":"DCS.4957"}').subarray(0, 10));
    };
    const failure = await failureOf(transport.send(get(), 1_000));
    expect(failure.code).toBe('unreadable');
    expect(failure.message).toContain('the answer (200) was cut off');
    for (const [status, length] of [
      [200, '0'],
      [204, undefined],
    ] as const) {
      handle = (_, response) => {
        response.writeHead(status, {
          'content-encoding': 'gzip',
          ...(length && { 'content-length': length }),
        });
        response.end();
      };
      expect((await transport.send(get(), 1_000)).body).toBe('');
    }
  });

  test('is decompressed', async () => {
    handle = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync('{"tasks":[]}'));
    };
    expect((await transport.send(get(), 10_000)).body).toBe('{"tasks":[]}');
  });

  test('that redirects is handed back, not followed', async () => {
    const seen: (string | undefined)[] = [];
    handle = (request, response) => {
      seen.push(request.url);
      response.writeHead(302, { location: 'http://192.0.2.1/elsewhere' });
      response.end('moved');
    };
    const response = await transport.send(get('/here'), 10_000);
    expect(response.status).toBe(302);
    expect(response.header('location')).toBe('http://192.0.2.1/elsewhere');
    expect(seen).toEqual(['/here']);
  });

  test('without a body is read like any other', async () => {
    handle = (_, response) => response.writeHead(204).end();
    const response = await transport.send({ ...get(), method: 'DELETE' }, 10_000);
    expect(response).toMatchObject({ status: 204, body: '' });
  });
});

describe('a request', () => {
  test('carries the URL as it stands and the headers as they are', async () => {
    let seen: http.IncomingMessage | undefined;
    handle = (request, response) => {
      seen = request;
      response.end();
    };
    const headers = { 'X-Sdk-Date': '20250102T030405Z', Authorization: 'SDK-HMAC-SHA256 Access=a' };
    await transport.send({ method: 'GET', url: `${url}/a%2Fb%20c?x=%2B&y=`, headers }, 10_000);
    expect(seen?.url).toBe('/a%2Fb%20c?x=%2B&y=');
    expect(seen?.headers).toMatchObject({
      'x-sdk-date': '20250102T030405Z',
      authorization: 'SDK-HMAC-SHA256 Access=a',
    });
  });

  test('to delete has neither a body nor a length', async () => {
    let body = '';
    let headers: http.IncomingHttpHeaders = {};
    handle = async (request, response) => {
      headers = request.headers;
      for await (const chunk of request) body += chunk;
      response.writeHead(204).end();
    };
    await transport.send({ method: 'DELETE', url, headers: {} }, 10_000);
    expect(body).toBe('');
    expect(headers).not.toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('transfer-encoding');
  });

  test('to post carries its body', async () => {
    let body = '';
    handle = async (request, response) => {
      for await (const chunk of request) body += chunk;
      response.end();
    };
    await transport.send({ method: 'POST', url, headers: {}, body: '{"auth":"ü"}' }, 10_000);
    expect(body).toBe('{"auth":"ü"}');
  });
});

describe('connections', () => {
  test('are used again by requests that follow each other, whatever the answers were', async () => {
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const statuses = [200, 500, 204, 404, 302, 200];
    handle = (_, response) => {
      const status = statuses.shift() ?? 200;
      response.writeHead(status).end(status === 204 ? undefined : 'x'.repeat(100_000));
    };
    for (let n = 0; n < 6; n += 1) await transport.send(get(), 10_000);
    expect(connections).toBe(1);
  });

  test('are as many as there are requests at once', async () => {
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const open: http.ServerResponse[] = [];
    handle = (_, response) => {
      open.push(response);
      if (open.length === 5) for (const waiting of open) waiting.end();
    };
    await Promise.all(Array.from({ length: 5 }, () => transport.send(get(), 10_000)));
    expect(connections).toBe(5);
  });
});

describe('no answer', () => {
  test('because the connection was reset is a connection error', async () => {
    handle = (request) => request.socket.resetAndDestroy();
    const { code, message } = await failureOf(transport.send(get(), 10_000));
    expect(code).toBe('connection');
    expect(message).toBe(`${new URL(url).host}: the connection was cut (ECONNRESET)`);
  });

  test.each([
    ['with a length', { 'content-length': '1000' }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('but half a body, %s, is a connection error', async (_, headers) => {
    handle = (request, response) => {
      response.writeHead(200, headers);
      response.write('{"tasks":[', () => request.socket.destroy());
    };
    const { code, message } = await failureOf(transport.send(get(), 10_000));
    expect(code).toBe('connection');
    expect(message).toMatch(/the (connection|answer) was cut/);
  });

  test.each([
    ['with a length that is too small', 'content-length: 20', '{"error_code":"任务忙"}'],
    ['in chunks', 'transfer-encoding: chunked', '16\r\n{"error_code":"DCS.4"}\r\n0\r\n\r\n\0'],
    ['and a byte', 'content-length: 22', '{"error_code":"DCS.4"}\0'],
  ])(
    'but a body %s, behind which bytes come that are no HTTP, is no empty answer',
    async (_, head, body) => {
      handle = (request) => {
        request.socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`);
      };
      const sent = transport.send(get(), 10_000).then(
        (response) => response.body,
        (error: TransportError) => error.code,
      );
      // It may have been read before the rest came.
      expect(['unreadable', 'connection', '{"error_code":"DCS.4"}']).toContain(await sent);
    },
  );

  test.each([400, 404, 409, 410])(
    'but an error %i whose length is that of its characters tells nothing by its status',
    async (status) => {
      handle = (request) => {
        const body = '{"error_code":"DMS.10240407","error_msg":"请求过多"}';
        request.socket.end(
          `HTTP/1.1 ${status} Error\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        );
      };
      const { code, message } = await failureOf(transport.send(get(), 10_000));
      expect(code).toBe('connection');
      expect(message).toMatch(/was cut off|could not be read/);
    },
  );

  test.each([401, 403, 429, 500, 503])(
    'and of an error %i that says enough by its status, only the body is lost',
    async (status) => {
      handle = (request) => {
        request.socket.end(
          `HTTP/1.1 ${status} Error\r\ncontent-length: 4\r\nretry-after: 7\r\n\r\n请求过多`,
        );
      };
      const response = await transport.send(get(), 10_000);
      expect([response.status, response.header('retry-after')]).toEqual([status, '7']);
    },
  );

  test('and an error without a body has none, with a length or in chunks, packed or not', async () => {
    const chunked = 'transfer-encoding: chunked';
    for (const head of ['content-length: 0', chunked, `${chunked}\r\ncontent-encoding: gzip`]) {
      handle = (request) => {
        const chunks = head.includes('chunked') ? '0\r\n\r\n' : '';
        request.socket.write(`HTTP/1.1 404 Not Found\r\n${head}\r\n\r\n${chunks}`);
      };
      const { status, body } = await transport.send(get(), 10_000);
      expect([status, body]).toEqual([404, '']);
    }
  });

  test('but what is not HTTP shows nothing of it', async () => {
    handle = (request) => request.socket.end('hunter2 hunter2\r\n\r\n');
    const { code, message } = await failureOf(transport.send(get(), 10_000));
    expect(code).toBe('connection');
    expect(message).toBe(
      `${new URL(url).host}: what answers there does not speak HTTP (HPE_INVALID_CONSTANT)`,
    );
  });

  test('in time ends with the time-out', async () => {
    handle = () => {};
    const { code, message } = await failureOf(transport.send(get(), 20));
    expect(code).toBe('timeout');
    expect(message).toBe(`${new URL(url).host}: no answer in 20 ms`);
  });

  test('but its beginning in time is a time-out too', async () => {
    const clock = new FakeClock();
    const slow = createTransport(clock);
    const begun = new Promise<void>((resolve) => {
      handle = (_, response) => response.write('{', () => resolve());
    });
    const failure = failureOf(slow.send(get(), 5_000));
    await begun;
    await clock.advance(5_000);
    expect((await failure).code).toBe('timeout');
    slow.close();
  });

  test.each(['the time-out', 'the caller'])(
    'that is there, but is not unpacked yet, is ended by %s all the same',
    async (by) => {
      const clock = new FakeClock();
      const slow = createTransport(clock);
      const stop = new AbortController();
      handle = (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(Buffer.alloc(4 * LONG_BODY, ' ')));
      };
      const failure = new Promise<TransportError>((resolve) => {
        const place = new LongBodies().open();
        // All places are taken, for ever.
        place.take = () => {
          if (by === 'the caller') stop.abort();
          else void clock.advance(5_000);
          return new Promise(() => {});
        };
        void failureOf(slow.send(get(), 5_000, stop.signal, place)).then(resolve);
      });
      expect((await failure).code).toBe(by === 'the caller' ? 'aborted' : 'timeout');
      slow.close();
    },
  );

  test('is waited for no longer when the caller stops', async () => {
    const stop = new AbortController();
    handle = () => stop.abort();
    const { code } = await failureOf(transport.send(get(), 10_000, stop.signal));
    expect(code).toBe('aborted');
  });

  test('can come when the caller had stopped before', async () => {
    let requests = 0;
    handle = () => {
      requests += 1;
    };
    for (const request of [get(), { ...get(), method: 'POST', body: '{}' } as const]) {
      const { code } = await failureOf(transport.send(request, 10_000, AbortSignal.abort()));
      expect(code).toBe('aborted');
    }
    expect(requests).toBe(0);
  });

  test('because nothing listens is a connection error that says so', async () => {
    const closed = http.createServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const request = { ...get(), url: `http://127.0.0.1:${port}/` };
    const { code, message } = await failureOf(transport.send(request, 10_000));
    expect(code).toBe('connection');
    expect(message).toBe(`127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`);
  });

  test('because the name does not resolve is a connection error that says so', async () => {
    const name = 'dcs.nowhere.invalid';
    const answered = await lookup(name).then(
      () => true,
      () => false,
    );
    // A network that answers for every name cannot show it.
    if (answered) return;
    const { code, message } = await failureOf(
      transport.send({ ...get(), url: `http://${name}/` }, 10_000),
    );
    expect(code).toBe('connection');
    expect(message).toMatch(/^dcs\.nowhere\.invalid: the name does not resolve/);
  });

  test('because the certificate is not trusted says what to do', async () => {
    const secure = https.createServer(selfSigned(), (_, response) => response.end());
    const port = await listen(secure);
    const request = { ...get(), url: `https://127.0.0.1:${port}/` };
    const { code, message } = await failureOf(transport.send(request, 10_000));
    expect(code).toBe('certificate');
    expect(message).toMatch(/its certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
    expect(message).toContain('NODE_EXTRA_CA_CERTS');
    await new Promise((resolve) => secure.close(resolve));
  });

  test('leaves no timer and no listener behind', async () => {
    const clock = new FakeClock();
    const tidy = createTransport(clock);
    const stop = new AbortController();
    const listeners = new Set<unknown>();
    stop.signal.addEventListener = ((_: string, listener: unknown) =>
      listeners.add(listener)) as never;
    stop.signal.removeEventListener = ((_: string, listener: unknown) =>
      listeners.delete(listener)) as never;
    await tidy.send(get(), 10_000, stop.signal);
    handle = (request) => request.socket.destroy();
    await failureOf(tidy.send(get(), 10_000, stop.signal));
    expect(clock.sleeping).toBe(0);
    expect(listeners.size).toBe(0);
    tidy.close();
  });
});
