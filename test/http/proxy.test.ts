import { once } from 'node:events';
import https from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketStore } from '../../lib/fleet/object-store.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { proxyFor } from '../../lib/http/proxy.ts';
import { ProxyError, proxyName } from '../../lib/http/proxy-error.ts';
import { createTransport, type Transport, TransportError } from '../../lib/http/transport.ts';
import { TunnelAgent } from '../../lib/http/tunnel-agent.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import { secretSource } from '../../lib/identity/secret.ts';
import { publish } from '../../lib/telemetry/topic.ts';
import { AWS_KEYS, keepEnvironment } from '../environment.ts';
import { type FakeProxy, startProxy } from '../proxy.ts';
import { rejectionOf } from '../rejection.ts';
import { type Served, serve } from '../serve.ts';

const environment = keepEnvironment();
const SERVICE = 'https://dcs.eu-de.otc.t-systems.com';

let server: Served;
let proxy: FakeProxy;
let transport: Transport;
beforeEach(async () => {
  server = await serve((request, response) => {
    response.setHeader('etag', '"1"');
    response.end(request.method === 'PUT' ? '' : `${request.method} ${request.url}`);
  });
  proxy = await startProxy(() => server.url);
  transport = createTransport(systemClock);
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY']) {
    delete process.env[name];
    delete process.env[name.toLowerCase()];
  }
});
afterEach(async () => {
  environment.restore();
  transport.close();
  await proxy.close();
  await server.close();
});

const get = (url: string) => transport.send({ method: 'GET', url, headers: {} }, 5_000);

const failureOf = (sending: Promise<unknown>) => rejectionOf(sending, TransportError);

