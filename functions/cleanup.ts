import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { openArchive } from '../lib/archive/open-archive.ts';
import { systemClock } from '../lib/http/clock.ts';
import { createTransport } from '../lib/http/transport.ts';
import { credentialsSource } from '../lib/identity/credentials-source.ts';
import { RunSecrets } from '../lib/identity/run-secrets.ts';
import type { Summary } from '../lib/model/summary.ts';
import { loadPolicy } from '../lib/policy/load.ts';
import { parseEvent } from '../lib/run/event.ts';
import { observeAll } from '../lib/run/observer.ts';
import { run } from '../lib/run/run.ts';
import { RunFailedError } from '../lib/run/run-failed-error.ts';
import { readSettings } from '../lib/run/settings.ts';
import { logObserver } from '../lib/telemetry/log-observer.ts';
import { createLogger } from '../lib/telemetry/logger.ts';
import { createPublisher } from '../lib/telemetry/metrics.ts';
import { metricsObserver } from '../lib/telemetry/metrics-observer.ts';
import { readPolicy } from './read-policy.ts';
import { sendLetter } from './send-letter.ts';

const logger = createLogger();
const publish = createPublisher(process.env.STAGE || 'local');

/**
 * One run of the policy, and the letter about it. Its settings stand in serverless.yml.
 * @returns the summary.
 * @throws when the event, a setting or the policy cannot be understood, and, after the summary is
 * logged and its metrics are published, when the run failed.
 */
export async function handler(event: unknown, context: Context): Promise<Summary> {
  const runId = context.awsRequestId ?? randomUUID();
  const transport = createTransport(systemClock);
  const secrets = new RunSecrets();
  try {
    const { trigger, request } = parseEvent(event);
    const { policyFile, dryRun, ...settings } = readSettings(process.env);
    const policy = loadPolicy(await readPolicy(policyFile), policyFile);
    const routine = Object.keys(request).length === 0;
    const summary = await run(
      policy,
      { ...request, ...(dryRun && { dryRun }) },
      {
        ...settings,
        runId,
        trigger,
        clock: systemClock,
        random: Math.random,
        transport,
        secrets,
        openArchive,
        credentials: (reference) => credentialsSource(reference, process.env),
        deadline: systemClock.monotonic() + context.getRemainingTimeInMillis(),
        observer: observeAll([
          logObserver(logger, runId),
          metricsObserver(publish, { targets: policy.targets, routine }),
        ]),
      },
    );
    await sendLetter(summary, logger, context.getRemainingTimeInMillis(), secrets);
    if (summary.outcome === 'failed') throw new RunFailedError(summary);
    return summary;
  } catch (error) {
    if (!(error instanceof RunFailedError))
      logger.error('the run could not begin', { runId, error });
    throw error;
  } finally {
    transport.close();
  }
}
