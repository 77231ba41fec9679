import { randomBytes } from 'node:crypto';
import { describeWriteError, openOutputFile } from '../files/output-file.ts';
import { JanitorError } from '../model/error.ts';
import { instanceKey } from '../model/instance.ts';
import { shareOfMemory } from '../model/memory.ts';
import type { ExpiredOutcome } from '../model/summary.ts';
import type { Decision } from '../policy/decide.ts';
import type { Observer } from '../run/observer.ts';
import { type Format, formatOf } from './format.ts';
import { Lines, Spool } from './spool.ts';

/** A records file that cannot be written. */
export class RecordsFileError extends JanitorError {
  override readonly name = 'RecordsFileError';

  constructor(file: string, cause: unknown) {
    super('records', `--records ${file}: ${describeWriteError(cause)}`, cause);
  }
}

/** Standard output, as far as a file is written there. */
export interface StandardOutput {
  readonly out: (text: string) => void;
  /** Characters that nobody has read yet. */
  readonly unread: () => number;
}

/** Share of the memory for objects that may wait for a reader of standard output, such as a pager. */
const UNREAD_SHARE = 0.25;

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

/**
 * Begins a records file beside its place. Memory does not grow with the number of records. Writing is synchronous:
 * a run tells its observers and does not wait for them.
 * @param file its name; what is there is replaced once the new one is whole. `-` is standard output.
 * @param policy the policy's hash.
 * @param stdout writes to standard output, and says how much of that nobody has read yet.
 * @throws {RecordsFileError} where it cannot be written.
 */
export function openRecordsFile(file: string, policy: string, stdout: StandardOutput): RecordsFile {
  const format = formatOf(file);
  const sink = file === '-' ? openOutput(stdout) : openFile(file);
  const spool = new Spool(`${file === '-' ? 'records' : file}.${suffix()}.spool`);
  const instances = new Map<string, { kept: Lines; expired: Lines }>();
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
      const kept = new Lines(spool);
      const expired = new Lines(spool);
      const head = format.head(target, instance);
      const ends = new Map<Decision, string>();
      tasks.forEach((task, index) => {
        const decision = decisions[index] as Decision;
        const isKept = decision.action === 'keep';
        const end =
          ends.get(decision) ??
          `${format.decision(decision)}${isKept ? format.outcome('kept') : '\n'}`;
        ends.set(decision, end);
        const lines = isKept ? kept : expired;
        lines.write(head);
        format.task(task, lines);
        lines.write(end);
        lines.endLine();
      });
      kept.end();
      expired.end();
      records += tasks.length;
      instances.set(instanceKey(target, instance), { kept, expired });
    }),
    recordsDone: guarded((target, instance, outcomes) => {
      const key = instanceKey(target, instance);
      const lines = instances.get(key);
      if (!lines) throw new Error(`instance ${instance.id} ended and was never decided`);
      instances.delete(key);
      for (const bytes of lines.kept.take()) sink.write(bytes);
      writeExpired(lines.expired, outcomes, format, sink);
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
        throw error instanceof RecordsFileError ? error : new RecordsFileError(file, error);
      } finally {
        close();
      }
    },
    close,
  };
}

/** Completes each line by what became of its record. */
function writeExpired(
  expired: Lines,
  outcomes: readonly ExpiredOutcome[],
  format: Format,
  sink: Sink,
): void {
  let index = 0;
  for (const bytes of expired.take()) {
    for (let begin = 0; begin < bytes.length; index += 1) {
      const end = bytes.indexOf('\n', begin);
      sink.write(bytes.subarray(begin, end));
      sink.write(format.outcome(outcomes[index] as ExpiredOutcome));
      begin = end + 1;
    }
  }
}

interface Sink {
  /** Takes whole characters, as text or UTF-8. */
  write(text: string | Buffer): void;
  /** Gives what was written its name. */
  finish(): void;
  /** Removes it unless it is finished. */
  close(): void;
}

function openOutput({ out, unread }: StandardOutput): Sink {
  const most = shareOfMemory(UNREAD_SHARE);
  const buffer = new WriteBuffer((bytes) => {
    if (unread() > most) {
      const waiting = `${Math.round(unread() / 1e6)} MB wait`;
      throw new Error(`whoever reads it is too slow: ${waiting}; name a file instead`);
    }
    out(bytes.toString());
  });
  return { write: (text) => buffer.write(text), finish: () => buffer.flush(), close() {} };
}

/** @throws {RecordsFileError} where it cannot be written. */
function openFile(file: string): Sink {
  const explained = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      throw new RecordsFileError(file, error);
    }
  };
  const output = explained(() => openOutputFile(file));
  const buffer = new WriteBuffer((bytes) => output.write(bytes));
  return {
    write: (text) => buffer.write(text),
    finish: () => {
      buffer.flush();
      explained(() => output.finish());
    },
    close: () => output.close(),
  };
}

/** Bytes that are written at once. */
const WRITE_SIZE = 262_144;

/** Collects what is written, so that not every record costs a system call. */
class WriteBuffer {
  readonly #flushed: (bytes: Buffer) => void;
  readonly #bytes = Buffer.allocUnsafeSlow(WRITE_SIZE);
  #length = 0;

  constructor(flushed: (bytes: Buffer) => void) {
    this.#flushed = flushed;
  }

  write(text: string | Buffer): void {
    // A UTF-16 code unit takes three bytes at most.
    const most = typeof text === 'string' ? 3 * text.length : text.length;
    if (this.#length + most > WRITE_SIZE) this.flush();
    if (most > WRITE_SIZE) this.#flushed(Buffer.from(text as string));
    else if (typeof text === 'string') this.#length += this.#bytes.write(text, this.#length);
    else this.#length += text.copy(this.#bytes, this.#length);
  }

  flush(): void {
    this.#flushed(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }
}

function suffix(): string {
  return randomBytes(4).toString('hex');
}
