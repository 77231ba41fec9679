import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { describeWriteError, JanitorError } from '../model/error.ts';
import { instanceKey } from '../model/instance.ts';
import type { ExpiredOutcome } from '../model/summary.ts';
import type { Decision } from '../policy/decide.ts';
import type { Observer } from '../run/observer.ts';
import { type Format, formatOf } from './format.ts';

/** A records file that cannot be written. */
export class RecordsFileError extends JanitorError {
  override readonly name = 'RecordsFileError';

  constructor(file: string, cause: unknown) {
    super('records', `--records ${file}: ${describeWriteError(cause)}`, cause);
  }
}

/** A records file that has been begun. */
export interface RecordsFile {
  readonly observer: Observer;
  /**
   * Ends the file and gives it its name: from then on it is whole.
   * @param listed the records that the run has listed.
   * @throws {RecordsFileError} where it is not whole, and has no name.
   */
  finish(listed: number): void;
  /** Removes what is not finished. */
  close(): void;
}

/** Characters of unfinished instances that stay in memory; what is more waits on the disk. */
const MAX_HELD = 2_000_000;
/** Characters that are put together at once. V8 is slow to take back longer strings. */
const CHUNK = 50_000;

/**
 * Begins a records file beside its place. Memory does not grow with the number of records. Writing is synchronous:
 * a run tells its observers and does not wait for them.
 * @param file its name; what is there is replaced once the new one is whole. `-` is standard output.
 * @param policy the policy's hash.
 * @param print writes to standard output.
 * @throws {RecordsFileError} where it cannot be written.
 */
export function openRecordsFile(
  file: string,
  policy: string,
  print: (text: string) => void,
): RecordsFile {
  const format = formatOf(file);
  const sink = file === '-' ? { write: print, finish() {}, close() {} } : openFile(file);
  const spool = new Spool(`${file === '-' ? 'records' : file}.${suffix()}.spool`);
  const instances = new Map<string, { kept: Segment; expired: Segment }>();
  let records = 0;
  let failure: unknown;
  /** Nothing is written after a failure: the file gets no name. */
  const guarded =
    <Args extends unknown[]>(step: (...args: Args) => void) =>
    (...args: Args) => {
      if (failure !== undefined) return;
      try {
        step(...args);
      } catch (error) {
        failure = error;
      }
    };
  const observer: Observer = {
    started: guarded(({ runId, trigger, dryRun, startedAt }) => {
      const at = new Date(startedAt).toISOString();
      sink.write(format.header({ records: 1, runId, trigger, dryRun, startedAt: at, policy }));
    }),
    decided: guarded((target, instance, tasks, decisions) => {
      const kept = new Segment(spool);
      const expired = new Segment(spool);
      const record = format.recordsOf({ target, instance });
      const isKept = format.outcome('kept');
      tasks.forEach((task, index) => {
        const decision = decisions[index] as Decision;
        const line = record(task, decision);
        if (decision.action === 'keep') kept.add(`${line}${isKept}`);
        else expired.add(`${line}\n`);
      });
      kept.end();
      expired.end();
      records += tasks.length;
      instances.set(instanceKey(target, instance), { kept, expired });
    }),
    recordsDone: guarded((target, instance, outcomes) => {
      const key = instanceKey(target, instance);
      const segments = instances.get(key);
      if (!segments) throw new Error(`instance ${instance.id} ended and was never decided`);
      instances.delete(key);
      for (const text of segments.kept.take()) sink.write(text);
      writeExpired(segments.expired, outcomes, format, (text) => sink.write(text));
    }),
  };
  const close = () => {
    spool.close();
    sink.close();
  };
  return {
    observer,
    finish: (listed) => {
      try {
        if (failure !== undefined) throw failure;
        if (records !== listed || instances.size > 0) {
          throw new Error(`it has ${records} records, and the run has listed ${listed}`);
        }
        sink.write(format.end(records));
        sink.finish();
      } catch (error) {
        throw new RecordsFileError(file, error);
      } finally {
        close();
      }
    },
    close,
  };
}

