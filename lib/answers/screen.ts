import { type Effort, someDecoding, withoutEscapes } from './decodings.ts';
import { Sieve } from './id-sieve.ts';

const MARK = '[secret]';
/** Characters from which on a secret is looked for in names and ids, and in all encodings. */
export const SHORTEST = 8;
/** Characters that are decoded: enough to see that a secret begins among those that are shown. */
const MOST_DECODED = 4_096;

const IS_ASCII = /^[ -~]*$/;
/** Letters and digits of ASCII from which on a secret is known by them alone. */
const ENOUGH_LETTERS = 12;
/** The same in a message, where there are both: fewer of one kind may be an ordinary word or a number. */
const ENOUGH_OF_BOTH = 7;
/** Characters of ASCII from which on a secret with other letters is known by them, each run of the others as one more. */
const ENOUGH_OF_ASCII = 7;

/** The forms that some secrets can have in a text. */
export class Screen {
  /** Of each form the secret. */
  readonly #forms = new Map<string, string>();
  readonly #base64 = new Set<string>();
  /** The shortest first; made anew when one has come. */
  #sorted: readonly string[] | undefined;
  /** The secrets themselves, and their encoded forms. */
  readonly #plain = new Needles(true);
  readonly #encoded = new Needles(false);
  /** What is enough in a message, where a server may cut or quote a secret; a name may be as a part of a weak one is. */
  readonly #ends = new Set<string>();
  readonly #fewLetters = new Set<string>();
  /** Characters of the shortest text in which one of these may be; infinite where there are none. */
  #shortestPart = Number.POSITIVE_INFINITY;
  /** Characters of the shortest text in which a piece of one may be, in whatever form. */
  #shortest = Number.POSITIVE_INFINITY;
  readonly #sieve = new Sieve();
  /** Whether the sieve knows all of them: it can only take those that are ASCII and not too short. */
  #isSieved = true;

  add(secret: string): void {
    this.#sorted = undefined;
    for (const form of formsOf(secret)) this.#forms.set(form, secret);
    for (const form of base64Forms(Buffer.from(secret))) this.#base64.add(form);
    for (const reading of readingsOf(secret)) {
      this.#plain.add(reading);
      for (const end of endsOf(reading)) this.#addPart(end, this.#ends);
      for (const letters of fewLettersOf(reading)) this.#addPart(letters, this.#fewLetters);
      const isAscii = IS_ASCII.test(reading);
      for (const piece of piecesThatTell(reading)) {
        if (!isAscii || !this.#sieve.add(piece)) this.#isSieved = false;
      }
    }
    for (const encoding of encodingsOf(secret)) this.#encoded.add(encoding);
    for (const { shortest } of [this.#plain, this.#encoded]) {
      this.#shortest = Math.min(this.#shortest, shortest);
    }
  }

  /** The length of the longest form. */
  get longest(): number {
    return this.#shortestFirst().at(-1)?.length ?? 0;
  }

  /** @param isSpared which secrets stay. */
  replace(text: string, isSpared?: (secret: string) => boolean): string {
    // The longest first: one may be a part of another, as `summer` is of `summer25`.
    return this.#shortestFirst().reduceRight((rest, form) => {
      const secret = this.#forms.get(form) as string;
      return isSpared?.(secret) ? rest : rest.replaceAll(form, MARK);
    }, text);
  }

  /** Whether the part of a message that is decoded holds one in any encoding, the beginning or the end of one, or its letters. */
  isIn(text: string): boolean {
    const shortest = Math.min(this.#shortestPart, this.#shortest);
    return this.#isInAny(text, shortest, (decoding) => this.#isPartIn(decoding));
  }

  #addPart(part: string, parts: Set<string>): void {
    parts.add(part);
    this.#shortestPart = ENOUGH_OF_BOTH;
  }

  #isPartIn(decoding: string): boolean {
    const signs = signsOf(decoding);
    for (const end of this.#ends) if (signs.includes(end)) return true;
    const letters = lettersOf(decoding);
    for (const few of this.#fewLetters) if (letters.includes(few)) return true;
    return false;
  }

  #isInAny(
    text: string,
    shortest: number,
    isPartIn?: (decoding: string) => boolean,
    effort?: Effort,
  ): boolean {
    const part = text.slice(0, MOST_DECODED);
    const isCut = part !== text;
    const areIn = (decoding: string) =>
      this.#plain.areIn(decoding, isCut) ||
      this.#encoded.areIn(decoding, isCut) ||
      isPartIn?.(decoding) === true;
    if (part.length < shortest) return false;
    return this.isInBase64(part) || someDecoding(part, shortest, areIn, effort);
  }

