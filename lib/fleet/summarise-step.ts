import type { Summary } from '../model/summary.ts';
import { parseEvent } from '../run/event.ts';
import { RunFailedError } from '../run/run-failed-error.ts';
import type { InstanceResult } from './clean-fleet-instance.ts';
import { readSummariseMessage } from './messages.ts';
import { type Round, writeRound } from './round.ts';
import { RunObjects } from './run-objects.ts';
import type { StepDependencies } from './step.ts';
import { summarise } from './summarise.ts';

/** The end of a run, without its instances: they would not fit into a step's output. */
export type SummariseAnswer = Omit<Summary, 'targets' | 'warnings'> & {
  readonly again: false;
  /** Where the whole summary is. */
  readonly key: string;
};

/**
 * The last step: one summary of all instances. Where the run failed, it throws once the summary is
 * written, so that the execution fails. Called again after that, by a redrive of the execution, it
 * hands out the instances that failed for another round.
 * @throws {RunFailedError} when the run failed.
 */
export async function summariseStep(
  message: unknown,
  dependencies: StepDependencies,
): Promise<SummariseAnswer | (Round & { readonly again: true })> {
  const { run, round } = readSummariseMessage(message);
  const { settings, store, clock } = dependencies;
  const records = new RunObjects(store, run.id);
  const worklist = await records.worklist();
  const places = worklist.targets.flatMap(({ name: target, instances }) =>
    instances.filter(({ summary }) => !summary).map(({ id }) => ({ target, id })),
  );
  const found = await records.results(places);
  const results = new Map(places.map((place, index) => [keyOf(place), found[index]]));
  const resultOf = (target: string, id: string) => results.get(keyOf({ target, id }));
  const failed = (target: string, id: string) => hasFailed(resultOf(target, id));
  const anyFailed = places.some(({ target, id }) => failed(target, id));
  if (anyFailed && (await records.summary(round))) {
    const next = { run, round: round + 1 };
    return {
      again: true,
      ...(await writeRound(records, worklist, next, settings.instancesAtOnce, failed)),
    };
  }
  const { request } = parseEvent(run.event);
  const whole = summarise(worklist, resultOf, {
    runId: run.id,
    finishedAt: clock.now(),
    taskIds: request.taskIds,
  });
  const { summary, requests } = whole;
  // One letter for a run: none about a redrive of it, and none where this step is called again.
  const isFirst = round === 0 && (await records.summary(0)) === undefined;
  const key = await records.writeSummary(round, whole);
  const observer = dependencies.observeSummary(run.id, {
    targets: worklist.targets,
    routine: Object.keys(request).length === 0,
    before: round > 0 ? await records.summary(round - 1) : undefined,
  });
  for (const target of summary.targets) if (target.error) observer.targetFailed?.(target);
  observer.done?.(summary, requests);
  if (isFirst) await dependencies.sendLetter?.(summary);
  if (summary.outcome === 'failed') throw new RunFailedError(summary);
  const { targets: _, warnings: __, ...end } = summary;
  return { again: false, ...end, key };
}

function keyOf({ target, id }: { readonly target: string; readonly id: string }): string {
  return JSON.stringify([target, id]);
}

/** An instance that nothing is known of has failed too. */
function hasFailed(result: InstanceResult | undefined): boolean {
  return result === undefined || result.summary.outcome === 'failed';
}
