/** Characters of messages that one run holds in full: those of 16,000 records, where each is as long as may be. */
const MAX_TEXT = 16_000_000;
/** Characters of each message after that. */
const CUT = 80;

/** The messages of the records that failed in a run, so that memory stays bounded whatever a service says. */
export class ErrorTexts {
  #left: number;

  constructor(mostText = MAX_TEXT) {
    this.#left = mostText;
  }

  /** Whether messages are cut short from now on. */
  get isUsedUp(): boolean {
    return this.#left <= 0;
  }

  /** The message as it may be held: a copy, since a part of a string keeps the whole of it in memory. */
  hold(message: string): string {
    const isCut = this.isUsedUp && message.length > CUT;
    this.#left -= message.length;
    return Buffer.from(isCut ? `${message.slice(0, CUT)}…` : message).toString();
  }
}
