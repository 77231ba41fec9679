import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { doubtAbout, repeatConflicts, saidBy } from '../http/aws-answer.ts';
import { awsRequestHandler } from '../http/aws-handler.ts';
import { type Clock, systemClock } from '../http/clock.ts';
import { hideKeysOf } from '../identity/aws-keys.ts';
import { RunSecrets } from '../identity/run-secrets.ts';
import { FormatError, JanitorError } from '../model/error.ts';
import { decodeUtf8, oneLine } from '../model/text.ts';

/** JSON documents under keys, each written once: what the functions of a fleet tell each other. */
export interface ObjectStore {
  /**
   * Writes where there is nothing yet. False where there is another document already.
   * @throws {StoreError} where it is not known whether it was written.
   */
  create(key: string, value: unknown): Promise<boolean>;
  /** @throws {StoreError} where there is none, or none that can be read. */
  read(key: string): Promise<unknown>;
  /**
   * The keys that begin with a prefix, in their order.
   * @throws {StoreError} where it is not known whether these are all.
   */
  list(prefix: string): Promise<string[]>;
}

/** A store did not do what it was asked for. */
class StoreError extends JanitorError {
  override readonly name = 'StoreError';

  constructor(message: string) {
    super('store', message);
  }
}

/** Milliseconds for one attempt. A bucket that says nothing must not take the function's time away. */
const ATTEMPT_MS = 5_000;
/**
 * Bytes of a document. The largest name 100,000 instances with an error each, or the digests of a million rows; and a
 * function has 1 GB of memory.
 */
const MAX_DOCUMENT = 64 * 2 ** 20;
/** Pages of a list, of 1,000 keys each: more than a run has. */
const MAX_PAGES = 1_000;

/**
 * @param options the settings of the environment, such as `AWS_ENDPOINT_URL`, unless given.
 * @param clock ends an attempt that takes too long.
 * @param secretsNow those of the run that is going on, which no error shows: what answers in the place of S3 may have
 * carried them before.
 */
export function bucketStore(
  bucket: string,
  options: S3ClientConfig = {},
  clock: Pick<Clock, 'sleep'> = systemClock,
  secretsNow = () => new RunSecrets(),
): ObjectStore {
  const limits = { connectMs: ATTEMPT_MS, answerMs: ATTEMPT_MS, maxBytes: MAX_DOCUMENT };
  const client = new S3Client({ requestHandler: awsRequestHandler(limits, clock), ...options });
  // Not with those of the run, which may hold as many as they can.
  const keys = new RunSecrets();
  hideKeysOf(client, keys, clock);
  const at = (key: string) => ({ Bucket: bucket, Key: key });

  const readText = async (key: string): Promise<string> => {
    const { Body } = await client.send(new GetObjectCommand(at(key)));
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    try {
      return decodeUtf8(bytes);
    } catch (error) {
      throw error instanceof FormatError ? new StoreError(error.message) : error;
    }
  };
  const write = async (key: string, text: string): Promise<boolean> => {
    if (Buffer.byteLength(text) > MAX_DOCUMENT) {
      throw new StoreError(
        `it is longer than ${MAX_DOCUMENT / 2 ** 20} MB, so it could not be read back`,
      );
    }
    const object = { ...at(key), Body: text, ContentType: 'application/json', IfNoneMatch: '*' };
    try {
      const answer = await repeatConflicts(() => client.send(new PutObjectCommand(object)));
      const doubt = doubtAbout(answer);
      if (doubt !== undefined) throw new StoreError(`the answer does not say that it is: ${doubt}`);
      return true;
    } catch (error) {
      // It may be this very document: a write that was answered by 500 is repeated by the SDK.
      if ((error as Error).name === 'PreconditionFailed') return (await readText(key)) === text;
      throw error;
    }
  };

  const explained = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      // Without the error itself as its cause: a log shows a cause as it is.
      const said = saidBy(error, (part) => secretsNow().conceal(part, keys));
      throw new StoreError(`${what}: ${oneLine(said)}`);
    }
  };

  return {
    create: (key, value) =>
      explained(`s3://${bucket}/${key} could not be written`, () =>
        write(key, JSON.stringify(value)),
      ),
    read: (key) =>
      explained(`s3://${bucket}/${key} could not be read`, async () => {
        const text = await readText(key);
        try {
          return JSON.parse(text);
        } catch {
          // The parser's own message quotes what it read.
          throw new StoreError('it is not JSON');
        }
      }),
    list: (prefix) =>
      explained(`s3://${bucket}/${prefix} could not be listed`, async () => {
        const keys: string[] = [];
        const tokens = new Set<string | undefined>();
        for (let token: string | undefined; ; ) {
          tokens.add(token);
          const page = await client.send(
            new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
          );
          keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
          // Another document has no keys, and would pass for an empty list.
          if (page.IsTruncated === undefined) throw new StoreError('the answer is no list');
          if (!page.IsTruncated) return keys.sort();
          token = page.NextContinuationToken;
          if (tokens.has(token)) throw new StoreError('the list does not go on after a page');
          if (tokens.size >= MAX_PAGES) throw new StoreError(`it has more than ${MAX_PAGES} pages`);
        }
      }),
  };
}

/** How often a retrying store tries, and the milliseconds between two attempts. */
const ATTEMPTS = 5;
const PAUSE_MS = 5_000;

/** The same store with retries. After them it is mostly known whether a write that failed was done. */
export function retryingStore(store: ObjectStore, clock: Clock): ObjectStore {
  const retrying = async <T>(attempt: () => Promise<T>): Promise<T> => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (attempts >= ATTEMPTS) throw error;
        await clock.sleep(PAUSE_MS);
      }
    }
  };
  return {
    create: (key, value) => retrying(() => store.create(key, value)),
    read: (key) => retrying(() => store.read(key)),
    list: (prefix) => retrying(() => store.list(prefix)),
  };
}
