import { randomUUID } from 'node:crypto';
import { credentialsSource } from '../cloud/credentials-source.ts';
import { systemClock } from '../http/clock.ts';
import { createTransport } from '../http/transport.ts';
import { DurationError, parseKeepFor, parseMaxDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/schema.ts';
import { observeAll } from '../run/observer.ts';
import { run } from '../run/run.ts';
import { logObserver } from '../telemetry/log-observer.ts';
import { createLogger } from '../telemetry/logger.ts';
import { EXIT } from './exit-status.ts';
import { listenForInterrupt } from './interrupt.ts';
import { type Io, UsageError } from './io.ts';
import { planReport } from './plan-report.ts';
import { readPolicyFile } from './policy-file.ts';
import { progressLine } from './progress.ts';
import { renderSummary } from './render-summary.ts';

/** The options of `run` and `plan`, as they were written. */
export interface RunOptions {
  readonly target?: readonly string[];
  readonly instance?: readonly string[];
  readonly task?: readonly string[];
  readonly keepFor?: string;
  readonly maxDuration?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** Show what was decided record by record; every one of them when `all`. */
  readonly decisions?: 'some' | 'all';
}

/**
 * One run from the command line.
 * @returns the exit status.
 * @throws {UsageError}, {PolicyError} or {RequestError} before anything is deleted.
 */
export async function runCommand(
  { policy, ...options }: RunOptions & { readonly policy: string },
  io: Io,
): Promise<number> {
  return await cleanUp(await readPolicyFile(policy), options, io);
}

/** The same for a policy that is already read. */
export async function cleanUp(policy: Policy, options: RunOptions, io: Io): Promise<number> {
  const keepFor = readDuration('--keep-for', options.keepFor, parseKeepFor);
  const maxDuration = readDuration('--max-duration', options.maxDuration, parseMaxDuration);
  const runId = randomUUID();
  const interrupt = listenForInterrupt(io, systemClock.now);
  const transport = createTransport(systemClock);
  const report = options.decisions && planReport(options.decisions === 'all');
  const progress =
    io.interactive && !options.json ? progressLine(io.err, systemClock.now) : undefined;
  const observers = [
    report?.observer,
    progress?.observer,
    options.json ? logObserver(createLogger(io.err), runId) : undefined,
  ];
  try {
    const summary = await run(
      policy,
      {
        dryRun: options.dryRun,
        targets: options.target,
        instances: options.instance,
        taskIds: options.task,
        keepFor,
      },
      {
        runId,
        trigger: 'cli',
        clock: systemClock,
        random: Math.random,
        transport,
        credentials: (reference) => credentialsSource(reference, io.env),
        deadline: maxDuration === undefined ? undefined : io.startedAt + maxDuration,
        stop: interrupt.stop,
        observer: observeAll(observers.filter((observer) => observer !== undefined)),
      },
    );
    progress?.clear();
    if (options.json) io.out(`${JSON.stringify(summary)}\n`);
    else io.out(`${report ? `${report.render()}\n` : ''}${renderSummary(summary)}`);
    return interrupt.status() ?? EXIT[summary.outcome];
  } finally {
    transport.close();
  }
}

function readDuration<T>(
  option: string,
  text: string | undefined,
  parse: (text: string) => T,
): T | undefined {
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw new UsageError(`${option}: ${error.message}`);
  }
}
