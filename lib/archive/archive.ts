import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { RunSecrets } from '../identity/run-secrets.ts';
import { JanitorError } from '../model/error.ts';
import type { Instance } from '../model/instance.ts';

/** Keeps rows, as the service sent them, before they are deleted. */
export interface Archive {
  /**
   * Writes one object (a file) with one text in each line, and resolves once it is safe.
   * @param name the parts of its name; `-1.jsonl.gz` or the next number that is free is added to the last.
   * @param options.from the first number that may be free; 1, when absent.
   * @param options.secrets those of the run, which no error shows. The keys that the archive itself is asked with are
   * added to them.
   * @returns where it is, such as `s3://bucket/prefix/…/i-1.jsonl.gz`.
   * @throws {ArchiveError} where it may not be there whole.
   */
  write(
    name: readonly string[],
    lines: Iterable<string>,
    options?: { readonly from?: number; readonly secrets?: RunSecrets },
  ): Promise<string>;
}

/** Something could not be archived, so it must not be deleted. */
export class ArchiveError extends JanitorError {
  override readonly name = 'ArchiveError';

  /** @param code such as `AccessDenied`, `ENOSPC` or `unacknowledged`. */
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, cause);
  }
}

/** Where the rows of an instance come from. */
export interface ArchiveOrigin {
  readonly runId: string;
  /** The run's one moment, in milliseconds since the epoch: its day in UTC is part of the name. */
  readonly startedAt: number;
  readonly target: string;
  readonly cloud: string;
  readonly service: string;
  readonly region: string;
  readonly projectId: string;
}

/** The parts of an object's name: `YYYY/MM/DD/RUNID/TARGET/INSTANCE`. */
export function objectName(
  { runId, startedAt, target }: ArchiveOrigin,
  { id }: Instance,
): readonly string[] {
  const day = new Date(startedAt).toISOString().slice(0, 10).split('-');
  return [...day, runId, target, id].map(encodePart);
}

/** One line for each row, with the run, target and instance that it belongs to. */
export function* archiveLines(
  { startedAt: _, ...origin }: ArchiveOrigin,
  { id, name }: Instance,
  rows: Iterable<string>,
): Generator<string> {
  const { runId, target, cloud, service, region, projectId } = origin;
  const place = { runId, target, cloud, service, region, projectId };
  const head = JSON.stringify({ ...place, instance: id, instanceName: name || null }).slice(0, -1);
  for (const row of rows) yield `${head},"task":${row}}`;
}

/**
 * Compresses lines.
 * @param take takes the bytes; its result is passed on.
 * @throws what the lines or `take` throw.
 */
export async function compress<T>(
  lines: Iterable<string>,
  take: (bytes: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  return await pipeline(Readable.from(chunks(lines)), createGzip(), take);
}

/** Characters that are compressed at once. */
const CHUNK = 65_536;

function* chunks(lines: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk) yield chunk;
}

/** Percent-encoded, so that it is one part of a path; a part of dots alone would lead out of it. */
function encodePart(part: string): string {
  return encodeURIComponent(part.toWellFormed()).replace(/^\.+$/, (dots) =>
    dots.replaceAll('.', '%2E'),
  );
}

/** The SHA-256 of some bytes, in base64, as S3 takes it. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}
