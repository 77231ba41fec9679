/** Characters of all decodings of a text together, itself aside. */
const MOST_CHARACTERS = 500_000;
const MOST_DECODINGS = 1_000;

/** How many characters may still come of decoding: of one text, or of many together. */
export interface Effort {
  left: number;
}

/**
 * Whether a test holds for a text, or for any text that it may be an encoding of, however often it was encoded.
 * Also true when there are too many of those to try them all.
 * @param shortest length from which on a text is worth a look.
 * @param effort what is spent on it; 500,000 characters unless it is given.
 */
export function someDecoding(
  text: string,
  shortest: number,
  holds: (decoding: string) => boolean,
  effort?: Effort,
): boolean {
  return search(text, ALL, shortest, holds, effort);
}

/** A text, and the same with what looks like escapes in it undone. */
export function withoutEscapes(text: string): readonly string[] {
  const found: string[] = [];
  search(text, ESCAPES, 0, (one) => found.push(one) === MOST_DECODINGS);
  return found;
}

/**
 * Each decoder is tried alone and after each other one: a text may hold what only looks like an escape, and undoing
 * that, too, would hide what was meant.
 */
function search(
  text: string,
  decoders: readonly Decoder[],
  shortest: number,
  holds: (decoding: string) => boolean,
  effort: Effort = { left: MOST_CHARACTERS },
): boolean {
  const found = new Set([text]);
  // It grows meanwhile, until nothing can be decoded any more.
  for (const one of found) {
    if (one !== text) effort.left -= one.length;
    if (effort.left < 0 || found.size > MOST_DECODINGS || holds(one)) return true;
    for (const decode of decoders) {
      for (const decoded of decode(one)) if (decoded.length >= shortest) found.add(decoded);
    }
  }
  return false;
}

/** Takes time linear in the length of the text. */
type Decoder = (text: string) => readonly string[];

const ESCAPES: readonly Decoder[] = [
  withoutBackslashes,
  withoutPercentSigns,
  withoutEntities,
  withoutEqualsSigns,
];

const ALL: readonly Decoder[] = [
  ...ESCAPES,
  withoutGaps,
  withoutTags,
  (text) => [text.normalize('NFKC')],
  // The bytes of UTF-8, which other decoders take for characters.
  (text) => [text.replace(/[\x80-\xff]{2,}/g, (bytes) => Buffer.from(bytes, 'latin1').toString())],
  fromBase64,
  fromHex,
  fromNumbers,
];

/**
 * The escapes of JSON, JavaScript, C and others. Python and C write eight digits of what is beyond 16 bits; where four of
 * them are meant, these are of a control.
 */
function withoutBackslashes(text: string): readonly string[] {
  const written =
    /\\(?:u(00(?:0[0-9a-f]|10)[0-9a-f]{4})|u+([0-9a-f]{4})|[ux]\{([0-9a-f]{1,6})\}|x([0-9a-f]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)|([bfnrtv])|(.))/gis;
  return [4, 8].map((digits) =>
    text.replace(written, (all, long, u, braced, x, octal, control, itself) => {
      if (itself !== undefined) return itself;
      if (control !== undefined) return ' ';
      const hex = long?.slice(0, digits) ?? u ?? braced ?? x;
      const rest = long?.slice(digits) ?? '';
      return character(octal ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16), all) + rest;
    }),
  );
}

/** Percent-encoding, that of forms, where `+` is a blank, and that of `escape()`. */
function withoutPercentSigns(text: string): readonly string[] {
  return [text, text.replaceAll('+', ' ')].map((one) =>
    one.replace(/%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/gi, (all, u, byte) =>
      character(Number.parseInt(u ?? byte, 16), all),
    ),
  );
}

/** The names of characters that follow each other. */
function inOrder(first: number, names: string): Record<string, string> {
  const rows = names.split(' ').map((name, at) => [name, String.fromCharCode(first + at)]);
  return Object.fromEntries(rows);
}

/**
 * HTML's names of what may stand in a password and is no letter of ASCII. Capitals are not told from small letters: a
 * secret is looked for in both.
 */
const NAMED: Readonly<Record<string, string>> = {
  ...inOrder(
    0xa1,
    'iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest',
  ),
  ...inOrder(
    0x3b1,
    'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma tau upsilon phi chi psi omega',
  ),
  tab: '\t',
  newline: '\n',
  nbsp: ' ',
  excl: '!',
  quot: '"',
  num: '#',
  dollar: '$',
  percnt: '%',
  amp: '&',
  apos: "'",
  lpar: '(',
  rpar: ')',
  ast: '*',
  midast: '*',
  plus: '+',
  comma: ',',
  hyphen: '-',
  dash: '-',
  period: '.',
  sol: '/',
  colon: ':',
  semi: ';',
  lt: '<',
  equals: '=',
  gt: '>',
  quest: '?',
  commat: '@',
  lsqb: '[',
  lbrack: '[',
  bsol: '\\',
  rsqb: ']',
  rbrack: ']',
  hat: '^',
  lowbar: '_',
  underbar: '_',
  grave: '`',
  diacriticalgrave: '`',
  lcub: '{',
  lbrace: '{',
  verbar: '|',
  vert: '|',
  verticalline: '|',
  rcub: '}',
  rbrace: '}',
  szlig: 'ß',
  aelig: 'æ',
  oelig: 'œ',
  eth: 'ð',
  thorn: 'þ',
  oslash: 'ø',
  lstrok: 'ł',
  dstrok: 'đ',
  times: '×',
  divide: '÷',
  euro: '€',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  sbquo: '‚',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  lsaquo: '‹',
  rsaquo: '›',
  hellip: '…',
  bull: '•',
  dagger: '†',
  permil: '‰',
  trade: '™',
};
/** Such as `uml` in `&auml;`. */
const ACCENTS: Readonly<Record<string, string>> = {
  grave: '\u0300',
  acute: '\u0301',
  circ: '\u0302',
  tilde: '\u0303',
  uml: '\u0308',
  ring: '\u030a',
  cedil: '\u0327',
  caron: '\u030c',
  breve: '\u0306',
  macr: '\u0304',
  ogon: '\u0328',
  dot: '\u0307',
  dblac: '\u030b',
};

