import { ApiError, TargetError } from '../answers/api-error.ts';
import { type AnswerReading, describeResponse, readAnswer } from '../answers/classify.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint, SendOptions, Sent } from '../http/endpoint.ts';
import type { HttpRequest, HttpResponse } from '../http/transport.ts';
import type { RequestWindow } from '../http/window.ts';
import { counted, type RequestCounts } from '../model/summary.ts';
import { readTimestamp, repeatedIds } from '../model/task.ts';
import { isObject, listed, visible } from '../model/text.ts';
import type { Access, Token } from './access.ts';
import { type Credentials, CredentialsError, type User } from './credentials.ts';
import type { Agency } from './credentials-source.ts';
import { RunSecrets } from './run-secrets.ts';
import { type AccessKey, encode } from './sign.ts';

/** The scope of a token: a project by its id, the one that bears a region's name, or the whole account. */
export type Scope = { readonly id: string } | { readonly name: string } | 'account';

/** A project of an account. */
export interface Project {
  readonly id: string;
  /** On both clouds `REGION` or `REGION_something`. */
  readonly name: string;
  readonly enabled: boolean;
}

/** A project as IAM describes it; what cannot be used of it is `undefined`. */
interface ProjectRow {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly enabled: boolean;
}

/** Those that a policy may name, too. */
const PROJECT_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** The clouds allow no more characters. */
const LONGEST_NAME = 64;

const ATTEMPTS = 5;
const TIMEOUT_MS = 10_000;

/**
 * The form of a token, and of keys. Two headers come as one with a comma, and then it is not clear which is the token.
 */
const TOKEN = /^[\w+/=.~:-]+$/;
/** Characters of a token or a key: several times what a service takes as a header. */
const LONGEST_TOKEN = 65_536;

/** Advice for IAM's own error codes. */
const ADVICE: Readonly<Record<string, string>> = {
  'IAM.0061': 'the user is locked: wait, or have an administrator unlock it',
  'IAM.0062': 'the user name or password is wrong',
  'IAM.0066': 'the password has expired: set a new one and put it into the secret',
  'IAM.0067': 'the user name, password or account is not valid',
};

