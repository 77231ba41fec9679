import { expect } from '@jest/globals';
import type { InstanceSummary } from '../../lib/model/summary.ts';
import { isEmptyOrJson } from '../chaos/ledger.ts';
import type { Exchange } from '../chaos/wire.ts';
import { expiredIds } from '../run/oracle.ts';
import { expectToAddUp } from '../run/world.ts';
import { FINISHED, FOREIGN, NAMES, NOW, type Story, TOKEN, type TrueInstance } from './estate.ts';
import type { Played } from './play.ts';

type Row = Readonly<Record<string, unknown>>;

/** A key that the server repeats. It is unclear which one is meant, so such a page does not count. */
const REPEATED = /"(status|updated_at|name|id)":"[^"\\]*","\1"\s*:/;

/** The records of one instance that reached the client, and what the client did with each. */
class Account {
  readonly instance: TrueInstance;
  /** Ids that must never be asked to go. */
  readonly kept: ReadonlySet<string>;
  readonly expiredInTruth: ReadonlySet<string>;
  /** The rows of an id on the last page that showed it. */
  readonly shown = new Map<string, readonly Row[]>();
  /** Rows without an id, or with that of another one on the page. */
  #others = 0;
  /** These three are of the reading that is under way. */
  #claimed: number | undefined;
  /** A count was less than what had been shown. */
  #contradicted = false;
  #endShown = false;
  readonly asked = new Map<string, { confirmed: boolean; open: boolean }>();
  /** Since the last DELETE; absent before it. */
  shownAfterwards: Set<string> | undefined;
  listedAfterwards = false;

  constructor(instance: TrueInstance, story: Story) {
    this.instance = instance;
    const expired = expiredIds(instance.rows, story.retention, NOW);
    this.expiredInTruth = new Set(instance.name.startsWith(FOREIGN) ? [] : expired);
    this.kept = new Set(
      instance.rows.map(({ id }) => id).filter((id) => !this.expiredInTruth.has(id)),
    );
  }

  /** A page came through. */
  see({ url, answer }: Exchange): void {
    const status = answer?.status ?? 0;
    const parsed = parse(answer?.body ?? '');
    const skip = skipOf(url);
    if (
      skip > 0 &&
      status >= 400 &&
      /DMS\.(40050010|00400062|10240043)|DCS\.4800/.test(answer?.body ?? '')
    ) {
      this.#endShown = true;
    }
    this.listedAfterwards ||= this.asked.size > 0;
    if (skip === 0 && this.asked.size > 0) this.shownAfterwards = new Set();
    if (skip === 0) {
      this.#claimed = undefined;
      this.#contradicted = false;
      this.#endShown = false;
    }
    if (status < 200 || status >= 300 || !isObject(parsed)) return;
    if (REPEATED.test(answer?.body ?? '')) return;
    const { tasks = [], task_count: count } = parsed;
    if (typeof parsed.error_code === 'string' && parsed.error_code !== '') return;
    const total = typeof count === 'string' && /^\d{1,15}$/.test(count) ? Number(count) : count;
    const isCount = Number.isSafeInteger(total) && (total as number) >= 0;
    if (!isCount && total !== undefined && total !== null) return;
    const rows = tasks ?? [];
    if (!Array.isArray(rows) || rows.length > Number(url.searchParams.get('limit'))) return;
    this.#enter(rows, skip, isCount ? (total as number) : undefined);
  }

