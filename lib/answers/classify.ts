import { parseHttpDate } from '../http/http-date.ts';
import { type GaveUp, parseRetryAfter, type Trouble } from '../http/retry.ts';
import { type HttpResponse, TransportError } from '../http/transport.ts';
import { describeSpan } from '../model/summary.ts';
import { isObject, singleSpaced } from '../model/text.ts';
import type { Conceal } from './conceal.ts';
import { type Answer, meaningOf } from './error-codes.ts';
import { hasRepeatedKeys } from './repeated-keys.ts';

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
  /** The server's clock (`Date`), in milliseconds since the epoch, to the second. */
  readonly serverTime?: number | undefined;
}

/**
 * The meaning of an answer from the operation, its status and its body. A code that we know wins over the
 * status, also where that says success. Pure.
 * @param conceal takes secrets out of what the server says.
 */
export function classify(
  operation: Operation,
  status: number,
  body: string,
  conceal: Conceal = (text) => text,
): AnswerReading {
  const success = status >= 200 && status < 300;
  const error = success ? readErrorInSuccess(operation, body, conceal) : readError(body, conceal);
  if (!error) {
    if (operation === 'list') return status === 206 ? PART_OF_LIST : { answer: 'ok', status };
    if (status !== 202) return { answer: 'deleted', status };
    return {
      answer: 'accepted',
      status,
      message: 'accepted, but the service has not confirmed that it is done',
    };
  }
  const { code, message } = error;
  const answer = (code !== undefined && meaningOf(code)) || byStatus(operation, status, message);
  return { answer, status, code: code ?? `HTTP ${status}`, message, trouble: troubleOf(answer) };
}

const PART_OF_LIST: AnswerReading = {
  answer: 'transient',
  status: 206,
  code: 'HTTP 206',
  message: 'the answer is only a part of the list',
  trouble: 'transient',
};

/**
 * The same for what a transport returned, with the server's wish to wait and the time of its clock.
 * @param now milliseconds since the epoch, where the server does not tell its own.
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
    if (code === 'certificate' || code === 'proxy')
      return { answer: 'misaddressed', code, message };
    if ((code === 'too-large' || code === 'unreadable') && operation === 'delete')
      return { answer: 'doubtful', code, message };
    return { answer: 'transient', code, message, trouble: 'transient' };
  }
  const serverTime = parseHttpDate(result.header('date'));
  const reading = { ...classify(operation, result.status, result.body, conceal), serverTime };
  if (result.status >= 300 && result.status < 400) {
    const where = readText(result.header('location') ?? 'nowhere', conceal);
    return { ...reading, message: `redirected to ${where}; redirects are not followed` };
  }
  if (reading.trouble === undefined) return reading;
  const retryAfter = parseRetryAfter(result.header('retry-after'), serverTime ?? now);
  return { ...reading, retryAfter };
}

function troubleOf(answer: Answer): Trouble | undefined {
  return answer === 'transient' || answer === 'throttled' ? answer : undefined;
}

const THING = /\b(task|job|record|instance)\b|任务|作业|记录|实例/i;
const NOT_THERE = /not exist|not found|no longer|not be found|不存在|未找到|找不到/i;

/** Whether a message says of something that it is not there. */
function saysNotThere(message: string): boolean {
  const thing = THING.exec(message);
  return thing !== null && NOT_THERE.test(message.slice(thing.index));
}

function byStatus(operation: Operation, status: number, message: string): Answer {
  // A code that we do not know: a list may be incomplete, and a record may be gone or not.
  if (status < 300) return operation === 'list' ? 'transient' : 'doubtful';
  if (status === 401) return 'unauthorised';
  if (status === 403) return 'forbidden';
  if (status === 404 || status === 410) return 'gone';
  // This family of services has changed its "not found" from 404 to 400 without notice.
  if (status === 400 && saysNotThere(message)) return 'gone';
  if (status === 429) return 'throttled';
  return [408, 500, 502, 503, 504].includes(status) ? 'transient' : 'invalid';
}

interface ErrorBody {
  readonly code?: string | undefined;
  readonly message: string;
}

/**
 * Code and message of an error body: `error_code`/`error_msg` of the services and the gateway,
 * `error.code`/`error.message` of IAM, or the text itself.
 */
