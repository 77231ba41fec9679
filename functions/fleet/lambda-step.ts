import { readFile } from 'node:fs/promises';
import type { Context } from 'aws-lambda';
import { credentialsSource } from '../../lib/cloud/credentials-source.ts';
import { bucketStore } from '../../lib/fleet/object-store.ts';
import { readFleetSettings } from '../../lib/fleet/settings.ts';
import type { StepDependencies } from '../../lib/fleet/step.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { createTransport } from '../../lib/http/transport.ts';
import { observeAll } from '../../lib/run/observer.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { logObserver } from '../../lib/telemetry/log-observer.ts';
import { createLogger } from '../../lib/telemetry/logger.ts';
import { createPublisher } from '../../lib/telemetry/metrics.ts';
import { metricsObserver } from '../../lib/telemetry/metrics-observer.ts';

/** Makes a step of the state machine a handler of Lambda's. Its settings stand in serverless.yml. */
export function lambdaStep<Answer>(
  step: (message: unknown, dependencies: StepDependencies) => Promise<Answer>,
): (message: unknown, context: Context) => Promise<Answer> {
  const logger = createLogger();
  const publish = createPublisher(process.env.STAGE || 'local');
  return async (message, context) => {
    const transport = createTransport(systemClock);
    try {
      const settings = readFleetSettings(process.env);
      return await step(message, {
        settings,
        policyText: await readFile(settings.policyFile, 'utf8'),
        store: bucketStore(settings.bucket),
        clock: systemClock,
        random: Math.random,
        transport,
        credentials: (reference) => credentialsSource(reference, process.env),
        deadline: systemClock.now() + context.getRemainingTimeInMillis(),
        observe: (runId) => logObserver(logger, runId),
        observeSummary: (runId, run) =>
          observeAll([logObserver(logger, runId), metricsObserver(publish, run)]),
      });
    } catch (error) {
      if (!(error instanceof RunFailedError)) logger.error('the step failed', { message, error });
      throw error;
    } finally {
      transport.close();
    }
  };
}
