import { type Credentials, CredentialsError, type CredentialsSource } from './credentials.ts';

type Wait = <T>(promise: Promise<T>, source: string) => Promise<T>;

/**
 * Credentials of one source for the length of a run: read once, however many targets share them, and
 * once more when the service refuses them, since they may have been rotated meanwhile.
 */
export class CredentialsStore {
  readonly name: string;
  readonly #source: CredentialsSource;
  readonly #wait: Wait;
  readonly #warn: (message: string) => void;
  #current: Promise<Credentials> | undefined;
  #rereadFor: Credentials | undefined;
  #seen = new Set<string>();

  /**
   * @param wait bounds the time that a read may take, where the source sets itself no bound; throws what the
   * reader of credentials is to be told when it is over.
   * @param warn is told what is not as it should be with a source that can be used.
   */
  constructor(
    source: CredentialsSource,
    wait: Wait = (promise) => promise,
    warn: (message: string) => void = () => {},
  ) {
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

  /** Every secret value that has been read so far, so that none is ever shown. */
  get secrets(): readonly string[] {
    return [...this.#seen];
  }

  async #read(): Promise<Credentials> {
    const credentials = await this.#wait(this.#source.read(this.#warn), this.name);
    const values =
      'password' in credentials
        ? [credentials.password]
        : [credentials.secretKey, credentials.securityToken];
    for (const value of values) if (value) this.#seen.add(value);
    return credentials;
  }
}
