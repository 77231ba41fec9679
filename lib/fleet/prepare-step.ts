import { parseEvent } from '../run/event.ts';
import { beginRun, openRun } from '../run/run.ts';
import { readPrepareMessage } from './messages.ts';
import { type Round, writeRound } from './round.ts';
import { RunObjects } from './run-objects.ts';
import { fingerprintOf, policyOf, type StepDependencies } from './step.ts';
import { worklistOf } from './worklist.ts';

/**
 * The first step of a run: finds the instances of every target. It deletes nothing.
 * @throws when message, event or policy cannot be understood.
 */
export async function prepareStep(
  message: unknown,
  dependencies: StepDependencies,
): Promise<Round> {
  const { id, startedAt, event } = readPrepareMessage(message);
  const { settings, store } = dependencies;
  const { request } = parseEvent(event);
  const opened = openRun(
    policyOf(dependencies),
    { ...request, ...(settings.dryRun && { dryRun: true }) },
    {
      ...dependencies,
      stopBeforeEnd: settings.stopBeforeEnd,
      maxConcurrency: settings.maxConcurrency,
      runId: id,
      trigger: 'fleet',
      observer: dependencies.observe(id),
    },
  );
  const begun = await beginRun(opened, async () => {});
  const worklist = { ...worklistOf(opened, begun), startedAt: Date.parse(startedAt) };
  const records = new RunObjects(store, id);
  await records.writeWorklist(worklist);
  const run = {
    id,
    startedAt: worklist.startedAt,
    dryRun: worklist.dryRun,
    event: event ?? {},
    policy: fingerprintOf(dependencies),
  };
  return writeRound(records, worklist, { run, round: 0 }, settings.instancesAtOnce);
}
