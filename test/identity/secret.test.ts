import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CredentialsError } from '../../lib/identity/credentials.ts';
import { credentialsFromSecret, secretSource } from '../../lib/identity/secret.ts';
import { rejectionOf } from '../rejection.ts';
import { type FakeSecretsManager, type Kept, startSecretsManager } from '../secrets-manager.ts';
import { serve } from '../serve.ts';

const EXPECTED =
  'a JSON object with accessKey and secretKey (and securityToken for a temporary key), or with username, password and domain';
const KEY = { accessKey: 'AK', secretKey: 'SK' };

describe('the text of a secret', () => {
  test.each([
    [KEY, KEY],
    [
      { ...KEY, securityToken: 'token' },
      { ...KEY, securityToken: 'token' },
    ],
    [{ ...KEY, securityToken: null, username: '' }, KEY],
    [{ ...KEY, comment: 'of the ops team' }, KEY],
    [{ accessKey: 'AK\n', secretKey: ' SK' }, KEY],
    [
      { username: 'ops', password: ' pw ', domain: 'acme' },
      { username: 'ops', password: ' pw ', domain: 'acme' },
    ],
  ])('%j holds credentials', (fields, expected) => {
    expect(credentialsFromSecret('s', JSON.stringify(fields))).toEqual(expected);
  });

  test.each([
    ['hunter2', `secret s is not JSON: expected ${EXPECTED}`],
    ['{"secretKey":"hunter2"', `secret s is not JSON: expected ${EXPECTED}`],
    ['"hunter2"', `secret s is not a JSON object: expected ${EXPECTED}`],
    ['["hunter2"]', `secret s is not a JSON object: expected ${EXPECTED}`],
    ['null', `secret s is not a JSON object: expected ${EXPECTED}`],
    ['{}', `no credentials in secret s: expected ${EXPECTED}`],
    ['{"password":"hunter2"}', `secret s lacks username and domain: expected ${EXPECTED}`],
    ['{"secretKey":"hunter2"}', `secret s lacks accessKey: expected ${EXPECTED}`],
    [
      '{"accessKey":"AK","secretKey":["hunter2"]}',
      `secret s: secretKey is not text: expected ${EXPECTED}`,
    ],
    [
      '{"accessKey":"AK","secretKey":"hunter2","username":"ops"}',
      `secret s holds both an access key and a user: leave one of them out (${EXPECTED})`,
    ],
  ])('%s is an error that does not show it', (text, message) => {
    expect(() => credentialsFromSecret('s', text)).toThrow(new CredentialsError(message));
    expect(message).not.toContain('hunter2');
  });

  test('whatever it is, it holds credentials or is refused, and its values are not shown', () => {
    const value = fc.oneof(fc.constant('hunter2hunter2'), fc.jsonValue());
    const fields = fc.dictionary(
      fc.constantFrom('accessKey', 'secretKey', 'securityToken', 'username', 'password', 'domain'),
      value,
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fields.map((one) => JSON.stringify(one)),
    );
    fc.assert(
      fc.property(text, (anything) => {
        try {
          const read = Object.values(credentialsFromSecret('s', anything));
          for (const part of read) expect(anything).toContain(JSON.stringify(part).slice(1, -1));
        } catch (error) {
          expect(error).toBeInstanceOf(CredentialsError);
          expect((error as Error).message).not.toContain('hunter2');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a secret in Secrets Manager', () => {
  const before = { ...process.env };
  let manager: FakeSecretsManager;
  beforeAll(async () => {
    manager = await startSecretsManager();
  });
  afterAll(async () => {
    process.env = before;
    await manager.close();
  });
  beforeEach(() => {
    process.env = { ...before, ...manager.env };
    manager.asked.length = 0;
    for (const name of Object.keys(manager.secrets)) delete manager.secrets[name];
  });

  async function failureOf(kept: Kept | undefined, secretId = 'janitor', env = manager.env) {
    if (kept !== undefined) manager.secrets[secretId] = kept;
    const { message } = await rejectionOf(secretSource(secretId, env).read(), CredentialsError);
    return message;
  }

  test('is read by its name', async () => {
    manager.secrets['task-janitor/huawei'] = JSON.stringify(KEY);
    const source = secretSource('task-janitor/huawei', manager.env);
    expect(manager.asked).toEqual([]);
    expect(await source.read()).toEqual(KEY);
    expect(manager.asked).toEqual([{ secretId: 'task-janitor/huawei', region: 'eu-central-1' }]);
  });

  test('is asked for in its own region when an ARN names it', async () => {
    const arn = 'arn:aws:secretsmanager:ap-south-1:123456789012:secret:janitor-AbCdEf';
    manager.secrets[arn] = JSON.stringify(KEY);
    expect(await secretSource(arn, manager.env).read()).toEqual(KEY);
    expect(manager.asked).toEqual([{ secretId: arn, region: 'ap-south-1' }]);
  });

  test('that is not there is to be created', async () => {
    expect(await failureOf(undefined)).toBe(
      'secret janitor in eu-central-1 does not exist: create it, or correct credentials.secret',
    );
  });

  test.each([
    ['janitor', 'arn:aws:secretsmanager:eu-central-1:*:secret:janitor-*'],
    [
      'arn:aws:secretsmanager:eu-central-1:1:secret:a-b',
      'arn:aws:secretsmanager:eu-central-1:1:secret:a-b',
    ],
  ])('that may not be read (%s) names the permission to grant', async (secretId, resource) => {
    const message = await failureOf({ error: 'AccessDeniedException' }, secretId);
    expect(message).toBe(
      `not permitted to read secret ${secretId} in eu-central-1: grant secretsmanager:GetSecretValue on ${resource}`,
    );
  });

  test.each([
    [
      'DecryptionFailure',
      'secret janitor in eu-central-1 cannot be decrypted: grant kms:Decrypt on its key',
    ],
    [
      'InvalidRequestException',
      'secret janitor in eu-central-1 cannot be read now; it may be scheduled for deletion: restore it, or name another one',
    ],
    [
      'UnrecognizedClientException',
      'secret janitor in eu-central-1 could not be read: AWS does not know the AWS credentials; use others',
    ],
    [
      'ExpiredTokenException',
      'secret janitor in eu-central-1 could not be read: the AWS credentials have expired; renew them',
    ],
    [
      'SomethingNewException',
      'secret janitor in eu-central-1 could not be read: an error of another kind (HTTP 400); aws secretsmanager get-secret-value --query Name --secret-id janitor says more',
    ],
    [
      'CredentialsProviderError',
      'secret janitor in eu-central-1 could not be read: CredentialsProviderError (HTTP 400); aws secretsmanager get-secret-value --query Name --secret-id janitor says more',
    ],
  ])('that is answered with %s says what to do', async (error, message) => {
    expect(await failureOf({ error, message: 'why' })).toBe(message);
  });

  test.each([
    [
      'in its text',
      { error: 'InternalServiceError', message: '{"secretKey":"hunter2"}', status: 403 },
    ],
    ['in the text of a known error', { error: 'InvalidRequestException', message: 'hunter2' }],
    [
      'in the text of an error of the SDK',
      { error: 'CredentialsProviderError', message: 'hunter2' },
    ],
    ['for its name', { error: 'hunter2', message: '' }],
    ['for its name, in letters', { error: 'hunterZwei', message: '' }],
    ['for its name, in letters that end as names do', { error: 'hunterZweiException' }],
    ['in a name that is none', { error: 'cannot read {"secretKey":"hunter2"}' }],
    ['in the name of a method', { error: 'constructor', message: 'hunter2' }],
  ])('whose error repeats it %s is not shown', async (_, kept) => {
    expect(await failureOf(kept)).not.toMatch(/hunter2|hunterZwei|native code/);
  });

  test('that is binary is not what is expected', async () => {
    expect(await failureOf(Buffer.from('hunter2'))).toBe(
      `secret janitor is binary: expected ${EXPECTED}`,
    );
  });

  test.each([
    ['an answer without one', '{}', 'the answer holds none'],
    ['no JSON', '{"SecretString":hunter2}', 'the answer cannot be read'],
    ['a page', '<!doctype html>hunter2', 'UnexpectedBodyError (HTTP 200)'],
  ])('in the place of which %s comes does not show it', async (_, body, what) => {
    const other = await serve((_request, response) => response.end(body));
    process.env.AWS_ENDPOINT_URL = other.url;
    const message = await failureOf(undefined);
    expect(message).toContain(`could not be read: ${what}; `);
    expect(message).not.toContain('hunter2');
    await other.close();
    const elsewhere = await failureOf(undefined);
    expect(elsewhere).toMatch(
      /ECONNREFUSED.*; see where AWS_ENDPOINT_URL and HTTPS_PROXY lead to$/,
    );
  });

  test('that holds something else does not show it', async () => {
    const message = await failureOf('{"apiKey":"hunter2"}');
    expect(message).toBe(`no credentials in secret janitor: expected ${EXPECTED}`);
  });

  test('cannot be found without a region', async () => {
    const { AWS_REGION: _, ...env } = manager.env;
    process.env = { ...env, AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' };
    expect(await failureOf(undefined, 'janitor', env)).toBe(
      'no AWS region to look for secret janitor in: set AWS_REGION, or name the secret by its ARN',
    );
  });
});
