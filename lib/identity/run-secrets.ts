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
 * AWS keys, once they are among the secrets, since a server may repeat them.
 * @param keys a client's own source, which is to be replaced by this: the client gets new keys whenever it needs some,
 * even between two attempts of one request.
 * @param clock ends what takes too long.
 * @throws {AwsKeysError} where there are none.
 */
export async function hideKeys<T extends AwsKeys>(
  keys: () => Promise<T>,
  secrets: RunSecrets,
  clock: Pick<Clock, 'sleep'> = systemClock,
  waitMs = KEYS_MS,
): Promise<T> {
  const ended = new LightSignal();
  const late = clock.sleep(waitMs, ended).then((): never => {
    throw new AwsKeysError(
      'TimeoutError',
      `AWS keys did not come within ${waitMs / 1_000} s; see what AWS_PROFILE, its credential_process or AWS_CONTAINER_CREDENTIALS_FULL_URI lead to`,
    );
  });
  const got = await Promise.race([
    keys().catch((error) => {
      throw noKeys(error);
    }),
    late,
  ]).finally(() => ended.abort());
  secrets.addAccessKey(got.accessKeyId);
  secrets.add(got.secretAccessKey);
  if (got.sessionToken) secrets.add(got.sessionToken);
  return got;
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
