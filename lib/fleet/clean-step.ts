import { STOP_BEFORE_END_MS } from '../http/window.ts';
import { type Outcome, worstOutcome } from '../model/outcome.ts';
import { addCounts } from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { parseEvent } from '../run/event.ts';
import { SettingsError } from '../run/settings.ts';
import { archiveOnce } from './archive-once.ts';
import { type CleanedLane, cleanLane } from './clean-lane.ts';
import type { KnownInstance, LaneFacts } from './known.ts';
import { LaneLog, type LaneState, readLane } from './lane-log.ts';
import { MessageError, readCleanMessage } from './messages.ts';
import { retryingStore } from './object-store.ts';
import { lanesOf, policyOfRun, type StepDependencies } from './step.ts';

/** Milliseconds that the last entry of the log may take. */
const ENTRY_MS = 3_000;
/** A second, and some more for clocks and network that are not exact. */
const SECOND_MS = 1_050;
/** Calls of one round: they must not fill the history of the execution, which ends at 25,000 events. */
const MAX_CALLS = { ofLane: 300, ofRound: 2_000 };

/** The answer that the state machine decides by. */
export interface CleanAnswer {
  /** Whether another call could go on with what this one left. */
  readonly again: boolean;
  readonly outcome: Outcome;
  /** The failure, or the work that was done so far: the console shows it. */
  readonly message: string;
}

/**
 * The step for the instances of one endpoint. It is called again as long as it stops at its deadline and makes
 * progress.
 * @throws {LaneBusyError} when another call is at work there; and when the message cannot be understood, the
 * deployment has changed, or the bucket cannot be used.
 */
export async function cleanStep(
  message: unknown,
  dependencies: StepDependencies,
): Promise<CleanAnswer> {
  const { run, round, lane } = readCleanMessage(message);
  const { settings, clock, deadline, callId } = dependencies;
  const store = retryingStore(dependencies.store, clock);
  const policy = policyOfRun(run, dependencies);
  const { request } = parseEvent(run.event);
  const targets = lanesOf(policy, request)[lane];
  if (!targets) throw new MessageError(`run ${run.id} has no endpoint number ${lane}`);
  const state = await readLane(store, run, lane);
  if (state.gap) throw state.gap;
  const { last } = state;
  if (last && last.round > round) {
    throw new MessageError(
      `round ${round} of run ${run.id} is over: the run is in round ${last.round} by now`,
    );
  }
  const needed = (settings.stopBeforeEnd ?? STOP_BEFORE_END_MS) + ENTRY_MS;
  if (deadline - clock.monotonic() <= needed) {
    throw new SettingsError(
      `the function's time-out leaves no time to delete anything: raise timeout in serverless.yml, or lower stopBeforeEnd (STOP_BEFORE_END)`,
    );
  }
  // A call that ended before it had written its agenda has not begun the round.
  const isNewRound = last?.round !== round || last.agenda === undefined;
  if (!isNewRound && last?.ended && !last.ended.again) return answerOf(state);
  const log = await LaneLog.take(store, run.id, lane, state, {
    round,
    callId,
    now: clock.now,
    until: clock.now() + deadline - clock.monotonic(),
  });
  try {
    // A policy may ask for a pause that is longer than a call, which can then only say so.
    const left = deadline - ENTRY_MS - clock.monotonic();
    await clock.sleep(Math.min(left, pauseAfter(state, targets, clock.now())));
    const calls = Math.min(MAX_CALLS.ofLane, Math.floor(MAX_CALLS.ofRound / run.lanes));
    const cleaned = await cleanLane(
      {
        policy,
        request: { ...request, dryRun: run.dryRun },
        targets,
        startedAt: run.startedAt,
        state,
        log,
        isNewRound,
        dependencies: {
          ...dependencies,
          runId: run.id,
          archiveTo: settings.archiveTo,
          openArchive: (place) =>
            archiveOnce(dependencies.openArchive(place), store, `runs/${run.id}/archived/${lane}`),
          deadline: deadline - ENTRY_MS,
          stopBeforeEnd: settings.stopBeforeEnd,
          maxConcurrency: settings.maxConcurrency,
          observer: dependencies.observe(run.id),
        },
      },
      log.number < calls,
    );
    await log.end({ again: cleaned.again }, cleaned.facts, cleaned.instances);
    return answerOf(cleaned);
  } catch (error) {
    // Otherwise no other call could go on before this one's time is over.
    await log.giveBack().catch(() => {});
    throw error;
  }
}

/** Milliseconds in which nothing may be sent, since the call before may have used up what the policy allows. */
function pauseAfter({ last }: LaneState, targets: readonly Target[], now: number): number {
  const slowest = Math.min(...targets.map(({ requests }) => requests.perSecond ?? Infinity));
  if (!last || slowest === Number.POSITIVE_INFINITY) return 0;
  // That call is over, whatever its clock said.
  const quietSince = Math.min(now, last.ended ? last.at : last.until);
  return Math.max(0, quietSince + SECOND_MS * Math.max(1, 1 / slowest) - now);
}

function answerOf(lane: CleanedLane | LaneState): CleanAnswer {
  const instances: KnownInstance[] = [...lane.instances.values()];
  const targets = (lane.facts as LaneFacts).targets;
  const { expired, deleted } = addCounts(instances.map(({ summary }) => summary));
  const wrong = targets.find(({ error }) => error)?.error?.message;
  const failed = instances.find(({ summary }) => summary.outcome === 'failed');
  return {
    again: 'again' in lane && lane.again,
    outcome: worstOutcome(
      [...targets, ...instances.map(({ summary }) => summary)].map((each) => each.outcome),
    ),
    message:
      wrong ?? failed?.summary.errors[0]?.message ?? `${expired} expired, ${deleted} deleted`,
  };
}
