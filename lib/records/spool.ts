import { closeSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';

/** Bytes of waiting lines that stay in memory; what is more waits in the file. */
const MAX_HELD = 4_000_000;
/** Bytes that are moved at once. */
const PART = 16_384;

/** Some whole lines: in memory, or in the spool's file from `offset` on. Both in bytes. */
interface Part {
  buffer: Buffer | undefined;
  offset: number;
  length: number;
}

/**
 * Memory and a file for lines that wait. Their bytes stand outside V8's heap and are used again: strings would live
 * just long enough to fill the old generation.
 */
export class Spool {
  readonly #path: string;
  readonly #free: Buffer[] = [];
  #held = 0;
  #descriptor: number | undefined;
  #end = 0;

  /** @param path where a file may be made. It is made when it is needed, and loses its name at once. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Whether more waits in memory than should. */
  get isFull(): boolean {
    return this.#held > MAX_HELD;
  }

  /** A buffer for so many bytes, or more. */
  allocate(least: number): Buffer {
    const used = least <= PART ? this.#free.pop() : undefined;
    const buffer = used ?? Buffer.allocUnsafeSlow(Math.max(least, PART));
    this.#held += buffer.length;
    return buffer;
  }

  /** Takes back what {@link allocate} gave. */
  release(buffer: Buffer): void {
    this.#held -= buffer.length;
    if (buffer.length === PART) this.#free.push(buffer);
  }

  /** Moves a part to the file. @throws what the file system throws. */
  store(part: Part): void {
    if (!part.buffer) return;
    if (this.#descriptor === undefined) {
      this.#descriptor = openSync(this.#path, 'wx+', 0o600);
      rmSync(this.#path);
    }
    writeFileSync(this.#descriptor, part.buffer.subarray(0, part.length));
    this.release(part.buffer);
    part.buffer = undefined;
    part.offset = this.#end;
    this.#end += part.length;
  }

  /** The part's bytes, in a buffer to be released. @throws what the file system throws, and where bytes are missing. */
  load({ buffer, offset, length }: Part): Buffer {
    if (buffer) return buffer;
    const loaded = this.allocate(length);
    const read = readSync(this.#descriptor as number, loaded, 0, length, offset);
    if (read !== length) throw new Error('what was set aside could not be read again');
    return loaded;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Takes text, bit by bit. */
export interface Writer {
  write(text: string): void;
}

/** Lines that are written one after another, and taken once. */
export class Lines implements Writer {
  readonly #spool: Spool;
  #parts: Part[] = [];
  /** Where in the last part the line begins that is not ended yet. */
  #begin = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /**
   * Adds to the line: to join all that it consists of would take as much memory again.
   * @throws what the file system throws.
   */
  write(text: string): void {
    let part = this.#parts.at(-1);
    // A UTF-16 code unit takes three bytes at most.
    const most = 3 * text.length;
    if (!part?.buffer || part.length + most > part.buffer.length) part = this.#nextPart(most);
    part.length += (part.buffer as Buffer).write(text, part.length);
  }

  /** Ends the line. Its line break is written already. */
  endLine(): void {
    this.#begin = this.#parts.at(-1)?.length ?? 0;
  }

  /** Nothing more will be added for now: it waits in the file where memory holds enough. @throws as {@link write}. */
  end(): void {
    if (this.#spool.isFull) for (const part of this.#parts) this.#spool.store(part);
  }

  /** Gives the lines, some at a time, and forgets them. The bytes hold until the next are asked for. */
  *take(): Generator<Buffer> {
    const parts = this.#parts;
    this.#parts = [];
    for (const part of parts) {
      const buffer = this.#spool.load(part);
      yield buffer.subarray(0, part.length);
      this.#spool.release(buffer);
    }
  }

  /** A part with room for so many bytes. The line goes there as a whole. */
  #nextPart(most: number): Part {
    const last = this.#parts.at(-1);
    const line = last?.buffer?.subarray(this.#begin, last.length) ?? Buffer.alloc(0);
    const buffer = this.#spool.allocate(line.length + most);
    line.copy(buffer);
    if (last) last.length -= line.length;
    if (this.#spool.isFull) this.end();
    const part = { buffer, offset: 0, length: line.length };
    this.#parts.push(part);
    this.#begin = 0;
    return part;
  }
}
