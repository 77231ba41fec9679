import { parseEvent } from '../run/event.ts';
import { type Round, readPrepareMessage } from './messages.ts';
import { fingerprintOf, lanesOf, policyOf, type StepDependencies } from './step.ts';

/**
 * The first step of a run: what all its steps have to agree on. It sends nothing.
 * @throws when message, event or policy cannot be understood.
 */
export async function prepareStep(
  message: unknown,
  dependencies: StepDependencies,
): Promise<Round> {
  const { id, startedAt, event } = readPrepareMessage(message);
  const { request } = parseEvent(event);
  const policy = policyOf(dependencies);
  const lanes = lanesOf(policy, request).map((_, lane) => lane);
  const run = {
    id,
    startedAt,
    dryRun: dependencies.settings.dryRun ?? request.dryRun ?? policy.dryRun,
    event: event ?? {},
    policy: fingerprintOf(dependencies),
    lanes: lanes.length,
  };
  return { run, round: 0, lanes };
}
