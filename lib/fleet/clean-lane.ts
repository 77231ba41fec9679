import type { Endpoint } from '../http/endpoint.ts';
import { instanceKey } from '../model/instance.ts';
import { addRequests } from '../model/summary.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { writtenName } from '../policy/targets.ts';
import { type Observer, observeAll } from '../run/observer.ts';
import { concludeTarget, type TargetRun, warnOfUnmatchedInAll } from '../run/open-target.ts';
import type { RunRequest } from '../run/request.ts';
import { beginTargets, openEndpoints } from '../run/run.ts';
import { openContext, type RunContext, type RunDependencies } from '../run/run-context.ts';
import { takeTurns } from '../run/turns.ts';
import { endWithoutJobs } from './end-without-job.ts';
import { isUntold, neverInTime, outOfCalls, TOO_SHORT, tooSlow } from './ends.ts';
import { handOver } from './hand-over.ts';
import { Job } from './job.ts';
import {
  countedById,
  inNextRound,
  type KnownInstance,
  type KnownTarget,
  type LaneFacts,
  type LaneNews,
  newInstance,
  uniteNews,
  withFewerErrors,
} from './known.ts';
import type { LaneLog, LaneState } from './lane-log.ts';

/** After so many calls in a row that got nothing done, a lane ends. */
const IDLE_CALLS = 10;
/** Expired records that are held in memory at once; beyond them, no further instance is begun. */
const MAX_HELD = 500_000;

export interface LaneOptions {
  readonly policy: Policy;
  /** With `dryRun` as the run has it. */
  readonly request: RunRequest;
  /** Those on one endpoint. */
  readonly targets: readonly Target[];
  /** The run's one moment, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The state that earlier calls have left. */
  readonly state: LaneState;
  readonly log: LaneLog;
  /** Whether the first call of a round is this one. */
  readonly isNewRound: boolean;
  readonly dependencies: Omit<RunDependencies, 'trigger' | 'stop' | 'beforeDeletes'>;
}

/** A lane after a call. */
export interface CleanedLane {
  readonly facts: LaneFacts;
  readonly instances: readonly KnownInstance[];
  /** Whether another call could go on with what this one left. */
  readonly again: boolean;
}

/**
 * One call's work on the instances of one endpoint: a run of its own, which goes on where earlier calls
 * stopped. Before each turn's DELETEs the log says which records they are about, so that the next
 * call can tell what became of them if this one is killed.
 * @param mayBeCalledAgain false where this is the last call that the lane gets.
 */
export async function cleanLane(
  options: LaneOptions,
  mayBeCalledAgain: boolean,
): Promise<CleanedLane> {
  const { targets, state, log, isNewRound, dependencies } = options;
  const lane = new Map(
    [...state.instances].map(([key, each]) => [key, isNewRound ? inNextRound(each) : each]),
  );
  const jobs = new Map<string, Job>();
  const context = openLaneContext(options, jobs);
  const endpoint = openEndpoints(targets, dependencies).get(targets[0] as Target) as Endpoint;
  const begun = (await beginTargets(context, targets, endpoint)).flat();
  warnOfUnmatchedHere(options, begun, context);
  const { cleanedBy, ended } = handOver(lane, begun);
  addJobs(jobs, lane, { begun, context, number: log.number });
  const withoutJob = [...lane].flatMap(([key, known]) =>
    known.done || jobs.has(key) ? [] : known,
  );
  const idleBefore = isNewRound || wasKilledAtWork(state) ? 0 : (state.facts?.idleCalls ?? 0);
  let idleCalls = idleBefore;
  const facts = () => factsOf({ before: state.facts, lane, begun, context, idleCalls });
  await log.begin(facts(), [...lane.values()], newsOf(context));
  const tell = (known: KnownInstance) => tellEnd(known, begun, state.facts, context);
  const finish = (end: KnownInstance) => {
    lane.set(instanceKey(end.target, end.summary), end);
    tell(end);
  };
  ended.forEach(tell);
  await workOn(jobs, lane, { endpoint, context, log });
  const gotOn = [...jobs.values()].some((job) => job.gotOn);
  idleCalls = gotOn ? 0 : idleBefore + 1;
  const unfinished = () => [...jobs].filter(([key]) => !lane.get(key)?.done);
  const isGivenUp = idleCalls >= IDLE_CALLS;
  for (const [key, job] of isGivenUp ? unfinished() : []) {
    const known = lane.get(key) as KnownInstance;
    finish(job.inTime ? tooSlow(known, job.reached) : neverInTime(known, idleCalls));
  }
  const rest = unfinished();
  const mayGoOn = mayBeCalledAgain && !isGivenUp;
  // They come last: a later call may find them again, and one that does not answer must not take time from the others.
  const isLast = !mayGoOn || rest.length === 0;
  const ends = isLast ? await endWithoutJobs(withoutJob, begun, cleanedBy, context) : [];
  const again = mayGoOn && (!isLast || ends.some(({ isLate }) => isLate));
  for (const { end } of again ? [] : ends) finish(end);
  if (log.lost.aborted) await log.flush();
  for (const each of begun) concludeTarget(each);
  for (const [key, known] of again ? [] : lane) {
    if (known.done) continue;
    const end = outOfCalls(known);
    lane.set(key, end);
    // Those that it did not come to are told together, by the summary.
    if (!isUntold(end.summary)) tell(end);
  }
  return { facts: facts(), instances: [...lane.values()], again };
}

