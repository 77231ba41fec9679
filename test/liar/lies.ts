import { gzipSync } from 'node:zlib';
import {
  type Dice,
  KEY,
  NOW,
  type Operation,
  type Story,
  TOKEN,
  type TrueRow,
  USER,
} from './estate.ts';

/** An answer before it goes out. */
export interface Reply {
  status: number;
  reason: string;
  headers: (readonly [name: string, value: string])[];
  body: Buffer;
  manner: Manner;
}

/** How the bytes of an answer go out. */
export type Manner = 'plain' | (typeof MANNERS)[number];

const MANNERS = [
  'chunked',
  'broken chunk',
  'until the end',
  'length too long',
  'length too short',
  'two lengths',
  'cut',
  'reset in the body',
  'end without an answer',
  'reset without an answer',
  'silence',
  'silence in the body',
  'piece by piece',
  'late',
  'half closed',
  'informed first',
  'switched',
  'no HTTP',
  'bare line ends',
  'twice',
] as const;

/** A page as a list's answer has it. */
export interface Page {
  rows: unknown;
  count: unknown;
  readonly more: Record<string, unknown>;
}

/** Limits of a lie about rows, so that a client can be judged by it. */
export interface Circumstances {
  /** Rows may look newer than they are. Not where `keepLast` protects the newest: no client could notice. */
  readonly mayLookNewer: boolean;
  /** A moment before that of every record, at which a record may be invented. */
  readonly beforeAll: string;
  readonly limit: number;
}

/** Values that no field of a service has. */
const ODD_VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  17,
  1e308,
  true,
  false,
  [],
  {},
  [null],
  { id: 'x' },
  '',
  ' ',
];
const IDS: readonly string[] = [
  '.',
  '..',
  '..',
  '..',
  '/',
  'a/b',
  '../../x',
  '%2e%2e',
  '..%2f..%2fx',
  'x?limit=1#y',
  '\u0000',
  'a\r\nb',
  '\ud800',
  '\u202eevil',
  'x;y=1',
  'x'.repeat(3_000),
];
const STATUSES = [
  'success',
  'SUCCESS ',
  'SUCCESS\u0000',
  'DONE',
  'EXECUTING',
  'CREATED',
  'DELETED',
];
const TIMES: readonly unknown[] = [
  '0001-01-01T00:00:00Z',
  '1970-01-01T00:00:00Z',
  '2009-12-31T23:59:59Z',
  '2025-02-30T00:00:00Z',
  '2025-13-01T00:00:00Z',
  '2025-01-01T00:00:00',
  '2025-01-01T00:00:00+99:00',
  '2025-01-01 00:00:00 CEST',
  '2025-01-01',
  '-000001-01-01T00:00:00Z',
  'yesterday',
  '\u0662025-01-01T00:00:00Z',
  1_600_000_000_000,
  '1600000000',
];
const COUNTS: readonly unknown[] = [
  '7',
  '-1',
  -1,
  1e15,
  1e300,
  '1e3',
  'NaN',
  '',
  null,
  0.5,
  [],
  {},
  true,
  '99999999999999999999',
];
/** Codes of errors, with known and with unknown meanings. */
const CODES: readonly unknown[] = [
  'APIGW.0101',
  'APIGW.0301',
  'APIGW.0302',
  'APIGW.0308',
  'APIGW.0310',
  'APIGW.0601',
  'DCS.1001',
  'DCS.3022',
  'DCS.4800',
  'DCS.4957',
  'DCS.5000',
  'DMS.00404022',
  'DMS.10240407',
  'DMS.40050010',
  'NEW.1',
  'two words',
  '\u001b[2J\u202e',
  'x'.repeat(200),
  17,
  null,
  '',
  {},
  ['DCS.3022'],
];
const NASTY = [
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b31m\u0085\u008d',
  '\u202egnp.exe\u2066',
  '\u200b\u200f\ufeff\u2028',
  'no\r\n{"level":"INFO","message":"all is well"}',
  '\ud800\udc00\ud800',
  'The task does not exist',
  '<script>alert(1)</script>',
  '任务不存在。',
  'x'.repeat(5_000),
];
const STATUS_CODES = [
  200, 201, 202, 203, 204, 205, 206, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402,
  403, 404, 404, 405, 408, 409, 410, 410, 412, 413, 418, 425, 429, 431, 451, 499, 500, 500, 501,
  502, 503, 504, 505, 511, 599, 600, 999,
];
const DEEP = 200_000;
/** A little less than a text may have before it is cut. */
const EDGE = 1_024_000 - 20;

