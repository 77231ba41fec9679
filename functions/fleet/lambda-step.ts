import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { openArchive } from '../../lib/archive/open-archive.ts';
import { bucketStore, type ObjectStore } from '../../lib/fleet/object-store.ts';
import { readFleetSettings } from '../../lib/fleet/settings.ts';
import type { StepDependencies } from '../../lib/fleet/step.ts';
import { type Clock, systemClock } from '../../lib/http/clock.ts';
import { createTransport } from '../../lib/http/transport.ts';
import { credentialsSource } from '../../lib/identity/credentials-source.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import { observeAll } from '../../lib/run/observer.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { logObserver } from '../../lib/telemetry/log-observer.ts';
import { createLogger } from '../../lib/telemetry/logger.ts';
import { createPublisher } from '../../lib/telemetry/metrics.ts';
import { metricsObserver } from '../../lib/telemetry/metrics-observer.ts';
import { readPolicy } from '../read-policy.ts';
import type { sendLetter } from '../send-letter.ts';

/**
 * Makes a step of the state machine a handler of Lambda's. Its settings stand in serverless.yml.
 * @param clock the system's, unless a test goes by another one.
 * @param letter only where the step sends one: the code for it is not small.
 */
export function lambdaStep<Answer>(
  step: (message: unknown, dependencies: StepDependencies) => Promise<Answer>,
  clock: Clock = systemClock,
  letter?: typeof sendLetter,
): (message: unknown, context: Context) => Promise<Answer> {
  const logger = createLogger();
  const publish = createPublisher(process.env.STAGE || 'local');
  // Kept between calls, with its connections.
  let store: ObjectStore | undefined;
  // Of the call that is going on: there is one at a time.
  let secrets: RunSecrets;
  return async (message, context) => {
    const transport = createTransport(clock);
    try {
      const settings = readFleetSettings(process.env);
      secrets = new RunSecrets();
      store ??= bucketStore(settings.bucket, {}, systemClock, () => secrets);
      return await step(message, {
        settings,
        policyText: await readPolicy(settings.policyFile),
        store,
        clock,
        random: Math.random,
        transport,
        secrets,
        openArchive,
        credentials: (reference) => credentialsSource(reference, process.env),
        callId: context.awsRequestId ?? randomUUID(),
        deadline: clock.monotonic() + context.getRemainingTimeInMillis(),
        observe: (runId) => logObserver(logger, runId),
        observeSummary: (runId, run) =>
          observeAll([logObserver(logger, runId), metricsObserver(publish, run)]),
        ...(letter && {
          sendLetter: (summary) => letter(summary, logger, context.getRemainingTimeInMillis()),
        }),
      });
    } catch (error) {
      if (!(error instanceof RunFailedError)) {
        const { run, id, ...place } = (message ?? {}) as { run?: { id?: string }; id?: string };
        const runId = run?.id ?? id ?? 'unknown';
        logger.error(`run ${runId}: the step failed`, { runId, ...place, error });
      }
      throw error;
    } finally {
      transport.close();
    }
  };
}