  /** Whether one stands in a text in base64, where its first and last characters may be joined to others. */
  isInBase64(text: string): boolean {
    for (const form of this.#base64) if (text.includes(form)) return true;
    return false;
  }

  /** Tells at little cost of most names that none is in it. */
  mayBeInName(text: string): boolean {
    return text.length >= this.#shortest && (!this.#isSieved || this.#sieve.mayHold(text));
  }

  /** As {@link isIn}, but for parts; of a very long one nobody can tell. */
  isInName(text: string, effort: Effort): boolean {
    if (text.length > MOST_DECODED) return true;
    for (const form of this.#forms.keys()) if (text.includes(form)) return true;
    return this.#isInAny(text, this.#shortest, undefined, effort);
  }

  #shortestFirst(): readonly string[] {
    this.#sorted ??= [...this.#forms.keys()].sort((a, b) => a.length - b.length);
    return this.#sorted;
  }
}

/** Of a longer one, so many characters at its beginning or its end tell it. */
const PIECE = 16;
/** Also those that begin at each of so many places, so that 23 in a row from anywhere hold a piece. */
const STEP = 8;
/** Characters of a text beyond which that would take too much memory: those of 1,000 tokens. */
const LONG = 128;
/** Of such a text, 79 in a row from anywhere hold a piece. */
const LONG_STEP = 64;

/** @param isInsideTaken whether more than both ends of a text is taken. */
function piecesOf(text: string, isInsideTaken: boolean): readonly string[] {
  const step = text.length > LONG ? LONG_STEP : STEP;
  const inside = isInsideTaken ? text.length - PIECE : 0;
  const length = Math.max(1, Math.ceil(inside / step));
  const pieces = Array.from({ length }, (_, at) => text.slice(at * step, at * step + PIECE));
  return [...pieces, text.slice(-PIECE)];
}

/** Texts that are looked for in others, whatever they are written with. */
class Needles {
  /** By the part of a text in which each is looked for. */
  readonly #pieces: ReadonlyMap<(text: string) => string, Pieces>;