describe('a request', () => {
  // The server behind the proxy has a certificate that is not trusted: this error shows that the tunnel was built.
  // (A whole run through a proxy: test/cli/proxy.test.ts.)
  test.each(['HTTPS_PROXY', 'https_proxy'])('goes through the proxy of %s', async (name) => {
    process.env[name] = proxy.url;
    expect((await failureOf(get(`${SERVICE}/a`))).code).toBe('certificate');
    expect(proxy.asked).toEqual(['dcs.eu-de.otc.t-systems.com:443']);
  });

  test('without TLS goes through that of HTTP_PROXY', async () => {
    process.env.HTTP_PROXY = proxy.url;
    expect((await get('http://dcs.example.com/a')).body).toBe('GET /a');
    expect(proxy.asked).toEqual(['http://dcs.example.com/a']);
  });

  test('to this machine goes through none', async () => {
    process.env.HTTP_PROXY = proxy.url;
    expect((await get(`${server.url}/a`)).body).toBe('GET /a');
    expect(proxy.asked).toEqual([]);
  });

  test('shows the proxy who is calling, where its address says', async () => {
    process.env.HTTPS_PROXY = proxy.url.replace('//', '//me:hunter2@');
    await failureOf(get(`${SERVICE}/`));
    expect(proxy.authorisations).toEqual([`Basic ${btoa('me:hunter2')}`]);
  });

  test.each([
    [
      403,
      'proxy',
      'does not connect to dcs.eu-de.otc.t-systems.com: 403; have that host allowed in the proxy',
    ],
    [
      407,
      'proxy',
      'does not connect to dcs.eu-de.otc.t-systems.com: 407, it asks for a user and a password',
    ],
    [
      503,
      'connection',
      'does not connect to dcs.eu-de.otc.t-systems.com: 503, it cannot reach that host',
    ],
    [
      Number.NaN,
      'proxy',
      'does not connect to dcs.eu-de.otc.t-systems.com: it does not answer as a proxy does; see whether HTTPS_PROXY',
    ],
  ])('that the proxy answers with %i is explained as such', async (status, code, message) => {
    process.env.HTTPS_PROXY = proxy.url.replace('//', '//me:hunter2@');
    proxy.status = status;
    const error = await failureOf(get(`${SERVICE}/`));
    expect(error.code).toBe(code);
    expect(error.message).toContain(
      `dcs.eu-de.otc.t-systems.com: the proxy ${proxy.url} ${message}`,
    );
    expect(error.message).not.toContain('hunter2');
  });

  test('to a proxy that is not there is explained as such', async () => {
    process.env.HTTPS_PROXY = 'http://127.0.0.1:1';
    const error = await failureOf(get(`${SERVICE}/`));
    expect(error.code).toBe('connection');
    expect(error.message).toBe(
      'dcs.eu-de.otc.t-systems.com: the proxy http://127.0.0.1:1 does not answer: nothing listens there (ECONNREFUSED)',
    );
  });

  test.each([
    ['a line of its own', 'HTTP/1.1 200 OK\r\nhunter2\x1b[31m\r\n\r\n', 'connection'],
    ['a status that is none', 'HTTP/1.1 2002002002 hunter2\r\n\r\n', 'proxy'],
    ['another status that is none', 'HTTP/1.1 42.42 hunter2\r\n\r\n', 'proxy'],
    ['nothing', '', 'connection'],
  ])('that the proxy answers with %s shows nothing of it', async (_, answer, code) => {
    process.env.HTTPS_PROXY = proxy.url;
    proxy.answer = answer;
    const error = await failureOf(get(`${SERVICE}/`));
    expect(error.code).toBe(code);
    expect(error.message).toBe(
      `dcs.eu-de.otc.t-systems.com: the proxy ${proxy.url} does not connect to dcs.eu-de.otc.t-systems.com: it does not answer as a proxy does; see whether HTTPS_PROXY names the right host and port`,
    );
  });

  test('that is given up before the proxy has answered leaves no connection to it open', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const connected = once(silent, 'connection') as Promise<[Socket]>;
    await once(silent, 'listening');
    process.env.HTTPS_PROXY = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const stop = new AbortController();
    const request = { method: 'GET', url: `${SERVICE}/`, headers: {} } as const;
    const failure = failureOf(transport.send(request, 60_000, stop.signal));
    const [socket] = await connected;
    const closed = once(socket.resume(), 'end');
    stop.abort();
    expect((await failure).code).toBe('aborted');
    await closed;
    silent.close();
  });

  test('with a proxy whose password has a bare % is an error before anything is sent', async () => {
    for (const user of ['me:100%hunter2', '100%hunter2:x', 'me:%E4hunter2']) {
      process.env.HTTPS_PROXY = proxy.url.replace('//', `//${user}@`);
      const error = await failureOf(get(`${SERVICE}/`));
      expect(error.code).toBe('proxy');
      expect(error.message).toMatch(/has a % .* that stands for itself: write %25$/);
      expect(error.message).not.toContain('hunter2');
    }
    process.env.HTTPS_PROXY = proxy.url.replace('//', '//me:100%25hunter2@');
    await failureOf(get(`${SERVICE}/`));
    expect(proxy.authorisations).toEqual([`Basic ${btoa('me:100%hunter2')}`]);
  });

  test('with a proxy whose password has a sign that ends a host is an error that shows nothing of it', async () => {
    for (const sign of ['/', '\\', '?', '#']) {
      process.env.HTTPS_PROXY = proxy.url.replace('//', `//svc:20244${sign}hunter2@`);
      const error = await failureOf(get(`${SERVICE}/`));
      expect(error.code).toBe('proxy');
      expect(error.message).toBe(
        'dcs.eu-de.otc.t-systems.com: HTTPS_PROXY or HTTP_PROXY has more than http://user:password@host:port. In a user and password, write %2F for /, %5C for \\, %3F for ? and %23 for #',
      );
      expect(() => proxyFor(`${SERVICE}/`)).toThrow(ProxyError);
    }
    process.env.HTTPS_PROXY = proxy.url.replace('//', '//svc:20244%2F%5C%3F%23hunter2@');
    await failureOf(get(`${SERVICE}/`));
    expect(proxy.authorisations).toEqual([`Basic ${btoa('svc:20244/\\?#hunter2')}`]);
  });

  test('to post that is stopped while its way is looked for is not sent', async () => {
    process.env.HTTPS_PROXY = proxy.url;
    const stop = new AbortController();
    const request = { method: 'POST', url: `${SERVICE}/`, headers: {}, body: '{}' } as const;
    const failure = failureOf(transport.send(request, 5_000, stop.signal));
    stop.abort();
    expect((await failure).code).toBe('aborted');
    expect(proxy.asked).toEqual([]);
  });

  test('for which the variable holds no proxy is an error that does not repeat it', async () => {
    for (const url of ['socks5://me:hunter2@proxy.corp:1080', 'http://me:hunter2/x@proxy.corp']) {
      process.env.HTTPS_PROXY = url;
      const error = await failureOf(get(`${SERVICE}/`));
      expect(error.code).toBe('proxy');
      expect(error.message).toMatch(
        /is not the URL of an HTTP proxy: write http:\/\/host:port\. .* %2F for \//,
      );
      expect(error.message).not.toContain('hunter2');
    }
  });
});

