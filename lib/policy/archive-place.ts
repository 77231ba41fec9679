import { FormatError } from '../model/error.ts';

/** Where an archive is: under a prefix (which may be empty) of an S3 bucket, or in a folder. */
export type ArchivePlace =
  | { readonly bucket: string; readonly prefix: string }
  | { readonly folder: string };

const S3_PLACE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^\p{C}]*))?$/u;
const WITHOUT_OUTER_SLASHES = /[^/](?:.*[^/])?/s;

/**
 * Reads the place of an archive. A folder is relative to where the program is started.
 * @throws {FormatError} when it is neither.
 */
export function parseArchive(text: string): ArchivePlace {
  const [, bucket, prefix = ''] = S3_PLACE.exec(text) ?? [];
  if (bucket !== undefined)
    return { bucket, prefix: WITHOUT_OUTER_SLASHES.exec(prefix)?.[0] ?? '' };
  if (/^[\w+.-]+:/.test(text) && !/^[A-Za-z]:[\\/]/.test(text)) {
    throw new FormatError(
      'not the place of an archive; write s3://bucket/prefix (lower-case letters, digits, dots and hyphens), or the path of a folder',
    );
  }
  if (!/^(?=.*\S)[^\p{C}]+$/u.test(text)) {
    throw new FormatError('not the path of a folder; write s3://bucket/prefix, or a path');
  }
  return { folder: text };
}
