import { type Credentials, CredentialsError, type CredentialsSource } from './credentials.ts';
import { RunSecrets } from './run-secrets.ts';

type Wait = <T>(promise: Promise<T>, source: string) => Promise<T>;

/**
 * Credentials of one source for the length of a run: read once, however many targets share them, and
 * once more when the service refuses them, since they may have been rotated meanwhile.
 */
export class CredentialsStore {
  readonly name: string;
  /** Receives what is read and issued, so that none of it is ever shown. */
  readonly secrets: RunSecrets;
  readonly #source: CredentialsSource;
  readonly #wait: Wait;
  readonly #warn: (message: string) => void;
  #current: Promise<Credentials> | undefined;
  #rereadFor: Credentials | undefined;
  #renewedFor: Credentials | undefined;

  /**
   * @param wait limits the time of a read, for sources that have no limit of their own. It throws the error that the
   * caller gets when the time is over.
   * @param secrets those of the whole run.
   * @param warn is told what is wrong with a source that can be used all the same.
   */
  constructor(
    source: CredentialsSource,
    wait: Wait = (promise) => promise,
    secrets = new RunSecrets(),
    warn: (message: string) => void = () => {},
  ) {
    this.secrets = secrets;
    this.name = source.name;
    this.#source = source;
    this.#wait = wait;
    this.#warn = warn;
  }

  /** @throws {CredentialsError} when they cannot be read. */
  get(): Promise<Credentials> {
    this.#current ??= this.#read();
    return this.#current;
  }

  /**
   * The successors of credentials that are about to expire. They are read once, however many ask. If that fails, the
   * same credentials come back: they are used until the service refuses them.
   */
  async successorOf(ending: Credentials): Promise<Credentials> {
    const current = await this.get();
    if (current === ending && this.#renewedFor !== ending) {
      this.#renewedFor = ending;
      this.#current = this.#read().catch(() => ending);
    }
    return await this.get();
  }

  /**
   * The credentials that replace refused ones, or `undefined` when there are no others.
   * @throws {CredentialsError} when temporary ones cannot be asked for again.
   */
  async replacementFor(refused: Credentials): Promise<Credentials | undefined> {
    const current = await this.get();
    if (current === refused && this.#rereadFor !== refused) {
      this.#rereadFor = refused;
      this.#current = this.#read().then(
        (read) => (JSON.stringify(read) === JSON.stringify(refused) ? refused : read),
        (error: unknown) => {
          // Keep the credentials that were read before; the refusal is reported. Temporary ones were good once, so
          // the reason is why there are no new ones.
          if (error instanceof CredentialsError && !refused.lifetime) return refused;
          throw error;
        },
      );
    }
    const replacement = await this.get();
    return replacement === refused ? undefined : replacement;
  }

  async #read(): Promise<Credentials> {
    const credentials = await this.#wait(this.#source.read(this.#warn), this.name);
    const values =
      'password' in credentials
        ? [credentials.password]
        : [credentials.secretKey, credentials.securityToken];
    if ('accessKey' in credentials) {
      // Nothing of temporary keys is worth showing.
      if (credentials.lifetime) values.push(credentials.accessKey);
      else this.secrets.addAccessKey(credentials.accessKey);
    }
    for (const value of values) if (value) this.secrets.add(value);
    return credentials;
  }
}