  /** @param isInsideTaken as {@link piecesOf} has it. */
  constructor(isInsideTaken: boolean) {
    this.#pieces = new Map([
      [lettersOf, new Pieces(ENOUGH_LETTERS, isInsideTaken)],
      [signsOf, new Pieces(SHORTEST, isInsideTaken)],
      [signsAndBlanksOf, new Pieces(SHORTEST, isInsideTaken)],
      [asciiOf, new Pieces(ENOUGH_OF_ASCII, isInsideTaken)],
    ]);
  }

  add(needle: string): void {
    const parts = partsThatTell(needle);
    for (const [partOf, pieces] of this.#pieces) {
      if (parts.includes(partOf)) pieces.add(partOf(needle), needle.length);
    }
  }

  /** The length of the shortest piece; infinite where there is none. */
  get shortest(): number {
    return Math.min(...[...this.#pieces.values()].map(({ shortest }) => shortest));
  }

  /** @param isCut whether the beginning of one is enough. */
  areIn(text: string, isCut: boolean): boolean {
    for (const [partOf, pieces] of this.#pieces) {
      if (text.length >= pieces.shortest && pieces.areIn(partOf(text), isCut)) return true;
    }
    return false;
  }
}

class Pieces {
  shortest = Number.POSITIVE_INFINITY;
  readonly #beginning: number;
  readonly #isInsideTaken: boolean;
  readonly #whole = new Set<string>();
  readonly #pieces = new Set<string>();
  readonly #beginnings = new Set<string>();

  /**
   * @param beginning characters of a longer text that tell it where it may be cut.
   * @param isInsideTaken as {@link piecesOf} has it.
   */
  constructor(beginning: number, isInsideTaken: boolean) {
    this.#beginning = beginning;
    this.#isInsideTaken = isInsideTaken;
  }

  /** @param written characters that it has where it was taken from: a capital may be longer than its small letter. */
  add(text: string, written: number): void {
    this.shortest = Math.min(this.shortest, text.length, written, PIECE);
    this.#beginnings.add(text.slice(0, this.#beginning));
    if (text.length <= PIECE) this.#whole.add(text);
    else for (const piece of piecesOf(text, this.#isInsideTaken)) this.#pieces.add(piece);
  }

  areIn(text: string, isCut: boolean): boolean {
    for (const whole of this.#whole) if (text.includes(whole)) return true;
    if (isCut && isAnyIn(this.#beginnings, this.#beginning, text)) return true;
    return isAnyIn(this.#pieces, PIECE, text);
  }
}

/** @param length that of each of the pieces. */
function isAnyIn(pieces: ReadonlySet<string>, length: number, text: string): boolean {
  if (pieces.size === 0) return false;
  for (let at = 0; at + length <= text.length; at += 1) {
    if (pieces.has(text.slice(at, at + length))) return true;
  }
  return false;
}

/**
 * How to tell a secret: by its letters, where they are enough; where they are few, or where others are among them, by
 * whatever else may stay of it.
 */
function partsThatTell(secret: string): readonly ((text: string) => string)[] {
  const hasEnough = lettersOf(secret).length >= ENOUGH_LETTERS;
  const isAscii = IS_ASCII.test(secret);
  if (isAscii && hasEnough) return [lettersOf];
  const signs = signsOf(secret).length >= SHORTEST ? signsOf : signsAndBlanksOf;
  return [
    ...(hasEnough ? [lettersOf] : []),
    ...(signs(secret).length >= SHORTEST ? [signs] : []),
    ...(!isAscii && asciiOf(secret).length >= ENOUGH_OF_ASCII ? [asciiOf] : []),
  ];
}

/** The signs at both ends of a secret that is not long, but those that may be a word, or words of a name. */
function endsOf(secret: string): readonly string[] {
  if (secret.length > LONG) return [];
  const written = Array.from(secret.replace(GAPS, ''));
  return [written.slice(0, SHORTEST), written.slice(-SHORTEST)]
    .map((end) => end.join(''))
    .filter((end) => /\p{L}/u.test(end) && /[^\p{L}._-]/u.test(end))
    .map(signsOf)
    .filter((signs) => signs.length >= SHORTEST);
}

/** The letters of a secret that has not many, where they cannot be a word or a number. */
function fewLettersOf(secret: string): readonly string[] {
  return [lettersOf(secret)].filter(
    (letters) =>
      letters.length >= ENOUGH_OF_BOTH &&
      letters.length < ENOUGH_LETTERS &&
      /[a-z]/.test(letters) &&
      /\d/.test(letters),
  );
}

/** The pieces of a secret that the plain {@link Needles} look for, at least the beginning of one. */
function piecesThatTell(secret: string): readonly string[] {
  return partsThatTell(secret).flatMap((partOf) => piecesOf(partOf(secret), true));
}

/** What may break or quote a text anywhere: `+` may stand for a blank, and a backslash before anything. */
const GAPS = /[\s\p{C}\p{DI}+\\]+/gu;

/** The part of a text that stays in most encodings, however it is broken or quoted. */
function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '');
}

/** What stays of a secret with few letters of ASCII, however it is broken or quoted, or its letters are written. */
export function signsOf(text: string): string {
  return folded(text).replace(GAPS, '');
}

/** The same for a secret with many blanks, or what may stand for one, or backslashes. */
function signsAndBlanksOf(text: string): string {
  return folded(text)
    .replace(/[\s+]/g, '+')
    .replace(/[\p{C}\p{DI}]+/gu, '');
}

/** The same for a secret whose other letters a server reads or writes in the wrong encoding: only where they are. */
function asciiOf(text: string): string {
  return text
    .replace(GAPS, '')
    .replace(/[^!->@-~]+/g, '?')
    .toLowerCase();
}

/**
 * The same text for all ways to write its letters. In capitals, since Greek has two small letters for one of them, and
 * from small letters, since some have two capitals.
 */
function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().toUpperCase().normalize('NFKC');
}

/** Forms in which a secret is replaced where it stands. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const encoded = encodeURIComponent(secret.toWellFormed());
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encoded,
    encoded.toLowerCase(),
    hex,
    hex.toUpperCase(),
  ];
}

/** A secret in both normal forms of Unicode, and as it is when escapes are undone that it only seems to have. */
export function readingsOf(secret: string): readonly string[] {
  return withoutEscapes(secret).flatMap((text) => [text.normalize('NFC'), text.normalize('NFD')]);
}

function encodingsOf(secret: string): readonly string[] {
  return (['utf8', 'latin1', 'utf16le'] as const).flatMap((encoding) => {
    const bytes = Buffer.from(secret, encoding);
    return [bytes.toString('hex'), ...base64Forms(bytes)];
  });
}

/** Base64 writes three bytes as four characters, so a secret looks different at each of three places. */
function base64Forms(bytes: Buffer): string[] {
  if (bytes.length < 6) return [bytes.toString('base64')];
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Without the characters that depend on the bytes around it.
    const whole = Math.floor((before + bytes.length) / 3) * 4;
    const form = text.slice(before === 0 ? 0 : 4, whole);
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
