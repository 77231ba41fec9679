import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessKey } from './demo-identity.ts';
import { decode, encode, parseQuery } from './query.ts';

const ALGORITHM = 'SDK-HMAC-SHA256';

/** Documented nowhere; a captured refusal was 15 minutes and one second late. */
const WINDOW_MS = 15 * 60 * 1000;

/** The signed parts of a request, as they came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Percent-encoded path, without the query. */
  readonly path: string;
  /** Raw query string, without the question mark. */
  readonly query: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string | Uint8Array;
}

/**
 * The six parts that are signed, joined with newlines. Path and query are decoded and encoded again,
 * because official clients send some characters raw that they signed encoded.
 */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  return [
    request.method.toUpperCase(),
    canonicalPath(request.path),
    canonicalQuery(request.query),
    signedHeaders.map((name) => `${name}:${(request.headers[name] ?? '').trim()}\n`).join(''),
    signedHeaders.join(';'),
    request.headers['x-sdk-content-sha256'] ?? sha256(request.body),
  ].join('\n');
}

/** Always ends with a slash, for the signature only. */
function canonicalPath(path: string): string {
  const encoded = path
    .split('/')
    .map((segment) => encode(decode(segment)))
    .join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

function canonicalQuery(raw: string): string {
  return parseQuery(raw)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The text whose HMAC is the signature. */
export function stringToSign(date: string, canonical: string): string {
  return `${ALGORITHM}\n${date}\n${sha256(canonical)}`;
}

/** Hex HMAC-SHA256 with the secret key itself: this scheme derives no other key from it. */
export function signatureOf(secretKey: string, text: string): string {
  return createHmac('sha256', secretKey).update(text).digest('hex');
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The parts of an `Authorization` header, when it is of this scheme. */
export function parseAuthorization(
  header: string,
): { accessKey: string; signedHeaders: string[]; signature: string } | undefined {
  const match = /^SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([^,]+)$/.exec(
    header,
  );
  if (match === null) return undefined;
  const [, accessKey = '', names = '', signature = ''] = match;
  return { accessKey, signedHeaders: names.split(';'), signature };
}

/**
 * Checks a request against the keys that are valid now. `now` is in milliseconds. The result is the
 * text that the gateway appends to its refusal; undefined when the signature is right.
 */
export function signatureRefusal(
  request: SignedRequest,
  keys: readonly AccessKey[],
  now: number,
): string | undefined {
  const authorization = parseAuthorization(request.headers.authorization ?? '');
  if (authorization === undefined) return 'authorization header is missing or malformed';
  const { accessKey, signedHeaders, signature } = authorization;
  const key = keys.find((one) => one.accessKey === accessKey);
  if (key === undefined) return `get secretKey failed,ak:${accessKey}`;
  if (request.headers['x-security-token'] !== key.securityToken) {
    return 'verify security token fail';
  }
  if (!isCanonicalList(signedHeaders)) return 'signed headers are not in canonical form';
  if (!signedHeaders.includes('host')) return 'host is not signed';
  if (!signedHeaders.includes('x-sdk-date')) return 'x-sdk-date is not signed';
  const date = request.headers['x-sdk-date'] ?? '';
  const signedAt = parseSigningDate(date);
  if (Number.isNaN(signedAt)) return `x-sdk-date is malformed:${date}`;
  if (Math.abs(now - signedAt) > WINDOW_MS) {
    const server = signingDate(now);
    return `calc aksk signature fail:signature expired, signature time:${date},server time:${server}`;
  }
  const canonical = canonicalRequest(request, signedHeaders);
  const expected = signatureOf(key.secretKey, stringToSign(date, canonical));
  return sameText(expected, signature) ? undefined : mismatch(canonical);
}

/** The real gateway shows its own canonical request, with `|` for newlines. */
function mismatch(canonical: string): string {
  return `verify aksk signature fail, canonicalRequest:${canonical.replaceAll('\n', '|')}`;
}

/** The refusal of a DELETE with a body: the official clients' signature covers none. */
export function bodyOnDelete(request: SignedRequest): string {
  const names = parseAuthorization(request.headers.authorization ?? '')?.signedHeaders ?? [];
  return mismatch(canonicalRequest(request, names));
}

function isCanonicalList(names: readonly string[]): boolean {
  return names.every((name, at) => {
    const before = names[at - 1];
    return name === name.toLowerCase() && (before === undefined || before < name);
  });
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Milliseconds of `YYYYMMDDTHHMMSSZ`; NaN for anything else. */
function parseSigningDate(text: string): number {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function signingDate(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