  #enter(rows: readonly unknown[], skip: number, total: number | undefined): void {
    if (rows.length === 0) this.#endShown = true;
    if (total !== undefined) this.#claimed = total;
    if (total !== undefined && total < skip + rows.length) this.#contradicted = true;
    const here = new Map<string, Row[]>();
    for (const row of rows) {
      const fields: Row = isObject(row) ? row : {};
      const { id } = fields;
      if (typeof id !== 'string') this.#others += 1;
      else here.set(id, [...(here.get(id) ?? []), fields]);
    }
    for (const [id, twins] of here) {
      this.shown.set(id, twins);
      this.#others += twins.length - 1;
      if (twins.some(({ status }) => status !== 'DELETED')) this.shownAfterwards?.add(id);
    }
  }

  /** Notes the DELETE of a record. @returns why it was wrong, if it was. */
  ask(id: string, story: Story): string | undefined {
    const isFirst = this.asked.size === 0;
    if (!this.asked.has(id)) this.asked.set(id, { confirmed: false, open: false });
    const rows = this.shown.get(id) ?? [];
    if (this.kept.has(id)) return `${id} must stay`;
    if (rows.length !== 1) return `${id} stands for ${rows.length} records`;
    if (!mayGo(rows[0] as Row, story)) return `${JSON.stringify(rows[0])} may not go`;
    if (!isFirst) return undefined;
    const found = this.shown.size + this.#others;
    const isCounted = this.#claimed !== undefined && !this.#contradicted;
    const isWhole = isCounted ? found >= (this.#claimed as number) : this.#endShown;
    return isWhole ? undefined : `${found} of ${this.#claimed} records were listed`;
  }

  /** Notes the answer to a DELETE. */
  told(id: string, answer: Exchange['answer']): void {
    const asked = this.asked.get(id);
    if (!asked) return;
    const { status = 0, body = '' } = answer ?? {};
    const isSuccess = status >= 200 && status < 300 && status !== 202;
    const code = body.includes('error_code') || body.includes('\\u');
    asked.confirmed = isSuccess && !code && isEmptyOrJson(body);
    asked.open ||= isSuccess && !hasCode(body);
  }
}

/** All that holds for every run, whatever it is told. */
export function judge(played: Played): void {
  const { story, summary, liar, events } = played;
  const accounts = new Map(story.instances.map((one) => [one.id, new Account(one, story)]));
  const violations: string[] = [...liar.absurd];
  const clocks = new Map<string, boolean[]>();
  for (const { kind, exchange } of events) {
    const { method, url, answer, ordinal, at } = exchange;
    const [version = '', , , instanceId = '', , taskId = ''] = url.pathname.split('/').slice(1);
    const target = `${version} ${url.searchParams.get('engine') ?? ''}`;
    const isList = kind === 'ended' && method === 'GET' && answer !== undefined;
    if (isList && url.pathname.endsWith('/instances')) {
      const date = Date.parse(liar.dates.get(ordinal) ?? '');
      const off = Math.abs(date - at) > 15 * 60_000 + 20_000;
      if (!Number.isNaN(date)) clocks.set(target, [...(clocks.get(target) ?? []), off]);
    }
    const id = decodeURIComponent(taskId);
    const account = accounts.get(decodeURIComponent(instanceId));
    if (isList && url.pathname.endsWith('/tasks')) account?.see(exchange);
    if (method !== 'DELETE') continue;
    if (kind === 'ended') account?.told(id, answer);
    else {
      const wrong = account ? account.ask(id, story) : `no such instance: ${instanceId}`;
      if (wrong) violations.push(`${ordinal}: ${wrong}`);
    }
  }
  expect(violations).toEqual([]);
  expectClocksToBeHeeded(played, accounts, clocks);
  for (const { id, rows } of story.instances) {
    const { kept } = accounts.get(id) as Account;
    const left = liar.left.get(id);
    expect(rows.filter((row) => kept.has(row.id) && !left?.has(row.id))).toEqual([]);
  }
  expectToAddUp(summary);
  const [internal = ''] = /internal error.{0,80}/.exec(JSON.stringify(summary)) ?? [];
  expect(internal).toBe('');
  for (const { instances } of summary.targets) {
    const known = instances.map(({ id }) => id);
    // A record that is listed twice counts once.
    expect(known.filter((id, index) => known.indexOf(id) !== index)).toEqual([]);
    for (const report of instances) {
      const account = accounts.get(report.id);
      if (account) expectReportToBeTrue(played, report, account);
      else expect(report.deleted).toBe(0);
    }
  }
  expectToEndInTime(played);
  expectNothingToBeSaid(played);
}

