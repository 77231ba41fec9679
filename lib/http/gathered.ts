/**
 * Bytes that come in chunks. They are copied together: a chunk of one byte, kept as it is, takes more than a hundred.
 */
export class Gathered {
  /** Full, or with room for more at its end. */
  #room: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    // Most bodies are one chunk, which need not be copied.
    if (this.#length === 0) this.#room = chunk;
    else {
      if (length > this.#room.length) {
        const larger = Buffer.allocUnsafe(2 * length);
        this.#room.copy(larger, 0, 0, this.#length);
        this.#room = larger;
      }
      chunk.copy(this.#room, this.#length);
    }
    this.#length = length;
  }

  /** All that has come. */
  bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }
}
