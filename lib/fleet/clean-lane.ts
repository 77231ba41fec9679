import { ApiError } from '../answers/api-error.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { instanceKey, labelOf } from '../model/instance.ts';
import { addRequests, type InstanceSummary } from '../model/summary.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { isPartOf, writtenName } from '../policy/targets.ts';
import type { InstanceCleanup } from '../run/clean-instance.ts';
import { observeAll, type Standing } from '../run/observer.ts';
import { concludeTarget, type TargetRun, warnOfUnmatchedInAll } from '../run/open-target.ts';
import type { RunRequest } from '../run/request.ts';
import { beginEndpoint, openEndpoints } from '../run/run.ts';
import { openContext, type RunContext, type RunDependencies } from '../run/run-context.ts';
import { takeBoundedTurns } from './bounded-turns.ts';
import {
  addCall,
  emptied,
  failed,
  finished,
  inNextRound,
  type KnownInstance,
  type KnownTarget,
  type LaneFacts,
  type ListSeen,
  left,
  newInstance,
  type Reached,
  TOO_SHORT,
  tooSlow,
  vanished,
  withFewerErrors,
} from './known.ts';
import type { LaneLog, LaneState } from './lane-log.ts';

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
  { policy, request, targets, startedAt, state, log, isNewRound, dependencies }: LaneOptions,
  mayBeCalledAgain: boolean,
): Promise<CleanedLane> {
  const lane = new Map(
    [...state.instances].map(([key, each]) => [key, isNewRound ? inNextRound(each) : each]),
  );
  const jobs = new Map<string, Job>();
  /** The targets of the jobs, by the ids of the instances. */
  const cleanedBy = new Map<string, string>();
  const { observer = {} } = dependencies;
  const context = openContext(
    policy,
    request,
    {
      ...dependencies,
      stop: log.lost,
      observer: observeAll([
        observer,
        {
          decided: (target, instance, tasks, decisions) => {
            const expired = decisions.filter(({ action }) => action === 'delete').length;
            jobs.get(instanceKey(target, instance))?.listed(tasks, expired);
          },
        },
      ]),
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
  const endpoint = openEndpoints(targets, dependencies).get(targets[0] as Target) as Endpoint;
  const begun = (await beginEndpoint(context, targets, endpoint)).flat();
  // A target with lists may be on several endpoints, and match on another one.
  const elsewhere = policy.targets.filter((target) => !targets.includes(target)).map(writtenName);
  warnOfUnmatchedInAll(
    context.observer,
    begun.filter(({ target }) => !elsewhere.includes(writtenName(target))),
  );
  for (const { summary: target, cleanups } of begun) {
    for (const cleanup of cleanups) {
      const key = instanceKey(target.name, cleanup.summary);
      const known = lane.get(key) ?? newInstance(target.name, cleanup.summary);
      lane.set(key, known);
      if (known.done) continue;
      jobs.set(key, new Job(known, cleanup, target, context, log.number));
      cleanedBy.set(cleanup.summary.id, target.name);
    }
  }
  const unplanned = [...lane].filter(([key, known]) => !known.done && !jobs.has(key));
  const facts = () => factsOf(state.facts, [...lane.values()], begun, context);
  await log.plan(facts(), [...lane.values()]);
  let isAnyDone = false;
  let errors = [...lane.values()].reduce((sum, { summary }) => sum + summary.errors.length, 0);
  const queue = [...jobs.values()].sort((one, other) => one.triedIn - other.triedIn);
  const turns = takeBoundedTurns(queue, endpoint.concurrency, MAX_HELD, (job) => {
    const known = withFewerErrors(job.end(), errors);
    errors += known.summary.errors.length;
    isAnyDone ||= known.done;
    lane.set(instanceKey(known.target, known.summary), known);
    log.note(known);
  });
  const looks = unplanned.map(([, known]) => endWithoutJob(known, begun, cleanedBy, context));
  // Looked at beside the turns: one that does not answer is not to keep the others from being cleaned.
  const [ends] = await Promise.all([Promise.all(looks), turns]);
  if (log.lost.aborted) await log.flush();
  for (const each of begun) concludeTarget(each);
  const rest = [...jobs].filter(([key]) => !lane.get(key)?.done);
  const gotOn = isAnyDone || queue.some((job) => job.gotOn);
  const again = mayBeCalledAgain && gotOn && rest.length > 0;
  for (const [key, job] of gotOn ? [] : rest) {
    if (job.inTime) lane.set(key, tooSlow(lane.get(key) as KnownInstance, job.reached));
  }
  for (const [i, [key]] of unplanned.entries()) {
    const { end, isGone } = ends[i] as EndWithoutJob;
    // A later call may find again what this one did not.
    if (!again || isGone) lane.set(key, end);
  }
  const instances = [...lane.values()].map((each) => (again ? each : finished(each)));
  return { facts: facts(), instances, again };
}

/** How an instance ends that was not finished, and that this call does not clean. */
interface EndWithoutJob {
  readonly end: KnownInstance;
  /** Whether its own list says that nothing is left: then no later call has to look again. */
  readonly isGone: boolean;
}

/**
 * Finds out what became of such an instance: it is gone, it is left alone now, another target has it, or its own
 * target could not be opened.
 * @param cleanedBy the target that cleans an instance in this call, by its id.
 */
async function endWithoutJob(
  known: KnownInstance,
  begun: readonly TargetRun[],
  cleanedBy: ReadonlyMap<string, string>,
  { observer }: RunContext,
): Promise<EndWithoutJob> {
  const { id, listed, stoppedBy } = known.summary;
  const target = begun.find(({ summary }) => isPartOf(known.target, summary.name));
  const forNow = (end: KnownInstance) => ({ end, isGone: false });
  if (!target?.open) {
    const message = 'an earlier call found its target, but this one did not';
    return forNow(failed(known, 'unavailable', { message, ...target?.summary.error }));
  }
  const leftAlone = (reason: string) =>
    forNow(failed(known, 'unavailable', { message: `the instance is left alone now: ${reason}` }));
  const other = cleanedBy.get(id);
  if (other !== undefined) return forNow(vanished(known, `the target ${other} cleans it now`));
  const skipped = target.skipped.find((each) => each.id === id);
  if (skipped || target.listed.some((each) => each.id === id)) {
    // Of one that no call has come to, nothing is known that could be lost.
    const isUntouched = listed === 0 && stoppedBy === undefined;
    if (isUntouched) return forNow(finished(known));
    return leftAlone(skipped?.reason ?? 'the policy does not select it');
  }
  try {
    if ((await target.open.api.countTasks(id)) === 0) return { end: emptied(known), isGone: true };
    return leftAlone('it is not among the instances that are listed, but its records are there');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reading?.answer !== 'gone')
      return leftAlone(`it is not listed, and ${error.message}`);
    observer.warning?.(`instance ${labelOf(known.summary)} is gone`, known.target);
    return { end: vanished(known), isGone: true };
  }
}

/** One instance, as one call deals with it. */
class Job {
  readonly #before: KnownInstance;
  readonly #cleanup: InstanceCleanup;
  readonly #target: TargetRun['summary'];
  readonly #context: RunContext;
  readonly #number: number;
  readonly #shown: InstanceSummary;
  #list: (ListSeen & { readonly expired: number }) | undefined;
  #hasBegun = false;
  /** Whether its first turn came before time was up. */
  inTime = false;
  /** Whether this call did something for it, although it could not finish it. */
  gotOn = false;
  /** How far this call came with it. */
  reached: Reached = 'listing';

  constructor(
    before: KnownInstance,
    cleanup: InstanceCleanup,
    target: TargetRun['summary'],
    context: RunContext,
    number: number,
  ) {
    this.#before = before;
    this.#cleanup = cleanup;
    this.#target = target;
    this.#context = context;
    this.#number = number;
    this.#shown = { ...before.summary };
    cleanup.goOnAfter(new Set(before.unclear));
  }

  get triedIn(): number {
    return this.#before.triedIn;
  }

  /** Expired records that it holds in memory. */
  get held(): number {
    return this.#list?.expired ?? 0;
  }

  async turn(): Promise<boolean> {
    if (!this.#hasBegun) {
      const { clock, window, observer } = this.#context;
      this.#hasBegun = true;
      this.inTime = clock.monotonic() < window.deleteUntil;
      observer.instanceBegun?.(this.#target, this.#shown);
    }
    return this.#cleanup.turn(() => true);
  }

  listed(
    tasks: readonly { readonly id: string | undefined; readonly status: string | undefined }[],
    expired: number,
  ): void {
    const there = new Set(tasks.flatMap(({ id, status }) => (status === 'DELETED' ? [] : id)));
    const gone = this.#before.unclear.filter((id) => !there.has(id)).length;
    this.#list = { gone, expired };
  }

  /** How it stands in the middle of its cleanup. */
  begun(standing: Standing): KnownInstance {
    return {
      ...this.#before,
      ...addCall(this.#before, standing, this.#list),
      triedIn: this.#number,
    };
  }

  /** How it stands after its last turn of this call. */
  end(): KnownInstance {
    const standing = this.#cleanup.standing();
    const end = this.#endOf(standing);
    if (end.done) {
      Object.assign(this.#shown, end.summary);
      this.#context.observer.instanceDone?.(this.#target, this.#shown);
    }
    return end;
  }

  #endOf(standing: Standing): KnownInstance {
    const known = addCall(this.#before, standing, this.#list);
    const { stoppedBy, archive } = standing.summary;
    if (this.#list) this.reached = this.#context.archive && !archive ? 'archive' : 'deadline';
    const tried = standing.answered > 0;
    if (stoppedBy === 'deadline') {
      const expired = this.#list?.expired;
      const end = left(this.#before, known, {
        number: this.#number,
        inTime: this.inTime,
        tried,
        expired,
      });
      this.gotOn = tried || end.shortest !== this.#before.shortest || !this.#list;
      return end;
    }
    const end = { ...this.#before, ...known };
    return this.#list || stoppedBy ? finished(end) : vanished(end);
  }
}

/** The facts about the lane beside its instances, with those of earlier calls. */
function factsOf(
  before: LaneFacts | undefined,
  instances: readonly KnownInstance[],
  begun: readonly TargetRun[],
  { warnings, seenIds, requestedInstances }: RunContext,
): LaneFacts {
  const targets = begun.map(({ summary, requestCounts, open, allowed, unmatched }): KnownTarget => {
    const { instances: _, error: why, outcome, ...target } = summary;
    // A call begins with this, so it had all of its time.
    const error =
      outcome === 'incomplete' && why ? { ...why, message: `${why.message}; ${TOO_SHORT}` } : why;
    const was = before?.targets.find(({ name }) => name === target.name);
    const asked = requestedInstances && {
      allowed: allowed.map(({ id, name }) => ({ id, name })),
      unmatched,
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
  const others = (before?.targets ?? []).flatMap(({ error: _, ...was }): KnownTarget[] => {
    const isHere = targets.some(({ name }) => name === was.name);
    const isEmpty = instances.every(({ target }) => target !== was.name);
    return isHere || isEmpty ? [] : [{ ...was, outcome: 'complete' }];
  });
  return {
    targets: [...targets, ...others],
    warnings: [...new Set([...(before?.warnings ?? []), ...warnings])],
    seenIds: [...new Set([...(before?.seenIds ?? []), ...seenIds])],
  };
}
