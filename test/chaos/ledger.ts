import type { EmulatedInstance, Emulator, TaskRow } from '../../lib/emulator/index.ts';
import { expiredIds, type WrittenRetention } from '../run/oracle.ts';
import type { Exchange } from './wire.ts';

/** One instance, as the requests of one run and the table itself show it. */
export interface Account {
  readonly instanceId: string;
  readonly service: string;
  /** Records as they were before the run's first DELETE, by id; of each id the last ones seen. */
  readonly seen: Map<string, unknown[]>;
  /** Those without a usable id, by what they hold. */
  readonly withoutId: Map<string, unknown>;
  /** Ids that may be deleted; known from the first DELETE on. */
  allowed?: Set<string>;
  /** Rows that the run was shown: ids, and how many that have none. */
  readonly shown: Set<string>;
  shownWithoutId: number;
  /** The last count that came with a page. */
  claimed?: number | undefined;
  /** A page without rows was shown, or refused since it would be past the end. */
  endShown: boolean;
  pages: number;
  readonly asked: Map<string, Asked>;
}

/** The DELETEs for one record. */
export interface Asked {
  sent: number;
  throttled: number;
  /** The service said that it is deleted. */
  confirmed: boolean;
  /** One of them was answered so that it may have been carried out, or not. */
  unclear: boolean;
}

const TASKS = /^\/(?:v2|v1\.0)\/[^/]+\/instances\/([^/]+)\/tasks(?:\/([^/]+))?$/;

/**
 * Judges one run while it goes on: watches its requests and the tables, and knows without any help
 * from `lib` what may be deleted.
 */
export class Ledger {
  readonly violations: string[] = [];
  readonly accounts = new Map<string, Account>();
  readonly exchanges: Exchange[] = [];
  readonly #emulator: Emulator;
  readonly #retention: (service: string) => WrittenRetention;
  readonly #startedAt: number;
  readonly #countIsTooLow: boolean;

  /** @param countIsTooLow the service counts fewer records than it shows: nobody has to believe it. */
  constructor(
    emulator: Emulator,
    retention: (service: string) => WrittenRetention,
    startedAt: number,
    countIsTooLow: boolean,
  ) {
    this.#emulator = emulator;
    this.#retention = retention;
    this.#startedAt = startedAt;
    this.#countIsTooLow = countIsTooLow;
  }

  /** A request is about to be sent. */
  sending(exchange: Exchange): void {
    this.exchanges.push(exchange);
    const { instanceId, taskId } = addressOf(exchange);
    if (!instanceId) return;
    const account = this.#accountOf(instanceId);
    if (exchange.method !== 'DELETE') {
      if (!account.allowed) this.#look(account);
      return;
    }
    if (taskId === undefined) {
      this.violations.push(`DELETE of no record: ${exchange.url.pathname}`);
      return;
    }
    this.#begin(account);
    this.#judge(account, taskId);
    const asked = account.asked.get(taskId) ?? {
      sent: 0,
      throttled: 0,
      confirmed: false,
      unclear: false,
    };
    account.asked.set(taskId, asked);
    asked.sent += 1;
  }

  /** It is answered, or never will be. */
  ended(exchange: Exchange): void {
    const { instanceId, taskId } = addressOf(exchange);
    const account = instanceId && this.accounts.get(instanceId);
    if (!account) return;
    if (taskId !== undefined) {
      const asked = account.asked.get(taskId);
      if (!asked) return;
      const { status = 0, body = '' } = exchange.answer ?? {};
      if (status >= 200 && status < 300 && isEmptyOrJson(body)) asked.confirmed = true;
      if (isThrottled(exchange)) asked.throttled += 1;
      else if (isBad(exchange)) asked.unclear = true;
      return;
    }
    if (account.allowed) return;
    const { status, body } = exchange.answer ?? { status: 0, body: '' };
    if (status === 400) account.endShown = true;
    if (status !== 200) return;
    const { tasks = [], task_count: count } = (listOf(body) ?? {}) as Record<string, unknown>;
    if (!Array.isArray(tasks) || !listOf(body)) return;
    account.pages += 1;
    account.claimed = /^\d+$/.test(String(count)) ? Number(count) : undefined;
    if (tasks.length === 0) account.endShown = true;
    const here = new Set<string>();
    for (const row of tasks) {
      const id = idIn(row);
      if (id === undefined) account.shownWithoutId += 1;
      // Twice on one page: there are two of them.
      else account.shown.add(here.has(id) ? `${id} again` : id);
      if (id !== undefined) here.add(id);
    }
  }

  /** The table of an instance has changed. */
  changed(instance: EmulatedInstance): void {
    const account = this.accounts.get(instance.id);
    if (account && !account.allowed) this.#look(account);
  }

