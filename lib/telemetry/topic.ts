import { ELSEWHERE, harmlessName, saidBy, statusOf } from '../http/aws-answer.ts';
import { type Clock, systemClock } from '../http/clock.ts';
import { hideKeysOf } from '../identity/aws-keys.ts';
import { RunSecrets } from '../identity/run-secrets.ts';
import { JanitorError } from '../model/error.ts';
import { oneLine } from '../model/text.ts';

/** A text for a topic of Amazon SNS. */
export interface TopicMessage {
  readonly subject: string;
  readonly text: string;
}

/** A text may not have been published. */
class TopicError extends JanitorError {
  override readonly name = 'TopicError';

  constructor(message: string) {
    super('topic', message);
  }
}

/**
 * Publishes to a topic of Amazon SNS, once: an attempt whose answer does not come may have been delivered, so it is not
 * repeated.
 * @param topicArn the topic, in whatever region.
 * @param timeoutMs for everything.
 * @param secrets of the run: what answers in the place of SNS may have carried them before.
 * @param clock ends what takes too long.
 * @throws {TopicError} where it may not have been published. It shows none of the secrets, and no key that AWS was
 * asked with.
 */
export async function publish(
  topicArn: string,
  { subject, text }: TopicMessage,
  timeoutMs: number,
  secrets = new RunSecrets(),
  clock: Pick<Clock, 'sleep'> = systemClock,
): Promise<void> {
  const abortSignal = AbortSignal.timeout(timeoutMs);
  // Only runs that have something to tell need it.
  const { PublishCommand, SNSClient } = await import('./sns-client.ts');
  const { awsRequestHandler } = await import('../http/aws-handler.ts');
  const client = new SNSClient({
    region: topicArn.split(':')[3] ?? '',
    maxAttempts: 1,
    requestHandler: awsRequestHandler({}, clock),
  });
  // Not with those of the run, which may hold as many as they can.
  const keys = new RunSecrets();
  hideKeysOf(client, keys, clock, timeoutMs);
  try {
    const command = new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text });
    const { MessageId, $metadata } = await client.send(command, { abortSignal });
    // Something else on the way, such as a proxy, may have answered.
    if (!MessageId) throw Object.assign(new Error('the answer names no message'), { $metadata });
  } catch (error) {
    const status = statusOf(error);
    const reveals = [secrets.revealer(), keys.revealer()];
    const ownName = harmlessName(error, (text) => reveals.some((each) => each(text)));
    const name = [ownName, status && `HTTP ${status}`].filter(Boolean).join(', ');
    const said = saidBy(error, (part) => secrets.conceal(part, keys), name);
    // Without the error itself as its cause: a log shows a cause as it is.
    throw new TopicError(
      `${topicArn} may not have got it: ${oneLine(said)}; grant sns:Publish there, and ${ELSEWHERE}`,
    );
  } finally {
    client.destroy();
  }
}
