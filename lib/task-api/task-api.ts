import { ApiError, TargetError } from '../answers/api-error.ts';
import {
  type AnswerReading,
  describeReading,
  describeResponse,
  type Operation,
  readAnswer,
} from '../answers/classify.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint, Sent } from '../http/endpoint.ts';
import type { HttpResponse, TransportError } from '../http/transport.ts';
import type { RequestWindow } from '../http/window.ts';
import type { Access, Grant } from '../identity/access.ts';
import { encode } from '../identity/sign.ts';
import { type Instance, readInstance, skipReason } from '../model/instance.ts';
import type { Paging, Service } from '../model/services.ts';
import type { RequestCounts } from '../model/summary.ts';
import { isObject, readTask, type Task } from '../model/task.ts';
import { IncompleteListError, type Page } from './list-progress.ts';
import { readList } from './paging.ts';

export interface TaskApiOptions {
  readonly service: Service;
  readonly projectId: string;
  readonly endpoint: Endpoint;
  readonly access: Access;
  readonly clock: Clock;
  readonly window: RequestWindow;
  readonly counts: RequestCounts;
  readonly maxAttempts: number;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
}

/** Instances that are left alone, with the reason. */
export interface InstanceList {
  readonly instances: readonly Instance[];
  readonly skipped: readonly (Instance & { readonly reason: string })[];
}

/** A list of the service, and where its rows and their count stand in an answer. */
interface List {
  readonly url: string;
  readonly paging: Paging;
  readonly query: Readonly<Record<string, string>>;
  readonly rowsKey: string;
  readonly countKey: string;
  /** What the permission to read it is called. */
  readonly action: string;
}

/** An answer to a list, with the page that it brought. */
interface PageReading extends AnswerReading {
  readonly page?: Page;
}

/** Codes of a refused page position: the list has become shorter than where we wanted to look. */
const PAST_THE_END = ['DMS.40050010', 'DMS.00400062', 'DMS.10240043', 'DCS.4800'];