test('a tunnel is kept, and used again by whoever names no protocol', async () => {
  const agent = new TunnelAgent(proxy.url, { keepAlive: true });
  for (const path of ['/a', '/b']) {
    const request = https.request({
      hostname: 'a.example.com',
      path,
      agent,
      rejectUnauthorized: false,
    });
    const [answer] = await once(request.end(), 'response');
    expect(await text(answer)).toBe(`GET ${path}`);
  }
  expect(proxy.asked).toEqual(['a.example.com:443']);
  agent.destroy();
});

describe('no proxy', () => {
  test.each([
    ['localhost', 'https://localhost:8443/', ''],
    ['127.0.0.1', 'https://127.0.0.1/', ''],
    ['::1', 'https://[::1]:8443/', ''],
    ['a host', `${SERVICE}/`, 'x.corp,dcs.eu-de.otc.t-systems.com'],
    ['a suffix', `${SERVICE}/`, '.t-systems.com'],
    ['a domain', `${SERVICE}/`, 't-systems.com'],
    ['a domain with a dot at its end', `${SERVICE}/`, 'x.corp,OTC.T-Systems.com.'],
    ['a host with a dot at its end', `${SERVICE}./`, 'dcs.eu-de.otc.t-systems.com'],
    ['a port', `${SERVICE}:8443/`, 'dcs.eu-de.otc.t-systems.com:8443'],
    ['everything', `${SERVICE}/`, '*'],
    ['a block', 'https://10.1.2.3/', '.corp,10.0.0.0/8'],
    ['a block of version 6', 'https://[fd00::1]/', 'fd00::/8'],
  ])('is used for %s', (_, url, noProxy) => {
    process.env.HTTPS_PROXY = proxy.url;
    process.env.NO_PROXY = noProxy;
    expect(proxyFor(url)).toBeUndefined();
  });

  test.each([
    ['another host', `${SERVICE}/`, 'dcs.eu-nl.otc.t-systems.com'],
    ['another domain', `${SERVICE}/`, 'systems.com,-systems.com,org.,,.'],
    ['another port', `${SERVICE}/`, 'dcs.eu-de.otc.t-systems.com:8443'],
    ['another block', 'https://192.168.1.2/', '10.0.0.0/8'],
    ['a block that is none', 'https://192.168.1.2/', '192.168.0.0/64,10/8,/8'],
    ['a name', `${SERVICE}/`, '10.0.0.0/8'],
  ])('is not used for %s', (_, url, noProxy) => {
    process.env.HTTPS_PROXY = proxy.url;
    process.env.NO_PROXY = noProxy;
    expect(proxyFor(url)?.href).toBe(`${proxy.url}/`);
  });
});

test('a proxy without a scheme is one of plain HTTP, and is named without its user', () => {
  process.env.https_proxy = 'me:hunter2@proxy.corp:3128';
  const found = proxyFor(`${SERVICE}/`) as URL;
  expect(proxyName(found)).toBe('http://proxy.corp:3128');
});

