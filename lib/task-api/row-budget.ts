/** The most rows that the lists which a run is reading may hold together: some 500 MB of memory. */
const MAX_ROWS = 1_000_000;

/** The rows that the lists being read may hold together, so that memory stays bounded whatever a server sends. */
export class RowBudget {
  readonly #most: number;
  #held = 0;

  constructor(most = MAX_ROWS) {
    this.#most = most;
  }

  /** Counts rows as held; false where that is more than all lists together may hold. */
  take(rows: number): boolean {
    this.#held += rows;
    return this.#held <= this.#most;
  }

  /** The rows are held no longer. */
  release(rows: number): void {
    this.#held -= rows;
  }
}
