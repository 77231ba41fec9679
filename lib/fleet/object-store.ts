import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { awsRequestHandler } from '../http/aws-handler.ts';
import type { Clock } from '../http/clock.ts';
import { decodeUtf8, oneLine } from '../model/text.ts';

/** JSON documents under keys, each written once: what the functions of a fleet tell each other. */
export interface ObjectStore {
  /**
   * Writes where there is nothing yet. False where there is another document already.
   * @throws {Error} where it is not known whether it was written.
   */
  create(key: string, value: unknown): Promise<boolean>;
  /** @throws {Error} where there is none, or none that can be read. */
  read(key: string): Promise<unknown>;
  /** The keys that begin with a prefix, in their order. */
  list(prefix: string): Promise<string[]>;
}

/** Milliseconds for one attempt. A bucket that says nothing must not take the function's time away. */
const PATIENCE_MS = 5_000;
/** Two writers of one key at the same moment are told to try again. */
const CONFLICTS = 5;

/**
 * @param options the settings of the environment, such as `AWS_ENDPOINT_URL`, unless given.
 * @param patience milliseconds for one attempt.
 */
export function bucketStore(
  bucket: string,
  options: S3ClientConfig = {},
  patience = PATIENCE_MS,
): ObjectStore {
  const client = new S3Client({
    requestHandler: awsRequestHandler({ connectionTimeout: patience, requestTimeout: patience }),
    ...options,
  });
  const at = (key: string) => ({ Bucket: bucket, Key: key });

  const readText = async (key: string): Promise<string> => {
    const { Body } = await client.send(new GetObjectCommand(at(key)), {
      abortSignal: AbortSignal.timeout(4 * patience),
    });
    return decodeUtf8((await Body?.transformToByteArray()) ?? new Uint8Array());
  };
  const write = async (key: string, text: string): Promise<boolean> => {
    const object = { ...at(key), Body: text, ContentType: 'application/json', IfNoneMatch: '*' };
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        await client.send(new PutObjectCommand(object));
        return true;
      } catch (error) {
        const { name } = error as Error;
        // It may be this very document: a write that was answered by 500 is repeated by the SDK.
        if (name === 'PreconditionFailed') return (await readText(key)) === text;
        if (name !== 'ConditionalRequestConflict' || conflicts >= CONFLICTS) throw error;
      }
    }
  };

  return {
    create: (key, value) =>
      explained(`s3://${bucket}/${key} could not be written`, () =>
        write(key, JSON.stringify(value)),
      ),
    read: (key) =>
      explained(`s3://${bucket}/${key} could not be read`, async () =>
        JSON.parse(await readText(key)),
      ),
    list: (prefix) =>
      explained(`s3://${bucket}/${prefix} could not be listed`, async () => {
        const keys: string[] = [];
        for (let token: string | undefined, more = true; more; ) {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
          );
          keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
          token = page.NextContinuationToken;
          more = token !== undefined;
        }
        return keys.sort();
      }),
  };
}

/** How often a patient store tries, and the milliseconds between two attempts. */
const ATTEMPTS = 5;
const PAUSE_MS = 5_000;

/** The same store with retries. After them it is mostly known whether a write that failed was done. */
export function patientStore(store: ObjectStore, clock: Clock): ObjectStore {
  const patiently = async <T>(attempt: () => Promise<T>): Promise<T> => {
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
    create: (key, value) => patiently(() => store.create(key, value)),
    read: (key) => patiently(() => store.read(key)),
    list: (prefix) => patiently(() => store.list(prefix)),
  };
}

async function explained<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { name, message } = cause as Error;
    throw new Error(`${what}: ${oneLine(`${name}: ${message}`)}`, { cause });
  }
}
