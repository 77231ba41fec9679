import { randomUUID } from 'node:crypto';
import { credentialsSource } from '../cloud/credentials-source.ts';
import { systemClock } from '../http/clock.ts';
import { createTransport } from '../http/transport.ts';
import { parseKeepFor, parseMaxDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/schema.ts';
import type { Observer } from '../run/observer.ts';
import { run } from '../run/run.ts';
import { logObserver } from '../telemetry/log-observer.ts';
import { createLogger } from '../telemetry/logger.ts';
import { EXIT } from './exit-status.ts';
import { listenForInterrupt } from './interrupt.ts';
import type { Io } from './io.ts';
import { readPolicyFile } from './policy-file.ts';
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
}

/**
 * One run from the command line.
 * @returns the exit status.
 * @throws {UsageError}, {PolicyError}, {DurationError} or {RequestError} before anything is deleted.
 */
export async function runCommand(
  { policy, ...options }: RunOptions & { readonly policy: string },
  io: Io,
): Promise<number> {
  return await cleanUp(await readPolicyFile(policy), options, io);
}

/** The same for a policy that is already read. */
export async function cleanUp(policy: Policy, options: RunOptions, io: Io): Promise<number> {
  const keepFor = options.keepFor === undefined ? undefined : parseKeepFor(options.keepFor);
  const maxDuration =
    options.maxDuration === undefined ? undefined : parseMaxDuration(options.maxDuration);
  const runId = randomUUID();
  const interrupt = listenForInterrupt(io, systemClock.now);
  const transport = createTransport(systemClock);
  const observer: Observer = options.json ? logObserver(createLogger(io.err), runId) : {};
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
        observer,
      },
    );
    io.out(options.json ? `${JSON.stringify(summary)}\n` : renderSummary(summary));
    return interrupt.status() ?? EXIT[summary.outcome];
  } finally {
    transport.close();
  }
}
