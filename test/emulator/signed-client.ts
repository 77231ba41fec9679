import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AccessKey, DEMO_ACCESS_KEY } from '../../lib/emulator/demo-identity.ts';
import type { Emulator } from '../../lib/emulator/emulator.ts';
import type { EmulatedInstance } from '../../lib/emulator/estate.ts';
import { canonicalRequest, signatureOf, stringToSign } from '../../lib/emulator/signature.ts';

/** The ways in which a request may differ from an ordinary one. */
export interface SignedOptions {
  key?: AccessKey;
  /** Time of signing in milliseconds; the real time when absent. */
  at?: number;
  /** Sent, and signed, besides. */
  headers?: Record<string, string>;
  body?: string;
  /** The `Host` header, sent to the emulator's address all the same. */
  host?: string;
}

/** An answer that was read to its end. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined when it is empty. */
  json: unknown;
}

/** The path of an instance's tasks. */
export function tasksPath({ service, projectId, id }: EmulatedInstance): string {
  return `/${service === 'dcs-v1' ? 'v1.0' : 'v2'}/${projectId}/instances/${id}/tasks`;
}

/** Sends one signed request to an emulator. `path` carries the query, encoded as it is to be sent. */
export async function call(
  emulator: Emulator,
  method: string,
  path: string,
  options: SignedOptions = {},
): Promise<Reply> {
  const { host = addressOf(emulator), body = '' } = options;
  const headers: Record<string, string> = {
    ...signedHeaders(emulator, method, path, options),
    host,
  };
  if (body !== '') headers['content-length'] = String(Buffer.byteLength(body));
  // Not fetch, which writes a Host of its own.
  const sent = request(`${emulator.url}${path}`, { method, headers, agent: false }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: response.statusCode ?? 0,
    headers: new Headers(response.headers as Record<string, string>),
    text,
    json: text === '' ? undefined : JSON.parse(text),
  };
}

/** The headers of a signed request, `Authorization` included. */
export function signedHeaders(
  emulator: Emulator,
  method: string,
  path: string,
  {
    key = DEMO_ACCESS_KEY,
    at = Date.now(),
    headers = {},
    body = '',
    host = addressOf(emulator),
  }: SignedOptions = {},
): Record<string, string> {
  const date = `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const sent: Record<string, string> = { ...headers, 'x-sdk-date': date };
  if (key.securityToken !== undefined) sent['x-security-token'] = key.securityToken;
  const all: Record<string, string> = { ...sent, host };
  const names = Object.keys(all).sort();
  const [bare = '', query = ''] = path.split('?');
  const covered = { method, path: bare, query, headers: all, body };
  const signature = signatureOf(
    key.secretKey,
    stringToSign(date, canonicalRequest(covered, names)),
  );
  sent.authorization = `SDK-HMAC-SHA256 Access=${key.accessKey}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return sent;
}

function addressOf({ port }: Emulator): string {
  return `127.0.0.1:${port}`;
}
