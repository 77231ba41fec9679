import { ApiError, TargetError } from '../answers/api-error.ts';
import type { AnswerReading } from '../answers/classify.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint, SendOptions, Sent } from '../http/endpoint.ts';
import type { HttpRequest } from '../http/transport.ts';
import { type Credentials, CredentialsError, type Lifetime, type User } from './credentials.ts';
import type { CredentialsStore } from './credentials-store.ts';
import { shortened } from './run-secrets.ts';
import { sign } from './sign.ts';

/** An IAM token that is scoped to a project, or to an account. */
export interface Token extends Lifetime {
  readonly value: string;
  /** The project that IAM says it is for, not yet compared with the one that was asked for. */
  readonly project?: unknown;
}

/** The secret or token that a request was authenticated with. */
export interface Grant {
  readonly credentials: Credentials;
  /** Present for a user; an access key signs each request instead. */
  readonly token?: Token;
}

/** A request that may be sent, and what it was authenticated with. */
export interface AuthorisedRequest extends HttpRequest {
  readonly grant: Grant;
}

/** Renewals after refusals, until the service has been content for a while. */
const MOST_RENEWALS = 3;
/** Milliseconds without a renewal after which they are counted anew: in a run of days, tokens may be revoked often. */
const CONTENT_MS = 10 * 60_000;

/** Authenticates a target's requests, with a signature or a token, and keeps the secrets out of sight. */
export class Access {
  readonly #store: CredentialsStore;
  readonly #issueToken: (user: User) => Promise<Token>;
  readonly #clock: Clock;
  #grant: Promise<Grant> | undefined;
  #renewal: Promise<boolean> | undefined;
  /** Renewals after refusals that followed each other closely, and when the latest was. */
  #renewals = 0;
  #renewedAt = 0;
  /** A grant that could not be replaced before its end: it is used until the service refuses it. */
  #lastResort: Grant | undefined;

  /** @param issueToken exchanges a user's password for a token of the target's project. */
  constructor(store: CredentialsStore, issueToken: (user: User) => Promise<Token>, clock: Clock) {
    this.#store = store;
    this.#issueToken = issueToken;
    this.#clock = clock;
  }

  /**
   * Sends a request with these credentials. If they are refused, reads them afresh and sends it once more.
   * @throws {TargetError} when there are no credentials, or IAM refuses them.
   */
  async send<R extends AnswerReading>(
    endpoint: Endpoint,
    request: HttpRequest,
    options: Omit<SendOptions<R>, 'build'>,
  ): Promise<Sent<R, AuthorisedRequest>> {
    const attempt = () =>
      endpoint.send({ ...options, build: async () => await this.authorise(request) });
    let sent: Sent<R, AuthorisedRequest> = { attempts: 0 };
    try {
      sent = await attempt();
      const refused = sent.reading?.answer === 'unauthorised' ? sent.request?.grant : undefined;
      if (refused && (await this.renew(refused))) {
        const again = await attempt();
        if (again.attempts > 0) options.counts.retried += 1;
        const attempts = sent.attempts + again.attempts;
        sent = { ...again, attempts };
      }
      return sent;
    } catch (error) {
      // The run ended while a token was asked for.
      if (error instanceof ApiError && error.gaveUp) {
        return { attempts: sent.attempts, gaveUp: error.gaveUp };
      }
      if (!(error instanceof CredentialsError)) throw error;
      throw new TargetError('credentials', this.conceal(error.message));
    }
  }

