import { FormatError } from '../model/error.ts';

/** Whether a text matches. */
export type Matcher = (text: string) => boolean;

/** One place of a pattern: this character, any one, one of a class, or any text. */
type Token = string | typeof ANY | typeof STAR | CharacterClass;
const ANY = Symbol('?');
const STAR = Symbol('*');

interface CharacterClass {
  readonly negated: boolean;
  /** From one code point to another, both included. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

/** Texts that the alternatives of one pattern may stand for: `{a,b}{c,d}` is four. */
const MAX_ALTERNATIVES = 1_000;
/** Characters of one pattern. */
export const MAX_CHARACTERS = 1_000;
/** Characters of all those texts together. */
const MAX_TOKENS = 20_000;

/**
 * Compiles patterns; a text matches when any of them does. They know `*` (any text), `?` (any character), `[ab]`,
 * `[a-z]` and `[!ab]` (one character), and `{a,b}` (either; braces may stand in braces). Every other character
 * stands for itself, and so do these in brackets: `[*]` is a star. Case counts; a character is a code point.
 * Matching takes time linear in the text.
 *
 * @throws {FormatError} when one is empty, has a bracket or brace that is not closed or holds nothing, or has lost a
 * character on its way
 */
export function compilePatterns(patterns: readonly string[]): Matcher {
  const alternatives = patterns.flatMap(parsePattern);
  const literals = new Set<string>();
  const sequences: (readonly Token[])[] = [];
  for (const tokens of alternatives) {
    if (tokens.every((token) => typeof token === 'string')) literals.add(tokens.join(''));
    else sequences.push(tokens);
  }
  return (text) => {
    if (literals.has(text)) return true;
    if (sequences.length === 0) return false;
    const characters = [...text];
    return sequences.some((tokens) => matches(tokens, characters));
  };
}

/** Whether {@link compilePatterns} takes it. */
export function isPattern(text: string): boolean {
  try {
    compilePatterns([text]);
    return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
}

/** The beginning of every text that a pattern matches: `prod-` for `prod-*`. */
export function plainBeginning(pattern: string): string {
  return pattern.replace(/[*?[{].*/s, '');
}

/** Whether a pattern is a text that stands for itself alone. */
export function isPlain(pattern: string): boolean {
  return plainBeginning(pattern) === pattern;
}

/**
 * Compares text and tokens side by side. Where they differ, the latest star takes one character more. Stars before
 * it need not be tried again: whatever they could take, the latest can take.
 */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let at = 0;
  let token = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const expected = tokens[token];
    if (expected === STAR) {
      star = token;
      resumeAt = at;
      token += 1;
    } else if (expected !== undefined && matchesOne(expected, text[at] as string)) {
      at += 1;
      token += 1;
    } else if (star >= 0) {
      resumeAt += 1;
      at = resumeAt;
      token = star + 1;
    } else return false;
  }
  while (tokens[token] === STAR) token += 1;
  return token === tokens.length;
}

function matchesOne(token: Exclude<Token, typeof STAR>, character: string): boolean {
  if (typeof token === 'string') return token === character;
  if (token === ANY) return true;
  const code = character.codePointAt(0) as number;
  return token.negated !== token.ranges.some(([from, to]) => from <= code && code <= to);
}

/** The sequences of tokens that a pattern stands for. */
function parsePattern(pattern: string): Token[][] {
  if (pattern === '') throw new FormatError('an empty pattern matches nothing');
  const characters = [...pattern];
  const shown = JSON.stringify(
    characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : pattern,
  );
  if (characters.length > MAX_CHARACTERS) {
    throw fail(`it is longer than ${MAX_CHARACTERS} characters`);
  }
  // A tool that reads another encoding as UTF-8 writes it, on the way here: the name that was meant would be missed.
  if (characters.includes('\ufffd')) {
    throw fail(
      'it holds U+FFFD, which stands where a character could not be read; write that character, or ? for it',
    );
  }
  let at = 0;
  return parseSequence(false);

  /** @param inBraces whether a comma or a closing brace ends it. */
  function parseSequence(inBraces: boolean): Token[][] {
    let found: Token[][] = [[]];
    while (at < characters.length) {
      const character = characters[at] as string;
      if (inBraces && (character === ',' || character === '}')) break;
      at += 1;
      const next: Token[][] =
        character === '{'
          ? parseBraces()
          : character === '['
            ? [[parseClass()]]
            : [[character === '*' ? STAR : character === '?' ? ANY : character]];
      if (found.length * next.length > MAX_ALTERNATIVES) {
        throw fail(
          `its braces stand for more than ${MAX_ALTERNATIVES} texts; write several patterns`,
        );
      }
      const [only] = next;
      if (only && next.length === 1) for (const tokens of found) tokens.push(...only);
      else found = found.flatMap((tokens) => next.map((more) => [...tokens, ...more]));
      if (found.reduce((sum, tokens) => sum + tokens.length, 0) > MAX_TOKENS) {
        throw fail('its braces stand for too much text; write several patterns');
      }
    }
    return found;
  }

  function parseBraces(): Token[][] {
    const found: Token[][] = [];
    for (let several = false; ; several = true) {
      found.push(...parseSequence(true));
      const end = characters[at];
      at += 1;
      if (end === undefined) throw fail('a { is not closed; write [{] for the character');
      if (end === ',') continue;
      if (!several) throw fail('a { without a comma; write {a,b}, or [{] for the character');
      return found;
    }
  }

  function parseClass(): CharacterClass {
    const end = characters.indexOf(']', at);
    if (end === -1) throw fail('a [ is not closed; write [[] for the character');
    const negated = characters[at] === '!';
    const members = characters.slice(negated ? at + 1 : at, end);
    at = end + 1;
    if (members.length === 0) throw fail('brackets without a character in them');
    const ranges: [number, number][] = [];
    for (let i = 0; i < members.length; i += 1) {
      const from = codeOf(members[i]);
      const isRange = members[i + 1] === '-' && i + 2 < members.length;
      const to = isRange ? codeOf(members[i + 2]) : from;
      if (to < from) throw fail(`the range ${members.slice(i, i + 3).join('')} runs backwards`);
      ranges.push([from, to]);
      if (isRange) i += 2;
    }
    return { negated, ranges };
  }

  function fail(reason: string): FormatError {
    return new FormatError(`${shown} is not a pattern: ${reason}`);
  }
}

function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) as number;
}
