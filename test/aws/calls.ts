import { request as ask, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Served, serve } from '../serve.ts';
import { ACCOUNT, REGION } from './account.ts';

/** A call of AWS, as IAM judges it. */
export interface Call {
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** An ARN; `*` where the action knows no resources. */
  readonly resource: string;
  /** Condition keys with their values, beside those that every call has. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Writes down which role calls what. */
export interface Recorder {
  /** @returns the URL of a way to a service: what comes along it counts as a call of this role. */
  through(role: string, upstream: string): Promise<string>;
  /**
   * The calls of each role since the last time, each of them once.
   * @throws where there was one that is not known here.
   */
  take(): ReadonlyMap<string, readonly Call[]>;
  close(): Promise<void>;
}

export function startRecorder(): Recorder {
  const ways = new Map<string, Promise<Served>>();
  let calls = new Map<string, Map<string, Call>>();
  const unknown: unknown[] = [];
  const note = (role: string, find: () => readonly Call[]) => {
    const known = calls.get(role) ?? new Map();
    calls.set(role, known);
    try {
      for (const call of find()) known.set(JSON.stringify(call), call);
    } catch (error) {
      unknown.push(error);
    }
  };
  return {
    through: async (role, upstream) => {
      const key = `${role} ${upstream}`;
      const way = ways.get(key) ?? openWay(upstream, (find) => note(role, find));
      ways.set(key, way);
      return (await way).url;
    },
    take: () => {
      if (unknown.length > 0) throw new AggregateError(unknown, String(unknown[0]));
      const taken = new Map(
        [...calls].map(([role, known]) => [role, [...known.values()]] as const),
      );
      calls = new Map();
      return taken;
    },
    close: async () => {
      for (const way of ways.values()) await (await way).close();
    },
  };
}

/** Hands requests on, and tells which calls they are once they are answered. */
function openWay(upstream: string, note: (find: () => readonly Call[]) => void): Promise<Served> {
  return serve(async (request, response) => {
    const body = await buffer(request);
    const { expect: _, 'transfer-encoding': __, ...headers } = request.headers;
    const forwarded = ask(new URL(request.url ?? '', upstream), {
      method: request.method,
      headers: { ...headers, 'content-length': body.length },
    });
    forwarded.on('error', (error) => response.destroy(error));
    forwarded.on('response', async (answer: IncomingMessage) => {
      const answered = await buffer(answer);
      const status = answer.statusCode as number;
      note(() => callsOf(request, body.toString(), status, answered.toString()));
      response.writeHead(status, answer.rawHeaders).end(answered);
    });
    forwarded.end(body);
  });
}

const arn = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;

const OBJECT_ACTIONS: Readonly<Record<string, string>> = {
  GET: 's3:GetObject',
  HEAD: 's3:GetObject',
  PUT: 's3:PutObject',
  DELETE: 's3:DeleteObject',
};

/**
 * The calls that one request is to IAM: mostly one.
 * @throws for a call that is not known here.
 */
function callsOf(
  { method = '', url = '', headers }: IncomingMessage,
  body: string,
  status: number,
  answer: string,
): Call[] {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return [jsonCall(target, JSON.parse(body), answer)];
  const { pathname, searchParams } = new URL(url, 'http://aws');
  const path = decodeURIComponent(pathname);
  const invoked = /^\/2015-03-31\/functions\/(?:.*:function:)?([^/:]+)[^/]*\/invocations$/.exec(
    path,
  );
  if (invoked) {
    return [{ action: 'lambda:InvokeFunction', resource: arn('lambda', `function:${invoked[1]}`) }];
  }
  const form = new URLSearchParams(body);
  if (form.get('Action') === 'Publish') {
    return [{ action: 'sns:Publish', resource: form.get('TopicArn') ?? '' }];
  }
  const [, bucket, key] = /^\/([^/]+)(?:\/(.+)?)?$/.exec(path) ?? [];
  const list = { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` };
  if (!key && searchParams.has('list-type')) {
    return [{ ...list, context: { 's3:prefix': searchParams.get('prefix') ?? '' } }];
  }
  const action = OBJECT_ACTIONS[method];
  const plain = [...searchParams.keys()].every((name) => name === 'x-id');
  if (!key || !action || !plain) throw new Error(`${method} ${url} is no call that is known here`);
  const call = { action, resource: `arn:aws:s3:::${bucket}/${key}` };
  // S3 tells only those that an object is missing who may list the bucket, and AWS does not say which
  // prefix that would count as.
  return action === 's3:GetObject' && status === 404 ? [call, list] : [call];
}

/** A call of a service that names its operations in a header. */
function jsonCall(target: string, body: Record<string, string>, answer: string): Call {
  switch (target) {
    case 'secretsmanager.GetSecretValue':
      // The answer has its whole ARN, whatever it was asked for by.
      return { action: 'secretsmanager:GetSecretValue', resource: JSON.parse(answer).ARN };
    case 'Logs_20140328.CreateLogStream':
    case 'Logs_20140328.PutLogEvents': {
      const stream = `log-group:${body.logGroupName}:log-stream:${body.logStreamName}`;
      return { action: target.replace(/.*\./, 'logs:'), resource: arn('logs', stream) };
    }
    case 'AWSStepFunctions.StartExecution':
      return { action: 'states:StartExecution', resource: body.stateMachineArn as string };
    default:
      throw new Error(`${target} is no call that is known here`);
  }
}
