import { shareOfMemory } from '../model/memory.ts';

/** The most rows that the lists which a run is reading may hold together: some 500 MB of memory. */
const MAX_ROWS = 1_000_000;
/**
 * Characters that a row may have on average, of what is read of it: an id has 36, a user 64, and names and statuses are
 * words. The text of all rows is then as large as the rows themselves, on a machine with much memory too.
 */
const TEXT_OF_ROW = 256;
/** The same together with its JSON, for an archive: some 500 characters, and more where parameters were changed. */
const HELD_OF_ROW = 1_024;
/** Share of the memory for objects that the text of these rows may take; a character takes one byte or two. */
const TEXT_SHARE = 0.25;

/** The rows that the lists being read may hold together, so that memory stays bounded whatever a server sends. */
export class RowBudget {
  readonly #mostRows: number;
  readonly #mostText: number;
  readonly #mostHeld: number;
  #rows = 0;
  #text = 0;
  #json = 0;

  /** @param memory bytes for objects. */
  constructor(mostRows = MAX_ROWS, memory = shareOfMemory(1)) {
    this.#mostRows = mostRows;
    this.#mostText = Math.min(TEXT_SHARE * memory, TEXT_OF_ROW * mostRows);
    this.#mostHeld = Math.min(TEXT_SHARE * memory, HELD_OF_ROW * mostRows);
  }

  /**
   * An account for one list.
   * @param besides characters that would take as much memory as what is held for a row besides itself.
   */
  open(besides = 0): RowAccount {
    return new RowAccount((rows, ownText, json) => {
      const text = ownText + rows * besides;
      this.#rows += rows;
      this.#text += text;
      this.#json += json;
      return (
        this.#rows <= this.#mostRows &&
        this.#text <= this.#mostText &&
        this.#text + this.#json <= this.#mostHeld
      );
    });
  }
}

/** The rows that one list holds. */
export class RowAccount {
  readonly #change: (rows: number, text: number, json: number) => boolean;
  #rows = 0;
  #text = 0;
  #json = 0;

  /** @param change adds to what all lists hold; false where that is more than they may. */
  constructor(change: (rows: number, text: number, json: number) => boolean) {
    this.#change = change;
  }

  /**
   * Counts rows and characters that are held, or held no more; false where all lists hold more than they may.
   * @param json characters of the rows as they came, where these are held too.
   */
  take(rows: number, text: number, json = 0): boolean {
    this.#rows += rows;
    this.#text += text;
    this.#json += json;
    return this.#change(rows, text, json);
  }

  /** The list holds no row any more. */
  release(): void {
    this.#change(-this.#rows, -this.#text, -this.#json);
    this.#rows = 0;
    this.#text = 0;
    this.#json = 0;
  }
}

/** The rows of a list by id, as the service sent them. They count until whoever opened the account releases it. */
export interface RowTexts {
  readonly texts: Map<string, string>;
  readonly account: RowAccount;
}
