import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { serve } from '../serve.ts';
import { readZip } from '../zip.ts';
import { type Account, environmentOf, REGION } from './account.ts';
import type { Recorder } from './calls.ts';
import type { DeployedFunction, Stack } from './stack.ts';

/** One call of a function, and its result. */
export interface Invocation {
  readonly name: string;
  readonly event: unknown;
  readonly value?: unknown;
  readonly error?: { readonly errorType: string; readonly errorMessage: string };
  /** How often it was slowed down. */
  readonly slowed: number;
}

/** Lambda, as far as moto has none: runs what was deployed, with the settings that it was deployed with. */
export interface Lambda {
  /** Answers Invoke. */
  readonly url: string;
  /** All that have ended, the last one last. */
  readonly invocations: readonly Invocation[];
  invoke(name: string, event: unknown): Promise<Invocation>;
  /** Ends every function where it stands. */
  kill(): void;
  /** Resolves when all asynchronous calls have ended. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface LambdaOptions {
  readonly account: Account;
  readonly stack: Stack;
  /** Learns what the functions call, and what Lambda calls in the name of their roles. */
  readonly recorder: Recorder;
  /** Where the packages are unzipped. */
  readonly folder: string;
  /** Id of an instance on which every DELETE takes a minute, by the functions' clocks. */
  readonly slow?: string;
}

const RUNTIME = resolve('test/aws/runtime.js');

/** A process that takes one call after the other, as Lambda's do. */
interface Worker {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown>;
  readonly logStream: string;
}

export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  const { account, stack, recorder } = options;
  const invocations: Invocation[] = [];
  const idle = new Map<string, Worker[]>();
  const later: Promise<void>[] = [];
  const processes: ChildProcess[] = [];
  /** Streams of a log have names that were never used before. */
  const started = Date.now();
  const folders = new Map<string, Promise<string>>();

  const begin = async (name: string, deployed: DeployedFunction): Promise<Worker> => {
    const folder = folders.get(name) ?? unzip(options, name, deployed);
    folders.set(name, folder);
    const [file, handler] = deployed.handler.split('.') as [string, string];
    const url = await recorder.through(deployed.role, account.url);
    const worker = fork(RUNTIME, [join(await folder, `${file}.cjs`), handler], {
      cwd: await folder,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        ...environmentOf(url),
        ...deployed.variables,
        AWS_LAMBDA_FUNCTION_NAME: name,
        ...(options.slow && { SLOW: options.slow }),
      },
    });
    processes.push(worker);
    const exited = once(worker, 'exit');
    const logStream = `${started}/${processes.length}`;
    await log(url, 'CreateLogStream', {
      logGroupName: deployed.logGroup,
      logStreamName: logStream,
    });
    return { process: worker, exited, logStream };
  };

  const run = async (name: string, event: unknown): Promise<Invocation> => {
    const deployed = stack.functions.get(name);
    if (!deployed) throw new Error(`no function ${name} was deployed`);
    const worker = idle.get(name)?.pop() ?? (await begin(name, deployed));
    const timeoutMs = deployed.timeout * 1_000;
    // Where it has ended, that shows below.
    worker.process.send({ event, requestId: randomUUID(), timeoutMs }, () => {});
    const answered = once(worker.process, 'message').then(([answer]) => answer);
    const { lines, ...result } = await Promise.race([answered, worker.exited.then(() => DIED)]);
    if (result.error !== DIED.error) {
      const url = await recorder.through(deployed.role, account.url);
      await log(url, 'PutLogEvents', {
        logGroupName: deployed.logGroup,
        logStreamName: worker.logStream,
        logEvents: lines.map((message: string) => ({ timestamp: Date.now(), message })),
      });
      idle.set(name, [...(idle.get(name) ?? []), worker]);
    }
    const invocation = { name, event, ...result };
    invocations.push(invocation);
    return invocation;
  };

  /** Nobody waits for such a call; its failure goes where the function's settings send it. */
  const runLater = async (name: string, event: unknown) => {
    const { error } = await run(name, event);
    const { role } = stack.functions.get(name) as DeployedFunction;
    if (!error) return;
    const { DestinationConfig } = await account.aws<{
      DestinationConfig: { OnFailure: { Destination: string } };
    }>('lambda', 'get-function-event-invoke-config', '--function-name', name);
    await account.aws(
      ...['sns', 'publish', '--topic-arn', DestinationConfig.OnFailure.Destination],
      ...['--message', JSON.stringify({ requestPayload: event, responsePayload: error })],
      ...['--endpoint-url', await recorder.through(role, account.url)],
    );
  };

  const { url, close } = await serve(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const [, name = ''] =
      /functions\/(?:.*:function:)?([^/:]+)[^/]*\/invocations$/.exec(path) ?? [];
    const event = JSON.parse((await text(request)) || 'null');
    if (request.headers['x-amz-invocation-type'] === 'Event') {
      const work = runLater(name, event);
      // Its failure is reported where `later` is awaited; here it must not end the process.
      work.catch(() => {});
      later.push(work);
      return response.writeHead(202).end();
    }
    try {
      const { error, value } = await run(name, event);
      response.writeHead(200, error && { 'x-amz-function-error': 'Unhandled' });
      response.end(JSON.stringify(error ?? value));
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ message: String(error) }));
    }
  });
  return {
    url,
    invocations,
    kill: () => {
      for (const worker of processes) worker.kill('SIGKILL');
      idle.clear();
    },
    invoke: run,
    settle: async () => {
      await Promise.all(later);
    },
    close: async () => {
      await close();
      const living = processes.filter(
        ({ exitCode, signalCode }) => exitCode === null && !signalCode,
      );
      await Promise.all(
        living.map(async (worker) => {
          worker.kill('SIGKILL');
          await once(worker, 'exit');
        }),
      );
    },
  };
}

const DIED = {
  error: { errorType: 'Runtime.ExitError', errorMessage: 'the runtime exited' },
  lines: [],
  slowed: 0,
};

/** @returns the folder. */
async function unzip(
  { account, folder }: LambdaOptions,
  name: string,
  { code: [bucket, key] }: DeployedFunction,
): Promise<string> {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  const archive = join(place, 'package.zip');
  await account.aws('s3api', 'get-object', '--bucket', bucket, '--key', key, archive);
  for (const { name: file, content } of readZip(await readFile(archive))) {
    await mkdir(dirname(join(place, file)), { recursive: true });
    await writeFile(join(place, file), content);
  }
  return place;
}

/** A call of CloudWatch Logs, as Lambda makes it for what a function prints. */
async function log(url: string, operation: string, body: object): Promise<void> {
  const scope = `20260101/${REGION}/logs/aws4_request`;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Logs_20140328.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=AKIAFAKE/${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
}
