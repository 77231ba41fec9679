import { worstOutcome } from '../model/outcome.ts';
import { addRequests, type InstanceSummary, MAX_ERRORS } from '../model/summary.ts';
import type { InstanceResult } from './clean-fleet-instance.ts';

/**
 * Adds a call of an instance's function to those before it, so that the whole reads as one: the
 * records that went stay counted, and what was left is what the last list tells. A record that an
 * earlier call left and a later one does not list as expired any more counts as `alreadyGone`.
 */
export function addCall(before: InstanceResult, then: InstanceResult): InstanceResult {
  return {
    ...then,
    summary: wasListed(then)
      ? addListed(before.summary, then.summary)
      : addUnlisted(before.summary, then.summary),
    requests: addRequests([before.requests, then.requests]),
    seenIds: [...new Set([...before.seenIds, ...then.seenIds])],
    warnings: [...new Set([...before.warnings, ...then.warnings])],
  };
}

function addListed(was: InstanceSummary, is: InstanceSummary): InstanceSummary {
  const vanished = Math.max(0, was.failed + was.remaining - is.expired);
  const deleted = was.deleted + is.deleted;
  const alreadyGone = was.alreadyGone + is.alreadyGone + vanished;
  const expired = deleted + alreadyGone + is.failed + is.remaining;
  return { ...is, listed: is.kept + expired, expired, deleted, alreadyGone };
}

/** Nothing new is known of the records, but what stopped this call. */
function addUnlisted(was: InstanceSummary, is: InstanceSummary): InstanceSummary {
  const errors = [...was.errors, ...is.errors];
  return {
    ...was,
    outcome: worstOutcome([was.outcome, is.outcome]),
    ...(is.stoppedBy && { stoppedBy: is.stoppedBy }),
    errors: errors.slice(0, MAX_ERRORS),
    errorsOmitted: was.errorsOmitted + is.errorsOmitted + Math.max(0, errors.length - MAX_ERRORS),
  };
}

/** Whether another call has anything to do: time was up, and this call did get on. */
export function needsAnotherCall({ summary }: InstanceResult): boolean {
  const { stoppedBy, deleted, alreadyGone } = summary;
  return stoppedBy === 'deadline' && deleted + alreadyGone > 0;
}

/** A list that could not be read leaves nothing listed, and says what stopped it. */
function wasListed({ summary }: InstanceResult): boolean {
  return summary.listed > 0 || summary.stoppedBy === undefined;
}
