import { ELSEWHERE, familiarName, saidBy, statusOf } from '../http/aws-answer.ts';
import { type Clock, systemClock } from '../http/clock.ts';
import { isObject, oneLine } from '../model/text.ts';
import { AwsKeysError, hideKeysOf } from './aws-keys.ts';
import {
  type Credentials,
  CredentialsError,
  type CredentialsSource,
  chooseCredentials,
} from './credentials.ts';
import { RunSecrets } from './run-secrets.ts';

const EXPECTED =
  'a JSON object with accessKey and secretKey (and securityToken for a temporary key), or with username, password and domain';

/**
 * Credentials in a secret of AWS Secrets Manager. The SDK is loaded when a secret is asked for, so
 * that a run without one starts faster.
 * @param secretId name or ARN; an ARN is asked for in its own region.
 * @param env where the region is looked up; the SDK itself reads all other settings, such as
 * `AWS_ENDPOINT_URL`, from the process's own environment.
 * @param clock ends what takes too long.
 */
export function secretSource(
  secretId: string,
  env: Readonly<Record<string, string | undefined>>,
  clock: Pick<Clock, 'sleep'> = systemClock,
): CredentialsSource {
  return {
    name: `secret ${secretId}`,
    read: async () => credentialsFromSecret(secretId, await fetchSecret(secretId, env, clock)),
  };
}

/**
 * Reads the credentials out of a secret's text.
 * @throws {CredentialsError} that names the keys that are missing; never a value.
 */
export function credentialsFromSecret(secretId: string, text: string): Credentials {
  const source = `secret ${secretId}`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read.
    throw new CredentialsError(`${source} is not JSON: expected ${EXPECTED}`);
  }
  if (!isObject(parsed)) {
    throw new CredentialsError(`${source} is not a JSON object: expected ${EXPECTED}`);
  }
  const part = (name: string) => {
    const value = parsed[name];
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw new CredentialsError(`${source}: ${name} is not text: expected ${EXPECTED}`);
    }
    return [name, value ?? undefined] as const;
  };
  return chooseCredentials(source, EXPECTED, part);
}

/** Milliseconds until a secret must be there. */
const ANSWER_MS = 10_000;

const ARN = /^arn:[^:]+:secretsmanager:([a-z0-9-]+):/;

async function fetchSecret(
  secretId: string,
  env: Readonly<Record<string, string | undefined>>,
  clock: Pick<Clock, 'sleep'>,
): Promise<string> {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('./secrets-client.ts');
  const { awsRequestHandler } = await import('../http/aws-handler.ts');
  const region = ARN.exec(secretId)?.[1] ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const client = new SecretsManagerClient({
    ...(region !== undefined && { region }),
    requestHandler: awsRequestHandler({ answerMs: ANSWER_MS }, clock),
  });
  hideKeysOf(client, new RunSecrets(), clock);
  try {
    const { SecretString, SecretBinary } = await client.send(
      new GetSecretValueCommand({ SecretId: secretId }),
    );
    if (SecretString !== undefined) return SecretString;
    throw new CredentialsError(
      SecretBinary
        ? `secret ${secretId} is binary: expected ${EXPECTED}`
        : `secret ${secretId} could not be read: the answer holds none; ${ELSEWHERE}`,
    );
  } catch (error) {
    throw error instanceof CredentialsError ? error : explain(secretId, region, error as Error);
  } finally {
    client.destroy();
  }
}

/**
 * Advice for the errors that Secrets Manager is known to answer, and its SDK to throw. The SDK's error is not handed on
 * as its cause: a log would show that as it is.
 */
function explain(secretId: string, region: string | undefined, error: Error): CredentialsError {
  const where = region ? ` in ${region}` : '';
  const secret = `secret ${secretId}${where}`;
  const arn = ARN.test(secretId)
    ? secretId
    : `arn:aws:secretsmanager:${region ?? '*'}:*:secret:${secretId}-*`;
  const explanations = new Map([
    [
      'ResourceNotFoundException',
      `${secret} does not exist: create it, or correct credentials.secret`,
    ],
    [
      'AccessDeniedException',
      `not permitted to read ${secret}: grant secretsmanager:GetSecretValue on ${arn}`,
    ],
    ['DecryptionFailure', `${secret} cannot be decrypted: grant kms:Decrypt on its key`],
    [
      'InvalidRequestException',
      `${secret} cannot be read now; it may be scheduled for deletion: restore it, or name another one`,
    ],
    [
      'UnrecognizedClientException',
      `${secret} could not be read: AWS does not know the AWS credentials; use others`,
    ],
    [
      'ExpiredTokenException',
      `${secret} could not be read: the AWS credentials have expired; renew them`,
    ],
  ]);
  if (error instanceof AwsKeysError) {
    return new CredentialsError(`${secret} could not be read: ${error.message}`);
  }
  const message = /region is missing/i.test(error.message)
    ? `no AWS region to look for ${secret} in: set AWS_REGION, or name the secret by its ARN`
    : (explanations.get(error.name) ??
      `${secret} could not be read: ${whatHappened(secretId, error)}`);
  return new CredentialsError(message);
}

/**
 * Says of any other error what may be shown. Of an answer that is its status, and its name at most: the rest may repeat
 * the secret, and before that was read nobody can take it out.
 */
function whatHappened(secretId: string, error: Error): string {
  const status = statusOf(error);
  // The parser's own message quotes what it read.
  if (error.name === 'SyntaxError') return `the answer cannot be read; ${ELSEWHERE}`;
  // Without an answer, all of it is in our own words.
  if (status === undefined) return `${oneLine(saidBy(error, (own) => own))}; ${ELSEWHERE}`;
  const name = familiarName(error) ?? 'an error of another kind';
  return `${name} (HTTP ${status}); aws secretsmanager get-secret-value --query Name --secret-id ${secretId} says more`;
}