/** A text that must not be shown unchanged. */
export function nastyText(dice: Dice): string {
  if (dice.chance(0.4)) return dice.pick(NASTY);
  const secret = secretText(dice);
  // Where a text is cut, a secret must not be.
  if (dice.chance(0.05))
    return `${' '.repeat(dice.pick([1_020, 1_020, 1_020, 1_020, EDGE]))}${secret} there`;
  if (dice.chance(0.05)) return `${'\u200b'.repeat(EDGE)}${secret} there`;
  return `see ${secret} there`;
}

/** A secret, in one of the forms in which servers send them back. */
export function secretText(dice: Dice): string {
  const secret = dice.pick([KEY.secretKey, KEY.securityToken, USER.password, `${TOKEN}1`]);
  const bytes = Buffer.from(secret);
  const each = (write: (code: string) => string) =>
    [...secret].map((one) => write(one.charCodeAt(0).toString(16).padStart(2, '0'))).join('');
  return dice.pick([
    () => secret,
    () => secret,
    () => [...secret].join(dice.pick(['\u200b', '\u0000', '\u202e'])),
    () => JSON.stringify(secret).slice(1, -1),
    () => JSON.stringify(JSON.stringify(secret)),
    () => secret.replaceAll('=', '\\u003d'),
    () => each((code) => `\\u00${code}`),
    () => each((code) => `\\x${code}`),
    () => each((code) => `%${code}`),
    () => each((code) => `&#x${code};`),
    () => encodeURIComponent(secret),
    () => encodeURIComponent(secret).toLowerCase(),
    () => encodeURIComponent(encodeURIComponent(secret)),
    () => bytes.toString('base64'),
    () => bytes.toString('base64url'),
    () => Buffer.from(`{"key":"${secret}"}`).toString('base64'),
    () => bytes.toString('hex'),
    () => bytes.toString('hex').toUpperCase(),
    () => secret.replaceAll('"', '&quot;').replaceAll('=', '&#61;'),
  ])();
}

/** One row of tasks, of which something is not so. What must stay looks no more like a record to delete. */
export function lieAboutTask(row: TrueRow, dice: Dice, about: Circumstances): unknown {
  const field = dice.pick(Object.keys(row) as (keyof TrueRow)[]);
  const { [field]: _, ...without } = row;
  const lies: (() => unknown)[] = [
    () => without,
    () => ({ ...row, [field]: dice.pick(ODD_VALUES) }),
    () => ({ ...row, [field]: nested(dice.pick([10, DEEP])) }),
    () => ({ ...without, more: nested(DEEP) }),
    () => ({ ...row, id: dice.pick(IDS) }),
    () => ({ ...row, id: `${row.id}${dice.pick(IDS)}` }),
    () => ({ ...row, id: secretText(dice) }),
    () => ({ ...row, status: dice.pick(STATUSES) }),
    () => ({ ...row, status: nastyText(dice) }),
    () => ({ ...row, updated_at: dice.pick(TIMES) }),
    () => ({ ...row, updated_at: nastyText(dice) }),
    () => ({ ...row, created_at: dice.pick(TIMES) }),
    () => {
      const time = dice.pick(TIMES);
      return { ...row, created_at: time, updated_at: time };
    },
    () => ({ ...row, created_at: dice.pick(ODD_VALUES) }),
    () => ({ ...row, user_name: dice.pick(ODD_VALUES) }),
    () => ({ ...row, created_at: '9999-12-31T23:59:59Z' }),
    () => ({ ...row, updated_at: hoursBefore(row.created_at, 2) }),
    () => ({ ...row, name: `${row.name}${nastyText(dice)}` }),
    () => ({ ...row, user_name: nastyText(dice) }),
    () => dice.pick<unknown>([null, 17, 'x', [], {}, [row], JSON.stringify(row)]),
    () => ({ ...row, __proto__: { status: 'SUCCESS' }, constructor: null }),
  ];
  if (about.mayLookNewer) {
    lies.push(() => ({ ...row, updated_at: '9999-12-31T23:59:59Z' }));
    lies.push(() => ({ ...row, updated_at: new Date(NOW).toISOString() }));
  }
  return dice.pick(lies)();
}