/** How long temporary keys are asked for. */
const AGENCY_SECONDS = 3_600;
/** The shortest time that they last, whatever an answer says: it would be asked for others with each request. */
const SHORTEST_AGENCY_MS = 900_000;
/** The same for a token, of which the services do not say it. */
const SHORTEST_TOKEN_MS = 60_000;

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
  readonly #secrets: RunSecrets;

  constructor(options: {
    endpoint: Endpoint;
    clock: Clock;
    window: RequestWindow;
    counts: RequestCounts;
    /** Are hidden in what IAM says. */
    secrets: RunSecrets;
  }) {
    this.#endpoint = options.endpoint;
    this.#clock = options.clock;
    this.#window = options.window;
    this.#counts = options.counts;
    this.#secrets = options.secrets;
  }

  /**
   * Exchanges a password for a token, which the service says lives 24 hours.
   * @throws {CredentialsError} when IAM refuses, or does not answer; {ApiError} when time is up.
   */
  async token(user: User, scope: Scope): Promise<Token> {
    const domain = user.domainIsId ? { id: user.domain } : { name: user.domain };
    const body = {
      auth: {
        identity: {
          methods: ['password'],
          password: {
            user: {
              name: user.username,
              password: user.password,
              domain,
            },
          },
        },
        scope: scope === 'account' ? { domain } : { project: scope },
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
      ...this.#sendOptions(),
      build: async () => request,
    });
    const value = sent.reading?.response?.header('x-subject-token');
    if (sent.reading?.answer === 'ok' && value && isToken(value)) {
      return { value, issuedAt, ...readTokenBody(sent.reading.response?.body ?? '', issuedAt) };
    }
    const refusal = this.#refusal(user, sent);
    if (isOver(sent)) throw new ApiError(refusal, sent.reading, sent.gaveUp);
    throw new CredentialsError(refusal);
  }

  /**
   * The project that bears a region's name; there is one in each region.
   * @param ofToken the project that a token of that scope is for; IAM is asked where there is none.
   * @throws {TargetError} when there is none, or IAM does not tell; {ApiError} when time is up.
   */
  async ownProject(region: string, access: Access, ofToken?: unknown): Promise<Project> {
    const failure = `${this.#endpoint.origin} did not give the project of region ${region}`;
    const advice = '. Write projectId in the policy.';
    const path = `/v3/projects?name=${encode(region)}`;
    const rows = ofToken ? [ofToken] : await this.#projectRows(path, access, failure, advice);
    const found = this.#readProjects(rows);
    // A service may ignore the name that it is asked for.
    const named = found.filter(({ name }) => name === region);
    const [own] = named;
    if (isUsable(own) && named.length === 1 && repeatedIds(found).size === 0) return own;
    const came = own
      ? describeNamesakes(own, named.length)
      : describeNames(found.map(({ name }) => name));
    const message = `${failure}: it was asked for the one named ${region}, and answered with ${this.#secrets.conceal(came)}${advice}`;
    throw new TargetError('project', message);
  }

  /**
   * The projects that the credentials may enter, in all regions.
   * @param region the one they are asked for, for messages.
   * @throws {TargetError} when IAM does not tell, or not of all; {ApiError} when time is up.
   */
  async projects(region: string, access: Access): Promise<Project[]> {
    const failure = `${this.#endpoint.origin} did not list the projects of region ${region}`;
    const advice = '. Write projectId instead of projects.';
    const rows = await this.#projectRows('/v3/auth/projects', access, failure, advice);
    const found = this.#readProjects(rows);
    const usable = found.filter(isUsable);
    const [repeated] = repeatedIds(found);
    const trouble =
      usable.length < found.length
        ? `the id or the name of ${counted(found.length - usable.length, 'project')} cannot be used`
        : repeated && `the id ${repeated} stands for two projects`;
    if (trouble) throw new TargetError('project', `${failure}: ${trouble}${advice}`);
    return usable;
  }

  /** The rows of a list, as they came. */
  async #projectRows(
    path: string,
    access: Access,
    what: string,
    advice: string,
  ): Promise<readonly unknown[]> {
    const sent = await access.send(
      this.#endpoint,
      { method: 'GET', url: `${this.#endpoint.origin}${path}`, headers: {} },
      this.#sendOptions(),
    );
    const { reading, request } = sent;
    const body = bodyOf(sent);
    if (body !== undefined) {
      const rows = readWholeList(body);
      if (rows) return rows;
      throw new TargetError('project', `${what}: its answer is not the whole list${advice}`);
    }
    const failure = `${what}: ${describeResponse(sent)}`;
    if (isOver(sent)) throw new ApiError(failure, reading, sent.gaveUp);
    if (reading?.answer === 'unauthorised') {
      const message = `${failure}. Check the credentials (${access.describe(request?.grant)}) and this machine's clock.`;
      throw new TargetError('unauthorised', message, reading);
    }
    throw new TargetError('project', `${failure}${advice}`, reading);
  }

  /**
   * Temporary keys to act through an agency in the account that gave it, for an hour.
   * @param access of a user who may assume agencies.
   * @throws {CredentialsError} when IAM refuses, or does not answer; {ApiError} when time is up.
   */
  async assume({ domain, name }: Agency, access: Access): Promise<Credentials> {
    const role = { agency_name: name, domain_name: domain, duration_seconds: AGENCY_SECONDS };
    const body = { auth: { identity: { methods: ['assume_role'], assume_role: role } } };
    const request: HttpRequest = {
      method: 'POST',
      url: `${this.#endpoint.origin}/v3.0/OS-CREDENTIAL/securitytokens`,
      headers: { 'Content-Type': 'application/json;charset=utf8' },
      body: JSON.stringify(body),
    };
    const issuedAt = this.#clock.now();
    const sent = await access.send(this.#endpoint, request, this.#sendOptions());
    const answer = bodyOf(sent);
    const keys = answer === undefined ? undefined : readTemporaryKeys(answer);
    if (keys) {
      const { expiresAt, ...key } = keys;
      // By the service's clock: this machine's may differ from it by hours.
      const life = expiresAt - (sent.reading?.serverTime ?? issuedAt);
      const lasts = Math.max(life || 0, SHORTEST_AGENCY_MS);
      return { ...key, lifetime: { issuedAt, expiresAt: issuedAt + lasts } };
    }
    const said = answer === undefined ? describeResponse(sent) : 'its answer holds no keys';
    const failure = `${this.#endpoint.origin} gave no keys for agency ${name} of account ${domain}: ${said}`;
    if (isOver(sent)) throw new ApiError(failure, sent.reading, sent.gaveUp);
    const advice = explainAgency(sent.reading, access.describe(sent.request?.grant));
    throw new CredentialsError(advice ? `${failure} (${advice})` : failure);
  }

  /** An id or a name that holds a secret is none: it would be shown. */
  #readProjects(rows: readonly unknown[]): ProjectRow[] {
    const reveals = this.#secrets.revealer();
    const harmless = (text: string | undefined) =>
      text !== undefined && reveals(text) ? undefined : text;
    return rows.map((row) => {
      const { id, name, enabled } = readProject(row);
      return { id: harmless(id), name: harmless(name), enabled };
    });
  }

  #sendOptions(): Omit<SendOptions<IamReading>, 'build'> {
    return {
      read: (result) => {
        const response = 'status' in result ? result : undefined;
        const token = response?.header('x-subject-token');
        // An answer may repeat the token that came with it, which is none of the run's yet.
        const tokens = token ? new RunSecrets() : undefined;
        if (token) tokens?.add(token);
        const conceal = (text: string) => this.#secrets.conceal(text, tokens);
        return {
          ...readAnswer('list', result, this.#clock.now(), conceal),
          ...(response && { response }),
        };
      },
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
      ? 'the user logs in with a second factor: use a user without one, or an access key'
      : ADVICE[code];
    const said =
      sent.reading?.answer === 'ok'
        ? 'its answer holds no token that can be used; see where iamEndpoint and HTTPS_PROXY lead to'
        : describeResponse(sent);
    return `${this.#endpoint.origin} gave no token to ${who}: ${said}${advice ? ` (${advice})` : ''}`;
  }
}