  /** Ids that may go by the table as it was while it was listed: all records of the id have expired. */
  expired(account: Account): Set<string> {
    const rows = [...account.seen.values()].flat();
    const ids = expiredIds(
      [...rows, ...account.withoutId.values()],
      this.#retention(account.service),
      this.#startedAt,
    );
    const times = new Map<string, number>();
    for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
    return new Set(ids.filter((id) => account.seen.get(id)?.length === times.get(id)));
  }

  #accountOf(instanceId: string): Account {
    const account: Account = this.accounts.get(instanceId) ?? {
      instanceId,
      service: this.#instance(instanceId)?.service ?? 'dcs',
      seen: new Map(),
      withoutId: new Map(),
      shown: new Set(),
      shownWithoutId: 0,
      endShown: false,
      pages: 0,
      asked: new Map(),
    };
    this.accounts.set(instanceId, account);
    return account;
  }

  #look(account: Account): void {
    const rows = (this.#instance(account.instanceId)?.tasks() ?? []) as unknown[];
    const now = new Map<string, unknown[]>();
    const times = new Map<string, number>();
    for (const row of rows) {
      const id = idIn(row);
      if (id === undefined) {
        const content = JSON.stringify(row);
        times.set(content, (times.get(content) ?? 0) + 1);
        account.withoutId.set(`${times.get(content)} ${content}`, row);
      } else now.set(id, [...(now.get(id) ?? []), row]);
    }
    for (const [id, those] of now) {
      // Deleted by somebody else meanwhile, which is as if it had vanished.
      const isGone = those.every((row) => (row as TaskRow).status === 'DELETED');
      if (!isGone || !account.seen.has(id)) account.seen.set(id, those);
    }
  }

  /** At the first DELETE: the list must be complete, and what may go is settled. */
  #begin(account: Account): void {
    if (account.allowed) return;
    account.allowed = this.expired(account);
    if (account.pages === 0) this.violations.push(`DELETE before a list of ${account.instanceId}`);
    const shown = account.shown.size + account.shownWithoutId;
    const { claimed } = account;
    if (this.#countIsTooLow) return;
    if (claimed === undefined ? !account.endShown : shown < claimed) {
      this.violations.push(
        `DELETE after ${shown} of ${claimed ?? 'many'} records of ${account.instanceId}`,
      );
    }
  }

  #judge(account: Account, id: string): void {
    if (!account.allowed?.has(id)) this.violations.push(`DELETE of ${id}, which was to be kept`);
    const rows = (this.#instance(account.instanceId)?.tasks() ?? []).filter(
      (row) => idIn(row) === id,
    );
    for (const row of rows) {
      if (row.status === 'DELETED') continue;
      const alone = { ...this.#retention(account.service), keepLast: 0 };
      if (expiredIds([row], alone, this.#startedAt).length === 0) {
        this.violations.push(`DELETE of ${id}, which is ${row.status} of ${row.updated_at} now`);
      }
    }
  }

  #instance(id: string): EmulatedInstance | undefined {
    return this.#emulator.instances().find((one) => one.id === id);
  }
}

function addressOf({ url }: Exchange): { instanceId?: string; taskId?: string } {
  const [, instanceId, taskId] = TASKS.exec(url.pathname) ?? [];
  return {
    ...(instanceId && { instanceId: decodeURIComponent(instanceId) }),
    ...(taskId && { taskId: decodeURIComponent(taskId) }),
  };
}

export function isTaskList(exchange: Exchange): boolean {
  const { instanceId, taskId } = addressOf(exchange);
  return instanceId !== undefined && taskId === undefined;
}

/** To IAM, which is an endpoint of its own. */
export function isIdentity({ url }: Exchange): boolean {
  return url.pathname.startsWith('/v3/');
}

export function isThrottled({ answer }: Exchange): boolean {
  return answer?.status === 429 || /DMS\.10240407/.test(answer?.body ?? '');
}

/** Whether the request may be sent again after this answer: it failed, was throttled, or cannot be read. */
export function isBad(exchange: Exchange): boolean {
  const { answer, method, url } = exchange;
  if (!answer || isThrottled(exchange)) return true;
  if (answer.status >= 500 || answer.status === 408) return true;
  const isList = method === 'GET' && !url.pathname.startsWith('/v3/');
  return isList && answer.status < 300 && !listOf(answer.body);
}

function listOf(body: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const isList = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isList && !/"task_count":"many"/.test(body) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The id of a row, if it can be put into a URL. */
function idIn(row: unknown): string | undefined {
  const id = (row as { id?: unknown } | null)?.id;
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}

/** Whether an answer is whole, as far as it shows. */
export function isEmptyOrJson(body: string): boolean {
  try {
    return body.trim() === '' || JSON.parse(body) !== undefined;
  } catch {
    return false;
  }
}
