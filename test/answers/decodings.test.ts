import { describe, expect, test } from '@jest/globals';
import { someDecoding, withoutEscapes } from '../../lib/answers/decodings.ts';

/** All that is tried for a text. */
function decodingsOf(text: string, shortest = 0): string[] {
  const all: string[] = [];
  expect(someDecoding(text, shortest, (one) => all.push(one) === 0)).toBe(false);
  return all;
}

describe('escapes are undone', () => {
  test.each([
    // JSON, JavaScript, C.
    ['a\\u0042c', 'aBc'],
    ['a\\uu0042c', 'aBc'],
    ['a\\U004Ac', 'aJc'],
    ['a\\U0001f600b', 'a😀b'],
    ['a\\U0010FFFFb', 'a\u{10ffff}b'],
    ['a\\u0001F600b', 'a😀b'],
    ['a\\U0001f600b', 'a\u0001f600b'],
    ['a\\U00110000b', 'a\u00110000b'],
    ['a\\U0000005cu0042', 'a\\u0042'],
    ['a\\\\U0001f600', 'a\\U0001f600'],
    ['a\\U00e4b123', 'aäb123'],
    ['a\\u{42}c', 'aBc'],
    ['a\\x{42}c', 'aBc'],
    ['a\\u{01F600}c', 'a😀c'],
    ['a\\u{110000}c', 'a\\u{110000}c'],
    ['a\\u{0000042}c', 'au{0000042}c'],
    ['a\\x42c', 'aBc'],
    ['a\\102c', 'aBc'],
    ['a\\57c', 'a/c'],
    ['a\\1021', 'aB1'],
    ['a\\477', "a'7"],
    ['a\\89', 'a89'],
    ['a\\nb\\bc\\fd\\re\\tf\\vg', 'a b c d e f g'],
    ['a\\"b\\/c\\\\d\\qe', 'a"b/c\\dqe'],
    ['a\\\nb', 'a\nb'],
    ['a\\u004', 'au004'],
    // URLs, forms, `escape()`.
    ['a%42c', 'aBc'],
    ['a%4ac', 'aJc'],
    ['a%u004Ac', 'aJc'],
    ['a%2', 'a%2'],
    ['a%25%34', 'a%4'],
    ['a+%42', 'a B'],
    // HTML.
    ['a&#66;c', 'aBc'],
    ['a&#x4a;c', 'aJc'],
    ['a&#X4A;c', 'aJc'],
    ['a&#00066;c', 'aBc'],
    ['a&#x110000;c', 'a&#x110000;c'],
    ['a&#66c', 'aBc'],
    ['a&amp;b&LT;c', 'a&b<c'],
    ['a&ltb', 'a<b'],
    ['a&Hat;b&bsol;c&lowbar;d', 'a^b\\c_d'],
    ['&auml;&Eacute;&agrave;&icirc;', 'äéàî'],
    ['&ntilde;&aring;&ccedil;&szlig;', 'ñåçß'],
    ['&sect;&euro;&deg;&sup2;&micro;&pound;&iquest;', '§€°²µ£¿'],
    ['&oslash;&AElig;&ndash;&bdquo;&ldquo;', 'øæ–„“'],
    ['&Scaron;&alpha;&Omega;&sigmaf;', 'šαως'],
    ['a&unknown;b', 'a\ufffdb'],
    ['a&a;b', 'a&a;b'],
    [`a&${'a'.repeat(32)};b`, `a&${'a'.repeat(32)};b`],
    // Quoted-printable.
    ['a=42c=4a', 'aBcJ'],
    ['a=\r\n b', 'ab'],
    ['a=4', 'a=4'],
  ])('%j is %j', (written, meant) => {
    expect(withoutEscapes(written)).toContain(meant);
    expect(decodingsOf(written)).toContain(meant);
  });

  test('alone and one after the other, since some only look like one', () => {
    expect(withoutEscapes('%26amp;')).toEqual(expect.arrayContaining(['%26amp;', '&amp;', '&']));
    expect(withoutEscapes('a%41&amp;')).toEqual(
      expect.arrayContaining(['a%41&amp;', 'aA&amp;', 'a%41&', 'aA&']),
    );
    expect(withoutEscapes('plain')).toEqual(['plain']);
  });

  test.each([
    ['a\\7b', 'a\u0007b'],
    ['a\\u{10ffff}b', 'a\u{10ffff}b'],
  ])('of one octal digit, and of the last character that there is: %s', (text, decoded) => {
    expect(withoutEscapes(text)).toContain(decoded);
  });

  test('in no more than 1,000 ways', () => {
    const text = ['\\', '%', '&#', '='].join('').repeat(2_000);
    expect(withoutEscapes(`${text}41;`.repeat(3)).length).toBeLessThanOrEqual(1_000);
  });
});