/** One row of instances, of which something is not so. */
export function lieAboutInstance(row: Record<string, unknown>, dice: Dice): unknown {
  const field = dice.pick(Object.keys(row));
  const { [field]: _, ...without } = row;
  return dice.pick<() => unknown>([
    () => without,
    () => ({ ...row, [field]: dice.pick(ODD_VALUES) }),
    () => ({ ...row, [field]: nested(dice.pick([10, DEEP])) }),
    () => ({ ...row, instance_id: dice.pick(IDS) }),
    () => ({ ...row, instance_id: secretText(dice) }),
    () => ({ ...row, name: `${row.name}${nastyText(dice)}` }),
    () => ({ ...row, engine: nastyText(dice) }),
    () => ({ ...row, status: dice.pick(['DELETING', 'frozen', 'EXTENDING', nastyText(dice)]) }),
    () => dice.pick<unknown>([null, 17, 'x', [], {}]),
  ])();
}

/** Adds a second row of one id: a copy, one that may be deleted, or one with another name. */
export function addTwin(
  rows: readonly Record<string, unknown>[],
  dice: Dice,
  { mayLookNewer, beforeAll }: Circumstances,
): unknown[] {
  const place = dice.below(rows.length);
  const row = rows[place] as Record<string, unknown>;
  const isTask = 'updated_at' in row;
  const old = { ...row, status: 'SUCCESS', created_at: beforeAll, updated_at: beforeAll };
  const renamed = { ...row, name: `prod-${dice.below(9)}` };
  // Each of two rows counts under keepLast, so that one which is new would take another's place.
  const twin = dice.pick(!isTask ? [row, renamed] : mayLookNewer ? [row, renamed, old] : [old]);
  const copy = [...rows];
  copy.splice(place + dice.below(2), 0, twin);
  return copy;
}

/** A page that is not what was asked for. */
export function lieAboutPage(page: Page, first: Page, dice: Dice, about: Circumstances): void {
  const rows = page.rows as unknown[];
  const total = Number(page.count);
  const invented = () => ({
    id: dice.chance(0.5) ? `9057${dice.below(99)}` : dice.pick(IDS),
    instance_id: `9057${dice.below(99)}`,
    name: 'prod-',
    status: 'SUCCESS',
    created_at: about.beforeAll,
    updated_at: about.beforeAll,
  });
  dice.pick<() => void>([
    () => Object.assign(page, { count: dice.pick(COUNTS) }),
    () => Object.assign(page, { count: undefined }),
    () => Object.assign(page, { count: total + dice.pick([1, 5, -1, -5]) }),
    () => Object.assign(page, { count: rows.length }),
    () => Object.assign(page, { rows: first.rows }),
    () => Object.assign(page, { rows: rows.slice(dice.below(rows.length + 1)) }),
    () => Object.assign(page, { rows: rows.slice(0, dice.below(rows.length + 1)) }),
    () => Object.assign(page, { rows: [...rows].reverse() }),
    () => Object.assign(page, { rows: [] }),
    () => Object.assign(page, { rows: [], count: 0 }),
    () => Object.assign(page, { rows: dice.pick([undefined, null, {}, 17, 'x', false]) }),
    () => Object.assign(page, { rows: [...rows, invented()], count: total + 1 }),
    () => {
      const surplus = Array.from({ length: about.limit + 1 }, invented);
      Object.assign(page, { rows: surplus, count: surplus.length });
    },
    () => Object.assign(page.more, { error_code: dice.pick(CODES), error_msg: nastyText(dice) }),
    () => Object.assign(page.more, { error: { code: dice.pick(CODES) } }),
    () => Object.assign(page.more, { more: nested(DEEP), note: nastyText(dice) }),
  ])();
}

