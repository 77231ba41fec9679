import { ApiError } from '../answers/api-error.ts';
import { labelOf } from '../model/instance.ts';
import { isPartOf } from '../policy/targets.ts';
import type { TargetRun } from '../run/open-target.ts';
import type { RunContext } from '../run/run-context.ts';
import { emptied, failed, leftAlone, vanished } from './ends.ts';
import { type KnownInstance, owesNothing } from './known.ts';

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
  withoutJob: readonly KnownInstance[],
  begun: readonly TargetRun[],
  cleanedBy: ReadonlyMap<string, string>,
  context: RunContext,
): Promise<readonly EndWithoutJob[]> {
  const reasons = new Map(begun.map((target) => [target, reasonsOf(target)]));
  return await Promise.all(
    withoutJob.map(async (known) => {
      const other = cleanedBy.get(known.summary.id);
      if (other !== undefined) {
        const why = `the target ${other} has it now, and has not listed it`;
        return { end: leftAlone(known, why), isLate: false };
      }
      const target = begun.find(({ summary }) => isPartOf(known.target, summary.name));
      const reason = target && reasons.get(target)?.get(known.summary.id);
      return await endOf(known, target, reason, context);
    }),
  );
}

/** Why a target leaves an instance alone that it lists, by its id. */
function reasonsOf({ listed, skipped, allowed }: TargetRun): ReadonlyMap<string, string> {
  return new Map([
    ...listed.map(({ id }) => [id, 'the policy does not select it'] as const),
    ...allowed.map(
      ({ id }) => [id, 'the run does not ask for it by the name that it has'] as const,
    ),
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
  if (reason !== undefined) {
    // A run that asks for some instances wants to know about each.
    const isHarmless = owesNothing(known) && !requestedInstances;
    return { end: isHarmless ? vanished(known) : leftAlone(known, reason), isLate: false };
  }
  const label = labelOf(summary);
  try {
    if ((await target.open.api.countTasks(summary.id)) > 0) {
      const why = 'it is not among the instances that are listed, but its records are there';
      return { end: leftAlone(known, why), isLate: false };
    }
    observer.warning?.(
      `instance ${label} is not listed any more, and has no records`,
      known.target,
    );
    return { end: emptied(known), isLate: false };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reading?.answer !== 'gone') {
      const end = leftAlone(known, `it is not listed, and ${error.message}`);
      return { end, isLate: error.gaveUp === 'deadline' };
    }
    observer.warning?.(`instance ${label} is gone`, known.target);
    return { end: vanished(known), isLate: false };
  }
}
