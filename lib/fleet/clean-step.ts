import type { Outcome } from '../model/outcome.ts';
import { parseEvent } from '../run/event.ts';
import { addCall, needsAnotherCall } from './add-call.ts';
import { cleanFleetInstance, stoppedBefore } from './clean-fleet-instance.ts';
import { readCleanMessage } from './messages.ts';
import { RunObjects } from './run-objects.ts';
import { policyOfRun, type StepDependencies } from './step.ts';

/** Milliseconds that writing the result may take. */
const RESULT_MS = 2_000;

/** The answer that the state machine decides by. */
export interface CleanAnswer {
  /** Whether another call would get on with what this one left. */
  readonly again: boolean;
  readonly outcome: Outcome;
  /** The failure, or the work that was done: the console shows it. */
  readonly message: string;
}

/**
 * The step for one instance, called again for as long as it stops at its deadline and gets on. Its
 * result is in the bucket after every call, so that nothing that was deleted goes uncounted.
 * @throws when the message cannot be understood, or another policy was deployed meanwhile.
 */
export async function cleanStep(
  message: unknown,
  dependencies: StepDependencies,
): Promise<CleanAnswer> {
  const { run, round, item, share } = readCleanMessage(message);
  const { settings, store, deadline } = dependencies;
  const policy = policyOfRun(run, dependencies);
  const { request } = parseEvent(run.event);
  const records = new RunObjects(store, run.id);
  const before = await records.result(item);
  const failure = await records.failure(round, item.target);
  const result = failure
    ? stoppedBefore(item, failure)
    : await cleanFleetInstance(policy, request, item, {
        ...dependencies,
        ...(deadline !== undefined && { deadline: deadline - RESULT_MS }),
        runId: run.id,
        archiveTo: settings.archiveTo,
        stopBeforeEnd: settings.stopBeforeEnd,
        dryRun: run.dryRun || settings.dryRun === true,
        now: run.startedAt,
        share,
        observer: dependencies.observe(run.id),
      });
  const whole = before ? addCall(before, result) : result;
  await records.writeResult(item, whole);
  if (result.failure && !failure) await records.writeFailure(round, item.target, result.failure);
  const { outcome, expired, deleted, errors } = whole.summary;
  const wrong = errors[0]?.message ?? whole.failure?.message;
  return {
    again: needsAnotherCall(result),
    outcome,
    message: wrong ?? `${expired} expired, ${deleted} deleted`,
  };
}
