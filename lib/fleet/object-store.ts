import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { awsRequestHandler } from '../http/aws-handler.ts';

/** JSON documents under keys: what the functions of a fleet tell each other. */
export interface ObjectStore {
  /** `undefined` where there is none. */
  read(key: string): Promise<unknown>;
  write(key: string, value: unknown): Promise<void>;
}

/**
 * A bucket of S3. To tell a missing object from a forbidden one, S3 wants `s3:ListBucket` too.
 * @param client its settings, such as `AWS_ENDPOINT_URL`, are the environment's unless given.
 */
export function bucketStore(
  bucket: string,
  client: S3Client = new S3Client({ requestHandler: awsRequestHandler() }),
): ObjectStore {
  return {
    read: async (key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return JSON.parse((await Body?.transformToString()) ?? '');
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw explain(`s3://${bucket}/${key} could not be read`, error);
      }
    },
    write: async (key, value) => {
      const object = { Bucket: bucket, Key: key, ContentType: 'application/json' };
      try {
        await client.send(new PutObjectCommand({ ...object, Body: JSON.stringify(value) }));
      } catch (error) {
        throw explain(`s3://${bucket}/${key} could not be written`, error);
      }
    },
  };
}

function explain(what: string, cause: unknown): Error {
  const { name, message } = cause as Error;
  return new Error(`${what}: ${name}: ${message}`, { cause });
}