function readError(body: string, conceal: Conceal): ErrorBody {
  const parsed = parse(body);
  if (parsed === undefined) return { message: readText(body, conceal) };
  const fields = isObject(parsed) ? parsed : {};
  const nested = isObject(fields.error) ? fields.error : {};
  const code = readCode(fields.error_code ?? nested.code ?? fields.code, conceal);
  const message = fields.error_msg ?? nested.message ?? fields.message;
  const more = fields.error_ext_msg;
  const texts = [message, more === message ? undefined : more].filter(
    (text) => typeof text === 'string' && text !== '',
  );
  return {
    code,
    message: texts.map((text) => readText(text as string, conceal)).join(' '),
  };
}

/** A body of success that bears an error code all the same, or that is not what a DELETE is answered with. */
function readErrorInSuccess(
  operation: Operation,
  body: string,
  conceal: Conceal,
): ErrorBody | undefined {
  const isDelete = operation === 'delete';
  const speaksOfError = body.includes('error_code');
  // Most lists are long: not worth a second reading. (A key may be written with escapes.)
  const isWorthReading = isDelete ? body.trim() !== '' : speaksOfError || body.includes('\\u');
  if (!isWorthReading) return undefined;
  const parsed = parse(body);
  // Cut short, perhaps before the error that it speaks of.
  if (parsed === undefined) return isDelete || speaksOfError ? readError(body, conceal) : undefined;
  if (hasRepeatedKeys(body, parsed)) return { message: 'the answer has a key twice' };
  const code = isObject(parsed) ? parsed.error_code : undefined;
  const isCode =
    (typeof code === 'string' && code !== '') || (typeof code === 'number' && code !== 0);
  return isCode ? readError(body, conceal) : undefined;
}

/** `undefined` where it is no JSON. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** An error code; what does not look like one, or holds a secret, is none. One that we know is no secret. */
function readCode(code: unknown, conceal: Conceal): string | undefined {
  if (typeof code !== 'string' && typeof code !== 'number') return undefined;
  const text = String(code);
  if (meaningOf(text)) return text;
  return /^[\w.:-]{1,64}$/.test(text) && conceal(text) === text ? text : undefined;
}

/** Characters of a message: its documented maximum. */
const MAX_MESSAGE = 1_024;
/** Characters of a text that is looked at: to make one line of a longer one would hold a run up. */
const MAX_TEXT = 262_144;

/**
 * Text of a server as it may be shown: one line, no secret, no character that a terminal would obey. The gateway
 * answers a bad signature with the whole request as it saw it, security token included: that is left out.
 */
function readText(text: string, conceal: Conceal): string {
  if (text.length > MAX_TEXT) return `[left out, as it has ${text.length} characters]`;
  // Before it is cut, so that no secret stays in part.
  const [said] = conceal(singleSpaced(text)).split('canonicalRequest:', 1) as [string];
  const safe = said.trim().replace(/,$/, '');
  return safe.length > MAX_MESSAGE ? `${safe.slice(0, MAX_MESSAGE).toWellFormed()}…` : safe;
}

const WHY_NOTHING: Readonly<Partial<Record<GaveUp, string>>> = {
  unavailable: ', since the service had failed too often',
  deadline: ', since no time was left',
};

/** The result of a request, in words. */
export function describeResponse(sent: {
  readonly reading?: AnswerReading;
  readonly attempts: number;
  readonly gaveUp?: GaveUp;
}): string {
  if (sent.attempts === 0) {
    return `nothing was sent${sent.gaveUp ? (WHY_NOTHING[sent.gaveUp] ?? '') : ''}`;
  }
  const reading = sent.reading ? describeReading(sent.reading) : 'no answer';
  const tries = sent.attempts > 1 ? ` (${sent.attempts} attempts)` : '';
  const endedEarly = sent.gaveUp !== undefined && sent.gaveUp !== 'attempts';
  const wait = (endedEarly && sent.reading?.retryAfter) || 0;
  if (wait >= 1_000) return `${reading}${tries}; the server asked to wait ${describeSpan(wait)}`;
  return `${reading}${tries}${sent.gaveUp === 'unavailable' ? '; it had failed too often' : ''}`;
}

/** The service's own error code; absent where it sent none, and the status stands for it. */
export function ownCodeOf({ status, code }: AnswerReading): string | undefined {
  return code?.startsWith('HTTP ') || code === String(status) ? undefined : code;
}

/** Such as `400 DMS.00400062: Invalid parameter`. */
export function describeReading(reading: AnswerReading): string {
  const { answer, status, message } = reading;
  const name = [status, ownCodeOf(reading)].filter(Boolean).join(' ');
  const said = message || (answer === 'throttled' ? 'too many requests' : undefined);
  return said ? `${name}: ${said}` : name;
}
