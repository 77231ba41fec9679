import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Sieve, someDecoding, withoutEscapes } from '../../lib/answers/decodings.ts';
import { revealer } from './secrecy.ts';

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
    ['&auml;&Eacute;&agrave;&icirc;', 'a\u0308e\u0301a\u0300i\u0302'],
    ['&ntilde;&aring;&ccedil;&szlig;', 'n\u0303a\u030ac\u0327ß'],
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

describe('a sieve', () => {
  const secret = 'Summer/Winter26';
  const sieve = new Sieve();
  sieve.add('summerwinter26');

  test.each(['de305d54-75b4-431b-adb2-eb6b9e546014', '0a1b2c3d', '1-2-3-4-5-6-7'])(
    'tells that nothing is hidden in %j',
    (name) => {
      expect(sieve.mayHold(name)).toBe(false);
    },
  );

  test.each([
    ['the beginning of it', 'a-sum'],
    ['the same in capitals', 'SUMmit'],
    ['the same with signs between', 's_u.m'],
    ['signs that may be an escape', 'a%b'],
    ['a blank', 'a b'],
    ['a letter that is no ASCII', 'ü'],
    ['base64 of it', Buffer.from(secret).toString('base64url')],
    ['base64 of UTF-16', Buffer.from(secret, 'utf16le').toString('base64url')],
    ['hexadecimal digits of it', Buffer.from(secret).toString('hex').slice(0, 16)],
    ['hexadecimal digits with signs between', '53-75-6d-6d-65-72-2f-57'],
    ['eight numbers', '83.117.109.109.101.114.47.87'],
  ])('lets through what may be %s', (_, name) => {
    expect(sieve.mayHold(name)).toBe(true);
  });

  test('never rules out what the whole search finds', () => {
    const letters = fc.constantFrom(
      ...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
    );
    const sign = fc.constantFrom(...' !"#$%&()*+,-./:;<=>?@[]^_`{|}~');
    const password = fc
      .tuple(
        fc.array(letters, { minLength: 3, maxLength: 12 }),
        fc.array(fc.oneof(letters, sign), { minLength: 5, maxLength: 12 }),
      )
      .map((parts) => parts.flat().join(''));
    const write = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => Buffer.from(text).toString('base64'),
      (text) => Buffer.from(text).toString('base64url'),
      (text) => Buffer.from(text, 'utf16le').toString('base64'),
      (text) => Buffer.from(text).toString('hex'),
      (text) =>
        Buffer.from(text)
          .toString('hex')
          .replace(/..(?=.)/g, '$&-'),
      (text) => [...Buffer.from(text)].join('.'),
    );
    const around = fc.constantFrom('', 'a', 'Za', 'x9-', 'prod-kafka:', '_');
    fc.assert(
      fc.property(
        password,
        fc.boolean(),
        write,
        write,
        around,
        around,
        (hidden, isUpper, one, other, before, after) => {
          const name = `${before}${other(one(isUpper ? hidden.toUpperCase() : hidden))}${after}`;
          // The umlauts keep the second from using a sieve.
          expect(revealer([hidden])(name)).toBe(revealer([hidden, 'ÜmläuterÜmläuter'])(name));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('the sieve', () => {
  const mayHold = (text: string) => new Sieve().mayHold(text);

  test('lets eight bytes of ASCII text in a row through, in hexadecimal digits', () => {
    const isOfText = (byte: number) => (byte >= 9 && byte <= 13) || (byte >= 32 && byte < 127);
    for (let byte = 0; byte < 256; byte += 1) {
      const hex = byte.toString(16).padStart(2, '0');
      expect([hex, mayHold(`ff${hex}`.repeat(7))]).toEqual([hex, false]);
      expect([hex, mayHold(hex.repeat(7))]).toEqual([hex, false]);
      // Nobody knows which of two digits are a byte: the others may be a text.
      const turned = Number.parseInt(`${hex[1]}${hex[0]}`, 16);
      const may = isOfText(byte) || isOfText(turned);
      expect([hex, mayHold(`ff${hex.repeat(9)}`)]).toEqual([hex, may]);
    }
  });

  test.each([
    ['41414141414141', false],
    ['41414141414141-g4h1', true],
    ['41414141ff41414141', false],
    ['4100420043004400450046004700480', true],
    ['5560df16-cebf-4473-95c4-000000000000', false],
    ['99-99-99-99-99-99-99', false],
    ['99-99-99-99-99-99-99-99', true],
    ['99-99-99a999b999-99-99-99', true],
    ['9-9-9-9-9-9-9-9-9-9-9', false],
    ['99-99-99-99-9-99-99-99-99', false],
    ['9999-9999-9999-9999-9999-9999-9999-9999', false],
    ['99-99-99-99-9999-99-99-99-99', false],
    // Whatever is no such id is for the whole search.
    ['a0c0a0c', false],
    ['prod-1', true],
    ['a 0', true],
    ['b\u00e4', true],
  ])('of %j tells %j', (text, may) => {
    expect(mayHold(text)).toBe(may);
  });

  test('lets through what has the first three letters of a text, whatever stands between them', () => {
    const sieve = new Sieve();
    sieve.add('001zz');
    sieve.add('fad');
    for (const text of ['1', '01', 'fa', '0-1', 'fd-a', 'c-0-2']) {
      expect([text, sieve.mayHold(text)]).toEqual([text, false]);
    }
    for (const text of ['001', '0-0-1', 'a-F-a-d', 'cfadc']) {
      expect([text, sieve.mayHold(text)]).toEqual([text, true]);
    }
  });
});
