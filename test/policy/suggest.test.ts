import { describe, expect, test } from '@jest/globals';
import { KEEP_REASONS } from '../../lib/policy/decide.ts';
import { MAPPINGS } from '../../lib/policy/schema.ts';
import { suggest, unknownName } from '../../lib/policy/suggest.ts';

const KEYS = [...new Set(Object.values(MAPPINGS).flatMap(Object.keys))];

/** All that a slip of one finger makes of a word. */
function slips(word: string): string[] {
  return [...word].flatMap((letter, i) => {
    const before = word.slice(0, i);
    const after = word.slice(i + 1);
    return [
      before + after,
      `${before}_${after}`,
      `${before}${letter}${letter}${after}`,
      before + after.slice(0, 1) + letter + after.slice(1),
    ];
  });
}

describe('what was probably meant', () => {
  test.each([...KEYS, ...KEEP_REASONS])('is %s, after any slip in it', (word) => {
    for (const slip of slips(word)) expect([slip, suggest(slip, [word])]).toEqual([slip, word]);
    expect(suggest(word.toUpperCase(), [word])).toBe(word);
    expect(suggest(word, [word.toUpperCase()])).toBe(word.toUpperCase());
  });

  test.each([
    ['keep_last', 'keepLast'],
    ['keepforr', 'keepFor'],
    ['deltePercnt', 'deletePercent'],
    ['excludes', 'exclude'],
    ['endpoint_iam', undefined],
    ['hours', undefined],
    ['', undefined],
  ])('of all keys, by %j, is %s', (written, meant) => {
    expect(suggest(written, KEYS)).toBe(meant);
  });

  test.each([
    // A short word: one letter, and no more.
    ['b', 'ab', 'ab'],
    ['ba', 'ab', 'ab'],
    ['abx', 'ab', 'ab'],
    ['xy', 'ab', undefined],
    ['xbx', 'abc', undefined],
    // Nine letters: three of them.
    ['abcdef___', 'abcdefghi', 'abcdefghi'],
    ['abcde____', 'abcdefghi', undefined],
    ['abcdef', 'abcdefghi', 'abcdefghi'],
    ['ghi', 'abcdefghi', undefined],
    // Two swapped neighbours are one mistake, if neither is wrong otherwise.
    ['abdc', 'abcd', 'abcd'],
    ['cbad', 'abcd', undefined],
    ['bxa', 'abc', undefined],
    ['bxc', 'abc', undefined],
    ['xac', 'abc', undefined],
    ['bcadef', 'abcdef', 'abcdef'],
    ['badc', 'abcd', undefined],
    ['badcef', 'abcdef', 'abcdef'],
    ['badcfe', 'abcdef', undefined],
    // However long the word is, a misspelling is not shorter by four letters.
    ['abcdefghi', 'abcdefghijkl', 'abcdefghijkl'],
    ['abcdefgh', 'abcdefghijkl', undefined],
    ['abcdefghijklmnop', 'abcdefghijkl', undefined],
  ])('%s for %s: %s', (written, candidate, meant) => {
    expect(suggest(written, [candidate])).toBe(meant);
  });

  test('is the word that differs least, and the first of those that differ as little', () => {
    expect(suggest('keepFr', ['keepLast', 'keepOr', 'keepFor'])).toBe('keepOr');
    expect(suggest('keepFr', ['keepOrs', 'keepFor', 'keep'])).toBe('keepFor');
    expect(suggest('keepFor', ['keepFort', 'keepFor', 'keepFore'])).toBe('keepFor');
  });
});

test('of thousands of ids, only the first are looked at for what was meant', () => {
  const others = Array.from({ length: 10_000 }, (_, i) => String(i).padStart(36, '-'));
  const meant = 'a'.repeat(36);
  const written = `${'a'.repeat(35)}b`;
  expect(suggest(written, [...others.slice(0, 1_000), meant])).toBe(meant);
  expect(suggest(written, [...others, meant])).toBeUndefined();
});

describe('the message for a name that does not exist', () => {
  test('names what was probably meant, and all that there are', () => {
    expect(unknownName('target', 'redsi', ['redis', 'kafka'])).toBe(
      'unknown target "redsi" (did you mean "redis"?); known targets: redis, kafka',
    );
    expect(unknownName('instance', 'chache', ['0a1b'], ['0a1b', 'cache'])).toBe(
      'unknown instance "chache" (did you mean "cache"?); known instances: 0a1b',
    );
  });

  test('says so where nothing is near, and where there is none', () => {
    expect(unknownName('target', 'x', ['redis'])).toBe('unknown target "x"; known targets: redis');
    expect(unknownName('target', 'x', [])).toBe('unknown target "x"; known targets: none');
  });

  test('names no more than 50, and shows nothing that a terminal would obey', () => {
    const names = Array.from({ length: 52 }, (_, at) => `name-${at}`);
    expect(unknownName('target', 'x', names)).toMatch(/: name-0, .*name-49 and 2 more$/);
    expect(unknownName('target', 'ab\u001b', ['ab\u001bc'])).toMatch(
      /^unknown target "ab\?" \(did you mean "ab\?c"\?\)/,
    );
  });
});
