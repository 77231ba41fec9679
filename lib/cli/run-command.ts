import { randomUUID } from 'node:crypto';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Duration } from 'luxon';
import { openArchive } from '../archive/open-archive.ts';
import { createTransport } from '../http/transport.ts';
import { credentialsSource } from '../identity/credentials-source.ts';
import { FormatError } from '../model/error.ts';
import type { Summary } from '../model/summary.ts';
import { jsonParts } from '../model/text.ts';
import { parseKeepFor, parseMaxDuration } from '../policy/duration.ts';
import { loadPolicy, policyHash } from '../policy/load.ts';
import type { Policy } from '../policy/schema.ts';
import { readApprovedPlan } from '../records/approved-plan.ts';
import { openRecordsFile, RecordsFileError } from '../records/records-file.ts';
import { type Observer, observeAll } from '../run/observer.ts';
import type { ApprovedPlan } from '../run/request.ts';
import { run } from '../run/run.ts';
import { planReport } from '../view/terminal/plan-report.ts';
import { progressLine } from '../view/terminal/progress.ts';
import { renderSummary } from '../view/terminal/render-summary.ts';
import { columnsOf } from '../view/terminal/terminal.ts';
import { openHtmlReport } from './html-report.ts';
import { listenForInterrupt } from './interrupt.ts';
import { EXIT, type Io, terminalOn, UsageError } from './io.ts';
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
  /** Print only what somebody has to act on. */
  readonly quiet?: boolean;
  /** Path of an HTML report, or `-`. */
  readonly html?: string;
  /** Path of a records file, or `-`. */
  readonly records?: string;
  /** Path of an approved plan. */
  readonly plan?: string;
  readonly planMaxAge?: string;
  /** End with 4 when something would go. */
  readonly exitCode?: boolean;
  /** Print every instance; in a plan, every record. */
  readonly verbose?: boolean;
  /** Print the decisions. */
  readonly isPlan?: boolean;
}

/** A policy that has been read, and the text that it was read from. */
export interface PolicyFile {
  readonly policy: Policy;
  readonly name: string;
  readonly text: string;
}

/** Plans are reviewed for days. */
const PLAN_MAX_AGE = '7d';

/**
 * One run from the command line.
 * @returns the exit status.
 * @throws {UsageError}, {PolicyError}, {PlanError} or {RunRequestError} before anything is deleted.
 */
export async function runCommand(
  { policy, ...options }: RunOptions & { readonly policy: string },
  io: Io,
): Promise<number> {
  checkTogether(options, policy);
  const text = await readPolicyText(policy);
  return await cleanUp({ policy: loadPolicy(text, policy), name: policy, text }, options, io);
}

/** The same for a policy that is already read. */
export async function cleanUp(file: PolicyFile, options: RunOptions, io: Io): Promise<number> {
  const { policy, name, text } = file;
  const keepFor = readDuration('--keep-for', options.keepFor, parseKeepFor);
  const maxDuration = readDuration('--max-duration', options.maxDuration, parseMaxDuration);
  const approved = await readPlan(file, options, io);
  // Standard output is for what was asked for there, and nothing else.
  const stream = options.html === '-' || options.records === '-' ? 'err' : 'out';
  if (stream === 'err') io.requireReader();
  const print = io[stream];
  const terminal = terminalOn(stream, io);
  const opened: { close(): void }[] = [];
  const closedAtTheEnd = <T extends { close(): void }>(each: T): T => {
    opened.push(each);
    return each;
  };
  try {
    const page =
      options.html === undefined
        ? undefined
        : closedAtTheEnd(
            await openHtmlReport(options.html, {
              policy,
              policyFile: { name, text },
              keepFor,
              options: writtenOptions(options, policy),
            }),
          );
    const runId = randomUUID();
    const log = options.json && !options.quiet ? await openLog(io, runId) : undefined;
    const interrupt = listenForInterrupt(io, io.clock.monotonic);
    const transport = closedAtTheEnd(createTransport(io.clock));
    const records =
      options.records === undefined
        ? undefined
        : closedAtTheEnd(openRecordsFile(options.records, policyHash(text, name), io));
    const { verbose = false, quiet = false } = options;
    const plan =
      options.isPlan && !options.json && !quiet
        ? planReport({ policy, keepFor, verbose, terminal })
        : undefined;
    const progress =
      io.interactive && !options.json && !quiet
        ? progressLine({
            write: io.err,
            now: io.clock.monotonic,
            columns: () => columnsOf(io.env, io.columns('err')),
            targets: options.target?.length ?? policy.targets.length,
          })
        : undefined;
    const observers = [records?.observer, plan?.observer, progress?.observer, page?.observer, log];
    const summary = await run(
      policy,
      {
        dryRun: options.dryRun,
        targets: options.target,
        instances: options.instance,
        taskIds: options.task,
        keepFor,
        approved,
      },
      {
        runId,
        trigger: 'cli',
        clock: io.clock,
        random: Math.random,
        transport,
        openArchive,
        credentials: (reference) => credentialsSource(reference, io.env),
        deadline: maxDuration === undefined ? undefined : io.begunAt + maxDuration,
        stop: interrupt.stop,
        observer: observeAll(observers.filter((observer) => observer !== undefined)),
      },
    );
    progress?.clear();
    let isWritten = true;
    try {
      records?.finish(summary.totals.listed);
    } catch (error) {
      if (!(error instanceof RecordsFileError)) throw error;
      io.err(`${error.message}\n`);
      isWritten = false;
    }
    if (options.json) {
      for (const part of jsonParts(summary)) print(part);
      print('\n');
    } else if (!quiet || needsAttention(summary)) {
      const howToDelete =
        options.dryRun === undefined
          ? `To delete, write dryRun: false into ${name}, or add --no-dry-run.`
          : undefined;
      const text = renderSummary(summary, { terminal, verbose, quiet, howToDelete });
      print(`${plan ? plan.render(summary) : ''}${text}`);
    }
    if (page && !(await page.write(summary, io))) isWritten = false;
    return interrupt.status() ?? (isWritten ? statusOf(summary, options) : EXIT.failed);
  } finally {
    for (const each of opened) each.close();
  }
}