function readTokenBody(
  body: string,
  issuedAt: number,
): { expiresAt: number; project: ProjectRow | undefined } {
  const { token } = parse(body) as { token?: Fields };
  // The service's own two times: this machine's clock may differ from its by hours.
  const end = readTimestamp(token?.expires_at);
  const begin = readTimestamp(token?.issued_at);
  const life = end === undefined || begin === undefined ? 0 : end - begin;
  return {
    // Unreadable: an hour is far below the 24 that the service grants.
    expiresAt: issuedAt + (life > 0 ? Math.max(life, SHORTEST_TOKEN_MS) : 3_600_000),
    project: token?.project ? readProject(token.project) : undefined,
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** The meaning of a refusal to assume an agency. Its codes are not documented: the status decides, then the words. */
function explainAgency(reading: AnswerReading | undefined, caller: string): string | undefined {
  const { status, message = '' } = reading ?? {};
  if (status === 404) {
    return 'that account has no agency of this name: check domain and name in the policy';
  }
  if (status === 401) return `check the ${caller}, and this machine's clock`;
  if (status !== 403) return undefined;
  const undelegated =
    'the agency is not delegated to the account of these credentials: ask its owner to delegate it to that account';
  const noRight = 'the user may not assume agencies: grant the user the role Agent Operator';
  if (/deleg|trust|not belong|account|domain/i.test(message)) return undelegated;
  if (/polic|permission|authori[sz]ed|operator|action|role/i.test(message)) return noRight;
  return `either ${undelegated}; or ${noRight}`;
}

function isToken(text: string): boolean {
  return text.length <= LONGEST_TOKEN && TOKEN.test(text);
}

/** `undefined` where they are not whole. */
function readTemporaryKeys(body: string): (AccessKey & { readonly expiresAt: number }) | undefined {
  const { credential } = parse(body) as { credential?: unknown };
  const { access, secret, securitytoken, expires_at: end } = isObject(credential) ? credential : {};
  const parts = [access, secret, securitytoken];
  if (!parts.every((part) => typeof part === 'string' && isToken(part))) return undefined;
  return {
    accessKey: access as string,
    secretKey: secret as string,
    securityToken: securitytoken as string,
    expiresAt: readTimestamp(end) ?? Number.NaN,
  };
}

function readProject(row: unknown): ProjectRow {
  const { id, name, enabled } = isObject(row) ? row : {};
  return {
    id: typeof id === 'string' && PROJECT_ID.test(id) ? id : undefined,
    name: typeof name === 'string' && name.length <= LONGEST_NAME ? name : undefined,
    enabled: (enabled ?? true) === true,
  };
}

/** The rows of a list that does not go on elsewhere. */
function readWholeList(body: string): readonly unknown[] | undefined {
  const { projects, links } = parse(body) as { projects?: unknown; links?: unknown };
  return Array.isArray(projects) && !(isObject(links) && links.next) ? projects : undefined;
}

function isUsable(row: ProjectRow | undefined): row is Project {
  return row?.id !== undefined && row.name !== undefined;
}

function describeNamesakes({ id }: ProjectRow, count: number): string {
  if (count > 1) return `${count} of that name`;
  return id === undefined ? 'one whose id cannot be used' : 'an id that stands for two projects';
}

/** Names of projects that are shown where another one was asked for. */
const MAX_NAMES = 3;

function describeNames(names: readonly (string | undefined)[]): string {
  if (names.length === 0) return 'none';
  const shown = names.map((name) => (name ? visible(name) : 'one whose name cannot be used'));
  return listed(shown, MAX_NAMES);
}

/** The body of an answer that is `ok`. */
function bodyOf({ reading }: Sent<IamReading>): string | undefined {
  return reading?.answer === 'ok' ? (reading.response?.body ?? '') : undefined;
}

/** Whether the only thing wrong is that the run has to end. */
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
