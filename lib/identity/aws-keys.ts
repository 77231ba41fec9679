import { familiarName, statusOf } from '../http/aws-answer.ts';
import type { Clock } from '../http/clock.ts';
import { LightSignal } from '../http/light-signal.ts';
import { JanitorError } from '../model/error.ts';
import type { RunSecrets } from './run-secrets.ts';

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
 * A client's own source of keys, which has to answer in time. One that did not is not asked again, so that it costs a
 * run its time once.
 * @param clock ends what takes too long.
 * @param waitMs until the keys must be there; 30 seconds unless given.
 * @returns the source, which throws {AwsKeysError} where there are none.
 */
export function keysInTime<T extends AwsKeys>(
  keys: () => Promise<T>,
  clock: Pick<Clock, 'sleep'>,
  waitMs = KEYS_MS,
): () => Promise<T> {
  let late: AwsKeysError | undefined;
  return async () => {
    if (late) throw late;
    const ended = new LightSignal();
    const end = clock.sleep(waitMs, ended).then((): never => {
      const error = new AwsKeysError(
        'TimeoutError',
        `AWS keys did not come within ${waitMs / 1_000} s; see what AWS_PROFILE, its credential_process or AWS_CONTAINER_CREDENTIALS_FULL_URI lead to`,
      );
      if (!ended.aborted) late = error;
      throw error;
    });
    const asked = keys().catch((error) => {
      throw noKeys(error);
    });
    return await Promise.race([asked, end]).finally(() => ended.abort());
  };
}

/**
 * AWS keys, once they are among the secrets, since a server may repeat them. A client gets new keys whenever it needs
 * some, even between two attempts of one request.
 */
export async function hideKeys<T extends AwsKeys>(
  keys: () => Promise<T>,
  secrets: RunSecrets,
): Promise<T> {
  const got = await keys();
  secrets.addAccessKey(got.accessKeyId);
  secrets.add(got.secretAccessKey);
  if (got.sessionToken) secrets.add(got.sessionToken);
  return got;
}

/**
 * Has a client of the AWS SDK get its keys {@link keysInTime} and {@link hideKeys}.
 * @param waitMs until the keys must be there; 30 seconds unless given.
 */
export function hideKeysOf<T extends AwsKeys>(
  { config }: { readonly config: { credentials: () => Promise<T> } },
  secrets: RunSecrets,
  clock: Pick<Clock, 'sleep'>,
  waitMs?: number,
): void {
  const keys = keysInTime(config.credentials, clock, waitMs);
  config.credentials = () => hideKeys(keys, secrets);
}

/** Only name and status are shown: a message may repeat a token or a command, which nobody can take out. */
function noKeys(error: unknown): AwsKeysError {
  const name = familiarName(error);
  const status = statusOf(error);
  const what = [name, status && `HTTP ${status}`].filter(Boolean).join(', ');
  return new AwsKeysError(
    name ?? 'aws-keys',
    `no AWS keys could be had (${what || 'an error of another kind'}); set AWS credentials, such as AWS_PROFILE; aws sts get-caller-identity says more`,
  );
}
