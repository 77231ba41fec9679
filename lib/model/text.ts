import { FormatError } from './error.ts';

/**
 * Characters that a terminal, a log or a browser would obey instead of showing: controls (C0, DEL, C1), format
 * characters (bidirectional ones and zero-width ones among them), line and paragraph separators, halves of a
 * surrogate pair.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu;
const INVISIBLE_RUN = new RegExp(`${INVISIBLE.source}+`, 'gu');
const SOME_INVISIBLE = new RegExp(INVISIBLE, 'u');

/** Text from outside as it may be shown: one line, and nothing in it that would be obeyed. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, '?');
}

/** Characters of such a line that are shown. */
const LONGEST_LINE = 500;

/** A longer text from outside as it may be shown: its line breaks are spaces, and what is too long is cut. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ')).slice(0, LONGEST_LINE);
}

/** A list as text, such as `a, b and 3 more`: no more than so many of its items. */
export function listed(items: readonly string[], most: number): string {
  const more = items.length - most;
  return `${items.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Text from outside without any such character: a secret might be written with some in between. */
export function withoutInvisible(text: string): string {
  return text.replace(INVISIBLE, '');
}

/** The same on one line, with one blank where there were several. */
export function singleSpaced(text: string): string {
  return withoutInvisible(text.replace(/\s/g, ' ')).replace(/ +/g, ' ');
}

/** Whether a value of foreign JSON is an object: no list, and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON of a value on one line, in which nothing would be obeyed. */
export function jsonLine(value: unknown): string {
  return escapeInvisible(JSON.stringify(value));
}

/** JSON text with such characters as `\uXXXX`, which a parser reads as the same value. */
export function escapeInvisible(json: string): string {
  // Most have none, and to look for one takes no memory.
  return SOME_INVISIBLE.test(json) ? [...escapedParts(json)].join('') : json;
}

/** {@link jsonLine} in parts, which together may be longer than a string can be. */
export function jsonParts(value: unknown): Iterable<string> {
  return escapedParts(JSON.stringify(value));
}

/** Characters of a part: V8 ends the process where it is to replace many millions of matches in one text. */
const PART = 65_536;

function* escapedParts(json: string): Generator<string> {
  for (let at = 0; at < json.length; at += PART) {
    // The halves of a pair that two parts share are escaped, which a parser reads as the same pair.
    yield json.slice(at, at + PART).replace(INVISIBLE_RUN, escaped);
  }
}

function escaped(text: string): string {
  let all = '';
  for (let at = 0; at < text.length; at += 1) {
    all += `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return all;
}

/**
 * The text of a file that has to be UTF-8 (a byte order mark at its beginning is left out).
 * @throws {FormatError} that says what it seems to be instead.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16 || bytes.subarray(0, 4).includes(0)) {
    throw new FormatError('it is UTF-16; save it as UTF-8');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError('it is not UTF-8 (Latin-1 or Windows-1252, perhaps); save it as UTF-8');
  }
}