/** The report of one instance, against what the server said and did. */
function expectReportToBeTrue(
  { story, liar }: Played,
  report: InstanceSummary,
  account: Account,
): void {
  const { asked, instance, shownAfterwards, listedAfterwards } = account;
  const { deleted, alreadyGone, outcome, stoppedBy } = report;
  const all = [...asked];
  if (story.dryRun || stoppedBy === 'limit' || stoppedBy === 'listing') expect(asked.size).toBe(0);
  if (story.deletions !== undefined) expect(asked.size).toBeLessThanOrEqual(story.deletions);
  expect(asked.size).toBeLessThanOrEqual(report.expired);
  const absent = ([id]: (typeof all)[number]) => listedAfterwards && !shownAfterwards?.has(id);
  const goneByEvidence = all.filter((one) => one[1].open || absent(one)).length;
  expect(deleted + alreadyGone).toBeLessThanOrEqual(goneByEvidence);
  expect(alreadyGone).toBeLessThanOrEqual(all.filter(absent).length);
  expect(deleted).toBeGreaterThanOrEqual(all.filter(([, { confirmed }]) => confirmed).length);
  if (outcome === 'complete' && !story.dryRun) {
    expect(deleted + alreadyGone).toBe(report.expired);
  }

  const isListHonest = story.shares.tasks === 0;
  if (isListHonest && report.listed > 0) {
    expect(report.listed).toBe(instance.rows.length);
    expect(report.expired).toBe(account.expiredInTruth.size);
  }
  if (!isListHonest || story.shares.delete > 0) return;
  const gone = all.filter(([id]) => !liar.left.get(instance.id)?.has(id)).length;
  expect(deleted + alreadyGone).toBeLessThanOrEqual(gone);
  const isTrueAll = story.shares.instances === 0 && story.clockOff === 0;
  if (isTrueAll && outcome === 'complete' && !story.dryRun) expect(gone).toBe(report.expired);
}