/** Whether the call before did not come to its end, and had come to deleting. */
function wasKilledAtWork({ last, instances }: LaneState): boolean {
  if (!last || last.ended) return false;
  return [...instances.values()].some(({ triedIn }) => triedIn === last.number);
}

/** Gives what the run has told and found since the last time; the first time, since now. */
function newsOf({ warnings, seenIds }: RunContext): () => LaneNews {
  let told = warnings.length;
  let seen = seenIds.size;
  return () => {
    const news = { warnings: warnings.slice(told), seenIds: [...seenIds].slice(seen) };
    told = warnings.length;
    seen = seenIds.size;
    return news;
  };
}

/** Adds a job for each instance of the call that is not done, and instances that are new to the lane. */
function addJobs(
  jobs: Map<string, Job>,
  lane: Map<string, KnownInstance>,
  call: { begun: readonly TargetRun[]; context: RunContext; number: number },
): void {
  const { begun, context, number } = call;
  const counted = countedById(lane.values());
  for (const target of begun) {
    const { name } = target.summary;
    for (const cleanup of target.cleanups) {
      const { id } = cleanup.summary;
      const key = instanceKey(name, cleanup.summary);
      const before = lane.get(key) ?? newInstance(name, cleanup.summary);
      lane.set(key, before);
      const options = { before, cleanup, target, context, number, counted: counted.get(id) ?? 0 };
      if (!before.done) jobs.set(key, new Job(options));
    }
  }
}

/** The context of the call's run, which tells the jobs what was listed, and the log what is about to be deleted. */
function openLaneContext(
  { policy, request, startedAt, log, dependencies }: LaneOptions,
  jobs: ReadonlyMap<string, Job>,
): RunContext {
  const decided: Observer['decided'] = (target, instance, tasks, decisions) => {
    const expired = decisions.filter(({ action }) => action === 'delete').length;
    jobs.get(instanceKey(target, instance))?.listed(tasks, expired);
  };
  const context = openContext(
    policy,
    request,
    {
      ...dependencies,
      stop: log.lost,
      observer: observeAll([dependencies.observer ?? {}, { decided }]),
      beforeDeletes: async (target, standing) => {
        // The endpoint lets no DELETE begin any more, so there is nothing to write down.
        if (context.clock.monotonic() > context.window.deleteUntil) return;
        const job = jobs.get(instanceKey(target, standing.summary)) as Job;
        log.note(job.begun(standing));
        await log.flush();
      },
    },
    startedAt,
  );
  return context;
}

