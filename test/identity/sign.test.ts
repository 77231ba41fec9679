import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  type Emulator,
  startEmulator,
  task,
} from '../../lib/emulator/index.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { createTransport, type HttpRequest, type Transport } from '../../lib/http/transport.ts';
import { type AccessKey, encode, sign } from '../../lib/identity/sign.ts';

interface Vector {
  readonly name: string;
  readonly ak: string;
  readonly sk: string;
  readonly method: string;
  readonly url: string;
  readonly query: Readonly<Record<string, string | number | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expect: { readonly authorization: string; readonly signedHeaders: string };
}

const path = new URL('../signing-vectors.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(path, 'utf8')) as { vectors: Vector[] };

test.each(vectors.map((vector) => [vector.name, vector] as const))(
  'the official signer’s vector %s is met',
  (_, vector) => {
    const { 'X-Sdk-Date': date = '', ...rest } = vector.headers;
    const { host: _host, 'X-Security-Token': securityToken, ...headers } = rest;
    const query = Object.entries(vector.query).flatMap(([name, value]) =>
      [value].flat().map((one) => `${encode(name)}=${encode(String(one))}`),
    );
    const request: HttpRequest = {
      method: vector.method as HttpRequest['method'],
      url: query.length > 0 ? `${vector.url}?${query.join('&')}` : vector.url,
      headers,
      ...(vector.body && { body: vector.body }),
    };
    const key: AccessKey = { accessKey: vector.ak, secretKey: vector.sk, securityToken };
    const moment = date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
    const signed = sign(request, key, Date.parse(moment));
    expect(signed['X-Sdk-Date']).toBe(date);
    expect(signed['X-Security-Token']).toBe(securityToken);
    expect(signed.Authorization).toBe(vector.expect.authorization);
  },
);

test('there are vectors', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(8);
});

test('everything is encoded but what RFC 3986 leaves alone', () => {
  expect(encode('AZaz09-_.~')).toBe('AZaz09-_.~');
  expect(encode(" !'()*/+&=?#%ü")).toBe('%20%21%27%28%29%2A%2F%2B%26%3D%3F%23%25%C3%BC');
});

test('the request’s own headers stay, and the host is signed without being set', () => {
  const request = {
    method: 'GET',
    url: 'https://h.test/a',
    headers: { 'X-Project-Id': 'p' },
  } as const;
  const signed = sign(request, { accessKey: 'AK', secretKey: 'SK' }, 0);
  expect(Object.keys(signed).sort()).toEqual(['Authorization', 'X-Project-Id', 'X-Sdk-Date']);
  expect(signed.Authorization).toContain('SignedHeaders=host;x-project-id;x-sdk-date,');
  expect(signed['X-Sdk-Date']).toBe('19700101T000000Z');
});

describe('the emulator', () => {
  const now = Date.UTC(2026, 8, 1, 3, 30);
  let emulator: Emulator;
  let transport: Transport;
  beforeEach(async () => {
    emulator = await startEmulator({ now: () => now });
    transport = createTransport(systemClock);
  });
  afterEach(async () => {
    transport.close();
    await emulator.close();
  });

  async function send(
    method: 'GET' | 'DELETE',
    url: string,
    key: AccessKey = DEMO_ACCESS_KEY,
    at = now,
  ) {
    const headers = { 'Content-Type': 'application/json', 'X-Project-Id': DEMO_PROJECT_ID };
    const request = { method, url, headers } as const;
    return await transport.send({ ...request, headers: sign(request, key, at) }, 10_000);
  }

  test('accepts what is signed, ids that need encoding included', async () => {
    const base = `${emulator.url}/v2/${DEMO_PROJECT_ID}/instances`;
    const letters = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
    const ids = fc.sample(letters, 60).filter((id) => id !== '.' && id !== '..');
    ids.push(" !'()*/+&=?#%ü", 'a b', '%2F', '%', '..a', 'ü😀');
    for (const id of new Set(ids)) {
      const instance = emulator.addInstance({ service: 'kafka', id, tasks: [task({ id })] });
      const list = await send('GET', `${base}/${encode(id)}/tasks?start=1&limit=10`);
      expect(list.status).toBe(200);
      const one = await send('DELETE', `${base}/${encode(id)}/tasks/${encode(id)}`);
      expect(one.status).toBe(204);
      expect(instance.tasks()).toEqual([]);
      emulator.removeInstance(id);
    }
  });

  test('accepts a query with characters that need encoding, in any order', async () => {
    emulator.addInstance({ service: 'dcs', name: "my cache+1/ü~*'()!" });
    const name = encode("my cache+1/ü~*'()!");
    const query = `offset=0&name=${name}&limit=10&name_equal=true`;
    const { status, body } = await send(
      'GET',
      `${emulator.url}/v2/${DEMO_PROJECT_ID}/instances?${query}`,
    );
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ instance_num: 1 });
  });

  test('accepts a temporary key with its token, and only with it', async () => {
    const key = { accessKey: 'TEMP', secretKey: 'temporary', securityToken: 'token of the key' };
    emulator.accessKeys.push(key);
    const url = `${emulator.url}/v2/${DEMO_PROJECT_ID}/instances?limit=10`;
    expect((await send('GET', url, key)).status).toBe(200);
    const { securityToken: _, ...half } = key;
    expect((await send('GET', url, half)).status).toBe(401);
    expect((await send('GET', url, { ...key, securityToken: 'another' })).status).toBe(401);
  });

  test('refuses a wrong secret, and a clock that is wrong by more than a quarter of an hour', async () => {
    const url = `${emulator.url}/v2/${DEMO_PROJECT_ID}/instances?limit=10`;
    expect((await send('GET', url, { ...DEMO_ACCESS_KEY, secretKey: 'no' })).status).toBe(401);
    expect((await send('GET', url, DEMO_ACCESS_KEY, now - 14 * 60_000)).status).toBe(200);
    expect((await send('GET', url, DEMO_ACCESS_KEY, now - 16 * 60_000)).status).toBe(401);
  });
});
