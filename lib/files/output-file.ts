import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A file that is being written. What it throws, {@link describeWriteError} explains. */
export interface OutputFile {
  write(bytes: Buffer | string): void;
  /** Gives it its name: what had that before is replaced. */
  finish(): void;
  /** Removes it unless it is finished. */
  close(): void;
}

/**
 * Begins a file beside its place, with the owner and the permissions of the one that it will replace. A device has no
 * place beside it, and is written itself.
 * @throws {Error} that {@link describeWriteError} explains, where it cannot be written.
 */
export function openOutputFile(file: string): OutputFile {
  const { path, stats } = existingAt(file) ?? {};
  if (path !== undefined) accessSync(path, constants.W_OK);
  const place = path ?? file;
  let { partial, descriptor } =
    !stats || stats.isFile()
      ? openPartial(place, stats)
      : { partial: undefined, descriptor: openSync(place, 'w') };
  const end = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    write: (bytes) => writeFileSync(descriptor as number, bytes),
    finish: () => {
      if (!partial) return;
      fsyncSync(descriptor as number);
      end();
      const whole = partial;
      partial = undefined;
      try {
        moveTo(place, whole, stats !== undefined);
      } catch (error) {
        // The folder may have been removed, and the file with it.
        const rest = existsSync(whole) ? `; the file is whole, and is called ${whole}` : '';
        throw new Error(`${describeWriteError(error)}${rest}`, { cause: error });
      }
    },
    close: () => {
      end();
      if (partial) rmSync(partial, { force: true });
      partial = undefined;
    },
  };
}

/** @param stats of the file that it will replace. */
function openPartial(
  place: string,
  stats: Stats | undefined,
): { partial: string | undefined; descriptor: number | undefined } {
  const name = `${basename(place).slice(0, 50)}.${randomBytes(4).toString('hex')}.partial`;
  let partial = join(dirname(place), name);
  let descriptor: number;
  try {
    descriptor = openSync(partial, 'wx', stats?.mode);
  } catch (error) {
    // A file may be written where its folder may not.
    if (!stats || !isAboutPlace(error)) throw error;
    partial = join(tmpdir(), name);
    try {
      descriptor = openSync(partial, 'wx', 0o600);
    } catch {
      throw error;
    }
  }
  if (stats) {
    try {
      fchownSync(descriptor, stats.uid, stats.gid);
    } catch {
      // Only root may give a file away.
    }
    fchmodSync(descriptor, stats.mode);
  }
  return { partial, descriptor };
}

/** Gives a whole file its name. Where something is mounted, or no file may be put there, what is there is written. */
function moveTo(place: string, whole: string, isThere: boolean): void {
  try {
    renameSync(whole, place);
  } catch (error) {
    if (!isThere || !isAboutPlace(error)) throw error;
    copyInto(place, whole);
    rmSync(whole, { force: true });
  }
}

/** (`copyFile` sets the permissions too, which only the owner of a file may.) */
function copyInto(place: string, whole: string): void {
  const from = openSync(whole, 'r');
  try {
    const to = openSync(place, 'w');
    try {
      const bytes = Buffer.allocUnsafe(1024 * 1024);
      for (let length = readSync(from, bytes); length > 0; length = readSync(from, bytes)) {
        writeFileSync(to, bytes.subarray(0, length));
      }
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

function isAboutPlace(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV'].includes(code);
}

/** Something that stands where a file is to be written. */
interface Existing {
  /** Of the file itself, where the name is a link to one: a file is never put in the place of a link. */
  readonly path: string;
  readonly stats: Stats;
}

/**
 * @returns what stands at the place that somebody has named for a file; `undefined` where nothing does.
 * @throws {Error} that {@link describeWriteError} explains, where nothing may be written: to open a pipe waits for its
 * reader, for ever perhaps; and the file that standard output or standard error goes to is being written already.
 */
function existingAt(file: string): Existing | undefined {
  if (/[/\\]$/.test(file)) throw refusal('EISDIR');
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) {
    if (lstatSync(file, { throwIfNoEntry: false })) throw refusal('DANGLING');
    return undefined;
  }
  if (stats.isFIFO()) throw refusal('PIPE');
  if (stats.isDirectory()) throw refusal('EISDIR');
  if (!stats.isFile()) return { path: file, stats };
  if (isOpenAs(1, stats)) throw refusal('STDOUT');
  if (isOpenAs(2, stats)) throw refusal('STDERR');
  return { path: realpathSync(file), stats };
}

function isOpenAs(descriptor: number, { dev, ino }: Stats): boolean {
  try {
    const open = fstatSync(descriptor);
    return open.dev === dev && open.ino === ino;
  } catch {
    // Whoever started this program may have closed it.
    return false;
  }
}

function refusal(code: keyof typeof ADVICE): Error {
  return Object.assign(new Error(ADVICE[code]), { code });
}

const FORBIDDEN = 'no permission to write there; name another file';

const ADVICE = {
  ENOENT: 'its folder does not exist; make it first',
  ENOTDIR: 'a part of its path is a file; name another one',
  ENAMETOOLONG: 'its name is too long; name another one',
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  EISDIR: 'it is a folder; name a file in it',
  EBUSY: 'something is mounted there; name a file in a folder',
  ENXIO: 'it is a socket, or a device that is not there; name a file',
  ELOOP: 'it is a link that leads in a circle; name a file',
  ENOSPC: 'the disk is full, so it was not written',
  EDQUOT: 'the quota of the disk is used up, so it was not written',
  EFBIG: 'it is larger than a file may be here (see ulimit -f), so it was not written',
  PIPE: 'it is a pipe; write - for standard output, and send that there',
  STDOUT: 'standard output goes there; write - for it, or name another file',
  STDERR: 'standard error goes there; name another file',
  DANGLING: 'it is a link to a file that does not exist; name that file',
} as const;

/** Why a file that somebody has named could not be written, and what to do. */
export function describeWriteError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return message;
  return Object.hasOwn(ADVICE, code) ? ADVICE[code as keyof typeof ADVICE] : code;
}
