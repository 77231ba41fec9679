import { getHeapStatistics } from 'node:v8';

/** The most rows that the lists which a run is reading may hold together: some 500 MB of memory. */
const MAX_ROWS = 1_000_000;
/** Share of the memory for objects that the text of these rows may take; a character takes one byte or two. */
const TEXT_SHARE = 0.25;

/** The rows that the lists being read may hold together, so that memory stays bounded whatever a server sends. */
export class RowBudget {
  readonly #mostRows: number;
  readonly #mostText: number;
  #rows = 0;
  #text = 0;

  /** @param mostText characters of all rows together. */
  constructor(mostRows = MAX_ROWS, mostText = TEXT_SHARE * getHeapStatistics().heap_size_limit) {
    this.#mostRows = mostRows;
    this.#mostText = mostText;
  }

  /** An account for one list. */
  open(): RowAccount {
    return new RowAccount((rows, text) => {
      this.#rows += rows;
      this.#text += text;
      return this.#rows <= this.#mostRows && this.#text <= this.#mostText;
    });
  }
}

/** The rows that one list holds. */
export class RowAccount {
  readonly #change: (rows: number, text: number) => boolean;
  #rows = 0;
  #text = 0;

  /** @param change adds to what all lists hold; false where that is more than they may. */
  constructor(change: (rows: number, text: number) => boolean) {
    this.#change = change;
  }

  /** Counts rows and characters that are held, or held no more; false where all lists hold more than they may. */
  take(rows: number, text: number): boolean {
    this.#rows += rows;
    this.#text += text;
    return this.#change(rows, text);
  }

  /** The list holds no row any more. */
  release(): void {
    this.#change(-this.#rows, -this.#text);
    this.#rows = 0;
    this.#text = 0;
  }
}

/** The rows of a list by id, as the service sent them, which count until whoever opened the account releases it. */
export interface KeptRows {
  readonly texts: Map<string, string>;
  readonly account: RowAccount;
}