/** The background-task API of one service in one project. */
export class TaskApi {
  readonly #options: TaskApiOptions;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: TaskApiOptions) {
    const { endpoint, service, projectId } = options;
    this.#options = options;
    this.#base = `${endpoint.origin}/${service.version}/${encode(projectId)}/instances`;
    // What the official SDKs send; the project's id tells the gateway which of an account's is meant.
    this.#headers = { 'Content-Type': 'application/json', 'X-Project-Id': projectId };
  }

  /**
   * All instances of the service in the project.
   * @throws {ApiError} when the list cannot be read completely.
   */
  async listInstances(): Promise<InstanceList> {
    const { service } = this.#options;
    const list: List = {
      url: this.#base,
      paging: service.instances,
      query: service.engine ? { engine: service.engine.query } : {},
      rowsKey: 'instances',
      countKey: 'instance_num',
      action: 'list',
    };
    const found = new Map<string, ReturnType<typeof readInstance>>();
    await readAll('list the instances', () =>
      readList({
        paging: list.paging,
        fetchPage: (skip) => this.#page(list, skip),
        read: readInstance,
        keyOf: (row) => row?.id,
        found,
      }),
    );
    const instances: Instance[] = [];
    const skipped: (Instance & { reason: string })[] = [];
    for (const row of found.values()) {
      if (!row) {
        skipped.push({ id: '', name: '', status: '', reason: 'its id cannot be used' });
        continue;
      }
      const { engine: _, ...instance } = row;
      const reason = skipReason(row, service);
      if (reason) skipped.push({ ...instance, reason });
      else instances.push(instance);
    }
    return { instances, skipped };
  }

  /**
   * All task records of an instance.
   * @param found receives the records as they are read, also when this throws.
   * @throws {ApiError} when the list cannot be read completely.
   */
  async listTasks(instanceId: string, found: Map<string, Task>): Promise<void> {
    const list = this.#taskList(instanceId);
    const ambiguous = new Set<string>();
    await readAll('list the tasks', () =>
      readList({
        paging: list.paging,
        fetchPage: (skip) => this.#page(list, skip),
        read: readTask,
        keyOf: (task) => task.id,
        found,
        ambiguous,
      }),
    );
    for (const id of ambiguous) found.set(id, { ...(found.get(id) as Task), malformed: true });
  }

  /**
   * One page of an instance's task records, which shows that they may be listed.
   * @returns how many records there are, or at least.
   * @throws {ApiError} when it cannot be read.
   */
  async countTasks(instanceId: string): Promise<number> {
    const { rows, total } = await this.#page(this.#taskList(instanceId), 0);
    return total ?? rows.length;
  }

  /**
   * Deletes one record, retrying as needed.
   * @throws {TargetError} when no request of the target can succeed.
   */
  async deleteTask(instanceId: string, taskId: string): Promise<Sent<AnswerReading>> {
    const url = `${this.#base}/${encode(instanceId)}/tasks/${encode(taskId)}`;
    return await this.#send('DELETE', url, 'deleteBackgroundTask', (result) =>
      this.#read('delete', result),
    );
  }

  #taskList(instanceId: string): List {
    return {
      url: `${this.#base}/${encode(instanceId)}/tasks`,
      paging: this.#options.service.tasks,
      query: {},
      rowsKey: 'tasks',
      countKey: 'task_count',
      action: 'getBackgroundTask',
    };
  }

  async #page(list: List, skip: number): Promise<Page> {
    const { paging } = list;
    const parameters = {
      ...list.query,
      [paging.parameter]: String(paging.firstRow + skip),
      limit: String(paging.limit),
    };
    const search = Object.entries(parameters).map(([k, v]) => `${encode(k)}=${encode(v)}`);
    const url = `${list.url}?${search.join('&')}`;
    const sent = await this.#send('GET', url, list.action, (result): PageReading => {
      const reading = this.#read('list', result);
      if (reading.answer !== 'ok' || !('body' in result)) return reading;
      const page = readPage(result.body, list);
      return page ? { ...reading, page } : UNREADABLE;
    });
    if (sent.reading?.page) return sent.reading.page;
    const code = sent.reading?.code ?? '';
    if (skip > 0 && PAST_THE_END.includes(code)) return { rows: [], pastTheEnd: true };
    throw new ApiError(describeResponse(sent), sent.reading, sent.gaveUp);
  }

  #read(operation: Operation, result: HttpResponse | TransportError): AnswerReading {
    const { access, clock } = this.#options;
    return readAnswer(operation, result, clock.now(), (text) => access.conceal(text));
  }

  async #send<R extends AnswerReading>(
    method: 'GET' | 'DELETE',
    url: string,
    action: string,
    read: (result: HttpResponse | TransportError) => R,
  ): Promise<Sent<R>> {
    const { endpoint, access, window, counts, maxAttempts, timeout } = this.#options;
    const request = { method, url, headers: this.#headers };
    const changes = method === 'DELETE';
    const options = { read, changes, window, maxAttempts, timeout, counts };
    const sent = await access.send(endpoint, request, options);
    this.#failTarget(sent.reading, action, sent.request?.grant);
    return sent;
  }

  /** Throws where the answer shows that no request of the target can succeed. */
  #failTarget(reading: AnswerReading | undefined, action: string, grant: Grant | undefined): void {
    const { endpoint, access, service } = this.#options;
    const said = reading && describeReading(reading).replace(/\.$/, '');
    if (reading?.answer === 'unauthorised') {
      const message = `${endpoint.origin} refused the credentials (${access.describe(grant)}): ${said}. Check the key, its secret and this machine's clock.`;
      throw new TargetError('unauthorised', message, reading);
    }
    if (reading?.answer === 'forbidden') {
      const permission = `${service.host}:instance:${action}`;
      const message = `${endpoint.origin} does not permit ${permission} to its credentials (${access.describe(grant)}): ${said}. Grant it, then run again.`;
      throw new TargetError('forbidden', message, reading);
    }
    if (reading?.code === 'certificate') {
      throw new TargetError('certificate', `${reading.message}`, reading);
    }
    if (reading?.answer === 'misaddressed') {
      const message = `${endpoint.origin} does not offer this API to project ${this.#options.projectId}: ${said}. Check region, projectId, service and endpoint.`;
      throw new TargetError('misaddressed', message, reading);
    }
  }
}

const UNREADABLE: AnswerReading = {
  answer: 'transient',
  code: 'unreadable',
  message: 'the answer is not the JSON that was expected',
  trouble: 'transient',
};

/** `undefined` when the body cannot be believed: no JSON object, rows that are no list, a count that is no number. */
function readPage(body: string, { rowsKey, countKey }: List): Page | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const rows = parsed[rowsKey] ?? [];
  // DCS documents its count as a string and shows a number; DMS sends a string.
  const total = parsed[countKey] ?? undefined;
  const count = typeof total === 'string' && /^\d+$/.test(total) ? Number(total) : total;
  const readable = count === undefined || (Number.isSafeInteger(count) && (count as number) >= 0);
  if (!Array.isArray(rows) || !readable) return undefined;
  return { rows, total: count as number | undefined };
}

async function readAll(what: string, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof IncompleteListError)) throw error;
    const reading = { answer: 'invalid', code: 'incomplete' } as const;
    throw new ApiError(`cannot ${what}: ${error.message}`, reading);
  }
}
