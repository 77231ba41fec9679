import type { Logger } from '@aws-lambda-powertools/logger';
import type { Summary } from '../lib/model/summary.ts';
import { publish } from '../lib/telemetry/topic.ts';
import { letterOf } from '../lib/view/letter.ts';

/** Milliseconds that nobody waits for an answer longer than. */
const LONGEST_WAIT_MS = 5_000;
/** Milliseconds that are left to the handler's own end. */
const RESERVE_MS = 300;

/**
 * Sends the letter of a run to the stage's topic, where it has one and something has happened. A letter that cannot be
 * sent is an error in the log, and costs nobody the summary.
 * @param remainingMs that Lambda leaves the handler.
 */
export async function sendLetter(
  summary: Summary,
  logger: Logger,
  remainingMs: number,
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
    const wait = Math.min(LONGEST_WAIT_MS, remainingMs - RESERVE_MS);
    await publish(REPORT_TOPIC, letter, Math.max(1, wait));
  } catch (error) {
    logger.error('the letter about the run could not be sent', { runId: summary.runId, error });
  }
}