describe('other encodings are undone, too', () => {
  const text = 'Summer&Winter';
  const bytes = Buffer.from(text);
  const wide = Buffer.from(text, 'utf16le');
  test.each([
    ['base64', bytes.toString('base64')],
    ['base64 for URLs', Buffer.from(`${text}>?>?`).toString('base64url')],
    ['base64 after one letter that is none of it', `x${bytes.toString('base64')}`],
    ['base64 after two', `xy${bytes.toString('base64')}`],
    ['base64 after three', `xyz${bytes.toString('base64')}`],
    ['base64 in pieces', bytes.toString('base64').replace(/.../g, '$&", "')],
    ['base64 in pieces, by a dash', bytes.toString('base64').replace(/.../g, '$&-')],
    ['base64 in pieces, by _', bytes.toString('base64').replace(/.../g, '$&_')],
    ['base64 in pieces, by a slash', bytes.toString('base64').replace(/.../g, '$&/')],
    ['base64 of UTF-16', wide.toString('base64')],
    ['base64 of UTF-16 the other way round', Buffer.from(wide).swap16().toString('base64')],
    ['hexadecimal digits', bytes.toString('hex')],
    ['hexadecimal digits after one', `a${bytes.toString('hex')}`],
    ['hexadecimal digits with 0x', bytes.toString('hex').replace(/../g, '0x$& ')],
    ['hexadecimal digits of UTF-16', wide.toString('hex')],
    ['numbers', [...bytes].join(', ')],
    [
      'fullwidth letters',
      text.replace(/./g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)),
    ],
    ['tags', text.replace(/.../g, '<b class="x">$&</b>')],
    ['tags without an end', `<wbr>${text.replace(/.../g, '$&<wbr/>')} a < b`],
    ['pieces', text.replace(/.../g, '$&\u200b\n')],
  ])('%s', (_, written) => {
    expect(decodingsOf(written).some((one) => one.includes(text))).toBe(true);
  });

  test('of text that is no ASCII', () => {
    const other = 'Größe:任务列表一二三四';
    const holds = (written: string) => decodingsOf(written).some((one) => one.includes(other));
    expect(holds(Buffer.from(other).toString('base64'))).toBe(true);
    expect(holds(Buffer.from(other).toString('latin1'))).toBe(true);
    expect(holds(Buffer.from(other).toString('hex'))).toBe(true);
    expect(holds([...other].map((one) => one.codePointAt(0)).join())).toBe(true);
    expect(holds(Buffer.from(`a ${other}, abcdefgh`, 'utf16le').toString('hex'))).toBe(true);
  });

  test('where text comes of it: eight characters of it in a row', () => {
    const hexOf = (one: string) => Buffer.from(one).toString('hex');
    expect(decodingsOf(hexOf('abcdefgh'))).toContain('abcdefgh');
    expect(decodingsOf(hexOf('abc\n\u200befgh'))).toContain('abc\n\u200befgh');
    expect(decodingsOf(hexOf('abcdefg'))).not.toContain('abcdefg');
    expect(decodingsOf(hexOf('\u0001abcdefgh\u0002ijklmnop'))).toContain('abcdefgh\nijklmnop');
  });

  test('but not where what comes of it is shorter than what is looked for', () => {
    const written = Buffer.from('abcdefgh').toString('hex');
    expect(decodingsOf(written, 8)).toContain('abcdefgh');
    expect(decodingsOf(written, 9)).not.toContain('abcdefgh');
  });
});

test('what holds for the text itself, or for one of its decodings, is found', () => {
  expect(someDecoding('abc', 0, (one) => one === 'abc')).toBe(true);
  expect(someDecoding('a%62c', 0, (one) => one === 'abc')).toBe(true);
  expect(someDecoding('a%62c', 0, (one) => one === 'abd')).toBe(false);
});

test('a text that is too much work to decode is said to hold whatever is asked for', () => {
  const never = () => false;
  // One decoding is as long as that, and all others are too short.
  expect(someDecoding(`%41${'-'.repeat(499_999)}`, 400_000, never)).toBe(false);
  expect(someDecoding(`%41${'-'.repeat(500_000)}`, 400_000, never)).toBe(true);
  // Each kind of escape has to be undone fifteen times, before or after the others.
  const tricky = `%${'25'.repeat(15)}41&${'amp;'.repeat(15)}=${'3D'.repeat(15)}`;
  expect(someDecoding(tricky, 0, never)).toBe(true);
});

test('what is spent on one text is not there for the next', () => {
  const effort = { left: 10 };
  const never = () => false;
  const isSpent = (text: string) => someDecoding(text, 4, never, effort);
  expect(isSpent('plain-text')).toBe(false);
  expect(isSpent('%41bcde')).toBe(false);
  expect(effort.left).toBe(5);
  expect(isSpent('%41bcde')).toBe(false);
  expect(isSpent('plain-text')).toBe(false);
  expect(isSpent('%41bcde')).toBe(true);
});
