/** A text for a topic of Amazon SNS. */
export interface TopicMessage {
  readonly subject: string;
  readonly text: string;
}

/**
 * Publishes to a topic of Amazon SNS, once: an attempt whose answer does not come may have been delivered, so it is not
 * repeated.
 * @param topicArn the topic, in whatever region.
 * @param timeoutMs for the answer.
 * @throws {Error} where it may not have been published.
 */
export async function publish(
  topicArn: string,
  { subject, text }: TopicMessage,
  timeoutMs: number,
): Promise<void> {
  // Only runs that have something to tell need it.
  const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
  const { awsRequestHandler } = await import('../http/aws-handler.ts');
  const client = new SNSClient({
    region: topicArn.split(':')[3] ?? '',
    maxAttempts: 1,
    requestHandler: awsRequestHandler(),
  });
  try {
    const command = new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text });
    await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
  } finally {
    client.destroy();
  }
}
