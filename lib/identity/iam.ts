import { ApiError, TargetError } from '../answers/api-error.ts';
import { type AnswerReading, describeResponse, readAnswer } from '../answers/classify.ts';
import { type Conceal, concealer } from '../answers/conceal.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint, SendOptions, Sent } from '../http/endpoint.ts';
import type { HttpRequest, HttpResponse } from '../http/transport.ts';
import type { RequestWindow } from '../http/window.ts';
import type { RequestCounts } from '../model/summary.ts';
import { readId } from '../model/task.ts';
import { isObject } from '../model/text.ts';
import type { Access, Token } from './access.ts';
import { CredentialsError, type User } from './credentials.ts';
import { encode } from './sign.ts';

/** The scope of a token: a project by its id, or the one that bears a region's name. */
export type Scope = { readonly id: string } | { readonly name: string };

/** A project of an account. */
export interface Project {
  readonly id: string;
  /** Its region's name, which more may follow; empty when it cannot be read. */
  readonly name: string;
}

const ATTEMPTS = 5;
const TIMEOUT_MS = 10_000;

/** Advice for IAM's own error codes. */
const ADVICE: Readonly<Record<string, string>> = {
  'IAM.0061': 'the user is locked: wait, or have an administrator unlock it',
  'IAM.0062': 'the user name or password is wrong',
  'IAM.0066': 'the password has expired: set a new one and put it into the secret',
  'IAM.0067': 'the user name, password or account is not valid',
};

/** An answer, and the response that it was read from, where one came. */
interface IamReading extends AnswerReading {
  readonly response?: HttpResponse;
}

/** The identity service of one region: tokens, and the ids of projects. */
export class Iam {
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #window: RequestWindow;
  readonly #counts: RequestCounts;

  constructor(options: {
    endpoint: Endpoint;
    clock: Clock;
    window: RequestWindow;
    counts: RequestCounts;
  }) {
    this.#endpoint = options.endpoint;
    this.#clock = options.clock;
    this.#window = options.window;
    this.#counts = options.counts;
  }

  /**
   * Exchanges a password for a token, which the service says lives 24 hours.
   * @throws {CredentialsError} when IAM refuses, or does not answer; {ApiError} when time is up.
   */
  async token(user: User, scope: Scope): Promise<Token> {
    const body = {
      auth: {
        identity: {
          methods: ['password'],
          password: {
            user: {
              name: user.username,
              password: user.password,
              domain: { name: user.domain },
            },
          },
        },
        scope: { project: scope },
      },
    };
    const request: HttpRequest = {
      method: 'POST',
      url: `${this.#endpoint.origin}/v3/auth/tokens?nocatalog=true`,
      headers: { 'Content-Type': 'application/json;charset=utf8' },
      body: JSON.stringify(body),
    };
    const issuedAt = this.#clock.now();
    const sent = await this.#endpoint.send({
      ...this.#sendOptions(concealer([user.password])),
      build: async () => request,
    });
    const value = sent.reading?.response?.header('x-subject-token');
    if (sent.reading?.answer === 'ok' && value) {
      return { value, issuedAt, ...readTokenBody(sent.reading.response?.body ?? '', issuedAt) };
    }
    const refusal = this.#refusal(user, sent);
    if (isOver(sent)) throw new ApiError(refusal, sent.reading, sent.gaveUp);
    throw new CredentialsError(refusal);
  }

  /**
   * The id of the project that bears a region's name; there is one in each region.
   * @throws {TargetError} when there is none, or IAM does not tell; {ApiError} when time is up.
   */
  async projectId(region: string, access: Access): Promise<string> {
    const failure = `${this.#endpoint.origin} did not give the project of region ${region}`;
    const advice = '. Write projectId in the policy.';
    const path = `/v3/projects?name=${encode(region)}`;
    const [project, ...others] = await this.#projects(path, access, failure, advice);
    if (project && others.length === 0) return project.id;
    const said = project ? others.length + 1 : 'none';
    throw new TargetError('project', `${failure}: it names ${said}${advice}`);
  }

  /**
   * The projects that the credentials may enter, in all regions.
   * @throws {TargetError} when IAM does not tell; {ApiError} when time is up.
   */
  async projects(access: Access): Promise<Project[]> {
    const failure = `${this.#endpoint.origin} did not list the projects`;
    return await this.#projects('/v3/auth/projects', access, failure);
  }

  async #projects(path: string, access: Access, what: string, advice = ''): Promise<Project[]> {
    const sent = await access.send(
      this.#endpoint,
      { method: 'GET', url: `${this.#endpoint.origin}${path}`, headers: {} },
      this.#sendOptions((text) => access.conceal(text)),
    );
    const { reading, request } = sent;
    if (reading?.answer === 'ok') return readProjects(reading.response?.body ?? '');
    const failure = `${what}: ${describeResponse(sent)}`;
    if (isOver(sent)) throw new ApiError(failure, reading, sent.gaveUp);
    if (reading?.answer === 'unauthorised') {
      const message = `${failure}. Check the credentials (${access.describe(request?.grant)}) and this machine's clock.`;
      throw new TargetError('unauthorised', message, reading);
    }
    throw new TargetError('project', `${failure}${advice}`, reading);
  }

  #sendOptions(conceal: Conceal): Omit<SendOptions<IamReading>, 'build'> {
    return {
      read: (result) => ({
        ...readAnswer('list', result, this.#clock.now(), conceal),
        ...('status' in result && { response: result }),
      }),
      changes: false,
      window: this.#window,
      maxAttempts: ATTEMPTS,
      timeout: TIMEOUT_MS,
      counts: this.#counts,
    };
  }

  #refusal(user: User, sent: Sent<AnswerReading>): string {
    const who = `user ${user.username} of account ${user.domain}`;
    const message = sent.reading?.message ?? '';
    const code = sent.reading?.code ?? '';
    const advice = /mfa|totp|verification/i.test(message)
      ? 'the user needs a second factor: use one without, or an access key'
      : ADVICE[code];
    const said = describeResponse(sent);
    return `${this.#endpoint.origin} gave no token to ${who}: ${said}${advice ? ` (${advice})` : ''}`;
  }
}

function readTokenBody(
  body: string,
  issuedAt: number,
): { expiresAt: number; projectId: string | undefined } {
  const { token } = parse(body) as { token?: Fields & { project?: Fields } };
  // The service's own two times: this machine's clock may differ from its by hours.
  const life = Date.parse(String(token?.expires_at)) - Date.parse(String(token?.issued_at));
  const projectId = token?.project?.id;
  return {
    // Unreadable: an hour is far below the 24 that the service grants.
    expiresAt: issuedAt + (life > 0 ? life : 3_600_000),
    projectId: readId(projectId),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Those that have a usable id. */
function readProjects(body: string): Project[] {
  const { projects } = parse(body) as { projects?: unknown };
  return (Array.isArray(projects) ? projects : []).flatMap((row: unknown) => {
    const { id: given, name } = isObject(row) ? row : ({} as Fields);
    const id = readId(given);
    return id === undefined ? [] : [{ id, name: typeof name === 'string' ? name : '' }];
  });
}

/** Whether nothing is wrong but that the run ends. */
function isOver({ gaveUp }: Sent<AnswerReading>): boolean {
  return gaveUp === 'deadline' || gaveUp === 'stopped';
}

function parse(body: string): object {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