/** Without one credible time from the servers of a target, the age of a record is unknown. */
function expectClocksToBeHeeded(
  { story, summary }: Played,
  accounts: ReadonlyMap<string, Account>,
  clocks: ReadonlyMap<string, readonly boolean[]>,
): void {
  for (const { name, instances, error } of summary.targets) {
    const engine = ['kafka', 'rabbitmq', 'rocketmq'].includes(name) ? name : '';
    const told = clocks.get(`${name === 'dcs-v1' ? 'v1.0' : 'v2'} ${engine}`) ?? [];
    if (told.length > 0 && told.every((off) => off)) {
      expect(error).toBeDefined();
      for (const { service, id } of story.instances) {
        if (service === name) expect(accounts.get(id)?.asked.size).toBe(0);
      }
      expect(instances.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(0);
    }
    if (told.length === 0 && !error) {
      expect(summary.warnings.join()).toContain('does not say what time it is');
    }
  }
}

function expectToEndInTime({ story, startedAt, finishedAt, events, summary }: Played): void {
  const taken = finishedAt - startedAt;
  expect(taken).toBeLessThanOrEqual(story.deadline ?? LONGEST_MS);
  expect(summary.requests.sent).toBe(events.filter(({ kind }) => kind === 'ended').length);
  const bad = events.filter(({ exchange }) => !exchange.answer || exchange.answer.status >= 400);
  expect(bad.length).toBeLessThanOrEqual(10_000);
}

/** Of simulated time, where no deadline is set. */
const LONGEST_MS = 24 * 3_600_000;

/** Characters that control a terminal, or break the lines of a log. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

function expectNothingToBeSaid({ outputs, summary, secrets }: Played): void {
  for (const [where, text] of Object.entries(outputs)) {
    const found = OBEYED.exec(text);
    const near =
      found && JSON.stringify(text.slice(Math.max(0, found.index - 80), found.index + 20));
    expect([where, near]).toEqual([where, null]);
  }
  const { plan, records, html, ...others } = outputs;
  const told = Object.values(others).join('\n') + JSON.stringify(summary);
  expectNoSecretIn(told, secrets);
  // A row may hold a token that another target gets only later, so it is not known as a secret yet.
  const known =
    summary.targets.length > 1 ? secrets.filter((one) => !one.startsWith(TOKEN)) : secrets;
  expectNoSecretIn([plan, records, html].join('\n'), known);
}

function expectNoSecretIn(said: string, secrets: readonly string[]): void {
  let plain = said;
  for (const form of secrets.flatMap((secret) => [...halvesOf(secret), ...encodingsOf(secret)])) {
    expect([form, around(said, form)]).toEqual([form, undefined]);
  }
  // However often it was escaped.
  for (let depth = 0; depth < 3; depth += 1) plain = unescaped(plain);
  // With something in between that is not seen, or was replaced by what is.
  plain = plain.replace(/[\p{Cc}\p{Cf}?]/gu, '');
  for (const part of secrets.flatMap(halvesOf)) {
    expect([part, around(plain, unescaped(part))]).toEqual([part, undefined]);
  }
}

/** Where a text is found, so that one sees who said it. */
function around(text: string, part: string): string | undefined {
  const place = text.indexOf(part);
  return place === -1 ? undefined : text.slice(Math.max(0, place - 200), place + 60);
}

function unescaped(text: string): string {
  const code = /\\*\\u([0-9a-f]{4})|\\+x([0-9a-f]{2})|%([0-9a-f]{2})|&#x([0-9a-f]{2});|&#(61);/gi;
  return text
    .replace(code, (_all, ...found) => {
      const [u, x, percent, hex, decimal] = found;
      const digits: string = u ?? x ?? percent ?? hex;
      return String.fromCharCode(decimal ? Number(decimal) : Number.parseInt(digits, 16));
    })
    .replaceAll('&quot;', '"')
    .replace(/\\+(["\\/])/g, '$1');
}

/** Half a secret must not be shown either. Of a token only the end counts, since all tokens begin alike. */
function halvesOf(secret: string): string[] {
  const end = secret.slice(-16);
  return secret.startsWith(TOKEN) ? [end] : [secret.slice(0, 16), end];
}

function encodingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((before) => {
    const written = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return written.slice(4, 28);
  });
  const hex = bytes.toString('hex').slice(0, 32);
  return [...base64, hex, hex.toUpperCase()];
}

/** Whether the policy deletes a row, as it was shown. */
function mayGo(row: Row, story: Story): boolean {
  const { id, name, status, user_name: user, created_at: start, updated_at: end } = row;
  const isText = [id, name, status, end].every((value) => typeof value === 'string' && value);
  const isTextOrAbsent = [user, start].every(
    (value) => value === undefined || value === null || typeof value === 'string',
  );
  if (!isText || !isTextOrAbsent || !FINISHED.includes(status as string)) return false;
  const ended = moment(end);
  if (!(ended >= Date.UTC(2010)) || ended < moment(start) - 3_600_000) return false;
  const plain = NAMES.find((each) => (name as string).startsWith(each)) ?? name;
  const retention = { ...story.retention, keepLast: 0 };
  return expiredIds([{ ...row, name: plain }], retention, NOW).length === 1;
}

/** Milliseconds since the epoch; NaN without a time zone. */
function moment(value: unknown): number {
  const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(String(value));
  const [, day] = /^\d{4}-\d\d-(\d\d)/.exec(String(value)) ?? [];
  const time = isMoment ? Date.parse(String(value)) : Number.NaN;
  return new Date(time).getUTCDate() === Number(day) ? time : Number.NaN;
}

function skipOf({ searchParams }: URL): number {
  return Number(searchParams.get('offset') ?? Number(searchParams.get('start') ?? 1) - 1);
}

function hasCode(body: string): boolean {
  const parsed = parse(body);
  return isObject(parsed) && typeof parsed.error_code === 'string' && parsed.error_code !== '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
