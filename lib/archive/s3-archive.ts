import { buffer } from 'node:stream/consumers';
import type { S3Client } from '@aws-sdk/client-s3';
import { oneLine } from '../model/text.ts';
import { type Archive, ArchiveError, compress, MAX_OBJECTS, sha256 } from './archive.ts';

/** Milliseconds to connect, and to wait for an answer: a store that hangs must not hold a run. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 60_000;

/**
 * An archive in S3, under a prefix of a bucket. An object is there whole or not at all, and S3 checks that it got
 * what was sent. Needs `s3:PutObject` alone.
 * @param client its settings, such as `AWS_ENDPOINT_URL`, are the environment's unless given. The SDK is loaded
 * with the first object, so that a run without an archive starts faster.
 */
export function s3Archive(bucket: string, prefix: string, client?: S3Client): Archive {
  let opened = client;
  return {
    write: async (name, lines) => {
      const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3');
      const { awsRequestHandler } = await import('../http/aws-handler.ts');
      opened ??= new S3Client({
        requestHandler: awsRequestHandler({
          connectionTimeout: CONNECT_MS,
          requestTimeout: ANSWER_MS,
        }),
      });
      const body = await compress(lines, (bytes) => buffer(bytes));
      const base = [...(prefix ? [prefix] : []), ...name].join('/');
      for (let number = 1; number <= MAX_OBJECTS; number += 1) {
        const key = `${base}-${number}.jsonl.gz`;
        try {
          await opened.send(
            new PutObjectCommand({
              Bucket: bucket,
              Key: key,
              Body: body,
              ContentType: 'application/gzip',
              ChecksumSHA256: sha256(body),
              // Never over another object, whoever wrote it.
              IfNoneMatch: '*',
            }),
          );
          return `s3://${bucket}/${key}`;
        } catch (error) {
          // There is one of that name: of an earlier call, or of an attempt of ours without an answer.
          if (statusOf(error) !== 412) throw explain(bucket, error);
        }
      }
      throw new ArchiveError(
        'archive',
        `archive s3://${bucket}/${base}: it has ${MAX_OBJECTS} objects already`,
      );
    },
  };
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'grant s3:PutObject there',
  NoSuchBucket: 'make the bucket, or name another one under archive',
  CredentialsProviderError: 'set AWS credentials, such as AWS_PROFILE',
  PermanentRedirect: 'set AWS_REGION to the region of the bucket',
};

function explain(bucket: string, cause: unknown): ArchiveError {
  const name = oneLine((cause as Error).name);
  const message = oneLine((cause as Error).message);
  const advice = ADVICE[name];
  const text = `archive s3://${bucket}: ${name}: ${message}${advice ? `; ${advice}` : ''}`;
  return new ArchiveError(name, text, cause);
}
