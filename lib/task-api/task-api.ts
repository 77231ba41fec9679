import { ApiError, TargetError } from '../answers/api-error.ts';
import { type AnswerReading, type Operation, readAnswer } from '../answers/classify.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint, Sent } from '../http/endpoint.ts';
import type { Access, Grant } from '../identity/access.ts';
import { CredentialsError } from '../identity/credentials.ts';
import { encode } from '../identity/sign.ts';
import { type Instance, readInstance, skipReason } from '../model/instance.ts';
import type { Paging, Service } from '../model/services.ts';
import type { RequestCounts } from '../model/summary.ts';
import { readTask, type Task } from '../model/task.ts';
import { IncompleteListError, type Page } from './list-progress.ts';
import { readList } from './paging.ts';

/** When requests may be made; moments are milliseconds since the epoch. */
export interface RequestWindow {
  /** No DELETE begins after this. */
  readonly deleteUntil: number;
  /** Nothing is waited for after this. */
  readonly end: number;
  /** No further request begins once this aborts; lists are cut off, deletes in flight awaited. */
  readonly stop: AbortSignal;
}

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
    const query = service.engine ? { engine: service.engine.query } : undefined;
    const found = new Map<string, ReturnType<typeof readInstance>>();
    const fetchPage = (skip: number) =>
      this.#page(this.#base, service.instances, skip, query, ['instances', 'instance_num'], 'list');
    await this.#readAll('list the instances', () =>
      readList(service.instances, fetchPage, readInstance, (row) => row?.id, found),
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
    const { tasks } = this.#options.service;
    const url = `${this.#base}/${encode(instanceId)}/tasks`;
    const fetchPage = (skip: number) =>
      this.#page(url, tasks, skip, undefined, ['tasks', 'task_count'], 'getBackgroundTask');
    const ambiguous = new Set<string>();
    await this.#readAll('list the tasks', () =>
      readList(tasks, fetchPage, readTask, (task) => task.id, found, ambiguous),
    );
    for (const id of ambiguous) found.set(id, { ...(found.get(id) as Task), malformed: true });
  }

  /**
   * One page of an instance's task records, which shows that they may be listed.
   * @returns how many records there are, or at least.
   * @throws {ApiError} when it cannot be read.
   */
  async countTasks(instanceId: string): Promise<number> {
    const url = `${this.#base}/${encode(instanceId)}/tasks`;
    const { tasks } = this.#options.service;
    const keys = ['tasks', 'task_count'] as const;
    const { rows, total } = await this.#page(url, tasks, 0, undefined, keys, 'getBackgroundTask');
    return total ?? rows.length;
  }

  /**
   * Deletes one record, retrying as needed.
   * @throws {TargetError} when no request of the target can succeed.
   */
  async deleteTask(instanceId: string, taskId: string): Promise<Sent<AnswerReading>> {
    const url = `${this.#base}/${encode(instanceId)}/tasks/${encode(taskId)}`;
    return await this.#send('delete', url, 'deleteBackgroundTask');
  }

  async #readAll(what: string, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (error instanceof IncompleteListError) {
        throw new ApiError(`cannot ${what}: ${error.message}`, {
          answer: 'invalid',
          code: 'incomplete',
        });
      }
      throw error;
    }
  }

  async #page(
    url: string,
    paging: Paging,
    skip: number,
    query: Record<string, string> | undefined,
    [rowsKey, totalKey]: readonly [string, string],
    action: string,
  ): Promise<Page> {
    const parameters = {
      ...query,
      [paging.parameter]: String(paging.firstRow + skip),
      limit: String(paging.limit),
    };
    const search = Object.entries(parameters).map(([k, v]) => `${encode(k)}=${encode(v)}`);
    let page: Page | undefined;
    const sent = await this.#send('list', `${url}?${search.join('&')}`, action, (body) => {
      page = readPage(body, rowsKey, totalKey);
      return page !== undefined;
    });
    if (sent.reading?.answer === 'ok' && page) return page;
    const code = sent.reading?.code ?? '';
    if (skip > 0 && PAST_THE_END.includes(code)) return { rows: [], pastTheEnd: true };
    throw new ApiError(describe(sent), sent.reading, sent.gaveUp);
  }

  async #send(
    operation: Operation,
    url: string,
    action: string,
    accept?: (body: string) => boolean,
  ): Promise<Sent<AnswerReading>> {
    const { endpoint, access, clock, window, counts, maxAttempts, timeout } = this.#options;
    let grant: Grant | undefined;
    const attempt = () =>
      endpoint.send<AnswerReading>({
        build: async () => {
          const method = operation === 'list' ? 'GET' : 'DELETE';
          const request = { method, url, headers: this.#headers } as const;
          const authorised = await access.authorise(request);
          grant = authorised.grant;
          return { ...request, headers: authorised.headers };
        },
        read: (result) => {
          const conceal = (text: string) => access.conceal(text);
          const reading = readAnswer(operation, result, clock.now(), conceal);
          const usable =
            !accept || reading.answer !== 'ok' || ('body' in result && accept(result.body));
          return usable ? reading : UNREADABLE;
        },
        maxAttempts,
        timeout,
        latestStart: operation === 'delete' ? window.deleteUntil : window.end,
        latestEnd: window.end,
        stop: window.stop,
        abortable: operation === 'list',
        counts,
      });
    let sent: Sent<AnswerReading> = { attempts: 0, uncertain: false };
    try {
      sent = await attempt();
      if (sent.reading?.answer === 'unauthorised' && grant && (await access.renew(grant))) {
        const again = await attempt();
        if (again.attempts > 0) counts.retried += 1;
        const attempts = sent.attempts + again.attempts;
        sent = { ...again, attempts, uncertain: sent.uncertain || again.uncertain };
      }
    } catch (error) {
      // The run ended while a token was asked for.
      if (error instanceof ApiError && error.gaveUp) {
        return { attempts: sent.attempts, gaveUp: error.gaveUp, uncertain: sent.uncertain };
      }
      if (!(error instanceof CredentialsError)) throw error;
      throw new TargetError('credentials', access.conceal(error.message));
    }
    this.#failTarget(sent.reading, action, grant);
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
function readPage(body: string, rowsKey: string, totalKey: string): Page | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const fields = parsed as Record<string, unknown>;
  const rows = fields[rowsKey] ?? [];
  // DCS documents its count as a string and shows a number; DMS sends a string.
  const total = fields[totalKey] ?? undefined;
  const count = typeof total === 'string' && /^\d+$/.test(total) ? Number(total) : total;
  const readable = count === undefined || (Number.isSafeInteger(count) && (count as number) >= 0);
  if (!Array.isArray(rows) || !readable) return undefined;
  return { rows, total: count as number | undefined };
}

/** What came of a request, in words. */
export function describe(sent: Sent<AnswerReading>): string {
  const reading = sent.reading ? describeReading(sent.reading) : 'no answer';
  const tries = sent.attempts > 1 ? ` (${sent.attempts} attempts)` : '';
  return `${reading}${tries}`;
}

function describeReading({ status, code, message }: AnswerReading): string {
  const name = [status, code?.startsWith('HTTP ') ? undefined : code].filter(Boolean).join(' ');
  return message ? `${name}: ${message}` : name;
}
