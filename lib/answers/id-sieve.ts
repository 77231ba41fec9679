import { isUtf8 } from 'node:buffer';

/** So many bytes or numbers in a row may be an encoded secret: the shortest secret has as many bytes. */
const MANY_BYTES = 8;
const isOfText = (byte: number) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13);
/** The value of a character that is no hexadecimal digit. */
const NO_DIGIT = 16;
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = String.fromCharCode(code);
  return /[0-9a-f]/i.test(digit) ? Number.parseInt(digit, 16) : NO_DIGIT;
});
/** The form of most ids. Every id is different, so nothing can be remembered about them: they need a quick test. */
const HEXADECIMAL_ID = /^[0-9a-f-]+$/i;
/** Characters of such an id: most have 32 or 36. A longer one could hide a text between other bytes. */
const LONGEST_ID = 40;

/**
 * A quick test for ids of hexadecimal digits: can one of some texts be in it, plain or encoded? The texts have to be
 * ASCII, with three letters or digits or more.
 */
export class Sieve {
  /** By three hexadecimal digits: nothing else stands in such an id. */
  readonly #beginnings = new Uint8Array(16 ** 3);

  /** @param letters those of a text, small ones, and its digits: three of them or more. */
  add(letters: string): void {
    const beginning = letters.slice(0, 3);
    if (HEXADECIMAL_ID.test(beginning)) this.#beginnings[Number.parseInt(beginning, 16)] = 1;
  }

  /** False where certainly none of the texts is in it; true where only a thorough search can tell. */
  mayHold(text: string): boolean {
    if (text.length > LONGEST_ID || !HEXADECIMAL_ID.test(text)) return true;
    let read = 0;
    // Bytes of text, in a row or not, if the first digit begins one.
    let bytesOfText = 0;
    let last = 0;
    // Bytes of text in a row: those that end with the digit at hand, and with the one before.
    let bytes = 0;
    let bytesBefore = 0;
    // No byte of a text begins with it.
    let digit = 1;
    let digits = 0;
    let numbers = 0;
    for (let at = 0; at < text.length; at += 1) {
      const value = DIGITS[text.charCodeAt(at)] as number;
      if (value < 10) {
        // Zeros before a number are no digits of it.
        if (value > 0 || digits > 0) digits += 1;
        if (digits === 2) numbers += 1;
        if (digits === 4) numbers = 0;
      } else {
        if (digits === 1) numbers = 0;
        digits = 0;
      }
      if (value !== NO_DIGIT) {
        last = ((last << 4) | value) & 0xfff;
        read += 1;
        const byte = digit * 16 + value;
        const isText = isOfText(byte);
        if (isText && read % 2 === 0) bytesOfText += 1;
        // Of UTF-16 every other one is 0.
        const ended = byte === 0 ? bytesBefore : isText ? bytesBefore + 1 : 0;
        bytesBefore = bytes;
        bytes = ended;
        digit = value;
      }
      if (bytes === MANY_BYTES || numbers === MANY_BYTES) return true;
      if (read >= 3 && this.#beginnings[last]) return true;
    }
    // Invisible characters may stand between those of a text. Of bytes at random, next to none are UTF-8.
    return bytesOfText >= MANY_BYTES && isUtf8(Buffer.from(text.replaceAll('-', ''), 'hex'));
  }
}
