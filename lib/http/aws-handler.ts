import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { JanitorError } from '../model/error.ts';
import { type Clock, systemClock } from './clock.ts';
import { Gathered } from './gathered.ts';
import { LightSignal } from './light-signal.ts';
import { codeOf, whyNoAnswer } from './no-answer.ts';
import { proxyAgent, proxyFor } from './proxy.ts';
import { ProxyError, WANTS_USER } from './proxy-error.ts';

/** The bounds of one attempt of a request: no server may hold a run, or take its memory. */
export interface AwsLimits {
  /** Milliseconds to connect. */
  readonly connectMs?: number;
  /** Milliseconds until the whole answer must be there, from the moment at which the request begins. */
  readonly answerMs?: number;
  /** Bytes of an object that is read; other answers are bounded whoever asks. */
  readonly maxBytes?: number;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 60_000;
/** Bytes of a success: the largest that is no object is a page of 1,000 keys. */
const MAX_BYTES = 2 * 2 ** 20;
/** Bytes of any other answer. The SDK's XML parser takes 35 for each of them, and no signal ends it. */
const MAX_ERROR = 64 * 2 ** 10;
/** That parser takes quadratic time for many of them. Only web pages have one. */
const DOCTYPE = /<!doctype/i;

/**
 * A request handler for clients of the AWS SDK, which ignores the proxy's variables, and waits for the end of a body
 * for ever. Here a request ends with a whole answer or with an error: `TimeoutError`, which the SDK tries again,
 * `AnswerTooLarge`, which it does not, or `UnexpectedBodyError`, such as the page of what stands in the way, or a 200 to
 * an object that was not sent yet, which it tries again by its status.
 * @param clock ends what takes too long.
 */
export function awsRequestHandler(
  { connectMs = CONNECT_MS, answerMs = ANSWER_MS, maxBytes = MAX_BYTES }: AwsLimits = {},
  clock: Pick<Clock, 'sleep'> = systemClock,
): Pick<NodeHttpHandler, keyof NodeHttpHandler> {
  const settings = {
    connectionTimeout: connectMs,
    // When the console is told of requests that wait for a connection: they end before.
    socketAcquisitionWarningTimeout: connectMs + answerMs,
  };
  const direct = new NodeHttpHandler(settings);
  const proxied = new Map<string, Promise<NodeHttpHandler>>();
  const handlerFor = async (url: string): Promise<NodeHttpHandler> => {
    const proxy = proxyFor(url);
    if (!proxy) return direct;
    const secure = url.startsWith('https:');
    const key = `${secure} ${proxy.href}`;
    const made =
      proxied.get(key) ??
      proxyAgent(proxy, secure).then(
        (agent) =>
          new NodeHttpHandler({ ...settings, [secure ? 'httpsAgent' : 'httpAgent']: agent }),
      );
    proxied.set(key, made);
    return await made;
  };
  const wholeAnswer = async (
    request: Parameters<NodeHttpHandler['handle']>[0],
    abortSignal: AbortSignal,
  ): ReturnType<NodeHttpHandler['handle']> => {
    const { protocol, hostname, port } = request;
    const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}/`;
    const handler = await handlerFor(url);
    const isPut = request.method === 'PUT';
    const upload = isPut ? inPieces(request.body) : undefined;
    const sent = {
      ...request,
      ...(handler !== direct && { headers: withoutExpect(request.headers) }),
      ...(upload && { body: upload.pieces }),
    } as typeof request;
    const { response } = await handler.handle(sent, { abortSignal });
    const { statusCode } = response;
    if (statusCode === 407) {
      (response.body as Readable).destroy();
      throw new ProxyError('proxy', `the proxy does not pass it on: ${WANTS_USER}`);
    }
    const isSuccess = statusCode === 200;
    if (isSuccess && upload && !upload.areAllTaken()) {
      (response.body as Readable).destroy();
      throw unexpected(200, 'before it had the object');
    }
    const isObject = isSuccess && request.method === 'GET' && !('list-type' in request.query);
    const most = isObject ? maxBytes : isSuccess ? MAX_BYTES : MAX_ERROR;
    const { socket } = response.body as IncomingMessage;
    const body = await readBytes(response.body, most);
    // It would keep the rest of the object until the server closes it.
    if (upload && !upload.areAllTaken()) socket.destroy();
    if (isSuccess && isPut && body.length > 0) {
      throw unexpected(200, 'with a body, which no store gives for an object that it took');
    }
    // Each byte is a character, since a character of several bytes is in no such word.
    if (!isObject && DOCTYPE.test(body.toString('latin1'))) {
      throw unexpected(statusCode, 'with a web page');
    }
    response.body = Readable.from([body], { objectMode: false });
    return { response };
  };
  return {
    metadata: direct.metadata,
    handle: async (request, { abortSignal } = {}) => {
      const stop = abortSignal as AbortSignal | undefined;
      const ended = new LightSignal();
      const abort = new AbortController();
      const late = clock.sleep(answerMs, ended).then((): never => {
        if (!ended.aborted) abort.abort();
        const message = `the whole answer did not come within ${answerMs / 1_000} s`;
        throw new AwsAnswerError('TimeoutError', message);
      });
      const pass = () => abort.abort(stop?.reason);
      if (stop?.aborted) pass();
      stop?.addEventListener('abort', pass);
      try {
        return await Promise.race([wholeAnswer(request, abort.signal), late]);
      } catch (error) {
        throw noAnswer(error);
      } finally {
        ended.abort();
        stop?.removeEventListener('abort', pass);
      }
    },
    destroy: () => {
      direct.destroy();
      for (const made of proxied.values()) void made.then((handler) => handler.destroy());
    },
    updateHttpClientConfig: (key, value) => direct.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => direct.httpHandlerConfigs(),
  };
}

/** With that header the head goes out before the body. Then the agent of a proxy without TLS sends the head a second time. */
function withoutExpect(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'expect'),
  );
}

const PIECE = 64 * 2 ** 10;

/** A body in pieces, of which each is taken once the connection has room for it; nothing where it is no bytes. */
function inPieces(body: unknown): { pieces: Readable; areAllTaken(): boolean } | undefined {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return undefined;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  let taken = 0;
  function* take() {
    while (taken < bytes.length) {
      const piece = bytes.subarray(taken, taken + PIECE);
      taken += piece.length;
      yield piece;
    }
  }
  const pieces = Readable.from(take(), { objectMode: false });
  return { pieces, areAllTaken: () => taken === bytes.length };
}

/** The status tells the SDK whether to try again: the page may be a gateway's, of a 503. */
function unexpected(httpStatusCode: number, what: string): Error {
  const error = new AwsAnswerError('UnexpectedBodyError', `HTTP ${httpStatusCode} ${what}`);
  return Object.assign(error, { $metadata: { httpStatusCode } });
}

/** In the place of an answer. The SDK tells by its name and its code what it tries again. */
class AwsAnswerError extends JanitorError {
  override readonly name: string;

  constructor(name: string, message: string, code = name) {
    super(code, message);
    this.name = name;
  }
}

/** An error that came in the place of an answer, in our own words. */
function noAnswer(error: unknown): JanitorError {
  if (error instanceof JanitorError) return error;
  return new AwsAnswerError((error as Error).name, whyNoAnswer(error), codeOf(error));
}

/** Reads a body to its end; one that is too long is cut off there, and its connection with it. */
async function readBytes(body: Readable, maxBytes: number): Promise<Buffer> {
  const gathered = new Gathered();
  for await (const chunk of body) {
    if (gathered.length + chunk.length > maxBytes) {
      const size = maxBytes < 2 ** 20 ? `${maxBytes / 2 ** 10} KB` : `${maxBytes / 2 ** 20} MB`;
      throw new AwsAnswerError('AnswerTooLarge', `the answer is longer than ${size}`);
    }
    gathered.add(chunk);
  }
  return gathered.bytes();
}
