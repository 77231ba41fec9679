import { ApiError, TargetError } from '../answers/api-error.ts';
import {
  type AnswerReading,
  describeReading,
  describeResponse,
  type Operation,
  ownCodeOf,
  readAnswer,
} from '../answers/classify.ts';
import { adviceForTarget } from '../answers/error-codes.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint, Sent } from '../http/endpoint.ts';
import type { HttpResponse, TransportError } from '../http/transport.ts';
import type { RequestWindow } from '../http/window.ts';
import type { Access, Grant } from '../identity/access.ts';
import { encode } from '../identity/sign.ts';
import { readInstance } from '../model/instance.ts';
import type { Paging, Service } from '../model/services.ts';
import { describeSpan, type RequestCounts } from '../model/summary.ts';
import { readTask, type Task } from '../model/task.ts';
import { IncompleteListError, isUndercounted, type Page } from './list-progress.ts';
import { type ListEnd, type ListReading, readList } from './paging.ts';
import { type PageKeys, type RowWithText, readPage, textsById } from './read-page.ts';
import type { RowAccount, RowBudget, RowTexts } from './row-budget.ts';
import { type InstanceList, sortInstances, withDoubt } from './sort-instances.ts';

export interface TaskApiOptions {
  readonly service: Service;
  readonly projectId: string;
  /** The endpoint's server, as the target writes it. */
  readonly origin: string;
  readonly endpoint: Endpoint;
  readonly access: Access;
  readonly clock: Clock;
  readonly window: RequestWindow;
  readonly counts: RequestCounts;
  readonly maxAttempts: number;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  /** The moment by which records expire, in milliseconds since the epoch. The service's clock is compared with it. */
  readonly time: () => number;
  readonly rows: RowBudget;
}

/** The credentials may not do something on one instance; on others they may. */
export class ForbiddenError extends ApiError {
  override readonly name = 'ForbiddenError';
}

/**
 * How far the service's clock may be from ours, in milliseconds: as far as the gateway tolerates in a signature.
 * A record's age is measured from one clock to the other, so if they are further apart, nothing is deleted.
 */
export const CLOCK_TOLERANCE_MS = 15 * 60_000;

/** Clocks within a service may differ by so many milliseconds. */
const CLOCK_JITTER_MS = 60_000;

/** If so many instances are forbidden before any is allowed, the whole target is forbidden. */
const FORBIDDEN_INSTANCES = 3;

/** A list of the service. */
interface List extends PageKeys {
  readonly url: string;
  /** Its `limit` falls where the service sends pages that are too large. */
  paging: Paging;
  /** Absent where the list is that of the instances. */
  readonly instanceId?: string;
  /** Whether a page, or an earlier list of the instance, has shown more rows than the service counts. */
  isUndercounted?: boolean;
  /** Rows in the list, as the latest page has it. */
  total?: number | undefined;
  readonly query: Readonly<Record<string, string>>;
  /** The name of the permission to read it. */
  readonly action: string;
}

/** The records of an instance. */
export interface TaskList extends ListEnd {
  /** By id; those without an id, and the second of two with one id, under keys that are no ids. */
  readonly tasks: ReadonlyMap<string, Task>;
}

/** An answer to a list, with the page that it brought. */
interface PageReading extends AnswerReading {
  readonly page?: Page;
}

/** Codes of a refused page position: the list has become shorter than where we wanted to look. */
const PAST_THE_END = ['DMS.40050010', 'DMS.00400062', 'DMS.10240043', 'DCS.4800'];

/** The background-task API of one service in one project. */
export class TaskApi {
  /** False as long as no answer has told the service's time. */
  clockIsKnown = false;
  readonly #options: TaskApiOptions;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  /** The actions that were permitted on some instance. */
  readonly #permitted = new Set<string>();
  /** The instances on which an action was forbidden, by action. */
  readonly #forbidden = new Map<string, Set<string>>();
  readonly #seenAt = new Map<string, number>();

