import { parseEvent } from '../run/event.ts';
import { beginRun, openRun } from '../run/run.ts';
import { readPlanMessage } from './messages.ts';
import { planFleet } from './plan.ts';
import { type Round, writeRound } from './round.ts';
import { RunRecords } from './run-records.ts';
import { fingerprintOf, policyOf, type StepDependencies } from './step.ts';

/**
 * The first step of a run: finds the instances of every target. It deletes nothing.
 * @throws when message, event or policy cannot be understood.
 */
export async function planStep(message: unknown, dependencies: StepDependencies): Promise<Round> {
  const { id, startedAt, event } = readPlanMessage(message);
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
  const plan = { ...planFleet(opened, begun), startedAt: Date.parse(startedAt) };
  const records = new RunRecords(store, id);
  await records.writePlan(plan);
  const run = {
    id,
    startedAt: plan.startedAt,
    dryRun: plan.dryRun,
    event: event ?? {},
    policy: fingerprintOf(dependencies),
  };
  return writeRound(records, plan, { run, round: 0 }, settings.atOnce);
}