/** A target with lists may be on several endpoints, and match on another one: then there is no warning. */
function warnOfUnmatchedHere(
  { policy, targets }: LaneOptions,
  begun: readonly TargetRun[],
  { observer }: RunContext,
): void {
  const elsewhere = policy.targets.filter((target) => !targets.includes(target)).map(writtenName);
  const here = begun.filter(({ target }) => !elsewhere.includes(writtenName(target)));
  warnOfUnmatchedInAll(observer, here);
}

/** Tells the observer the end of an instance that ended without its job. */
function tellEnd(
  { target: name, summary }: KnownInstance,
  begun: readonly TargetRun[],
  facts: LaneFacts | undefined,
  { observer }: RunContext,
): void {
  const here = begun.find((each) => each.summary.name === name)?.summary;
  const before = facts?.targets.find((each) => each.name === name);
  const target = here ?? (before && { ...before, instances: [] });
  if (target) observer.instanceDone?.(target, summary);
}

/** Gives the jobs their turns, and writes each one's end into the lane and the log. */
async function workOn(
  jobs: ReadonlyMap<string, Job>,
  lane: Map<string, KnownInstance>,
  { endpoint, context, log }: { endpoint: Endpoint; context: RunContext; log: LaneLog },
): Promise<void> {
  let errors = [...lane.values()].reduce((sum, { summary }) => sum + summary.errors.length, 0);
  // Whoever had its last turn longest ago comes first, then whose last DELETE is longest ago.
  const queue = [...jobs.values()].sort(
    ({ before: one }, { before: other }) =>
      one.lastTurn - other.lastTurn || one.triedIn - other.triedIn,
  );
  const finished = (job: Job) => {
    const known = withFewerErrors(job.end(), errors);
    errors += known.summary.errors.length;
    lane.set(instanceKey(known.target, known.summary), known);
    log.note(known);
  };
  const { concurrency } = endpoint;
  await takeTurns(queue, { concurrency, clock: context.clock, most: MAX_HELD, finished });
}

interface FactsOptions {
  readonly before: LaneFacts | undefined;
  readonly lane: ReadonlyMap<string, KnownInstance>;
  readonly begun: readonly TargetRun[];
  readonly context: RunContext;
  readonly idleCalls: number;
}

/** The facts about the lane beside its instances, with those of earlier calls. */
function factsOf({ before, lane, begun, context, idleCalls }: FactsOptions): LaneFacts {
  const { warnings, seenIds, requestedInstances } = context;
  const instances = [...lane.values()];
  const known = new Map(before?.targets.map((target) => [target.name, target]));
  const targets = begun.map(({ summary, requestCounts, open, allowed, unmatched }): KnownTarget => {
    const { instances: _, error: why, outcome, ...target } = summary;
    // A call begins with this, so it had all of its time.
    const error =
      outcome === 'incomplete' && why ? { ...why, message: `${why.message}; ${TOO_SHORT}` } : why;
    const was = known.get(target.name);
    const asked = requestedInstances && {
      allowed: allowed.map(({ id, name }) => ({ id, name })),
      // An instance that an earlier call cleaned may have another name by now, or be gone: its pattern did match.
      unmatched: was?.asked ? among(unmatched, was.asked.unmatched) : unmatched,
    };
    return {
      ...target,
      outcome: error ? 'failed' : 'complete',
      ...(error && { error }),
      requests: addRequests([requestCounts, ...(was ? [was.requests] : [])]),
      ...(open && asked && { asked }),
    };
  });
  // Targets that this call did not find but that are known to have instances, such as one of a target's projects.
  const here = new Set(targets.map(({ name }) => name));
  const filled = new Set(instances.map(({ target }) => target));
  const others = (before?.targets ?? [])
    .filter(({ name }) => filled.has(name) && !here.has(name))
    .map(({ error: _, ...was }): KnownTarget => ({ ...was, outcome: 'complete' }));
  return {
    targets: [...targets, ...others],
    ...uniteNews([...(before ? [before] : []), { warnings, seenIds: [...seenIds] }]),
    idleCalls,
  };
}

function among(some: readonly string[], all: readonly string[]): readonly string[] {
  const there = new Set(all);
  return some.filter((each) => there.has(each));
}
