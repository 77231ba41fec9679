import { compilePatterns, isPattern, type Matcher } from './pattern.ts';

/** Characters that nobody sees: those that are to be ignored, controls, and signs that are drawn as nothing. */
const UNSEEN = /[\p{DI}\p{Cc}\p{Cf}\u2800\u{16fe4}\u{1d159}]/gu;

/**
 * Words of visible ASCII or of Chinese, with single spaces between them: such a text looks like no other. Most texts are
 * such, and there may be millions, so it is tested first.
 */
const PLAIN = /^[!-~\u4e00-\u9fff]+(?: [!-~\u4e00-\u9fff]+)*$/;

/** Characters that some programs draw as a blank, and others as nothing. */
const BLANK = /[\u2800\u3164\u115f\u1160\uffa0]/g;

/** A text as people see it, who copy what they want to keep from a page or a terminal. */
function lookOf(text: string): string {
  return text.replace(/\s+/g, ' ').replace(UNSEEN, '').replace(/ +/g, ' ').trim().normalize('NFC');
}

/** How a text looks, where another text may look the same; else none. */
function looksOf(text: string): readonly string[] {
  if (PLAIN.test(text)) return [];
  return [...new Set([text, text.replace(BLANK, ' ')])].map(lookOf);
}

/**
 * Compiles patterns for what is to be kept: a text matches as in {@link compilePatterns}, and also where it only looks
 * like one that does. Either side may hold what nobody sees, so that to refuse it in a policy would not be enough.
 *
 * @throws {FormatError} as {@link compilePatterns}
 */
export function compileLooks(patterns: readonly string[]): Matcher {
  // As it looks it may be no pattern, if its brackets hold such characters.
  const looks = patterns.flatMap(looksOf).filter(isPattern);
  const matches = compilePatterns([...new Set([...patterns, ...looks])]);
  return (text) => matches(text) || looksOf(text).some(matches);
}