describe('the secrets of a proxy', () => {
  const secretsOf = (user: string) => {
    process.env.HTTPS_PROXY = `http://${user}@proxy.corp:3128`;
    return new RunSecrets();
  };

  test('do not hide what only has the name of its user', () => {
    const secrets = secretsOf('maximilian.mustermann:hunter2hunter2');
    const reveals = secrets.revealer();
    for (const text of ['maximilian.mustermann', 'job of maximilian.mustermann: failed']) {
      expect(secrets.conceal(text)).toBe(text);
      expect(reveals(text)).toBe(false);
    }
  });

  test('are taken out where they stand', () => {
    const secrets = secretsOf('me:hunter%2F2hunter');
    for (const pair of ['me:hunter/2hunter', 'me:hunter%2F2hunter', btoa('me:hunter/2hunter')]) {
      expect(secrets.conceal(`no: ${pair}!`)).toMatch(/^no: (me:)?\[secret\]!$/);
    }
  });

  test.each(['a', 'ab', 'abc', 'janitor', 'janitors', 'the-janitor'])(
    'are found in what is sent for the user %s, however short the password is',
    (user) => {
      for (const password of ['x', 'pw', 'kafka', 'hunter2', 'hunter2!', 'hunter2hunter2']) {
        const secrets = secretsOf(`${user}:${password}`);
        const sent = btoa(`${user}:${password}`);
        expect(secrets.conceal(`Basic ${sent},`)).toBe('Basic [secret],');
        if (password.length < 8) continue;
        expect(secrets.revealer()(sent)).toBe(true);
        expect(secrets.conceal(btoa(`x${user}:${password}`))).toMatch(/^\[left out/);
      }
    },
  );

  test('are the user where it has no password and looks like a key', () => {
    const key = '4f2a9c07d1b8e63a';
    expect(secretsOf(key).conceal(`no: ${key}`)).toBe('no: [secret]');
    for (const user of ['a', 'task-janitor', 'maximilian.mustermann']) {
      expect(secretsOf(user).conceal(`no: ${user}`)).toBe(`no: ${user}`);
      const sent = Buffer.from(`${user}:`).toString('base64');
      expect(secretsOf(user).conceal(`no: Basic ${sent}`)).toBe('no: Basic [secret]');
    }
  });

  test('are none where it has no user', () => {
    process.env.HTTPS_PROXY = proxy.url;
    expect(new RunSecrets().values.size).toBe(0);
  });
});

describe('the AWS SDK', () => {
  beforeEach(() => {
    Object.assign(process.env, {
      HTTPS_PROXY: proxy.url,
      AWS_REGION: 'eu-central-1',
      ...AWS_KEYS,
    });
    delete process.env.AWS_ENDPOINT_URL;
  });

  test('asks Secrets Manager through the proxy', async () => {
    await expect(secretSource('janitor', process.env).read()).rejects.toThrow(
      'its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT); behind an inspecting proxy, set NODE_EXTRA_CA_CERTS',
    );
    expect(proxy.asked[0]).toBe('secretsmanager.eu-central-1.amazonaws.com:443');
  });

  test('says so where the proxy refuses', async () => {
    proxy.status = 403;
    await expect(secretSource('janitor', process.env).read()).rejects.toThrow(
      `secret janitor in eu-central-1 could not be read: ProxyError: the proxy ${proxy.url} does not connect to secretsmanager.eu-central-1.amazonaws.com: 403`,
    );
  });

  test('reads and writes S3 through the proxy', async () => {
    await expect(bucketStore('bucket').create('k', { a: 1 })).rejects.toThrow(
      'its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT); behind an inspecting proxy, set NODE_EXTRA_CA_CERTS',
    );
    expect(proxy.asked[0]).toBe('bucket.s3.eu-central-1.amazonaws.com:443');
  });

  test('publishes to SNS through the proxy', async () => {
    const letter = { subject: 's', text: 't' };
    const topic = 'arn:aws:sns:eu-central-1:123456789012:reports';
    await expect(publish(topic, letter, 5_000)).rejects.toThrow(
      'its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT); behind an inspecting proxy, set NODE_EXTRA_CA_CERTS',
    );
    expect(proxy.asked[0]).toBe('sns.eu-central-1.amazonaws.com:443');
  });

  test('sends a large object through a proxy without TLS as it is', async () => {
    const arrived: unknown[] = [];
    const store = await serve(async (request, response) => {
      arrived.push(await json(request));
      response.writeHead(200, { etag: '"1"' }).end();
    });
    const behind = await startProxy(() => store.url);
    process.env.HTTP_PROXY = behind.url;
    const bucket = bucketStore('b', { endpoint: 'http://store.example.com', forcePathStyle: true });
    // The SDK announces objects of 2 MB and more.
    const objects = [{ a: 'x' }, { a: 'x'.repeat(3 * 2 ** 20) }];
    for (const [index, object] of objects.entries()) await bucket.create(`k${index}`, object);
    expect(arrived).toEqual(objects);
    expect(behind.asked).toHaveLength(2);
    await behind.close();
    await store.close();
  });

  test('shows neither password nor header of the proxy where an answer repeats them', async () => {
    const echo = await serve(({ headers, url }, response) => {
      const sent = headers['proxy-authorization'] ?? '';
      const read = atob(sent.replace('Basic ', ''));
      response.writeHead(403);
      response.end(
        `<Error><Code>No</Code><Message>${url?.includes('plain') ? '' : sent} ${read} ${encodeURIComponent(read)}</Message></Error>`,
      );
    });
    const behind = await startProxy(() => echo.url);
    process.env.HTTP_PROXY = behind.url.replace('//', '//janitor:hunter%2F2hunter%2F2@');
    const store = bucketStore('b', { endpoint: 'http://store.example.com', forcePathStyle: true });
    for (const [key, shown] of [
      ['header', 'Basic [secret] janitor:[secret] janitor%3A[secret]'],
      ['plain', 'janitor:[secret] janitor%3A[secret]'],
    ]) {
      const { message } = await rejectionOf(store.create(`${key}`, { a: 1 }), Error);
      expect(message).toBe(`s3://b/${key} could not be written: No: ${shown}`);
    }
    await behind.close();
    await echo.close();
  });

  test('goes without it where NO_PROXY says so', async () => {
    process.env.NO_PROXY = '.amazonaws.com';
    const store = bucketStore('b', { endpoint: server.url, forcePathStyle: true });
    await store.create('k', { a: 1 });
    expect(proxy.asked).toEqual([]);
  });
});
