import { createHmac, hash } from 'node:crypto';
import type { HttpRequest } from '../http/transport.ts';

/** An access key of Huawei Cloud or OTC; `securityToken` belongs to a temporary one. */
export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly securityToken?: string | undefined;
}

/** Percent-encodes all but RFC 3986's unreserved characters, as the signature demands. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The headers that authenticate a request with SDK-HMAC-SHA256: those it has, `X-Sdk-Date`,
 * `X-Security-Token` for a temporary key, and `Authorization`. Every header is signed, and so is
 * `host`. What is signed is the URL as it stands, so it must be encoded with `encode`.
 * @param now milliseconds since the epoch; the service tolerates about 15 minutes.
 */
export function sign(request: HttpRequest, key: AccessKey, now: number): Record<string, string> {
  const url = new URL(request.url);
  const date = basicFormat(now);
  const headers: Record<string, string> = { ...request.headers, 'X-Sdk-Date': date };
  if (key.securityToken) headers['X-Security-Token'] = key.securityToken;

  const signed = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`,
    canonicalQuery(url),
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(request.body ?? ''),
  ].join('\n');
  const toSign = `SDK-HMAC-SHA256\n${date}\n${sha256(canonical)}`;
  const signature = createHmac('sha256', key.secretKey).update(toSign).digest('hex');
  return {
    ...headers,
    Authorization: `SDK-HMAC-SHA256 Access=${key.accessKey}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** ISO 8601 without separators, to the second, in UTC. (By hand: every request needs one.) */
function basicFormat(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '')}Z`;
}

/** Sorted by the decoded key, then value; encoded again, which changes nothing of what we sent. */
function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha256(text: string): string {
  return hash('sha256', text);
}
