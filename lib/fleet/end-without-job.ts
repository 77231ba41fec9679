import { ApiError } from '../answers/api-error.ts';
import { labelOf } from '../model/instance.ts';
import { isPartOf } from '../policy/targets.ts';
import type { TargetRun } from '../run/open-target.ts';
import type { RunContext } from '../run/run-context.ts';
import { emptied, failed, finished, type KnownInstance, vanished } from './known.ts';

/** How an instance ends that was not finished, and that this call does not clean. */
export interface EndWithoutJob {
  readonly end: KnownInstance;
  /** Whether its own list says that nothing is left: then no later call has to look again. */
  readonly isGone: boolean;
}

/**
 * Finds out what became of such an instance: it is gone, it is left alone now, another target has it, or its own
 * target could not be opened.
 * @param cleanedBy the target that cleans an instance in this call, by its id.
 */
export async function endWithoutJob(
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
