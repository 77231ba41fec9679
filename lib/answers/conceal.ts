import { singleSpaced } from '../model/text.ts';
import { type Effort, someDecoding, withoutEscapes } from './decodings.ts';
import { Sieve } from './id-sieve.ts';

/** Takes secrets out of a text before anybody sees it. */
export type Conceal = (text: string) => string;

const MARK = '[secret]';
/** What is shown instead of a text in which a secret is that cannot be taken out. */
const LEFT_OUT = '[left out, as it may hold a secret in an encoded form]';
/** Characters from which on a secret is looked for in names and ids, and in all encodings. */
const SHORTEST = 8;
/** Characters of a text that are read at all. They are more than are shown, since every secret becomes a short mark. */
const MOST_READ = 65_536;
/** Characters that are decoded: enough to see that a secret begins among those that are shown. */
const MOST_DECODED = 4_096;
/** Characters that may come of decoding all names and ids of an answer: half a second's work. */
const MOST_OF_ANSWER = 1_000_000;
/** Names of which is remembered whether they hold a secret. */
const MOST_NAMES = 1_000;
/** Characters of a text that may be shown. */
const MOST_SHOWN = 2_048;

/** Hides the secrets of a set that only grows: a run may have a token for each of 1,000 projects. */
export class Secrecy {
  readonly #secrets: ReadonlySet<string>;
  readonly #shortened: ReadonlyMap<string, string>;
  #known = 0;
  /** Many rows have the same name, and to look for a secret in it takes a thousand times as long as to tell that. */
  readonly #names = new Map<string, boolean>();
  readonly #short = new Screen();
  readonly #long = new Screen();
  /** Of each secret what shows whether it is a part of another one. */
  readonly #kin = new Map<string, readonly string[]>();
  /** Writings of secrets of which one may be a part of another: taken out of its midst, it would leave the rest. */
  readonly #related = new Set<string>();

  /** @param shortened what is shown of texts that are no secrets, but are not to be shown as they are. */
  constructor(
    secrets: ReadonlySet<string>,
    shortened: ReadonlyMap<string, string> = new Map<string, string>(),
  ) {
    this.#secrets = secrets;
    this.#shortened = shortened;
  }