function writeExpired(
  expired: Segment,
  outcomes: readonly ExpiredOutcome[],
  format: Format,
  write: (text: string) => void,
): void {
  let index = 0;
  for (const text of expired.take()) {
    let lines = '';
    for (const line of text.split('\n').slice(0, -1)) {
      lines += `${line}${format.outcome(outcomes[index] as ExpiredOutcome)}`;
      index += 1;
    }
    write(lines);
  }
}

/** Whole lines that are not written yet: in memory, or on the disk where that would be too much. */
class Segment {
  readonly #spool: Spool;
  readonly #onDisk: Extent[] = [];
  #inMemory: string[] = [];
  #text = '';

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  add(line: string): void {
    this.#text += line;
    this.#spool.held += line.length;
    if (this.#text.length < CHUNK) return;
    this.#inMemory.push(this.#text);
    this.#text = '';
    if (this.#spool.held > MAX_HELD) this.#store();
  }

  /** Nothing more will be added: it waits on the disk where memory holds enough. */
  end(): void {
    if (this.#spool.held > MAX_HELD) this.#store();
  }

  /** Gives the lines, in parts, and forgets them. */
  *take(): Generator<string> {
    for (const extent of this.#onDisk) yield this.#spool.read(extent);
    yield* this.#release();
  }

  #store(): void {
    for (const text of this.#release()) this.#onDisk.push(this.#spool.write(text));
  }

  #release(): string[] {
    const texts = this.#text ? [...this.#inMemory, this.#text] : this.#inMemory;
    for (const { length } of texts) this.#spool.held -= length;
    this.#inMemory = [];
    this.#text = '';
    return texts;
  }
}

/** A part of a file, in bytes. */
interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** A file for what has to wait. It is made when it is needed, and has no name, so that nothing of it is left. */
class Spool {
  /** Characters that are held in memory. */
  held = 0;
  readonly #path: string;
  #descriptor: number | undefined;
  #end = 0;

  constructor(path: string) {
    this.#path = path;
  }

  write(text: string): Extent {
    if (this.#descriptor === undefined) {
      this.#descriptor = openSync(this.#path, 'wx+', 0o600);
      rmSync(this.#path);
    }
    const bytes = Buffer.from(text);
    writeAll(this.#descriptor, bytes, this.#end);
    const extent = { offset: this.#end, length: bytes.length };
    this.#end += bytes.length;
    return extent;
  }

  read({ offset, length }: Extent): string {
    const bytes = Buffer.alloc(length);
    const read = readSync(this.#descriptor as number, bytes, 0, length, offset);
    if (read !== length) throw new Error('what was set aside could not be read again');
    return bytes.toString();
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

interface Sink {
  write(text: string): void;
  /** Gives what was written its name. */
  finish(): void;
  /** Removes it unless it is finished. */
  close(): void;
}

/** A file that is written beside its place. A pipe or a device has no place beside it, and is written itself. */
function openFile(file: string): Sink {
  let partial: string | undefined;
  let descriptor: number | undefined;
  let text = '';
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!existing || existing.isFile()) partial = `${file}.${suffix()}.partial`;
    descriptor = openSync(partial ?? file, partial ? 'wx' : 'w');
  } catch (error) {
    throw new RecordsFileError(file, error);
  }
  let bytes = Buffer.allocUnsafe(4 * CHUNK);
  const flush = () => {
    // A character takes three bytes at most.
    if (bytes.length < 3 * text.length) bytes = Buffer.allocUnsafe(3 * text.length);
    writeAll(descriptor as number, bytes.subarray(0, bytes.write(text)));
    text = '';
  };
  const end = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    write: (more) => {
      text += more;
      if (text.length > CHUNK) flush();
    },
    finish: () => {
      flush();
      if (!partial) return;
      fsyncSync(descriptor as number);
      end();
      renameSync(partial, file);
      partial = undefined;
    },
    close: () => {
      end();
      if (partial) rmSync(partial, { force: true });
      partial = undefined;
    },
  };
}

function writeAll(descriptor: number, bytes: Buffer, position?: number): void {
  let written = 0;
  while (written < bytes.length) {
    const at = position === undefined ? undefined : position + written;
    written += writeSync(descriptor, bytes, written, bytes.length - written, at);
  }
}

function suffix(): string {
  return randomBytes(4).toString('hex');
}
