import { targetOutcome } from '../model/outcome.ts';
import {
  addRequests,
  conclude,
  type RequestCounts,
  type Summary,
  type TargetSummary,
} from '../model/summary.ts';
import { isPartOf } from '../policy/targets.ts';
import { endpointWarning } from '../run/failing-warnings.ts';
import { type LookedAt, missingInstances, type RunRequest } from '../run/request.ts';
import { lost } from './ends.ts';
import type { KnownInstance, KnownTarget } from './known.ts';
import type { LaneState } from './lane-log.ts';

/** The summary of a fleet's run, and the requests of each target in it. */
export interface FleetSummary {
  readonly summary: Summary;
  readonly requests: ReadonlyMap<TargetSummary, RequestCounts>;
  /** The lanes where something failed, or may be what was asked for and not found, by their place in the run. */
  readonly lanesToRedo: readonly number[];
}

/** A target of which nobody knows the instances. */
const NOT_OPEN: LookedAt = { allowed: [], unmatched: [] };

/** A target, as the policy has it. */
type Named = Pick<TargetSummary, 'name' | 'cloud' | 'service' | 'region'>;

/**
 * Makes one summary of what the lanes of a run know. If anything is missing, the run fails, and the summary says so.
 * @param expected the targets of each lane, in the order of the policy; undefined where another policy is deployed
 * now.
 */
export function summarise(
  lanes: readonly LaneState[],
  expected: readonly (readonly Named[])[] | undefined,
  request: RunRequest,
  run: {
    readonly runId: string;
    readonly dryRun: boolean;
    /** Milliseconds since the epoch. */
    readonly startedAt: number;
    readonly finishedAt: number;
    /** What has changed since the run was prepared, if it was deployed anew: then no redrive helps. */
    readonly redeployed: string | undefined;
    /** Which round has ended, from 0. */
    readonly round: number;
  },
): FleetSummary {
  const requests = new Map<TargetSummary, RequestCounts>();
  const warnings = new Set<string>();
  const seenIds = new Set<string>();
  const failedLanes: number[] = [];
  let hasGaps = false;
  const lookedAt: LookedAt[] = [];
  const known: { target: KnownTarget; summary: TargetSummary }[] = [];
  lanes.forEach((state, lane) => {
    for (const warning of state.facts?.warnings ?? []) warnings.add(warning);
    for (const id of state.facts?.seenIds ?? []) seenIds.add(id);
    const found = state.facts?.targets ?? [];
    const absent = (expected?.[lane] ?? []).filter((each) => !isAmong(each, found));
    const targets = [...found, ...absent.map(unknownTarget)];
    const whyNoEnd = run.redeployed ?? (state.gap ? UNREADABLE : CUT_SHORT);
    const problem = problemOf(state, expected && (expected[lane] ?? []), whyNoEnd);
    hasGaps ||= problem !== undefined;
    if (problem && targets.length === 0) {
      warnings.add(endpointWarning(lane, problem));
      lookedAt.push(NOT_OPEN);
    }
    const byTarget = new Map<string, KnownInstance[]>(targets.map(({ name }) => [name, []]));
    for (const each of state.instances.values()) byTarget.get(each.target)?.push(each);
    // Whoever has no entry of this round was not called, or could not go on with what is deployed now.
    const hasEntry = state.last === undefined || state.last.round === run.round;
    const notTried = hasEntry ? undefined : run.redeployed;
    const here = targets.map((target) => ({
      target,
      summary: summariseTarget(target, byTarget.get(target.name) ?? [], {
        problem,
        whyNoEnd,
        notTried,
        isWhole: state.gap === undefined,
      }),
    }));
    if (problem || here.some(({ summary }) => summary.outcome === 'failed')) failedLanes.push(lane);
    known.push(...here);
  });
  for (const id of request.taskIds ?? []) {
    if (!seenIds.has(id)) warnings.add(`task ${id} was not found on any instance of this run`);
  }
  for (const { target } of known) {
    lookedAt.push(target.asked ? { open: true, ...target.asked } : NOT_OPEN);
  }
  const missing = missingInstances(request.instances, lookedAt);
  for (const message of missing) warnings.add(message);
  for (const { target, summary } of known) requests.set(summary, target.requests);
  const { finishedAt, redeployed: _, round: __, ...rest } = run;
  const requestsInOrder = inOrder(requests, expected);
  const summary = conclude(
    {
      ...rest,
      trigger: 'fleet',
      durationMs: Math.max(0, finishedAt - run.startedAt),
      failed: missing.length > 0 || hasGaps,
      warnings: [...warnings],
    },
    requestsInOrder,
  );
  // Any lane may have by now what none had.
  const lanesToRedo = missing.length > 0 ? lanes.map((_, lane) => lane) : failedLanes;
  return { summary, requests: requestsInOrder, lanesToRedo };
}

