import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FormatError } from '../../lib/model/error.ts';
import { compilePatterns } from '../../lib/policy/pattern.ts';

describe('a pattern', () => {
  test.each([
    ['EXTEND', 'EXTEND', true],
    ['EXTEND', 'extend', false],
    ['EXTEND', 'EXTENDED', false],
    ['Update*', 'UpdateInstance', true],
    ['Update*', 'Update', true],
    ['Update*', 'Update/../b', true],
    ['Update*', 'an Update', false],
    ['*swap*', 'master-swap-job', true],
    ['*', '', true],
    ['*', '.hidden', true],
    ['*', 'a\nb', true],
    ['**', 'a/b', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', true],
    ['a?c', 'ac', false],
    ['a?c', 'a😀c', true],
    ['[ab]c', 'bc', true],
    ['[ab]c', 'cc', false],
    ['[!ab]c', 'cc', true],
    ['[!ab]c', 'ac', false],
    ['[!ab]c', 'c', false],
    ['[a-c]', 'b', true],
    ['[a-c]', '-', false],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['[^a]', '^', true],
    ['[a!]', '!', true],
    ['[😀-🙏]', '😐', true],
    ['[*]', '*', true],
    ['[*]', 'a', false],
    ['[[]', '[', true],
    ['[{]a}', '{a}', true],
    ['扩容*', '扩容实例', true],
    ['{EXTEND,Update*}', 'UpdateX', true],
    ['{EXTEND,Update*}', 'EXTEND', true],
    ['{EXTEND,Update*}', 'EXTENDX', false],
    ['{a,b}{c,d}', 'bd', true],
    ['{a,b}{c,d}', 'ab', false],
    ['x{a,{b,c}?}', 'xc1', true],
    ['{a,}', '', true],
    ['{[,],a}', ',', true],
    // All else stands for itself.
    ['restore (full)*', 'restore (full) of a', true],
    ['restore (full)*', 'restore full of a', false],
    ['a||b*', 'a||bc', true],
    ['a||b*', 'a', false],
    ['cost$$*', 'cost$$1', true],
    ['p^^*', 'p^^q', true],
    ['+(a)', '+(a)', true],
    ['+(a)', 'aa', false],
    ['!(a)', '!(a)', true],
    ['!prod', '!prod', true],
    ['!prod', 'test', false],
    ['a.c', 'abc', false],
    ['a\\*b', 'a\\Xb', true],
    ['a\\*b', 'a*b', false],
    ['"quoted" *', '"quoted" name', true],
    ['"quoted" *', 'quoted name', false],
    ['a]b}', 'a]b}', true],
    ['a,b', 'a,b', true],
    ['[name]', '[name]', false],
  ])('%j on %j: %j', (pattern, text, expected) => {
    expect(compilePatterns([pattern])(text)).toBe(expected);
  });

  test('of a list, any one is enough', () => {
    const matches = compilePatterns(['a*', 'b']);
    expect(['ax', 'b', 'bx', 'c'].filter(matches)).toEqual(['ax', 'b']);
    expect(['', 'a'].filter(compilePatterns([]))).toEqual([]);
  });

  test.each([
    ['', 'an empty pattern matches nothing'],
    ['[z-a]', '"[z-a]" is not a pattern: the range z-a runs backwards'],
    ['[aaz-a]', 'the range z-a runs backwards'],
    ['[a', '"[a" is not a pattern: a [ is not closed; write [[] for the character'],
    ['[]', 'brackets without a character in them'],
    ['[!]', 'brackets without a character in them'],
    ['{a', '"{a" is not a pattern: a { is not closed; write [{] for the character'],
    ['{a,', 'a { is not closed'],
    ['{a,[}', 'a [ is not closed'],
    ['{a}', 'a { without a comma; write {a,b}, or [{] for the character'],
    ['{a,b}'.repeat(10), 'its braces stand for more than 1000 texts; write several patterns'],
    [`{${Array.from({ length: 20 }, () => '{a,b}'.repeat(9)).join()}}`, 'its braces stand for'],
    [`{${'{a,b}'.repeat(9)},${'{a,b}'.repeat(9)}}`, 'its braces stand for more than 1000 texts'],
    [
      `${'{a,b}'.repeat(9)}${'x'.repeat(31)}`,
      'its braces stand for too much text; write several patterns',
    ],
    [`${'{,xxxx}'.repeat(9)}${'y'.repeat(22)}`, 'its braces stand for too much text'],
    ['{'.repeat(100_000), 'it is longer than 1000 characters'],
    ['x'.repeat(1_001), 'it is longer than 1000 characters'],
    [
      'cach\ufffd-*',
      '"cach\ufffd-*" is not a pattern: it holds U+FFFD, which stands where a character could not be read; write that character, or ? for it',
    ],
  ])('%.20j is refused', (pattern, message) => {
    expect(() => compilePatterns([pattern])).toThrow(FormatError);
    expect(() => compilePatterns([pattern])).toThrow(message);
  });

  test('may stand for a thousand texts, and have a thousand characters', () => {
    const pattern = `${'{a,b}'.repeat(3)}{${Array.from({ length: 125 }, (_, i) => i).join(',')}}`;
    expect(compilePatterns([pattern])('aba124')).toBe(true);
    const long = `${'{a,b}'.repeat(9)}${'x'.repeat(30)}`;
    expect(compilePatterns([long])(`${'ab'.repeat(4)}a${'x'.repeat(30)}`)).toBe(true);
    const ofDifferentLength = `${'{,xxxx}'.repeat(9)}${'y'.repeat(21)}`;
    expect(compilePatterns([ofDifferentLength])(`xxxx${'y'.repeat(21)}`)).toBe(true);
    expect(compilePatterns(['x'.repeat(1_000)])('x'.repeat(1_000))).toBe(true);
  });

  test('is cut in the message when it is long', () => {
    const pattern = (length: number) => `[${'x'.repeat(length - 1)}`;
    expect(() => compilePatterns([pattern(60)])).toThrow(`"${pattern(60)}" is not`);
    expect(() => compilePatterns([pattern(61)])).toThrow(`"${pattern(59)}…" is not`);
  });

  test('that is refused is told apart by its name in a log', () => {
    const refused = expect.objectContaining({ name: 'FormatError', code: 'format' });
    expect(() => compilePatterns(['['])).toThrow(refused);
  });

  test('is compiled or refused, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[[\]{},!*?a-]*$/)),
        fc.string({ unit: 'binary' }),
        (pattern, text) => {
          try {
            return typeof compilePatterns([pattern])(text) === 'boolean';
          } catch (error) {
            return error instanceof FormatError;
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

/** Parts of patterns with their meaning, kept apart from the matcher so that it can be checked. */
interface Part {
  readonly written: string;
  /** A regular expression. */
  readonly means: string;
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const character = fc.constantFrom(...'abc()|.$^+\\! ');
const { part } = fc.letrec<{ part: Part; parts: Part }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 2 },
    character.map((text) => ({ written: text, means: escaped(text) })),
    fc.constant({ written: '*', means: '[^]*' }),
    fc.constant({ written: '?', means: '[^]' }),
    fc
      .tuple(fc.boolean(), fc.uniqueArray(fc.constantFrom(...'abc*?{'), { minLength: 1 }))
      .map(([negated, members]) => ({
        written: `[${negated ? '!' : ''}${members.join('')}]`,
        means: `[${negated ? '^' : ''}${members.map(escaped).join('')}]`,
      })),
    fc.array(tie('parts'), { minLength: 2, maxLength: 3 }).map((items) => ({
      written: `{${items.map(({ written }) => written).join(',')}}`,
      means: `(?:${items.map(({ means }) => means).join('|')})`,
    })),
  ),
  parts: fc.array(tie('part'), { maxLength: 3 }).map((items) => ({
    written: items.map(({ written }) => written).join(''),
    means: items.map(({ means }) => means).join(''),
  })),
}));

test('what a pattern matches is what a regular expression of the same meaning matches', () => {
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 5 }),
      fc.array(fc.oneof(character, fc.constantFrom(...'*?{')), { maxLength: 8 }),
      (parts, characters) => {
        const pattern = parts.map(({ written }) => written).join('');
        const text = characters.join('');
        fc.pre(pattern !== '' && pattern.length < 200);
        const means = new RegExp(`^(?:${parts.map(({ means }) => means).join('')})$`);
        let matches: (text: string) => boolean;
        try {
          matches = compilePatterns([pattern]);
        } catch (error) {
          // Braces in braces may stand for more than is accepted; all else must be.
          expect((error as Error).message).toContain('its braces stand for');
          return;
        }
        expect([pattern, text, matches(text)]).toEqual([pattern, text, means.test(text)]);
      },
    ),
    { numRuns: 3000 },
  );
});

test('a long name is gone through once, however many stars a pattern has', () => {
  let looked = 0;
  // The matcher sees a text through its code points alone, and compares each with what a pattern expects.
  const text = (length: number) =>
    ({
      *[Symbol.iterator]() {
        for (let i = 0; i < length; i += 1) {
          looked += 1;
          yield 'a';
        }
      },
    }) as unknown as string;
  for (const length of [1_000, 100_000]) {
    looked = 0;
    expect(compilePatterns([`${'*a'.repeat(50)}b`])(text(length))).toBe(false);
    expect(compilePatterns([`${'*a'.repeat(50)}*`])(text(length))).toBe(true);
    expect(looked).toBe(2 * length);
  }
});
