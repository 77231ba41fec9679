import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  canonicalRequest,
  parseAuthorization,
  type SignedRequest,
  signatureOf,
  signatureRefusal,
  stringToSign,
} from '../../lib/emulator/signature.ts';

interface Vector {
  name: string;
  ak: string;
  sk: string;
  method: string;
  url: string;
  query: Record<string, string | number>;
  headers: Record<string, string>;
  body: string;
  expect: {
    canonicalRequest: string;
    stringToSign: string;
    signedHeaders: string;
    signature: string;
    authorization: string;
  };
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../signing-vectors.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };

/** The request as the official Node client puts it on the wire: `! ' ( ) *` stay raw in the query. */
function onTheWire(vector: Vector): SignedRequest {
  const lower = Object.entries(vector.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const pairs = Object.entries(vector.query);
  return {
    method: vector.method,
    path: new URL(vector.url).pathname,
    query: pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'),
    headers: { ...Object.fromEntries(lower), authorization: vector.expect.authorization },
    body: vector.body,
  };
}

const DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

function signedAt(vector: Vector): number {
  const [, y, mo, d, h, mi, s] = DATE.exec(vector.headers['X-Sdk-Date'] ?? '') ?? [];
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

function keysOf(vector: Vector) {
  const securityToken = vector.headers['X-Security-Token'];
  const key = { accessKey: vector.ak, secretKey: vector.sk };
  return [securityToken === undefined ? key : { ...key, securityToken }];
}

test('there are vectors to check', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(8);
});

describe.each(vectors.map((vector) => [vector.name, vector] as const))('vector %s', (_, vector) => {
  const names = vector.expect.signedHeaders.split(';');
  const request = onTheWire(vector);

  test('the canonical request is the official one', () => {
    expect(canonicalRequest(request, names)).toBe(vector.expect.canonicalRequest);
  });

  test('the string to sign and the signature are the official ones', () => {
    const date = vector.headers['X-Sdk-Date'] ?? '';
    const text = stringToSign(date, vector.expect.canonicalRequest);
    expect(text).toBe(vector.expect.stringToSign);
    expect(signatureOf(vector.sk, text)).toBe(vector.expect.signature);
  });

  test('the request is accepted when it was signed', () => {
    expect(signatureRefusal(request, keysOf(vector), signedAt(vector))).toBeUndefined();
  });

  test.each([
    ['another method', { method: 'PUT' }],
    ['another path', { path: '/v2/other' }],
    ['another query', { query: 'limit=11' }],
    ['a body', { body: '{}' }],
  ])('the same signature with %s is refused', (_, change) => {
    const changed = { ...request, ...change };
    const refusal = signatureRefusal(changed, keysOf(vector), signedAt(vector));
    expect(refusal).toEqual(expect.stringContaining('verify aksk signature fail'));
  });
});

describe('a signature', () => {
  const [vector] = vectors as [Vector];
  const request = onTheWire(vector);
  const keys = keysOf(vector);
  const now = signedAt(vector);
  const minutes = 60_000;

  test('made with another secret is refused with the canonical request in one line', () => {
    const wrong = [{ accessKey: vector.ak, secretKey: 'another' }];
    expect(signatureRefusal(request, wrong, now)).toEqual(
      `verify aksk signature fail, canonicalRequest:${vector.expect.canonicalRequest.replaceAll('\n', '|')}`,
    );
  });

  test('of an unknown key is refused', () => {
    expect(signatureRefusal(request, [], now)).toBeDefined();
  });

  test('is good for 15 minutes either way and no longer', () => {
    expect(signatureRefusal(request, keys, now + 15 * minutes)).toBeUndefined();
    expect(signatureRefusal(request, keys, now - 15 * minutes)).toBeUndefined();
    expect(signatureRefusal(request, keys, now + 15 * minutes + 1000)).toEqual(
      'calc aksk signature fail:signature expired, signature time:20250102T030405Z,server time:20250102T031906Z',
    );
    expect(signatureRefusal(request, keys, now - 15 * minutes - 1000)).toBeDefined();
  });

  test('of temporary keys needs their security token', () => {
    const temporary = keys.map((key) => ({ ...key, securityToken: 'token' }));
    expect(signatureRefusal(request, temporary, now)).toBeDefined();
  });

  test('of permanent keys does not go with a security token', () => {
    const headers = { ...request.headers, 'x-security-token': 'stray' };
    expect(signatureRefusal({ ...request, headers }, keys, now)).toBeDefined();
  });

  test.each([
    ['no header', undefined],
    ['another scheme', 'Basic Zm9v'],
    ['no signature', 'SDK-HMAC-SHA256 Access=a, SignedHeaders=host'],
    ['host unsigned', vector.expect.authorization.replace('host;', '')],
    ['date unsigned', vector.expect.authorization.replace(';x-sdk-date', '')],
    ['names unsorted', vector.expect.authorization.replace('host;x-sdk-date', 'x-sdk-date;host')],
    ['names in capitals', vector.expect.authorization.replace('host', 'Host')],
  ])('is refused with %s', (_, authorization) => {
    const headers = { ...request.headers, authorization };
    expect(signatureRefusal({ ...request, headers }, keys, now)).toBeDefined();
  });

  test('is refused with a date that cannot be read', () => {
    const headers = { ...request.headers, 'x-sdk-date': '2025-01-02T03:04:05Z' };
    expect(signatureRefusal({ ...request, headers }, keys, now)).toEqual(
      'x-sdk-date is malformed:2025-01-02T03:04:05Z',
    );
  });

  test('takes `+` in a query for a plus sign, never for a space', () => {
    const signed = canonicalRequest({ ...request, query: 'name=a+b' }, ['host']);
    expect(signed.split('\n')[2]).toBe('name=a%2Bb');
  });

  test('covers the declared payload hash when that header is sent', () => {
    const headers = { ...request.headers, 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' };
    const signed = canonicalRequest({ ...request, headers, body: 'any' }, ['host']);
    expect(signed.endsWith('\nUNSIGNED-PAYLOAD')).toBe(true);
  });

  test('of the worked example in an Authorization header is taken apart', () => {
    expect(parseAuthorization(vector.expect.authorization)).toEqual({
      accessKey: vector.ak,
      signedHeaders: ['host', 'x-sdk-date'],
      signature: vector.expect.signature,
    });
  });
});
