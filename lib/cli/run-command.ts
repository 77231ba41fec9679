import { randomUUID } from 'node:crypto';
import { systemClock } from '../http/clock.ts';
import { createTransport } from '../http/transport.ts';
import { credentialsSource } from '../identity/credentials-source.ts';
import { jsonLine } from '../model/text.ts';
import { DurationError, parseKeepFor, parseMaxDuration } from '../policy/duration.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/schema.ts';
import { observeAll } from '../run/observer.ts';
import { run } from '../run/run.ts';
import { logObserver } from '../telemetry/log-observer.ts';
import { createLogger } from '../telemetry/logger.ts';
import { collectDecisions } from '../view/decisions.ts';
import { renderPlan } from '../view/terminal/plan-report.ts';
import { progressLine } from '../view/terminal/progress.ts';
import { renderSummary } from '../view/terminal/render-summary.ts';
import { openHtmlReport } from './html-report.ts';
import { listenForInterrupt } from './interrupt.ts';
import { EXIT, type Io, UsageError } from './io.ts';
import { readPolicyText } from './policy-file.ts';

/** The options of `run` and `plan`, as they were written. */
export interface RunOptions {
  readonly target?: readonly string[];
  readonly instance?: readonly string[];
  readonly task?: readonly string[];
  readonly keepFor?: string;
  readonly maxDuration?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** Path of an HTML report. */
  readonly html?: string;
  /** Print the decisions: of `all` records, or of `some`. */
  readonly decisions?: 'some' | 'all';
}

/**
 * One run from the command line.
 * @returns the exit status.
 * @throws {UsageError}, {PolicyError} or {RunRequestError} before anything is deleted.
 */
export async function runCommand(
  { policy, ...options }: RunOptions & { readonly policy: string },
  io: Io,
): Promise<number> {
  const text = await readPolicyText(policy);
  return await cleanUp(loadPolicy(text, policy), options, io, { name: policy, text });
}

/**
 * The same for a policy that is already read.
 * @param policyFile its name and text, for an HTML report.
 */
export async function cleanUp(
  policy: Policy,
  options: RunOptions,
  io: Io,
  policyFile = { name: '', text: '' },
): Promise<number> {
  const keepFor = readDuration('--keep-for', options.keepFor, parseKeepFor);
  const maxDuration = readDuration('--max-duration', options.maxDuration, parseMaxDuration);
  const page =
    options.html === undefined
      ? undefined
      : await openHtmlReport(options.html, {
          policy,
          policyFile,
          keepFor,
          options: writtenOptions(options, policy),
        });
  const runId = randomUUID();
  const interrupt = listenForInterrupt(io, systemClock.monotonic);
  const transport = createTransport(systemClock);
  const records = options.decisions && collectDecisions();
  const progress =
    io.interactive && !options.json ? progressLine(io.err, systemClock.monotonic) : undefined;
  const observers = [
    records?.observer,
    progress?.observer,
    page?.observer,
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
    if (options.json) io.out(`${jsonLine(summary)}\n`);
    else {
      const verbose = options.decisions === 'all';
      const plan = records && renderPlan({ summary, records, policy, keepFor, verbose });
      io.out(`${plan ? `${plan}\n` : ''}${renderSummary(summary)}`);
    }
    const written = page === undefined || (await page.write(summary, io));
    return interrupt.status() ?? (written ? EXIT[summary.outcome] : EXIT.failed);
  } finally {
    transport.close();
    await page?.close();
  }
}

/** The options by which a run differs from its policy, as they were written. */
function writtenOptions(options: RunOptions, policy: Policy): string[] {
  const { target = [], instance = [], task = [], keepFor, maxDuration } = options;
  const dryRun = options.dryRun === policy.dryRun ? undefined : options.dryRun;
  return [
    ...target.map((name) => `--target ${name}`),
    ...instance.map((id) => `--instance ${id}`),
    ...task.map((id) => `--task ${id}`),
    ...(keepFor === undefined ? [] : [`--keep-for ${keepFor}`]),
    ...(maxDuration === undefined ? [] : [`--max-duration ${maxDuration}`]),
    ...(dryRun === undefined ? [] : [dryRun ? '--dry-run' : '--no-dry-run']),
  ];
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