/** The body of an answer about a token or a project, with some of its fields changed. */
export function lieAboutValue(value: Record<string, unknown>, dice: Dice): Record<string, unknown> {
  const keys = Object.keys(value);
  const key = dice.pick(keys);
  const inner = value[key];
  if (inner && typeof inner === 'object' && dice.chance(0.6)) {
    const lied = Array.isArray(inner)
      ? dice.pick([[], [...inner, ...inner], inner.map((one) => lieAboutValue(one, dice)), [null]])
      : lieAboutValue(inner as Record<string, unknown>, dice);
    return { ...value, [key]: lied };
  }
  const { [key]: _, ...without } = value;
  const odd = [...ODD_VALUES, ...IDS, ...TIMES, nastyText(dice), nested(DEEP)];
  return dice.chance(0.2) ? without : { ...value, [key]: dice.pick(odd) };
}

/** An answer with another status, which says why or does not. */
export function lieInAnswer(reply: Reply, dice: Dice): void {
  reply.status = dice.pick(STATUS_CODES);
  if (dice.chance(0.3)) return;
  reply.body = Buffer.from(errorText(dice));
}

function errorText(dice: Dice): string {
  const code = dice.chance(0.2) ? secretText(dice) : dice.pick(CODES);
  const text = nastyText(dice);
  return dice.pick<() => string>([
    () => JSON.stringify({ error_code: code, error_msg: text }),
    () => escaped(JSON.stringify({ error_code: code, error_msg: text, error_ext_msg: text })),
    () => JSON.stringify({ error: { code, message: text } }),
    () => JSON.stringify({ code, message: text }),
    () => JSON.stringify({ error_code: code, error_msg: { text } }),
    () => JSON.stringify({ error_msg: `x, canonicalRequest:GET|x-security-token:${text}` }),
    () => `<html><body>${text}</body></html>`,
    () => `{"error_code":"${code}","error_msg":"${text}`,
    () => '',
    () => 'null',
  ])();
}

