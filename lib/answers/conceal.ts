import { singleSpaced } from '../model/text.ts';
import { readingsOf, Screen, SHORTEST, signsOf } from './screen.ts';

/** Takes secrets out of a text before anybody sees it. */
export type Conceal = (text: string) => string;

/** What is shown instead of a text in which a secret is that cannot be taken out. */
const LEFT_OUT = '[left out, as it may hold a secret in an encoded form]';
/** Characters of a text that are read at all. They are more than are shown, since every secret becomes a short mark. */
const MOST_READ = 65_536;
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
