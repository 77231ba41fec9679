import { Secrecy } from '../answers/conceal.ts';
import { familiarName, statusOf } from '../http/aws-answer.ts';
import { type Clock, systemClock } from '../http/clock.ts';
import { LightSignal } from '../http/light-signal.ts';
import { JanitorError } from '../model/error.ts';

/** The secrets of a run, which its targets share: a service may repeat the token of another target. */
export class RunSecrets {
  readonly #values = new Set<string>();
  readonly #accessKeys = new Set<string>();
  readonly #secrecy = new Secrecy(this.#values);

  /** Every secret value that has been read or issued so far, so that none is ever shown. */
  get values(): ReadonlySet<string> {
    return this.#values;
  }

  add(value: string): void {
    this.#values.add(value);
  }

  /** An access key is no secret, and is shown in part. */
  addAccessKey(accessKey: string): void {
    // A short one stands in many a harmless text.
    if (accessKey.length > SHORTEST) this.#accessKeys.add(accessKey);
  }

  /** The text without any secret that it may hold; of an access key, the first and last characters stay. */
  conceal(text: string): string {
    let result = this.#secrecy.conceal(text);
    for (const key of this.#accessKeys) result = result.replaceAll(key, shortened(key));
    return result;
  }

  /** For one answer: whether a name or an id in it holds a secret. */
  revealer(): (text: string) => boolean {
    return this.#secrecy.revealer();
  }
}

/** Characters up to which nothing of an access key is shown. */
const SHORTEST = 8;

/** An access key as it may be shown. */
export function shortened(accessKey: string): string {
  return accessKey.length > SHORTEST ? `${accessKey.slice(0, 4)}…${accessKey.slice(-2)}` : '…';
}

/** The keys of a client of the AWS SDK. */
interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** There are no AWS keys. */
export class AwsKeysError extends JanitorError {
  override readonly name = 'AwsKeysError';
}

/** Milliseconds until the keys must be there: sources have time-outs of their own, but not for the end of an answer. */
const KEYS_MS = 30_000;

/**
 * Adds the keys that a client of the AWS SDK signs with to the secrets, since a server may repeat them.
 * @param keys the client's own, which it keeps until they expire.
 * @param clock ends what takes too long.
 * @throws {AwsKeysError} where there are none.
 */
export async function hideKeys(
  keys: () => Promise<AwsKeys>,
  secrets: RunSecrets,
  clock: Pick<Clock, 'sleep'> = systemClock,
  waitMs = KEYS_MS,
): Promise<void> {
  const ended = new LightSignal();
  const late = clock.sleep(waitMs, ended).then((): never => {
    throw new AwsKeysError(
      'TimeoutError',
      `AWS keys did not come within ${waitMs / 1_000} s; see what AWS_PROFILE, its credential_process or AWS_CONTAINER_CREDENTIALS_FULL_URI lead to`,
    );
  });
  const { accessKeyId, secretAccessKey, sessionToken } = await Promise.race([
    keys().catch((error) => {
      throw noKeys(error);
    }),
    late,
  ]).finally(() => ended.abort());
  secrets.addAccessKey(accessKeyId);
  secrets.add(secretAccessKey);
  if (sessionToken) secrets.add(sessionToken);
}

/** Only name and status are shown: a message may repeat a token or a command, which nobody can take out. */
function noKeys(error: unknown): AwsKeysError {
  const name = familiarName(error);
  const status = statusOf(error);
  const what = [name, status && `HTTP ${status}`].filter(Boolean).join(', ');
  return new AwsKeysError(
    name ?? 'aws-keys',
    `no AWS keys could be had (${what || 'an error without a name'}); set AWS credentials, such as AWS_PROFILE; aws sts get-caller-identity says more`,
  );
}
