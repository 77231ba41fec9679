import fc from 'fast-check';

/** Writes a text in another way, as servers do. Most have a choice for each character, which the dice make. */
export type Encoder = (text: string, dice: Dice) => string;
/** A whole number from 0 to below the bound. */
export type Dice = (bound: number) => number;

/** Each character that is not to stay as it is, written anew; letters and digits stay now and then. */
function each(write: (character: string, dice: Dice) => string, stays = /[a-z0-9]/i): Encoder {
  return (text, dice) => {
    const share = dice(4);
    return [...text]
      .map((one) => (stays.test(one) && dice(4) >= share ? one : write(one, dice)))
      .join('');
  };
}
const always = /(?!)/;
const hexOf = (value: number, length: number) => value.toString(16).padStart(length, '0');
const units = (one: string, write: (unit: number) => string) =>
  [...Array(one.length).keys()].map((at) => write(one.charCodeAt(at))).join('');
const bytesOf = (one: string, write: (byte: number) => string) =>
  [...Buffer.from(one)].map(write).join('');
const broken = (text: string, length: number, by: string) =>
  (text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []).join(by);

const NAMES: Readonly<Record<string, string>> = {
  '!': 'excl',
  '"': 'quot',
  '#': 'num',
  $: 'dollar',
  '%': 'percnt',
  '&': 'amp',
  "'": 'apos',
  '(': 'lpar',
  ')': 'rpar',
  '*': 'ast',
  '+': 'plus',
  ',': 'comma',
  '.': 'period',
  '/': 'sol',
  ':': 'colon',
  ';': 'semi',
  '<': 'lt',
  '=': 'equals',
  '>': 'gt',
  '?': 'quest',
  '@': 'commat',
  '[': 'lsqb',
  '\\': 'bsol',
  ']': 'rsqb',
  '^': 'Hat',
  _: 'lowbar',
  '`': 'grave',
  '{': 'lcub',
  '|': 'verbar',
  '}': 'rcub',
  ü: 'uuml',
  ß: 'szlig',
  é: 'eacute',
};

export const ENCODERS: Readonly<Record<string, Encoder>> = {
  json: (text) => JSON.stringify(text).slice(1, -1),
  'json with slashes': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  '\\u': each((one) => units(one, (unit) => `\\u${hexOf(unit, 4)}`)),
  '\\u{}': each((one) => `\\u{${(one.codePointAt(0) as number).toString(16)}}`),
  '\\x of bytes': each((one) => bytesOf(one, (byte) => `\\x${hexOf(byte, 2)}`)),
  'octal of bytes': each((one) => bytesOf(one, (byte) => `\\${byte.toString(8).padStart(3, '0')}`)),
  percent: (text) => encodeURIComponent(text.toWellFormed()),
  'percent in lower case': (text) =>
    encodeURIComponent(text.toWellFormed()).replace(/%../g, (one) => one.toLowerCase()),
  'percent here and there': each((one, dice) =>
    bytesOf(one, (byte) => `%${dice(2) ? hexOf(byte, 2) : hexOf(byte, 2).toUpperCase()}`),
  ),
  'percent in full': (text) => bytesOf(text, (byte) => `%${hexOf(byte, 2)}`),
  form: (text) => new URLSearchParams({ k: text }).toString().slice(2),
  'html by name': each(
    (one) =>
      NAMES[one] ? `&${NAMES[one]};` : /[\s\w]/.test(one) ? one : `&#${one.codePointAt(0)};`,
    always,
  ),
  'html in decimal': each((one, dice) => `&#${'0'.repeat(dice(9))}${one.codePointAt(0)};`),
  'html in hex': each(
    (one, dice) =>
      `&#${dice(2) ? 'x' : 'X'}${'0'.repeat(dice(9))}${(one.codePointAt(0) as number).toString(16)};`,
  ),
  'quoted-printable': each((one) => bytesOf(one, (byte) => `=${hexOf(byte, 2).toUpperCase()}`)),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 in lines': (text, dice) =>
    broken(Buffer.from(text).toString('base64'), 4 + dice(73), dice(2) ? '\r\n' : '\n'),
  'base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  'base64 with a name': (text) => Buffer.from(`u:${text}:h`).toString('base64'),
  'base64 of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('base64'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'hex in pairs': (text, dice) =>
    [...Buffer.from(text)]
      .map((byte) => (dice(2) ? hexOf(byte, 2) : hexOf(byte, 2).toUpperCase()))
      .join([':', ' ', '-', ', 0x'][dice(4)]),
  'numbers of bytes': (text) => `[${[...Buffer.from(text)].join(', ')}]`,
  decomposed: (text) => text.normalize('NFD'),
  ignorable: (text, dice) => {
    const one = ['\ufe0f', '\u034f', '\u3164', '\u200b', '\u00ad'][dice(5)] as string;
    return broken(text, 1 + dice(9), one);
  },
  'in tags': (text, dice) => broken(text, 8 + dice(40), dice(2) ? '</b><b>' : '<wbr>'),
  'in lines': (text, dice) => broken(text, 8 + dice(40), dice(2) ? '\n' : '\r\n  '),
};

/** Some of them, one after the other. */
export const chain = fc.array(fc.constantFrom(...Object.keys(ENCODERS)), {
  minLength: 1,
  maxLength: 4,
});
