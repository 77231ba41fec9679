import { ApiError } from '../answers/api-error.ts';
import { labelOf } from '../model/instance.ts';
import { isPartOf } from '../policy/targets.ts';
import type { TargetRun } from '../run/begin-targets.ts';
import type { RunContext } from '../run/run-context.ts';
import { emptied, failed, type KnownInstance, unlisted, vanished } from './known.ts';

/** How an instance ends that was not finished, and that this call does not clean. */
export interface EndWithoutJob {
  readonly end: KnownInstance;
  /** Whether time was up before it could be looked at. */
  readonly isLate: boolean;
}

/**
 * Finds out what became of such instances: each is gone, is left alone now, another target has it, or its own target
 * could not be opened.
 * @param cleanedBy the target that has an instance in this call, by its id.
 * @returns the ends, in the order of the instances.
 */
export async function endWithoutJobs(
  unplanned: readonly KnownInstance[],
  begun: readonly TargetRun[],
  cleanedBy: ReadonlyMap<string, string>,
  context: RunContext,
): Promise<readonly EndWithoutJob[]> {
  const reasons = new Map(begun.map((target) => [target, reasonsOf(target)]));
  return await Promise.all(
    unplanned.map(async (known) => {
      const other = cleanedBy.get(known.summary.id);
      if (other !== undefined) {
        return { end: vanished(known, `the target ${other} has it now`), isLate: false };
      }
      const target = begun.find(({ summary }) => isPartOf(known.target, summary.name));
      const reason = target && reasons.get(target)?.get(known.summary.id);
      return await endOf(known, target, reason, context);
    }),
  );
}

/** Why a target leaves an instance alone that it lists, by its id. */
function reasonsOf({ listed, skipped }: TargetRun): ReadonlyMap<string, string> {
  return new Map([
    ...listed.map(({ id }) => [id, 'the policy does not select it'] as const),
    ...skipped.map(({ id, reason }) => [id, reason] as const),
  ]);
}

/** @param reason why it is left alone, where it is listed. */
async function endOf(
  known: KnownInstance,
  target: TargetRun | undefined,
  reason: string | undefined,
  { observer, requestedInstances }: RunContext,
): Promise<EndWithoutJob> {
  const { summary } = known;
  if (!target?.open) {
    const message = 'an earlier call found its target, but this one did not';
    const end = failed(known, 'unavailable', { message, ...target?.summary.error });
    return { end, isLate: false };
  }
  const leftAlone = (why: string, isLate = false) => ({
    end: failed(known, 'unavailable', { message: `the instance is left alone now: ${why}` }),
    isLate,
  });
  if (reason !== undefined) {
    // Of one that no call has come to, nothing is known that could be lost. But who asks for it wants to know.
    const isUntouched = summary.listed === 0 && summary.stoppedBy === undefined;
    const isHarmless = isUntouched && !requestedInstances;
    return isHarmless ? { end: unlisted(known), isLate: false } : leftAlone(reason);
  }
  const label = labelOf(summary);
  try {
    if ((await target.open.api.countTasks(summary.id)) > 0) {
      return leftAlone('it is not among the instances that are listed, but its records are there');
    }
    observer.warning?.(
      `instance ${label} is not listed any more, and has no records`,
      known.target,
    );
    return { end: emptied(known), isLate: false };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reading?.answer !== 'gone') {
      return leftAlone(`it is not listed, and ${error.message}`, error.gaveUp === 'deadline');
    }
    observer.warning?.(`instance ${label} is gone`, known.target);
    return { end: vanished(known), isLate: false };
  }
}
