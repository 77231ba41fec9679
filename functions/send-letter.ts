import type { Logger } from '@aws-lambda-powertools/logger';
import type { RunSecrets } from '../lib/identity/run-secrets.ts';
import type { Summary } from '../lib/model/summary.ts';
import { publish } from '../lib/telemetry/topic.ts';
import { letterOf } from '../lib/view/letter.ts';

/** The longest wait for an answer, in milliseconds. */
const LONGEST_WAIT_MS = 5_000;
/** Milliseconds that the handler needs for its own end. */
const RESERVE_MS = 300;

/**
 * Sends the letter of a run to the stage's topic, where it has one and something has happened. If it cannot be sent,
 * that is an error in the log, and the summary is returned all the same.
 * @param remainingMs that Lambda leaves the handler.
 * @param secrets of the run, where this function knows them.
 */
export async function sendLetter(
  summary: Summary,
  logger: Logger,
  remainingMs: number,
  secrets?: RunSecrets,
): Promise<void> {
  const { REPORT_TOPIC, STAGE, DASHBOARD, RUNBOOK, AWS_REGION } = process.env;
  if (!REPORT_TOPIC) return;
  try {
    const letter = letterOf(summary, {
      stage: STAGE ?? '',
      dashboard: `https://${AWS_REGION}.console.aws.amazon.com/cloudwatch/home?region=${AWS_REGION}#dashboards/dashboard/${DASHBOARD}`,
      runbook: RUNBOOK ?? '',
    });
    if (!letter) return;
    // A time-out takes whole milliseconds.
    const wait = Math.floor(Math.min(LONGEST_WAIT_MS, remainingMs - RESERVE_MS));
    await publish(REPORT_TOPIC, letter, Math.max(1, wait), secrets);
  } catch (error) {
    logger.error('the letter about the run could not be sent', { runId: summary.runId, error });
  }
}
