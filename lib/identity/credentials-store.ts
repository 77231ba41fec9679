import { type Credentials, CredentialsError } from './credentials.ts';

/** Reads credentials from where they are kept. */
export interface CredentialsSource {
  /** Such as `the environment` or `secret task-janitor/huawei`. */
  readonly name: string;
  /** @throws {CredentialsError} when they are not there or not usable. */
  read(): Promise<Credentials>;
}

type Wait = <T>(promise: Promise<T>, source: string) => Promise<T>;

/**
 * Credentials of one source for the length of a run: read once, however many targets share them, and
 * once more when the service refuses them, since they may have been rotated meanwhile.
 */
export class CredentialsStore {
  readonly name: string;
  /** Every secret value that has been read or issued so far, so that none is ever shown. */
  readonly secrets: Set<string>;
  readonly #source: CredentialsSource;
  readonly #wait: Wait;
  #current: Promise<Credentials> | undefined;
  #rereadFor: Credentials | undefined;

  /**
   * @param wait bounds the time that a read may take, where the source sets itself no bound; throws what the
   * reader of credentials is to be told when it is over.
   * @param secrets those of the whole run: a service may repeat the token of another target.
   */
  constructor(
    source: CredentialsSource,
    wait: Wait = (promise) => promise,
    secrets = new Set<string>(),
  ) {
    this.secrets = secrets;
    this.name = source.name;
    this.#source = source;
    this.#wait = wait;
  }

  /** @throws {CredentialsError} when they cannot be read. */
  get(): Promise<Credentials> {
    this.#current ??= this.#read();
    return this.#current;
  }

  /** The credentials that replace refused ones, or `undefined` when there are no others. */
  async replacementFor(refused: Credentials): Promise<Credentials | undefined> {
    const current = await this.get();
    if (current === refused && this.#rereadFor !== refused) {
      this.#rereadFor = refused;
      this.#current = this.#read().then(
        (read) => (JSON.stringify(read) === JSON.stringify(refused) ? refused : read),
        (error: unknown) => {
          // Keep the credentials that were read before; the refusal is reported.
          if (error instanceof CredentialsError) return refused;
          throw error;
        },
      );
    }
    const replacement = await this.get();
    return replacement === refused ? undefined : replacement;
  }

  async #read(): Promise<Credentials> {
    const credentials = await this.#wait(this.#source.read(), this.name);
    const values =
      'password' in credentials
        ? [credentials.password]
        : [credentials.secretKey, credentials.securityToken];
    for (const value of values) if (value) this.secrets.add(value);
    return credentials;
  }
}