function statusOf({ outcome, totals, dryRun }: Summary, { exitCode }: RunOptions): number {
  const wouldGo = exitCode && dryRun && outcome === 'complete' && totals.remaining > 0;
  return wouldGo ? EXIT.wouldDelete : EXIT[outcome];
}

function needsAttention({ outcome, warnings }: Summary): boolean {
  return outcome !== 'complete' || warnings.length > 0;
}

/** JSON lines on standard error. Nothing else needs the logger, which takes a while to load. */
async function openLog({ err }: Io, runId: string): Promise<Observer> {
  const [{ createLogger }, { logObserver }] = await Promise.all([
    import('../telemetry/logger.ts'),
    import('../telemetry/log-observer.ts'),
  ]);
  return logObserver(createLogger(err), runId);
}

/** The approved plan of a run, where there is one. */
async function readPlan(
  { policy, name, text }: PolicyFile,
  { plan, planMaxAge, dryRun }: RunOptions,
  io: Io,
): Promise<ApprovedPlan | undefined> {
  const maxAge = readDuration('--plan-max-age', planMaxAge ?? PLAN_MAX_AGE, parseKeepFor);
  if (plan === undefined) return undefined;
  if (policy.dryRun && dryRun === undefined) {
    throw new UsageError(
      `--plan: ${name} says dryRun: true, so nothing would be deleted; add --no-dry-run`,
    );
  }
  const expected = {
    policy: policyHash(text, name),
    now: io.clock.now(),
    maxAge: maxAge as Duration,
  };
  return await readApprovedPlan(plan, expected);
}

/** @throws {UsageError} where one option contradicts another, or two are about one file. */
function checkTogether(options: RunOptions, policy: string): void {
  const { json, html, records, plan, planMaxAge, keepFor } = options;
  const refuse = (problem: string) => {
    throw new UsageError(problem);
  };
  const onStdout = [json && '--json', html === '-' && '--html -', records === '-' && '--records -'];
  const [one, other] = onStdout.filter(Boolean);
  if (other) refuse(`${one} and ${other} both write to standard output; name a file for one`);
  if (plan !== undefined && keepFor !== undefined) {
    refuse('--plan and --keep-for: a plan is run with the keepFor of the policy; leave one out');
  }
  if (planMaxAge !== undefined && plan === undefined)
    refuse('--plan-max-age is for --plan; add --plan, or leave it out');
  const files = [
    ['--policy', policy],
    ['--plan', plan],
    ['--html', html],
    ['--records', records],
  ].filter((each): each is [string, string] => each[1] !== undefined && each[1] !== '-');
  files.forEach(([option, file], index) => {
    const same = files.slice(0, index).find(([, earlier]) => isSameFile(earlier, file));
    if (same) refuse(`${option} ${file}: ${same[0]} names the same file; name another one`);
  });
}

function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map(statsOf);
  // A file may have two names.
  if (a?.isFile() && b && a.ino === b.ino && a.dev === b.dev) return true;
  const place = (path: string): string => {
    try {
      return realpathSync(path);
    } catch {
      // It is to be made: in a folder that may have two names.
      return path === dirname(path) ? path : join(place(dirname(path)), basename(path));
    }
  };
  return place(one) === place(other);
}

/** The options by which a run differs from its policy, as they were written. */
function writtenOptions(options: RunOptions, policy: Policy): string[] {
  const { target = [], instance = [], task = [], keepFor, maxDuration, plan } = options;
  const dryRun = options.dryRun === policy.dryRun ? undefined : options.dryRun;
  return [
    ...target.map((name) => `--target ${name}`),
    ...instance.map((id) => `--instance ${id}`),
    ...task.map((id) => `--task ${id}`),
    ...(keepFor === undefined ? [] : [`--keep-for ${keepFor}`]),
    ...(maxDuration === undefined ? [] : [`--max-duration ${maxDuration}`]),
    ...(plan === undefined ? [] : [`--plan ${plan}`]),
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
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`${option}: ${error.message}`);
  }
}