  constructor(options: TaskApiOptions) {
    const { origin, service, projectId } = options;
    this.#options = options;
    this.#base = `${origin}/${service.version}/${encode(projectId)}/instances`;
    // The official SDKs send it too: it tells the gateway which project of the account is meant.
    this.#headers = { 'Content-Type': 'application/json', 'X-Project-Id': projectId };
  }

  /**
   * All instances of the service in the project.
   * @param rows counts them until whoever opened it releases it; absent where they are held no longer.
   * @throws {ApiError} when the list cannot be read completely; {TargetError} when there are instances, and all
   * are of another engine.
   */
  async listInstances(rows?: RowAccount): Promise<InstanceList> {
    const { service, origin } = this.#options;
    const list: List = {
      url: this.#base,
      paging: service.instances,
      query: service.engine ? { engine: service.engine.query } : {},
      rowsKey: 'instances',
      countKey: 'instance_num',
      action: 'list',
    };
    const { found } = await this.#readAll(list, {
      read: readInstance,
      keyOf: (row) => row?.id,
      changed: (row, before) => row && before && withDoubt(row, before),
      ...(rows && { rows }),
    });
    return sortInstances([...found.values()], service, origin);
  }

  /**
   * All task records of an instance.
   * @param options.isUndercounted whether an earlier list of them was: then no count says where this one ends.
   * @param options.held receives the rows as the service sent them: JSON of the same value.
   * @throws {ApiError} when the list cannot be read completely.
   */
  async listTasks(
    instanceId: string,
    options: { readonly isUndercounted?: boolean; readonly held?: RowTexts | undefined } = {},
  ): Promise<TaskList> {
    const { isUndercounted = false, held } = options;
    const { endpoint, time } = this.#options;
    const list = { ...this.#taskList(instanceId), isUndercounted, withText: held !== undefined };
    const { found, ...end } = await this.#readAll(list, {
      read: (raw) => readTask(held ? (raw as RowWithText).row : raw),
      keyOf: (task) => task.id,
      changed: (task) => ({ ...task, malformed: true }),
      ...(held && { holdText: textsById(held.texts), rows: held.account }),
      sideBySide: {
        mayAsk: () => Math.ceil(endpoint.concurrency / endpoint.activeLists),
        mayBeNew: ({ createdAt = Number.POSITIVE_INFINITY }, first) =>
          createdAt > (first.serverTime ?? time()) - CLOCK_JITTER_MS,
      },
    });
    return { tasks: found, ...end };
  }

  /** When the service last answered as it does for an instance that is there, by the clock that does not step. */
  seenAt(instanceId: string): number | undefined {
    return this.#seenAt.get(instanceId);
  }

  /**
   * One page of an instance's task records, which shows that they may be listed.
   * @returns how many records there are, at least.
   * @throws {ApiError} when it cannot be read.
   */
  async countTasks(instanceId: string): Promise<number> {
    const { rows, total } = await this.#page(this.#taskList(instanceId), 0);
    return Math.max(total ?? 0, rows.length);
  }

  /**
   * Deletes one record, retrying as needed.
   * @param onUnclear is called when an attempt ends without a clear answer: the service may have done it.
   * @throws {TargetError} when no request of the target can succeed; {ForbiddenError} when none can on this
   * instance.
   */
  async deleteTask(
    instanceId: string,
    taskId: string,
    onUnclear?: () => void,
  ): Promise<Sent<AnswerReading>> {
    const url = `${this.#base}/${encode(instanceId)}/tasks/${encode(taskId)}`;
    const request = { method: 'DELETE', url, action: 'deleteBackgroundTask', instanceId } as const;
    return await this.#send(request, (result) => {
      const reading = this.#read('delete', result);
      if (reading.trouble === 'transient') onUnclear?.();
      return reading;
    });
  }

  /**
   * Compares our clock with the service's, by the first answer that says its time. Lists do it themselves; whoever
   * deletes does it with each answer.
   * @throws {TargetError} where they are so far apart that nobody knows how old a record is.
   */
  checkClock(reading: AnswerReading | undefined): void {
    const { serverTime } = reading ?? {};
    if (this.clockIsKnown || serverTime === undefined) return;
    this.clockIsKnown = true;
    const difference = this.#options.time() - serverTime;
    if (Math.abs(difference) <= CLOCK_TOLERANCE_MS) return;
    const side = difference > 0 ? 'ahead of' : 'behind';
    const message = `this machine's clock is ${describeSpan(Math.abs(difference))} ${side} that of ${this.#options.origin}, so the age of a record is not known. Set the clock (NTP), then run again.`;
    throw new TargetError('clock', message, reading);
  }

  #taskList(instanceId: string): List {
    return {
      url: `${this.#base}/${encode(instanceId)}/tasks`,
      paging: this.#options.service.tasks,
      query: {},
      rowsKey: 'tasks',
      countKey: 'task_count',
      action: 'getBackgroundTask',
      instanceId,
    };
  }

  async #readAll<Row extends object | undefined>(
    list: List,
    reading: Omit<
      ListReading<Row>,
      'paging' | 'fetchPage' | 'found' | 'rows' | 'isUndercounted'
    > & {
      readonly rows?: RowAccount;
    },
  ): Promise<ListEnd & { found: Map<string, Row> }> {
    const { rows, endpoint } = this.#options;
    const found = new Map<string, Row>();
    const account = reading.rows ?? rows.open();
    endpoint.activeLists += 1;
    try {
      const end = await readList({
        paging: list.paging,
        fetchPage: (skip) => this.#page(list, skip),
        isUndercounted: list.isUndercounted,
        ...reading,
        found,
        rows: account,
      });
      return { found, ...end };
    } catch (error) {
      if (!(error instanceof IncompleteListError)) throw error;
      const incomplete = { answer: 'invalid', code: 'incomplete' } as const;
      throw new ApiError(error.message, incomplete);
    } finally {
      endpoint.activeLists -= 1;
      if (!reading.rows) account.release();
    }
  }

  async #page(list: List, skip: number): Promise<Page> {
    const { paging, instanceId, action } = list;
    const parameters = {
      ...list.query,
      [paging.parameter]: String(paging.firstRow + skip),
      limit: String(paging.limit),
    };
    const search = Object.entries(parameters).map(([k, v]) => `${encode(k)}=${encode(v)}`);
    const url = `${list.url}?${search.join('&')}`;
    const sent = await this.#send(
      { method: 'GET', url, action, instanceId },
      (result): PageReading => {
        const reading = this.#read('list', result);
        if (reading.code === 'too-large' && paging.limit > 1)
          return { ...reading, trouble: undefined };
        if (reading.answer !== 'ok' || !('body' in result)) return reading;
        const page = readPage(result.body, list, paging.limit, this.#options.access);
        const { serverTime } = reading;
        return page ? { ...reading, page: { ...page, serverTime } } : { ...UNREADABLE, serverTime };
      },
    );
    const { page, code = '' } = sent.reading ?? {};
    if (page) {
      list.total = page.total ?? list.total;
      list.isUndercounted ||= isUndercounted(page, skip);
      return page;
    }
    if (code === 'too-large' && paging.limit > 1) {
      list.paging = { ...paging, limit: Math.max(1, Math.floor(paging.limit / 10)) };
      return await this.#page(list, skip);
    }
    const isRefused = PAST_THE_END.includes(code) || isRefusedPastCount(list, skip, sent.reading);
    if (skip > 0 && isRefused) return { rows: [], pastTheEnd: true };
    throw new ApiError(describeResponse(sent), sent.reading, sent.gaveUp);
  }

  #read(operation: Operation, result: HttpResponse | TransportError): AnswerReading {
    const { access, clock } = this.#options;
    return readAnswer(operation, result, clock.now(), (text) => access.conceal(text));
  }

  async #send<R extends AnswerReading>(
    { method, url, action, instanceId }: ApiRequest,
    read: (result: HttpResponse | TransportError) => R,
  ): Promise<Sent<R>> {
    const { endpoint, access, clock, window, counts, maxAttempts, timeout } = this.#options;
    const request = { method, url, headers: this.#headers };
    const changes = method === 'DELETE';
    const options = { read, changes, window, maxAttempts, timeout, counts };
    const sent = await access.send(endpoint, request, options);
    this.#checkTarget(sent.reading, action, sent.request?.grant);
    if (instanceId !== undefined) {
      this.#checkPermission(sent.reading, action, instanceId, sent.request?.grant);
      const { answer } = sent.reading ?? {};
      if (answer === 'ok' || answer === 'deleted') this.#seenAt.set(instanceId, clock.monotonic());
    }
    // What a DELETE did has to be entered first.
    if (!changes) this.checkClock(sent.reading);
    return sent;
  }

  /** Throws where the answer shows that no request of the target can succeed. */
  #checkTarget(reading: AnswerReading | undefined, action: string, grant: Grant | undefined): void {
    if (!reading || reading.answer === 'ok' || reading.answer === 'deleted') return;
    const { origin, access, projectId } = this.#options;
    const said = describeReading(reading);
    if (reading.answer === 'unauthorised') {
      const message = sentences(
        `${origin} refused the credentials (${access.describe(grant)}): ${said}`,
        "Check the key, its secret and this machine's clock.",
      );
      throw new TargetError('unauthorised', message, reading);
    }
    if (reading.answer === 'forbidden') {
      const advice = adviceForTarget(reading.code);
      if (advice || action === 'list') {
        throw new TargetError('forbidden', this.#forbiddenText(action, reading, grant), reading);
      }
    }
    if (reading.code === 'certificate' || reading.code === 'proxy') {
      throw new TargetError(reading.code, `${reading.message}`, reading);
    }
    if (reading.answer === 'misaddressed') {
      const message = sentences(
        `${origin} does not offer this API to project ${access.conceal(projectId)}: ${said}`,
        'Check region, projectId, service and endpoint.',
      );
      throw new TargetError('misaddressed', message, reading);
    }
  }

  /** Throws where something is forbidden on one instance, or on so many that it is forbidden everywhere. */
  #checkPermission(
    reading: AnswerReading | undefined,
    action: string,
    instanceId: string,
    grant: Grant | undefined,
  ): void {
    if (!reading) return;
    if (reading.answer === 'ok' || reading.answer === 'deleted') this.#permitted.add(action);
    if (reading.answer !== 'forbidden') return;
    const message = this.#forbiddenText(action, reading, grant);
    const instances = this.#forbidden.get(action) ?? new Set();
    this.#forbidden.set(action, instances.add(instanceId));
    if (instances.size >= FORBIDDEN_INSTANCES && !this.#permitted.has(action)) {
      throw new TargetError('forbidden', message, reading);
    }
    throw new ForbiddenError(message, reading);
  }

  #forbiddenText(action: string, reading: AnswerReading, grant: Grant | undefined): string {
    const { origin, access, service } = this.#options;
    const permission = `${service.host}:instance:${action}`;
    const who = access.describe(grant);
    return sentences(
      `${origin} does not permit ${permission} with these credentials (${who}): ${describeReading(reading)}`,
      adviceForTarget(reading.code) ?? `Grant ${permission} in this project, then run again.`,
    );
  }
}

/**
 * Whether the service refuses to look past its count with a code that nobody knows. Nobody would have asked so far, had it
 * not counted too few.
 */
function isRefusedPastCount(list: List, skip: number, reading: AnswerReading | undefined): boolean {
  if (list.paging.pastTheEnd !== 'unknown' || !list.isUndercounted) return false;
  if (list.total === undefined || skip < list.total) return false;
  return (
    reading?.answer === 'invalid' && reading.status === 400 && ownCodeOf(reading) !== undefined
  );
}

/** A request, and what the permission that it needs is called. */
interface ApiRequest {
  readonly method: 'GET' | 'DELETE';
  readonly url: string;
  readonly action: string;
  /** Absent where it is about all instances. */
  readonly instanceId?: string | undefined;
}

/** Joins what a server said, which may end in a full stop of its own, and advice. */
function sentences(said: string, advice: string): string {
  return /[.!?。！？]["'”’」』)]*$/.test(said) ? `${said} ${advice}` : `${said}. ${advice}`;
}

const UNREADABLE: AnswerReading = {
  answer: 'transient',
  code: 'unreadable',
  message: 'the answer is not the JSON that was expected',
  trouble: 'transient',
};