/** Why a lane has no end, and what to do. */
const CUT_SHORT =
  'the last call of the function for its endpoint ended early, or no further call came; look at the log and the execution, then redrive the execution';

/** The same where entries of its log are missing: no redrive goes on then. */
const UNREADABLE = 'a part of the log of its endpoint could not be read; start a new run';

/**
 * The reason why a lane's log does not tell everything.
 * @param expected the lane's targets, where they are known.
 * @param whyNoEnd why the lane has no end, if it has none.
 */
function problemOf(
  state: LaneState,
  expected: readonly Named[] | undefined,
  whyNoEnd: string,
): string | undefined {
  const { gap, last, facts, instances } = state;
  if (gap) {
    return `${last ? 'not everything' : 'nothing'} is known about it: ${gap.message}; start a new run`;
  }
  if (last?.ended?.again !== false) {
    return `${last ? 'not everything' : 'nothing'} is known about it: ${whyNoEnd}`;
  }
  const found = facts?.targets ?? [];
  const names = new Set(found.map(({ name }) => name));
  const areAll =
    (expected?.every((each) => isAmong(each, found)) ?? true) &&
    found.every(({ name }) => expected?.some((each) => isPartOf(name, each.name)) ?? true) &&
    [...instances.values()].every(({ target }) => names.has(target));
  return areAll
    ? undefined
    : 'its log is not about the targets that the run was prepared for; start a new run';
}

/** Whether a target of the policy, or a part of it, is among those that a log knows. */
function isAmong({ name }: Named, found: readonly KnownTarget[]): boolean {
  return found.some((each) => isPartOf(each.name, name));
}

function unknownTarget({ name, cloud, service, region }: Named): KnownTarget {
  const requests = addRequests([]);
  return { name, cloud, service, region, outcome: 'complete', requests };
}

function summariseTarget(
  { requests: _, asked: __, ...target }: KnownTarget,
  known: readonly KnownInstance[],
  {
    problem,
    whyNoEnd,
    notTried,
    isWhole,
  }: {
    readonly problem: string | undefined;
    readonly whyNoEnd: string;
    /** Why this round has not tried again what failed before. */
    readonly notTried: string | undefined;
    /** Whether all of the lane's log could be read. */
    readonly isWhole: boolean;
  },
): TargetSummary {
  const instances = known.map((each) => (each.done ? each : lost(each, whyNoEnd, isWhole)).summary);
  // A failure of an earlier call, or of one that was killed, stands with the instances that it ended.
  const own = target.error ?? known.find(({ targetError }) => targetError)?.targetError;
  const isLeft = notTried !== undefined && targetOutcome(instances, own) === 'failed';
  const why = isLeft ? `not tried again: ${notTried}` : problem;
  const error = own && !isLeft ? own : why && { code: 'no-result', message: why };
  return {
    ...target,
    outcome: targetOutcome(instances, error),
    ...(error && { error }),
    instances,
  };
}

/** In the order of the policy, where that is known. */
function inOrder(
  requests: ReadonlyMap<TargetSummary, RequestCounts>,
  expected: readonly (readonly Named[])[] | undefined,
): ReadonlyMap<TargetSummary, RequestCounts> {
  const names = expected?.flat().map(({ name }) => name) ?? [];
  const place = ([{ name }]: readonly [TargetSummary, RequestCounts]) =>
    names.findIndex((expected) => isPartOf(name, expected));
  return new Map([...requests].sort((one, other) => place(one) - place(other)));
}
