import { type AccessKey, DEMO_ACCESS_KEY } from '../../lib/emulator/demo-identity.ts';
import type { Emulator } from '../../lib/emulator/emulator.ts';
import { canonicalRequest, signatureOf, stringToSign } from '../../lib/emulator/signature.ts';

/** What a test may want to be different about a request. */
export interface SignedOptions {
  key?: AccessKey;
  /** Time of signing in milliseconds; the real time when absent. */
  at?: number;
  /** Sent, and signed, besides. */
  headers?: Record<string, string>;
  body?: string;
}

/** An answer that was read to its end. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined when it is empty. */
  json: unknown;
}

/** Sends one signed request to an emulator. `path` carries the query, encoded as it is to be sent. */
export async function call(
  emulator: Emulator,
  method: string,
  path: string,
  options: SignedOptions = {},
): Promise<Reply> {
  const headers = signedHeaders(emulator, method, path, options);
  const response = await fetch(`${emulator.url}${path}`, { method, headers, body: options.body });
  const text = await response.text();
  const { status, headers: received } = response;
  return { status, headers: received, text, json: text === '' ? undefined : JSON.parse(text) };
}

/** The headers of a signed request, `Authorization` included. */
export function signedHeaders(
  emulator: Emulator,
  method: string,
  path: string,
  { key = DEMO_ACCESS_KEY, at = Date.now(), headers = {}, body = '' }: SignedOptions = {},
): Record<string, string> {
  const date = `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const sent: Record<string, string> = { ...headers, 'x-sdk-date': date };
  if (key.securityToken !== undefined) sent['x-security-token'] = key.securityToken;
  const all: Record<string, string> = { ...sent, host: `127.0.0.1:${emulator.port}` };
  const names = Object.keys(all).sort();
  const [bare = '', query = ''] = path.split('?');
  const request = { method, path: bare, query, headers: all, body };
  const signature = signatureOf(
    key.secretKey,
    stringToSign(date, canonicalRequest(request, names)),
  );
  sent.authorization = `SDK-HMAC-SHA256 Access=${key.accessKey}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return sent;
}
