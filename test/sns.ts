import { AWS_KEYS } from './environment.ts';
import { serve } from './serve.ts';

/** A running SNS, as far as publishing goes. */
export interface FakeSns {
  /** Messages, also those whose publishing failed. */
  readonly published: { topic: string; subject: string; text: string }[];
  /** How it answers: as it should, with an error, or not at all. */
  mode: 'well' | 'refuses' | 'hangs' | 'repeats its keys' | 'answers with a page' | 'says nothing';
  /** What its errors say, where it refuses. */
  says: string;
  /** Environment variables that make the AWS SDK ask here. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export const REPORT_TOPIC = 'arn:aws:sns:eu-central-1:123456789012:task-janitor-prod-reports';

/** Starts an HTTP server that speaks `Publish` of SNS. */
export async function startSns(): Promise<FakeSns> {
  const { url, close } = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const fields = new URLSearchParams(body);
    const field = (name: string) => fields.get(name) ?? '';
    if (field('Action') !== 'Publish') throw new Error(`SNS was asked for ${body}`);
    sns.published.push({
      topic: field('TopicArn'),
      subject: field('Subject'),
      text: field('Message'),
    });
    if (sns.mode === 'hangs') return;
    if (sns.mode === 'answers with a page') return response.end('<html>log in</html>');
    if (sns.mode === 'says nothing') return response.writeHead(202).end();
    const { authorization, 'x-amz-security-token': token } = request.headers;
    const refused = sns.mode !== 'well';
    const said = sns.mode === 'refuses' ? sns.says : `\u001b[31m${token} ${authorization}`;
    response.writeHead(refused ? 500 : 200, { 'content-type': 'text/xml' });
    response.end(
      refused
        ? `<ErrorResponse><Error><Type>Receiver</Type><Code>InternalError</Code><Message>${said}</Message></Error></ErrorResponse>`
        : '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
    );
  });
  const sns: FakeSns = {
    published: [],
    mode: 'well',
    says: 'ill',
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'eu-central-1',
      ...AWS_KEYS,
    },
    close,
  };
  return sns;
}
