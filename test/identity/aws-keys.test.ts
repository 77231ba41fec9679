import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { s3Archive } from '../../lib/archive/s3-archive.ts';
import { bucketStore } from '../../lib/fleet/object-store.ts';
import { hideKeysOf } from '../../lib/identity/aws-keys.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import { secretSource } from '../../lib/identity/secret.ts';
import { publish } from '../../lib/telemetry/topic.ts';
import { keepEnvironment } from '../environment.ts';
import { FakeClock } from '../fake-clock.ts';
import { type PolicyFolder, policyFolder } from '../on-disk.ts';
import { rejectionOf } from '../rejection.ts';
import { type Served, serve } from '../serve.ts';
import { REPORT_TOPIC } from '../sns.ts';

const TOKEN = 'IQoJb3JpZ2luSOURCEsessionTOKEN0123456789abcdef';
const ADVICE = 'set AWS credentials, such as AWS_PROFILE; aws sts get-caller-identity says more';

const environment = keepEnvironment();
let folder: PolicyFolder;
let server: Served;
let clock: FakeClock;
/** Answers a request for AWS keys. */
let respond: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  folder = await policyFolder();
  clock = new FakeClock();
  server = await serve((request, response) => {
    request.resume();
    request.on('end', () => respond(request, response));
  });
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  });
});
afterEach(async () => {
  environment.restore();
  await server.close();
  await folder.remove();
});

/** Has the keys come from an STS that is asked with the token. */
async function askSts(): Promise<void> {
  Object.assign(process.env, {
    AWS_WEB_IDENTITY_TOKEN_FILE: await folder.write('token', TOKEN),
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/x',
    AWS_ENDPOINT_URL_STS: server.url,
  });
}

const failureOf = (work: () => Promise<unknown>) => rejectionOf(work(), Error);

describe('where AWS keys cannot be had', () => {
  const fromChain = () => {
    const client = new S3Client();
    hideKeysOf(client, new RunSecrets(), clock);
    return failureOf(() => client.config.credentials());
  };
  const sts = (code: string) => (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(403, { 'content-type': 'text/xml' });
    response.end(
      `<ErrorResponse><Error><Code>${code}</Code><Message>${TOKEN}</Message></Error></ErrorResponse>`,
    );
  };

  test('since there are none, the error says what to set', async () => {
    expect((await fromChain()).message).toBe(
      `no AWS keys could be had (CredentialsProviderError); ${ADVICE}`,
    );
  });

  test.each([
    ['AccessDenied', 'AccessDenied, HTTP 403'],
    [TOKEN, 'HTTP 403'],
    ['Sommerregen', 'HTTP 403'],
  ])('since STS answers %s and repeats the token, it is not shown', async (code, what) => {
    await askSts();
    respond = sts(code);
    const error = await fromChain();
    expect(error.message).toBe(`no AWS keys could be had (${what}); ${ADVICE}`);
    expect(inspect(error)).not.toContain(TOKEN);
  });

  test('since a container’s answer is no JSON, nothing of it is shown', async () => {
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${server.url}/keys`;
    respond = (_, response) => response.end(`{"SecretAccessKey":${TOKEN}}`);
    const error = await fromChain();
    expect(error.message).toMatch(/^no AWS keys could be had \(\w+Error\); set AWS/);
    expect(inspect(error)).not.toContain('IQoJb3');
  });

  test('since a command fails, nothing of it is shown', async () => {
    process.env.AWS_CONFIG_FILE = await folder.write(
      'config',
      `[default]\ncredential_process = false --password ${TOKEN}\n`,
    );
    const error = await fromChain();
    expect(error.message).toBe(`no AWS keys could be had (CredentialsProviderError); ${ADVICE}`);
    expect(inspect(error)).not.toContain(TOKEN);
  });

  const askers: [string, () => Promise<unknown>, string][] = [
    [
      'the archive',
      () => s3Archive('bucket', '', undefined, clock).write(['i-1'], ['a']),
      'archive s3://bucket: ',
    ],
    [
      'the fleet’s bucket',
      () => bucketStore('bucket', {}, clock).read('k'),
      's3://bucket/k could not be read: AwsKeysError: ',
    ],
    [
      'a secret',
      () => secretSource('janitor', process.env, clock).read(),
      'secret janitor in eu-central-1 could not be read: ',
    ],
    [
      'the letter',
      () => publish(REPORT_TOPIC, { subject: 's', text: 't' }, 30_000, undefined, clock),
      `${REPORT_TOPIC} may not have got it: AwsKeysError: `,
    ],
  ];
  test.each(askers)('%s says so, and shows no token', async (_, work, begin) => {
    await askSts();
    respond = sts('AccessDenied');
    const error = await failureOf(work);
    expect(error.message).toContain(
      `${begin}no AWS keys could be had (AccessDenied, HTTP 403); ${ADVICE}`,
    );
    expect(inspect(error)).not.toContain(TOKEN);
  });

  test.each(askers)('since they never come, %s says so after 30 s', async (_, work, begin) => {
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${server.url}/keys`;
    respond = (_request, response) => {
      response.write('{');
      void clock.advance(30_000);
    };
    expect((await failureOf(work)).message).toContain(
      `${begin}AWS keys did not come within 30 s; see what AWS_PROFILE, its credential_process or AWS_CONTAINER_CREDENTIALS_FULL_URI lead to`,
    );
    expect(clock.sleeping).toBe(0);
  });

  test('since they never come, an archive waits for them once', async () => {
    let asked = 0;
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${server.url}/keys`;
    respond = (_request, response) => {
      asked += 1;
      response.write('{');
      void clock.advance(30_000);
    };
    const archive = s3Archive('bucket', '', undefined, clock);
    const failures = [
      await failureOf(() => archive.write(['i-1'], ['a'])),
      await failureOf(() => archive.write(['i-2'], ['a'])),
    ];
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('AWS keys did not come within 30 s'),
      failures[0]?.message,
    ]);
    expect(asked).toBe(1);
  });
});

test('keys that are new for the second attempt of a request are hidden too', async () => {
  let given = 0;
  let sent = 0;
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${server.url}/keys`;
  process.env.AWS_ENDPOINT_URL = server.url;
  respond = ({ url, headers }, response) => {
    if (url === '/keys') {
      given += 1;
      const Expiration = new Date(Date.now() + 60_000).toISOString();
      const keys = { AccessKeyId: 'AKIAFAKE', SecretAccessKey: `${given}${TOKEN}` };
      const Token = `${given}`.repeat(32);
      return response.end(JSON.stringify({ ...keys, Token, Expiration }));
    }
    sent += 1;
    if (sent === 1) return response.writeHead(500).end();
    response.writeHead(400);
    const message = headers['x-amz-security-token'];
    return response.end(`<Error><Code>Odd</Code><Message>${message}</Message></Error>`);
  };
  const { message } = await failureOf(() => s3Archive('bucket', '').write(['i-1'], ['a']));
  expect(message).toContain('Odd: [secret];');
  expect(given).toBeGreaterThan(1);
});
