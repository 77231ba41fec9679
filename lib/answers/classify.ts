import { parseRetryAfter, type Trouble } from '../http/retry.ts';
import { type HttpResponse, TransportError } from '../http/transport.ts';
import type { Answer } from './answer.ts';
import type { Conceal } from './conceal.ts';
import { meaningOf } from './error-codes.ts';

export type Operation = 'list' | 'delete';

/** An answer, with what a person needs to understand it. */
export interface AnswerReading {
  readonly answer: Answer;
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  /** The service's own error code, or the kind of failure when no answer came. */
  readonly code?: string;
  readonly message?: string;
  readonly trouble?: Trouble | undefined;
  readonly retryAfter?: number | undefined;
}

/**
 * The meaning of an answer from the operation, its status and its body. Pure.
 * @param conceal takes secrets out of what the server says.
 */
export function classify(
  operation: Operation,
  status: number,
  body: string,
  conceal: Conceal = (text) => text,
): AnswerReading {
  if (status >= 200 && status < 300) {
    return { answer: operation === 'delete' ? 'deleted' : 'ok', status };
  }
  const { code, message } = readError(body, conceal);
  const answer = (code !== undefined && meaningOf(code)) || byStatus(status, message);
  return { answer, status, code: code ?? `HTTP ${status}`, message, trouble: troubleOf(answer) };
}

/**
 * The same for what a transport returned, with the server's wish to wait.
 * @param now milliseconds since the epoch.
 * @param conceal takes secrets out of what the server says.
 */
export function readAnswer(
  operation: Operation,
  result: HttpResponse | TransportError,
  now: number,
  conceal: Conceal,
): AnswerReading {
  if (result instanceof TransportError) {
    const { code, message } = result;
    if (code === 'certificate') return { answer: 'misaddressed', code, message };
    return { answer: 'transient', code, message, trouble: 'transient' };
  }
  const reading = classify(operation, result.status, result.body, conceal);
  if (result.status >= 300 && result.status < 400) {
    const where = shorten(result.header('location') ?? 'nowhere', conceal);
    return { ...reading, message: `redirected to ${where}; redirects are not followed` };
  }
  if (reading.trouble === undefined) return reading;
  return { ...reading, retryAfter: parseRetryAfter(result.header('retry-after'), now) };
}

function troubleOf(answer: Answer): Trouble | undefined {
  return answer === 'transient' || answer === 'throttled' ? answer : undefined;
}

const NOT_THERE = /\b(task|job|record|instance)\b.*(not exist|not found|no longer|not be found)/i;

function byStatus(status: number, message: string): Answer {
  if (status < 400) return 'misaddressed';
  if (status === 401) return 'unauthorised';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'perhaps-gone';
  // This family of services has changed its "not found" from 404 to 400 without notice.
  if (status === 400 && NOT_THERE.test(message)) return 'perhaps-gone';
  if (status === 405) return 'misaddressed';
  if (status === 408 || status >= 500) return 'transient';
  if (status === 429) return 'throttled';
  return 'invalid';
}

/**
 * Code and message of an error body: `error_code`/`error_msg` of the services and the gateway,
 * `error.code`/`error.message` of IAM, or the text itself.
 */
function readError(body: string, conceal: Conceal): { code?: string; message: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { message: shorten(body, conceal) };
  }
  const fields = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Fields;
  const nested = (
    typeof fields.error === 'object' && fields.error !== null ? fields.error : {}
  ) as Fields;
  const code = fields.error_code ?? nested.code ?? fields.code;
  const message = fields.error_msg ?? nested.message ?? fields.message ?? '';
  return {
    ...((typeof code === 'string' || typeof code === 'number') && { code: String(code) }),
    message: shorten(String(message), conceal),
  };
}

type Fields = Record<string, unknown> & { error?: unknown };

/** The gateway answers a bad signature with the whole request as it saw it: security token included. */
function shorten(text: string, conceal: Conceal): string {
  // Before it is cut, so that no secret stays in part.
  const withoutRequest = conceal(text).replace(/,?\s*canonicalRequest:.*/s, '');
  const line = withoutRequest.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** What came of a request, in words. */
export function describeResponse(sent: {
  readonly reading?: AnswerReading;
  readonly attempts: number;
}): string {
  const reading = sent.reading ? describeReading(sent.reading) : 'no answer';
  const tries = sent.attempts > 1 ? ` (${sent.attempts} attempts)` : '';
  return `${reading}${tries}`;
}

/** Such as `400 DMS.00400062: Invalid parameter`. */
export function describeReading({ status, code, message }: AnswerReading): string {
  const name = [status, code?.startsWith('HTTP ') ? undefined : code].filter(Boolean).join(' ');
  return message ? `${name}: ${message}` : name;
}
