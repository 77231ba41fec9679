import { isUtf8 } from 'node:buffer';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import fetch, { AbortError, type Response } from 'node-fetch';
import { JanitorError } from '../model/error.ts';
import type { Clock } from './clock.ts';
import { LightSignal, type StopSignal } from './light-signal.ts';
import type { BodyPlace } from './long-bodies.ts';
import { codeOf, isOfCertificate, whyNoAnswer } from './no-answer.ts';
import { proxyAgent, proxyFor } from './proxy.ts';
import { readBody } from './read-body.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'DELETE' | 'POST';
  /** Already percent-encoded: what stands here goes on the wire, and is what was signed. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpResponse {
  readonly status: number;
  /** The value of a header, whatever its case. */
  header(name: string): string | undefined;
  /**
   * The whole body as text, always read to its end so that the connection can be used again. In an error, what is
   * not UTF-8 stands as U+FFFD.
   */
  readonly body: string;
}

/**
 * No answer came. `timeout`: none in time. `aborted`: the caller's signal ended it. `certificate`:
 * the server's certificate is not trusted; no retry helps. `too-large`: the answer is longer than
 * MAX_BODY. `unreadable`: the answer of a success is not UTF-8. `proxy`: the proxy on the way refuses; no retry
 * helps. `connection`: all else, from a name that does not resolve to a body cut off.
 */
export class TransportError extends JanitorError {
  override readonly name = 'TransportError';
  declare readonly code:
    | 'timeout'
    | 'aborted'
    | 'certificate'
    | 'too-large'
    | 'unreadable'
    | 'proxy'
    | 'connection';

  /** @param message in our own words, which are shown as they are: nothing in it is a peer's. */
  constructor(code: TransportError['code'], message: string) {
    super(code, message);
  }
}

export interface Transport {
  /**
   * One request, one answer; redirects are handed back, not followed.
   * @param timeoutMs milliseconds until the whole answer must be there.
   * @param place holds the body where it is long; whoever opened it leaves it.
   * @throws {TransportError} when no answer came.
   */
  send(
    request: HttpRequest,
    timeoutMs: number,
    signal?: AbortSignal,
    place?: BodyPlace,
  ): Promise<HttpResponse>;
  /** Closes the connections that are kept alive. */
  close(): void;
}

/** Largest body that is read, in bytes after unpacking: 1,000 records are some 500 KB. */
const MAX_BODY = 8 * 1024 * 1024;

/** A transport over node-fetch, with agents that keep connections alive, through the proxies of the environment. */
export function createTransport(clock: Pick<Clock, 'sleep'>): Transport {
  const plain = new http.Agent({ keepAlive: true });
  const secure = new https.Agent({ keepAlive: true });
  /** By origin. */
  const agents = new Map<string, http.Agent>();
  const agentFor = async (url: string): Promise<http.Agent> => {
    const origin = url.slice(0, url.indexOf('/', 'https://'.length));
    const known = agents.get(origin);
    if (known) return known;
    const proxy = proxyFor(url);
    const isSecure = url.startsWith('https:');
    const made = proxy ? await proxyAgent(proxy, isSecure) : isSecure ? secure : plain;
    const agent = agents.get(origin) ?? made;
    agents.set(origin, agent);
    return agent;
  };

  async function send(
    request: HttpRequest,
    timeoutMs: number,
    signal?: AbortSignal,
    place?: BodyPlace,
  ): Promise<HttpResponse> {
    const host = () => new URL(request.url).host;
    const over = new LightSignal();
    const answered = new LightSignal();
    let timedOut = false;
    const abort = () => over.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const timer = clock.sleep(timeoutMs, answered).then(() => {
      if (answered.aborted) return;
      timedOut = true;
      over.abort();
    });
    try {
      const agent = await agentFor(request.url);
      // node-fetch, given a body and a signal that has aborted, emits an error that nobody can catch.
      if (over.aborted) throw new AbortError('stopped');
      const response = await fetch(request.url, {
        method: request.method,
        headers: request.headers,
        body: request.body,
        redirect: 'manual',
        agent,
        signal: over as never,
      });
      const bytes = await wholeBody(response, host, over, place);
      return new ReadResponse(response, bytes);
    } catch (error) {
      if (error instanceof TransportError) throw error;
      if (timedOut) throw new TransportError('timeout', `${host()}: no answer in ${timeoutMs} ms`);
      throw toTransportError(host(), error);
    } finally {
      signal?.removeEventListener('abort', abort);
      answered.abort();
      await timer;
    }
  }

  return {
    send,
    close: () => {
      for (const agent of [plain, secure, ...agents.values()]) agent.destroy();
    },
  };
}