  /**
   * The request with the headers that authenticate it.
   * @throws {CredentialsError} when there are no credentials, or IAM refuses them.
   */
  async authorise(request: HttpRequest): Promise<AuthorisedRequest> {
    const grant = await this.current();
    const { credentials, token } = grant;
    if (token) {
      return { ...request, headers: { ...request.headers, 'X-Auth-Token': token.value }, grant };
    }
    if ('password' in credentials) throw new CredentialsError(`${this.#store.name}: no token`);
    return { ...request, headers: sign(request, credentials, this.#clock.now()), grant };
  }

  /** The current way to authenticate; a token or a key that is about to expire is replaced first. */
  async current(): Promise<Grant> {
    this.#grant ??= this.#obtain();
    const asked = this.#grant;
    const grant = await asked;
    const lifetime = grant.token ?? grant.credentials.lifetime;
    if (!lifetime || grant === this.#lastResort) return grant;
    if (!aboutToExpire(lifetime, this.#clock.now())) return grant;
    // The first to notice asks for a new one; the others wait for the same answer.
    if (this.#grant === asked) {
      this.#grant = this.#succeed(grant)
        .catch(() => grant)
        .then((next) => {
          if (next === grant) this.#lastResort = grant;
          return next;
        });
    }
    return await this.#grant;
  }

  /**
   * True when a request that was answered `unauthorised` is worth sending again: its key or token has been
   * replaced meanwhile, or could be replaced now. However many requests ask at once, there is one renewal, and after
   * three of them within minutes there is no other.
   * @param refused what the refused request was authenticated with.
   * @throws {CredentialsError} when IAM refuses a new token.
   */
  async renew(refused: Grant): Promise<boolean> {
    if ((await this.#grant) !== refused) return true;
    this.#renewal ??= this.#replaceIfSeldom(refused).finally(() => {
      this.#renewal = undefined;
    });
    return await this.#renewal;
  }

  /** Which credentials were refused, without their secrets. */
  describe(grant: Grant | undefined): string {
    const { name } = this.#store;
    const often = this.#renewals >= MOST_RENEWALS ? `, after ${this.#renewals} renewals` : '';
    if (!grant) return `credentials from ${name}`;
    const { credentials } = grant;
    if (credentials.lifetime) return `temporary key from ${name}${often}`;
    return 'password' in credentials
      ? `token of user ${credentials.username} from ${name}${often}`
      : `access key ${shortened(credentials.accessKey)} from ${name}${often}`;
  }

  /** The text without any secret that it may hold, and with access keys shortened. */
  conceal(text: string): string {
    return this.#store.secrets.conceal(text);
  }

  /** For one answer: whether a name or an id in it holds a secret. */
  revealer(): (text: string) => boolean {
    return this.#store.secrets.revealer();
  }

  async #obtain(credentials?: Credentials): Promise<Grant> {
    const chosen = credentials ?? (await this.#store.get());
    if (!('password' in chosen)) return { credentials: chosen };
    const token = await this.#issueToken(chosen);
    this.#store.secrets.add(token.value);
    return { credentials: chosen, token };
  }

  /** The same grant where there is no other. */
  async #succeed(ending: Grant): Promise<Grant> {
    if (ending.token) return await this.#obtain();
    const credentials = await this.#store.successorOf(ending.credentials);
    return credentials === ending.credentials ? ending : await this.#obtain(credentials);
  }

  /** A service that accepts each token for a single request would have as many as there are records, all held. */
  async #replaceIfSeldom(refused: Grant): Promise<boolean> {
    if (this.#clock.monotonic() - this.#renewedAt > CONTENT_MS) this.#renewals = 0;
    if (this.#renewals >= MOST_RENEWALS || !(await this.#replace(refused))) return false;
    this.#renewals += 1;
    this.#renewedAt = this.#clock.monotonic();
    return true;
  }

  async #replace({ credentials, token }: Grant): Promise<boolean> {
    let refusal: unknown;
    if (token) {
      try {
        const grant = await this.#obtain(credentials);
        this.#grant = Promise.resolve(grant);
        return true;
      } catch (error) {
        refusal = error;
      }
    }
    const replacement = await this.#store.replacementFor(credentials);
    if (replacement) {
      this.#grant = this.#obtain(replacement);
      await this.#grant;
      return true;
    }
    if (refusal) throw refusal;
    return false;
  }
}

/** Five minutes before its end, or a tenth of its life where that is shorter. */
function aboutToExpire({ issuedAt, expiresAt }: Lifetime, now: number): boolean {
  return expiresAt - now < Math.min(5 * 60_000, (expiresAt - issuedAt) / 10);
}
