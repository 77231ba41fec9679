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
   * @param wait bounds the time that a read may take, where the source sets itself no bound; throws what the
   * reader of credentials is to be told when it is over.
   * @param secrets those of the whole run.
   * @param warn is told what is not as it should be with a source that can be used.
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
   * The credentials that follow those which are about to end. They are asked for once, however many ask; the same
   * ones come back where that has failed, since they hold until the service refuses them.
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
   * @throws {CredentialsError} when those which end cannot be asked for again.
   */
  async replacementFor(refused: Credentials): Promise<Credentials | undefined> {
    const current = await this.get();
    if (current === refused && this.#rereadFor !== refused) {
      this.#rereadFor = refused;
      this.#current = this.#read().then(
        (read) => (JSON.stringify(read) === JSON.stringify(refused) ? refused : read),
        (error: unknown) => {
          // Keep the credentials that were read before; the refusal is reported. Those that end were good once,
          // so that the reason is what the new ones are refused for.
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
      // Of those that an agency gave, nothing is worth being shown.
      if (credentials.lifetime) values.push(credentials.accessKey);
      else this.secrets.addAccessKey(credentials.accessKey);
    }
    for (const value of values) if (value) this.secrets.add(value);
    return credentials;
  }
}