const ENTITY = /&(?:#x([0-9a-f]+)|#(\d+)|([a-z]\w{1,30}));/gi;
/** As browsers read them, too. */
const OPEN_ENTITY = /&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot))/gi;

function withoutEntities(text: string): readonly string[] {
  return [ENTITY, OPEN_ENTITY].map((entity) =>
    text.replace(entity, (all, hex, decimal, name) => {
      if (hex !== undefined) return character(Number.parseInt(hex, 16), all);
      if (decimal !== undefined) return character(Number(decimal), all);
      const known = name.toLowerCase();
      const accent = ACCENTS[known.slice(1)];
      // Of all others none is a letter of ASCII.
      return NAMED[known] ?? (accent ? `${known[0]}${accent}`.normalize('NFC') : '\ufffd');
    }),
  );
}

/** Quoted-printable. */
function withoutEqualsSigns(text: string): readonly string[] {
  const decoded = text.replace(/=(?:([0-9a-f]{2})|\s+)/gi, (all, byte) =>
    byte === undefined ? '' : character(Number.parseInt(byte, 16), all),
  );
  return [decoded];
}

/** Without what is not seen, and what breaks a text into lines. */
function withoutGaps(text: string): readonly string[] {
  return /^[!-~]*$/.test(text) ? [] : [text.replace(/[\s\p{C}\p{DI}]+/gu, '')];
}

/** Without the tags of HTML and XML. */
function withoutTags(text: string): readonly string[] {
  return [text.replace(/<[^<>]*>/g, '')];
}

/**
 * Base64 in both alphabets, whatever stands around it and however it is broken, also by letters that only the other one
 * has.
 */
function fromBase64(text: string): readonly string[] {
  const found = new Set([/[^a-z0-9+/]+/gi, /[^\w-]+/g].map((gap) => text.replace(gap, '')));
  // Nobody knows which of the letters before it are a part of it.
  return [...found].flatMap((letters) =>
    [0, 1, 2, 3].flatMap((start) => ofBytes(Buffer.from(letters.slice(start), 'base64'))),
  );
}

/** Hexadecimal digits, whatever stands between them: spaces, colons, `0x`, `x`, `\u00`. */
function fromHex(text: string): readonly string[] {
  const digits = new Set(
    [/0x(?=[0-9a-f])|[^0-9a-f]+/gi, /[^0-9a-f]+/gi].map((gap) => text.replace(gap, '')),
  );
  return [...digits].flatMap((all) =>
    [0, 1].flatMap((start) => ofBytes(Buffer.from(all.slice(start), 'hex'))),
  );
}

/** A list of the numbers of bytes or of characters. */
function fromNumbers(text: string): readonly string[] {
  const numbers = Array.from(text.matchAll(/\d+/g), Number);
  return [...ofBytes(Buffer.from(numbers)), ...textIn(String.fromCharCode(...numbers))];
}

/** As UTF-8, or as UTF-16, between whose letters of ASCII there are zeros. */
function ofBytes(bytes: Buffer): readonly string[] {
  const all = bytes.toString('latin1');
  const others = all.replaceAll('\0', '');
  // A letter that was lost before it was encoded is no sign of random bytes.
  const bytesOfText = others.replaceAll('\xef\xbf\xbd', '?');
  const narrow = textIn(Buffer.from(bytesOfText, 'latin1').toString());
  if (all.length - others.length < SHORTEST_RUN) return narrow;
  const wide = [0, 1].flatMap((start) => textIn(bytes.subarray(start).toString('utf16le')));
  return [...narrow, ...wide];
}

const SHORTEST_RUN = 8;
/** With the controls that are half of UTF-8 where it was read as Latin-1. */
const RUN = /(?:[^\p{C}\s\p{DI}\ufffd]|[\s\p{DI}\x80-\x9f]){8,}/gu;

/** Most of what is decoded was no such encoding, and is random: only what looks like text is worth a look. */
function textIn(decoded: string): readonly string[] {
  const runs = decoded.match(RUN);
  return runs ? [runs.join('\n')] : [];
}

function character(code: number, otherwise: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}
