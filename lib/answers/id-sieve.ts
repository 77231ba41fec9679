/** So many characters in a row may be a secret: the shortest one has as many. */
const MANY = 8;
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

/** Whether a text may hold the character: all others are control characters of ASCII. */
function isOfText(code: number): boolean {
  return (code >= 0x20 && code !== 0x7f) || (code >= 9 && code <= 13);
}

/**
 * The bytes that every two hexadecimal digits are, if the first of them begins one or if the second does: can a text be
 * in them, as UTF-8 or as UTF-16?
 */
class Bytes {
  /** Characters of UTF-8 in a row that may be those of a text. */
  #characters = 0;
  /** Bytes that the last one has still to come. */
  #due = 0;
  #zeros = 0;
  #ascii = 0;

  /** True once there may be a text. */
  add(byte: number): boolean {
    // In UTF-16 every other one is 0, and what is invisible there is no UTF-8.
    if (byte === 0) this.#zeros += 1;
    else {
      const isAscii = byte < 0x80 && isOfText(byte);
      if (isAscii) this.#ascii += 1;
      this.#addToCharacter(byte, isAscii);
    }
    return this.#characters === MANY || (this.#zeros >= MANY && this.#ascii >= MANY);
  }

  #addToCharacter(byte: number, isAscii: boolean): void {
    const goesOn = (byte & 0xc0) === 0x80;
    if (goesOn && this.#due > 0) {
      this.#due -= 1;
      if (this.#due === 0) this.#characters += 1;
      return;
    }
    const begins = byte >= 0xc2 && byte < 0xf5;
    if (this.#due > 0 || !(isAscii || begins)) this.#characters = 0;
    if (isAscii) this.#characters += 1;
    this.#due = begins ? (byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3) : 0;
  }
}

/** The decimal numbers that stand in an id: can they be those of a text's characters? */
class Numbers {
  /** So many in a row may be. */
  #characters = 0;
  #number = 0;

  /**
   * @param digit of a number; more than 9 where none stands.
   * @returns true once there may be a text.
   */
  add(digit: number): boolean {
    if (digit < 10) {
      this.#number = this.#number * 10 + digit;
      return false;
    }
    // Zeros fall out of a text, and between two others that are no digits there is no number.
    if (this.#number > 0) this.#characters = isOfText(this.#number) ? this.#characters + 1 : 0;
    this.#number = 0;
    return this.#characters === MANY;
  }
}

/** A quick test for ids of hexadecimal digits: can one of some texts of ASCII be in it, plain or encoded? */
export class Sieve {
  /** By three hexadecimal digits: nothing else stands in such an id. */
  readonly #beginnings = new Uint8Array(16 ** 3);

  /** @returns false where it cannot tell: of a text of dashes, with fewer than three digits. */
  add(text: string): boolean {
    // Such an id cannot hold it as it is; that it may be encoded there shows without it.
    if (!HEXADECIMAL_ID.test(text)) return true;
    const digits = text.replaceAll('-', '');
    if (digits.length < 3) return false;
    this.#beginnings[Number.parseInt(digits.slice(0, 3), 16)] = 1;
    return true;
  }

  /** False where certainly none of the texts is in it; true where only a thorough search can tell. */
  mayHold(text: string): boolean {
    if (text.length > LONGEST_ID || !HEXADECIMAL_ID.test(text)) return true;
    let read = 0;
    let last = 0;
    let digit = 0;
    let bytes = new Bytes();
    let otherBytes = new Bytes();
    const numbers = new Numbers();
    for (let at = 0; at < text.length; at += 1) {
      const value = DIGITS[text.charCodeAt(at)] as number;
      if (numbers.add(value)) return true;
      if (value === NO_DIGIT) continue;
      read += 1;
      last = ((last << 4) | value) & 0xfff;
      if (read >= 3 && this.#beginnings[last]) return true;
      if (read >= 2 && bytes.add(digit * 16 + value)) return true;
      digit = value;
      [bytes, otherBytes] = [otherBytes, bytes];
    }
    return numbers.add(NO_DIGIT);
  }
}
