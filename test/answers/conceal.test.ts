import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concealer, revealer, Secrecy } from '../../lib/answers/conceal.ts';

const SECRET = 'sEcr+t/With=Odd"Signs\\and ümlauts';

/** Ways in which a server may send back what it was sent. */
const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in JSON': (secret) => JSON.stringify(secret),
  'in JSON twice': (secret) => JSON.stringify(JSON.stringify(secret)),
  'percent-encoded': encodeURIComponent,
  'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'percent-encoded in lower case': (secret) => encodeURIComponent(secret).toLowerCase(),
  'wholly percent-encoded': (secret) =>
    [...Buffer.from(secret)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'with \\u escapes': (secret) =>
    [...secret]
      .map((c) => (/[\w ]/.test(c) ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`))
      .join(''),
  'with HTML entities': (secret) =>
    [...secret].map((c) => (/\w/.test(c) ? c : `&#${c.codePointAt(0)};`)).join(''),
  'in base64': (secret) => Buffer.from(secret).toString('base64'),
  'in base64url': (secret) => Buffer.from(secret).toString('base64url'),
  'in base64 behind one byte': (secret) => Buffer.from(`x${secret}`).toString('base64'),
  'in base64 with a name': (secret) => Buffer.from(`user:${secret}:end`).toString('base64'),
  'in hexadecimal digits': (secret) => Buffer.from(secret).toString('hex'),
  'in capital hexadecimal digits': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
};

describe('a secret is hidden', () => {
  const conceal = concealer([SECRET]);

  test.each(Object.entries(FORMS))('%s', (_, write) => {
    const written = write(SECRET);
    const shown = conceal(`before ${written} after`);
    expect(shown).toContain('[secret]');
    expect(shown).toMatch(/^before .* after$/);
    // Of base64 some characters depend on what stands beside the secret.
    for (let at = 0; at + 12 <= written.length; at += 1) {
      expect(shown).not.toContain(written.slice(at, at + 12));
    }
  });

  test('whatever it is, and wherever it stands', () => {
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        fc.pre(!'[secret]'.includes(value) && !before.includes(value) && !after.includes(value));
        for (const write of [FORMS['as it is'], FORMS['percent-encoded'], FORMS['in base64']]) {
          const written = (write as (text: string) => string)(value);
          expect(concealer([value])(`${before} ${written} ${after}`)).not.toContain(written);
        }
      }),
    );
  });

  test('and nothing else is: a text without it stays as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(conceal(text)).toBe(text);
      }),
    );
    expect(conceal('100% \\u0041 &amp; %41')).toBe('100% \\u0041 &amp; %41');
  });
});

describe('a text reveals a secret', () => {
  test('in every form but escapes, which have been resolved', () => {
    const reveals = revealer([SECRET]);
    for (const form of ['as it is', 'in JSON', 'percent-encoded', 'in base64']) {
      expect(reveals(`a ${(FORMS[form] as (text: string) => string)(SECRET)} b`)).toBe(true);
    }
    expect(reveals('nothing of it')).toBe(false);
  });

  test('never by a secret so short that it stands in many a harmless text', () => {
    expect(revealer(['kafka'])('a kafka instance')).toBe(false);
  });
});

test('secrets of a set that grows are hidden as soon as they are in it', () => {
  const secrets = new Set(['first secret']);
  const secrecy = new Secrecy(secrets);
  const text = 'a first secret, and c2Vjb25kIHNlY3JldA== of another';
  expect(secrecy.conceal(text)).toBe('a [secret], and c2Vjb25kIHNlY3JldA== of another');
  expect(secrecy.reveals('second secret')).toBe(false);
  secrets.add('second secret').add('second secret, longer');
  expect(secrecy.conceal(text)).toBe(concealer(secrets)(text));
  expect(secrecy.reveals('second secret')).toBe(true);
  expect(secrecy.reveals('of a second secret, longer')).toBe(true);
  expect(secrecy.conceal('second secret, longer')).toBe('[secret]');
  expect(secrecy.reveals('third')).toBe(false);
});
