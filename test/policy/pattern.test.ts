import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePatterns, PatternError } from '../../lib/policy/pattern.ts';

describe('a pattern', () => {
  test.each([
    ['EXTEND', 'EXTEND', true],
    ['EXTEND', 'extend', false],
    ['EXTEND', 'EXTENDED', false],
    ['EXTEND', 'EXTEND/', false],
    ['Update*', 'UpdateInstance', true],
    ['Update*', 'Update', true],
    ['Update*', 'Update/a/b', true],
    ['Update*', 'Update/../b', true],
    ['Update*', 'Update.', true],
    ['Update*', 'an Update', false],
    ['*swap*', 'master-swap-job', true],
    ['*', '', true],
    ['*', '.', true],
    ['*', '..', true],
    ['*', '.hidden', true],
    ['*', './x', true],
    ['*', 'a\nb', true],
    ['**', 'a/b', true],
    ['*/x', '../x', true],
    ['./x', './x', true],
    ['./x*', './xy', true],
    ['./x*', 'xy', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', true],
    ['a?c', 'ac', false],
    ['[ab]c', 'bc', true],
    ['[ab]c', 'cc', false],
    ['[!ab]c', 'cc', true],
    ['[!ab]c', 'ac', false],
    ['{EXTEND,Update*}', 'UpdateX', true],
    ['"quoted" *', '"quoted" name', true],
    ['"quoted" *', 'quoted name', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'aXb', false],
    ['a.c', 'abc', false],
    ['(odd) [name]', '(odd) [name]', true],
    ['扩容*', '扩容实例', true],
  ])('%j on %j: %j', (pattern, text, matches) => {
    expect(compilePatterns([pattern])(text)).toBe(matches);
  });

  test('of a list, any one is enough', () => {
    const matches = compilePatterns(['a*', 'b']);
    expect(['ax', 'b', 'bx', 'c'].filter(matches)).toEqual(['ax', 'b']);
  });

  test('with stars alone matches what a search for its parts finds', () => {
    const letters = fc.stringMatching(/^[ab./]{0,4}$/);
    fc.assert(
      fc.property(letters, letters, fc.stringMatching(/^[ab./]{0,9}$/), (start, end, text) => {
        const expected =
          text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
        expect(compilePatterns([`${start}*${end}`])(text)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['', 'an empty pattern matches nothing'],
    ['!prod-*', '"!prod-*" would match all that it does not name; name what is meant'],
    ['!(a)', 'would match all that it does not name'],
    ['[z-a]', '"[z-a]" is not a pattern'],
    ['[a', '"[a" is not a pattern'],
    ['{a', '"{a" is not a pattern'],
    ['a)', '"a)" is not a pattern'],
    ['a\\', '"a\\\\" is not a pattern'],
    ['x'.repeat(70_000), 'is not a pattern'],
  ])('%.20j is refused', (pattern, message) => {
    expect(() => compilePatterns([pattern])).toThrow(PatternError);
    expect(() => compilePatterns([pattern])).toThrow(message);
  });

  test('is cut in the message when it is long', () => {
    const pattern = (length: number) => `!${'x'.repeat(length - 1)}`;
    expect(() => compilePatterns([pattern(60)])).toThrow(`"${pattern(60)}" would match`);
    expect(() => compilePatterns([pattern(61)])).toThrow(`"${pattern(59)}…" would match`);
    expect(() => compilePatterns([pattern(9_000)])).toThrow(`"${pattern(59)}…" would match`);
  });

  test('that is refused is told apart by its name in a log', () => {
    const refused = expect.objectContaining({ name: 'PatternError' });
    expect(() => compilePatterns(['!'])).toThrow(refused);
  });

  test('is compiled or refused, whatever it holds; once compiled, it matches itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (pattern) => {
        try {
          return compilePatterns([pattern])(pattern);
        } catch (error) {
          return error instanceof PatternError;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
