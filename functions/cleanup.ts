import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Context } from 'aws-lambda';
import { credentialsSource } from '../lib/cloud/credentials-source.ts';
import { systemClock } from '../lib/http/clock.ts';
import { createTransport } from '../lib/http/transport.ts';
import { parseMaxDuration } from '../lib/policy/duration.ts';
import { loadPolicy } from '../lib/policy/load.ts';
import { parseEvent } from '../lib/run/event.ts';
import { run } from '../lib/run/run.ts';
import { RunFailedError } from '../lib/run/run-failed-error.ts';
import type { Summary } from '../lib/run/summary.ts';
import { logObserver } from '../lib/telemetry/log-observer.ts';
import { createLogger } from '../lib/telemetry/logger.ts';

const logger = createLogger();

/**
 * One run of the policy in `POLICY_FILE`. Its settings stand in serverless.yml.
 * @returns the summary.
 * @throws when the event or the policy cannot be understood, and, after the summary is logged, when
 * the run failed.
 */
export async function handler(event: unknown, context: Context): Promise<Summary> {
  const runId = context.awsRequestId ?? randomUUID();
  const file = process.env.POLICY_FILE ?? 'retention.yml';
  const transport = createTransport(systemClock);
  try {
    const { trigger, request } = parseEvent(event);
    const summary = await run(loadPolicy(await readFile(file, 'utf8'), file), request, {
      runId,
      trigger,
      clock: systemClock,
      random: Math.random,
      transport,
      credentials: (reference) => credentialsSource(reference, process.env),
      deadline: systemClock.now() + context.getRemainingTimeInMillis(),
      reserve: process.env.STOP_BEFORE_END
        ? parseMaxDuration(process.env.STOP_BEFORE_END)
        : undefined,
      observer: logObserver(logger, runId),
    });
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