/** A body that is not what it is said to be. */
export function lieInBody(reply: Reply, dice: Dice): void {
  const text = reply.body.toString();
  const set = (body: string | Buffer, ...headers: Reply['headers']) => {
    reply.body = Buffer.from(body);
    reply.headers.push(...headers);
  };
  const rare = dice.chance(0.1);
  dice.pick<() => void>([
    () => set(dice.pick(['', 'null', '[]', '{}', '"x"', '17', 'true', '{', '{"tasks":[', ' '])),
    () => set(text.slice(0, dice.below(text.length))),
    () => set('['.repeat(dice.pick([100, DEEP]))),
    () => set(`${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`),
    () => set(errorText(dice)),
    () => set(escaped(text)),
    () => set(`\ufeff${text}`),
    () => set(Buffer.from(text, 'utf16le'), ['content-type', 'application/json;charset=utf-16']),
    () => set(Buffer.from(nastyText(dice), 'utf16le')),
    () => set(Buffer.from(`{"error_msg":"${'é'.repeat(9)}"}`, 'latin1')),
    () => set(Buffer.concat([reply.body.subarray(0, 30), Buffer.from([0xff, 0xc0, 0x80, 0xed])])),
    () => set(gzipSync(reply.body), ['content-encoding', 'gzip']),
    () => set(gzipSync(reply.body).subarray(0, 15), ['content-encoding', 'gzip']),
    () => set(reply.body, ['content-encoding', dice.pick(['gzip', 'br', 'deflate', 'x-odd'])]),
    () => set(rare ? BOMB() : text, ...(rare ? [['content-encoding', 'gzip'] as const] : [])),
    () => set(rare ? `${text}${' '.repeat(9 * 1024 * 1024)}` : text),
    () =>
      set(text.replace(/^\{/, '{"tasks":[],"instances":[],"error_code":"","__proto__":{"a":1},')),
    () => set(repeatKey(text, dice)),
  ])();
}

/** A key comes twice: the second time with what a record that may be deleted has. */
function repeatKey(text: string, dice: Dice): string {
  const lies = [
    '"status":"SUCCESS"',
    '"updated_at":"2025-01-01T00:00:00Z"',
    '"name":"prod-"',
    '"id":"9057"',
  ];
  const lie = dice.pick(lies);
  const pairs = [...text.matchAll(new RegExp(`${lie.split(':')[0]}:"[^"\\\\]*"`, 'g'))];
  if (pairs.length === 0) return text;
  const { 0: pair, index } = dice.pick(pairs);
  const gap = dice.pick(['', ' ', '\n']);
  return `${text.slice(0, index)}${pair},${lie.replace(':', `${gap}:`)}${text.slice(index + pair.length)}`;
}

/** Headers that are wrong, or missing. */
export function lieInHeaders(reply: Reply, dice: Dice): void {
  const drop = (name: string) => {
    reply.headers = reply.headers.filter(([one]) => one !== name);
  };
  const add = (name: string, value: string) => reply.headers.push([name, value]);
  dice.pick<() => void>([
    () => drop('date'),
    () => {
      drop('date');
      add(
        'date',
        dice.pick(['', 'never', 'Xxx, 99 Zzz 2026', '\u0080\u009b31m', '-', 'x'.repeat(99)]),
      );
    },
    () => add('retry-after', dice.pick(['0', '1', '-1', 'soon', '1e9', '30', '999999999', ''])),
    () => add('retry-after', 'Fri, 31 Dec 9999 23:59:59 GMT'),
    () => add('set-cookie', `key=${secretText(dice).replace(/[^ -~]/g, '')}`),
    () => add('content-type', dice.pick(['text/html', 'x', '', 'application/json;charset=utf-7'])),
    () => add('connection', dice.pick(['close', 'upgrade', 'keep-alive, close'])),
    () => add('x-filler', 'x'.repeat(dice.pick([1_000, 20_000]))),
    () => add('x-subject-token', dice.pick(['', 'x', '\u00ff', 'x'.repeat(9_000)])),
    () => add('trailer', 'x'),
    () => add('bad name', 'x'),
    () => {
      reply.reason = Buffer.from('\u009b31m\u0085', 'latin1').toString('latin1');
    },
  ])();
}

/** Bytes that come too late, too early, too few, too many, or not at all. */
export function lieOnTheWire(reply: Reply, dice: Dice): void {
  reply.manner = dice.pick(MANNERS);
}

/** Sends somewhere else. */
export function redirect(reply: Reply, dice: Dice, elsewhere: string, path: string): void {
  reply.status = dice.pick([301, 302, 303, 307, 308]);
  const query = `?key=${encodeURIComponent(KEY.secretKey)}`;
  const location = dice.pick([
    `${elsewhere}${path}`,
    `${elsewhere.replace('http:', '')}${path}`,
    `${elsewhere}${path}${query}`,
    path,
    'javascript:alert(1)',
    `${elsewhere}/\u009b31m\u0085`,
    '',
    'http://',
  ]);
  reply.headers.push(['location', location]);
}

/** The ways to lie that fit an operation. */
export function waysFor(operation: Operation, { ways }: Story): Story['ways'] {
  const inRows = ['instances', 'tasks'].includes(operation);
  const fitting = ways.filter((way) => inRows || !['rows', 'twins', 'page'].includes(way));
  return fitting.length > 0 ? fitting : ['answer'];
}

/** JSON whose text says the same in other characters. */
function escaped(json: string): string {
  return json.replace(/[a-z=_+/]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
}

/** Something in something in something: a mark for `write`, since JSON.stringify takes no depth like that. */
function nested(depth: number): string {
  return `nested ${depth} times`;
}

/** JSON text in which what is nested is written out. */
export function write(value: unknown): string {
  return JSON.stringify(value).replace(
    /"nested (\d+) times"/g,
    (_, depth) => `${'['.repeat(Number(depth))}1${']'.repeat(Number(depth))}`,
  );
}

function hoursBefore(time: string, hours: number): string {
  return new Date(Date.parse(time) - hours * 3_600_000).toISOString();
}

let bomb: Buffer | undefined;
/** Unpacks to 40 MB. Made when it is first wanted. */
function BOMB(): Buffer {
  bomb ??= gzipSync(Buffer.alloc(40 * 1024 * 1024, ' '));
  return bomb;
}