/**
 * Whether an error's status alone says what it means. Of all others a service sends one for this and one for that: a 404
 * where a record is not there, and where too much was asked.
 */
function isClear(status: number): boolean {
  return status < 400 || status >= 500 || [401, 403, 408, 429].includes(status);
}

/** @throws {TransportError} where a body that is needed was cut off, or that of a success is not UTF-8. */
async function wholeBody(
  response: Response,
  host: () => string,
  over: StopSignal,
  place: BodyPlace | undefined,
): Promise<Buffer> {
  const { status, ok, headers } = response;
  const body = response.body as Readable;
  const reading = readBody(body, MAX_BODY, place);
  // node-fetch looks at the signal no more once the packed bytes have come; to unpack them may take much longer.
  const cutOff = () => body.destroy(new AbortError('stopped'));
  if (over.aborted) cutOff();
  else over.addEventListener('abort', cutOff);
  const bytes = await reading;
  const failure = (code: TransportError['code'], why: string) =>
    new TransportError(code, `${host()}: the answer (${status}) ${why}`);
  const isPacked = !['identity', null].includes(headers.get('content-encoding'));
  const length = status === 204 ? '0' : headers.get('content-length');
  // If only the beginning of a gzip came, unpacking it gives nothing, and no error. So does a whole body, of whatever
  // kind, where bytes come after it that are no HTTP: Node drops the body too.
  const isShort = !isPacked && length !== null && Number(length) !== bytes.length;
  const mayBeLost = isPacked || headers.has('transfer-encoding');
  const isLost = bytes.length === 0 && length !== '0' && mayBeLost;
  if (ok && (isShort || isLost)) throw failure('unreadable', 'was cut off');
  // An error may well be empty, packed or in chunks.
  if (isShort && !isClear(status)) throw failure('connection', 'was cut off');
  if (ok && !isUtf8(bytes)) throw failure('unreadable', 'is not UTF-8');
  return bytes;
}

/** A response whose body takes no room in the heap until somebody asks for it: many may wait for that. */
class ReadResponse implements HttpResponse {
  readonly status: number;
  readonly #headers: Response['headers'];
  readonly #bytes: Buffer;
  #body: string | undefined;

  constructor({ status, headers }: Response, bytes: Buffer) {
    this.status = status;
    this.#headers = headers;
    this.#bytes = bytes;
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }

  get body(): string {
    this.#body ??= this.#bytes.toString();
    return this.#body;
  }
}

function toTransportError(host: string, error: unknown): TransportError {
  if (error instanceof AbortError) return new TransportError('aborted', `${host}: stopped`);
  const code = codeOf(error);
  if (code === 'max-size') {
    return new TransportError(
      'too-large',
      `${host}: the answer is too large: more than ${MAX_BODY} bytes came`,
    );
  }
  if (code === 'proxy' || code === 'proxy-unavailable') {
    // It is ours: node-fetch keeps no more of an error than its code and its message.
    const reason = (error as Error).message.replace(/^request to .* failed, reason: /, '');
    return new TransportError(code === 'proxy' ? 'proxy' : 'connection', `${host}: ${reason}`);
  }
  return new TransportError(
    isOfCertificate(code) ? 'certificate' : 'connection',
    `${host}: ${whyNoAnswer(error)}`,
  );
}
