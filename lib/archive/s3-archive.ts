import { buffer } from 'node:stream/consumers';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  doubtAbout,
  ELSEWHERE,
  harmlessName,
  repeatConflicts,
  saidBy,
  statusOf,
} from '../http/aws-answer.ts';
import { type Clock, systemClock } from '../http/clock.ts';
import { AwsKeysError, hideKeys, keysInTime } from '../identity/aws-keys.ts';
import { RunSecrets } from '../identity/run-secrets.ts';
import { oneLine } from '../model/text.ts';
import { type Archive, ArchiveError, compress, sha256 } from './archive.ts';

/** Numbers that are tried. A few may be taken: by attempts whose answer was lost, and calls that were killed. */
const TRIES = 20;

/**
 * An archive in S3, under a prefix of a bucket. An object is there whole or not at all, and S3 checks that it got
 * what was sent. Needs `s3:PutObject` alone.
 * @param client its settings, such as `AWS_ENDPOINT_URL`, are the environment's unless given. The SDK is loaded
 * with the first object, so that a run without an archive starts faster.
 * @param clock ends what takes too long.
 */
export function s3Archive(
  bucket: string,
  prefix: string,
  client?: S3Client,
  clock: Pick<Clock, 'sleep'> = systemClock,
): Archive {
  let opened = client;
  let keys: S3Client['config']['credentials'] | undefined;
  return {
    write: async (name, lines, { from = 1, secrets = new RunSecrets() } = {}) => {
      const { S3Client, PutObjectCommand } = await import('./s3-client.ts');
      const { awsRequestHandler } = await import('../http/aws-handler.ts');
      opened ??= new S3Client({ requestHandler: awsRequestHandler({}, clock) });
      const s3 = opened;
      // The client's own source; what it gives is hidden among the secrets of each write.
      keys ??= keysInTime(opened.config.credentials, clock);
      const source = keys;
      opened.config.credentials = () => hideKeys(source, secrets);
      const body = await compress(lines, (bytes) => buffer(bytes));
      const checksum = sha256(body);
      const base = [...(prefix ? [prefix] : []), ...name].join('/');
      const pause = () => clock.sleep(CONFLICT_WAIT_MS);
      for (let number = from; number < from + TRIES; number += 1) {
        const key = `${base}-${number}.jsonl.gz`;
        const place = `s3://${bucket}/${key}`;
        try {
          const object = {
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentType: 'application/gzip',
            ChecksumSHA256: checksum,
            // Never over another object, whoever wrote it.
            IfNoneMatch: '*',
          };
          const answer = await repeatConflicts(() => s3.send(new PutObjectCommand(object)), pause);
          const doubt = doubtAbout(answer, checksum);
          if (doubt === undefined) return place;
          throw unacknowledged(bucket, place, doubt);
        } catch (error) {
          if (error instanceof ArchiveError) throw error;
          // There is one of that name: of an earlier call, or of an attempt of ours without an answer.
          if (statusOf(error) !== 412) throw explain(bucket, error, secrets);
        }
      }
      throw new ArchiveError(
        'archive',
        `archive s3://${bucket}: ${TRIES} objects from ${base}-${from}.jsonl.gz on are there already, as the store says; name another prefix under archive`,
      );
    },
  };
}

function unacknowledged(bucket: string, place: string, doubt: string): ArchiveError {
  return new ArchiveError(
    'unacknowledged',
    `archive s3://${bucket}: what answered did not say that ${place} is stored (${doubt}); see what AWS_ENDPOINT_URL and HTTPS_PROXY lead to, or name another place under archive`,
  );
}

/** Milliseconds before a write is repeated that met another one of the same name. */
const CONFLICT_WAIT_MS = 500;

/** By the name of an error, or by the status of one that has none. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['AccessDenied', 'grant s3:PutObject there'],
  ['403', 'grant s3:PutObject there'],
  ['NoSuchBucket', 'make the bucket, or name another one under archive'],
  ['ExpiredToken', 'get new AWS credentials, then run again'],
  ['InvalidToken', 'get new AWS credentials, then run again'],
  ['InvalidAccessKeyId', 'set AWS credentials that are valid, such as AWS_PROFILE'],
  ['SignatureDoesNotMatch', 'set AWS credentials that are valid, such as AWS_PROFILE'],
  ['PermanentRedirect', 'set AWS_REGION to the region of the bucket'],
  ['301', 'set AWS_REGION to the region of the bucket'],
  ['UnexpectedBodyError', ELSEWHERE],
  ['ConditionalRequestConflict', 'run again'],
  ['RequestTimeTooSkewed', 'set the clock of this machine'],
  ['TimeoutError', 'see whether the store answers at all, then run again'],
]);

/** The SDK's error is not handed on as its cause: a log would show that as it is. */
function explain(bucket: string, error: unknown, secrets: RunSecrets): ArchiveError {
  if (error instanceof AwsKeysError) {
    return new ArchiveError(error.code, `archive s3://${bucket}: ${error.message}`);
  }
  const reveals = secrets.revealer();
  // Also a short secret, which is not looked for in names of instances.
  const name = harmlessName(error, (text) => secrets.conceal(text) !== text || reveals(text));
  const status = statusOf(error);
  // Before it is cut, so that no secret stays in part.
  const said = oneLine(saidBy(error, (part) => secrets.conceal(part), name ?? ''));
  const advice = ADVICE.get(name ?? `${status}`) ?? adviceOn(status);
  return new ArchiveError(name ?? 'archive', `archive s3://${bucket}: ${said}; ${advice}`);
}

/** For the errors that have no advice of their own. */
function adviceOn(status: number | undefined): string {
  if (status === undefined) return ELSEWHERE;
  if (status >= 500 || status === 429) return 'run again when the store is well';
  return 'mend that, or name another place under archive';
}