  /**
   * The text, at most 2,048 characters of it, with each secret replaced that stands there as it is or in one of the
   * usual forms (JSON, percent, hexadecimal digits). Where there is still one in another form, however often encoded,
   * or one that may be a part of another, the whole text is left out: nobody can tell where in it the secret begins and
   * ends.
   * @param others whose secrets are hidden as well.
   */
  conceal(text: string, others?: Secrecy): string {
    const all = others ? [this, others] : [this];
    for (const each of all) each.#catchUp();
    const related = all.map((each) => each.#related);
    if (others) related.push(relatedOf(this.#kin, others.#kin));
    const isRelated = (secret: string) => related.some((each) => each.has(secret));
    const beginning = text.slice(0, MOST_READ);
    let result = all.reduce((rest, each) => each.#long.replace(rest, isRelated), beginning);
    // Where it was cut there may be half a secret.
    const longest = Math.max(...all.map((each) => each.#long.longest));
    if (text.length > MOST_READ) result = result.slice(0, -longest || undefined);
    const isEncoded = all.some((each) => each.#long.isIn(result) || each.#short.isInBase64(result));
    if (isEncoded) return LEFT_OUT;
    for (const each of all) {
      result = each.#short.replace(result);
      for (const [whole, part] of each.#shortened) result = result.replaceAll(whole, part);
    }
    return result.slice(0, MOST_SHOWN);
  }

  /**
   * For one answer: whether a name or an id in it holds a secret, in whatever form, or whether nobody can tell. That is
   * so of a very long one, and of all that looks encoded once much of the answer did: it is not to hold the run up.
   */
  revealer(): (text: string) => boolean {
    const effort = { left: MOST_OF_ANSWER };
    return (text) => {
      this.#catchUp();
      if (!this.#long.mayBeInName(text)) return false;
      const known = this.#names.get(text);
      if (known !== undefined) return known;
      const found = this.#long.isInName(text, effort);
      // Otherwise another answer, with an effort of its own, may tell.
      if (effort.left >= 0) this.#remember(text, found);
      return found;
    };
  }

  #remember(name: string, found: boolean): void {
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    this.#names.set(name, found);
  }

  #catchUp(): void {
    if (this.#known === this.#secrets.size) return;
    const all = [...this.#secrets];
    const fresh = all.slice(this.#known);
    this.#known = all.length;
    this.#names.clear();
    for (const secret of fresh.flatMap(writingsOf)) {
      if (secret === '') continue;
      // A short one stands in many a harmless text.
      if (secret.length < SHORTEST) this.#short.add(secret);
      else this.#long.add(secret);
    }
    const kin = new Map(fresh.map((secret) => [secret, kinOf(secret)]));
    for (const [secret, signs] of kin) this.#kin.set(secret, signs);
    for (const writing of relatedOf(kin, this.#kin)) this.#related.add(writing);
  }
}

/**
 * What Windows-1252 has in place of the 32 controls of Latin-1. (The decoder of this name in Node.js 20 has the controls.)
 */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/**
 * A secret as it is, as UTF-8 has it, as that is when it is read as Latin-1 or Windows-1252, as that has it, and all in a
 * text of which one line was made.
 */
function writingsOf(secret: string): readonly string[] {
  const misread = Buffer.from(secret).toString('latin1');
  const all = [
    secret,
    secret.toWellFormed(),
    misread,
    misread.replace(/[\x80-\x9f]/g, (one) => WINDOWS_1252.charAt(one.charCodeAt(0) - 0x80)),
    secret.replace(/[^ -~]/g, (one) => {
      const at = WINDOWS_1252.indexOf(one);
      return at < 0 ? one : String.fromCharCode(0x80 + at);
    }),
  ];
  // What is left of a long one on a line tells it without this.
  const ofLines = secret.length < SHORTEST ? all : all.slice(0, 2);
  const lines = ofLines.map(singleSpaced).filter((line) => line.trim().length >= 3);
  return [...new Set([...all, ...lines])];
}

/** Signs from which on a secret is looked for in others by them alone. */
const ENOUGH_SIGNS = 4;

/** What shows whether a secret is a part of another one, in whatever form; nothing where it is too short. */
function kinOf(secret: string): readonly string[] {
  if (secret.length < SHORTEST) return [];
  const signs = readingsOf(secret).map(signsOf);
  return [...new Set([secret, ...signs.filter(({ length }) => length >= ENOUGH_SIGNS)])];
}

/** The writings of all secrets of which one of some and one of others may be a part of one another. */
function relatedOf(
  some: ReadonlyMap<string, readonly string[]>,
  others: ReadonlyMap<string, readonly string[]>,
): Set<string> {
  const found = new Set<string>();
  for (const [one, kin] of some) {
    for (const [other, otherKin] of others) {
      if (one !== other && areRelated(kin, otherKin)) found.add(one).add(other);
    }
  }
  return new Set([...found].flatMap(writingsOf));
}

function areRelated(kin: readonly string[], others: readonly string[]): boolean {
  return kin.some((one) => others.some((other) => one.includes(other) || other.includes(one)));
}

const IS_ASCII = /^[ -~]*$/;
/** Letters and digits of ASCII from which on a secret is known by them alone. */
const ENOUGH_LETTERS = 12;
/** Characters of ASCII from which on a secret with other letters is known by them, each run of the others as one more. */
const ENOUGH_OF_ASCII = 7;

/** The forms that some secrets can have in a text. */
class Screen {
  readonly #secrets = new Set<string>();
  /** Of each form the secret. */
  readonly #forms = new Map<string, string>();
  readonly #base64 = new Set<string>();
  /** The shortest first; made anew when one has come. */
  #sorted: readonly string[] | undefined;
  /** The secrets themselves, and their encoded forms. */
  readonly #plain = new Needles(MOST_IN_PIECES);
  readonly #encoded = new Needles(0);
  /** Characters of the shortest text in which a piece of one may be, in whatever form. */
  #shortest = Number.POSITIVE_INFINITY;
  readonly #sieve = new Sieve();
  /** Whether the sieve knows all of them: it can only take those that are ASCII and not too short. */
  #isSieved = true;

  add(secret: string): void {
    if (this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    this.#sorted = undefined;
    for (const form of formsOf(secret)) this.#forms.set(form, secret);
    for (const form of base64Forms(Buffer.from(secret))) this.#base64.add(form);
    for (const reading of readingsOf(secret)) {
      this.#plain.add(reading);
      const isAscii = IS_ASCII.test(reading);
      for (const letters of beginningsOf(reading).map(lettersOf)) {
        if (letters.length >= 3 && isAscii) this.#sieve.add(letters);
        else this.#isSieved = false;
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

  /** Whether the part of a text that is decoded holds one in any encoding, or the beginning of one where it is cut. */
  isIn(text: string, effort?: Effort): boolean {
    const part = text.slice(0, MOST_DECODED);
    const isCut = part !== text;
    const areIn = (decoding: string) =>
      this.#plain.areIn(decoding, isCut) || this.#encoded.areIn(decoding, isCut);
    if (part.length < this.#shortest) return false;
    return this.isInBase64(part) || someDecoding(part, this.#shortest, areIn, effort);
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

  /** As {@link isIn}; of a very long one nobody can tell. */
  isInName(text: string, effort: Effort): boolean {
    if (text.length > MOST_DECODED) return true;
    for (const form of this.#forms.keys()) if (text.includes(form)) return true;
    return this.isIn(text, effort);
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
/** Characters of a text of which pieces from its inside are looked for. Those of 1,000 tokens would fill the memory. */
const MOST_IN_PIECES = 128;

/** @param mostInPieces characters of a text of which more than both ends is taken. */
function piecesOf(text: string, mostInPieces: number): readonly string[] {
  const inside = text.length > mostInPieces ? 0 : text.length - PIECE;
  const length = Math.max(1, Math.ceil(inside / STEP));
  const pieces = Array.from({ length }, (_, at) => text.slice(at * STEP, at * STEP + PIECE));
  return [...pieces, text.slice(-PIECE)];
}

/** Texts that are looked for in others, whatever they are written with. */
class Needles {
  /** By the part of a text in which each is looked for. */
  readonly #pieces: ReadonlyMap<(text: string) => string, Pieces>;

  /** @param mostInPieces as {@link piecesOf} has it. */
  constructor(mostInPieces: number) {
    this.#pieces = new Map([
      [lettersOf, new Pieces(ENOUGH_LETTERS, mostInPieces)],
      [signsOf, new Pieces(SHORTEST, mostInPieces)],
      [signsAndBlanksOf, new Pieces(SHORTEST, mostInPieces)],
      [asciiOf, new Pieces(ENOUGH_OF_ASCII, mostInPieces)],
    ]);
  }

  add(needle: string): void {
    for (const partOf of partsThatTell(needle)) {
      this.#pieces.get(partOf)?.add(partOf(needle), needle.length);
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
  readonly #least: number;
  readonly #mostInPieces: number;
  readonly #whole = new Set<string>();
  readonly #pieces = new Set<string>();
  readonly #beginnings = new Set<string>();

  /**
   * @param least characters of a text that is looked for at all, and of the beginning of one.
   * @param mostInPieces as {@link piecesOf} has it.
   */
  constructor(least: number, mostInPieces: number) {
    this.#least = least;
    this.#mostInPieces = mostInPieces;
  }

  /** @param written characters that it has where it was taken from: a capital may be longer than its small letter. */
  add(text: string, written: number): void {
    if (text.length < this.#least) return;
    this.shortest = Math.min(this.shortest, text.length, written, PIECE);
    this.#beginnings.add(text.slice(0, this.#least));
    if (text.length <= PIECE) this.#whole.add(text);
    else for (const piece of piecesOf(text, this.#mostInPieces)) this.#pieces.add(piece);
  }

  areIn(text: string, isCut: boolean): boolean {
    for (const whole of this.#whole) if (text.includes(whole)) return true;
    if (isCut && isAnyIn(this.#beginnings, this.#least, text)) return true;
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

/** How to tell a secret: by as little of it as is enough; one with letters beyond ASCII by whatever may stay of it. */
function partsThatTell(secret: string): readonly ((text: string) => string)[] {
  const letters = lettersOf(secret).length >= ENOUGH_LETTERS ? [lettersOf] : [];
  const isAscii = IS_ASCII.test(secret);
  if (isAscii && letters.length > 0) return letters;
  const signs = signsOf(secret).length >= SHORTEST ? signsOf : signsAndBlanksOf;
  return [...letters, signs, ...(isAscii ? [] : [asciiOf])];
}

/** The pieces of a secret that the plain {@link Needles} look for: of a short one all of it, of a long one its beginning. */
function beginningsOf(needle: string): readonly string[] {
  return partsThatTell(needle).flatMap((partOf) => piecesOf(partOf(needle), MOST_IN_PIECES));
}

/** The part of a text that stays in most encodings, however it is broken or quoted. */
function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '');
}

/** What may break or quote a text anywhere: `+` may stand for a blank, and a backslash before anything. */
const GAPS = /[\s\p{C}\p{DI}+\\]+/gu;

/** The same for a secret with few letters of ASCII. */
function signsOf(text: string): string {
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
function readingsOf(secret: string): readonly string[] {
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
