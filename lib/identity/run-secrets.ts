import { Secrecy } from '../answers/conceal.ts';
import { proxySecrets } from '../http/proxy.ts';
import { shareOfMemory } from '../model/memory.ts';
import { CredentialsError } from './credentials.ts';

/**
 * The most characters that the secrets of a run may have together: tokens of 8,000 for 1,000 projects. Each takes some 32
 * bytes, since all forms of a secret are held until the run ends: a quarter of the memory for objects at most.
 */
const MAX_TEXT = Math.min(8_000_000, shareOfMemory(1 / 128));
/** Characters that take as much memory as what is held of a secret besides its text. */
const OVERHEAD = 100;

/**
 * The secrets of a run, which its targets share: a service may repeat the token of another target. The proxies' are
 * among them, since a proxy may answer in the place of a service.
 */
export class RunSecrets {
  readonly #values = new Set<string>();
  /** Each with what is shown of it. */
  readonly #accessKeys = new Map<string, string>();
  #shortestAccessKey = Number.POSITIVE_INFINITY;
  readonly #secrecy = new Secrecy(this.#values, this.#accessKeys);
  readonly #mostText: number;
  #text = 0;

  /** @param mostText characters of all secrets together. */
  constructor(mostText = MAX_TEXT) {
    this.#mostText = mostText;
    for (const secret of proxySecrets()) this.add(secret);
  }

  /** Every secret value that is known so far, so that none is ever shown. */
  get values(): ReadonlySet<string> {
    return this.#values;
  }

  /** @throws {CredentialsError} where the run would hold more than it may: what cannot be hidden is not to be used. */
  add(value: string): void {
    if (this.#values.has(value)) return;
    this.#makeRoom(value);
    this.#values.add(value);
  }

  /**
   * An access key is no secret, and is shown in part.
   * @throws as {@link add} does.
   */
  addAccessKey(accessKey: string): void {
    // A short one stands in many a harmless text.
    if (accessKey.length <= SHORTEST || this.#accessKeys.has(accessKey)) return;
    this.#makeRoom(accessKey);
    this.#accessKeys.set(accessKey, shortened(accessKey));
    this.#shortestAccessKey = Math.min(this.#shortestAccessKey, accessKey.length);
  }

  /**
   * The text without any secret that it may hold, of these or of others; of an access key, the first and last characters
   * stay.
   */
  conceal(text: string, others?: RunSecrets): string {
    return this.#secrecy.conceal(text, others ? others.#secrecy : undefined);
  }

  /** For one answer: whether a name or an id in it holds a secret, or an access key in full. */
  revealer(): (text: string) => boolean {
    const revealsSecret = this.#secrecy.revealer();
    return (text) => this.#hasAccessKey(text) || revealsSecret(text);
  }

  #hasAccessKey(text: string): boolean {
    if (text.length < this.#shortestAccessKey) return false;
    for (const key of this.#accessKeys.keys()) if (text.includes(key)) return true;
    return false;
  }

  #makeRoom(value: string): void {
    const text = this.#text + value.length + OVERHEAD;
    if (text > this.#mostText) {
      throw new CredentialsError(
        `the run was given more tokens and keys than it has memory for (it holds ${this.#values.size}): use an access key, which needs no tokens, or clean fewer targets at once (--target)`,
      );
    }
    this.#text = text;
  }
}

/** Characters up to which nothing of an access key is shown. */
const SHORTEST = 8;

/** An access key as it may be shown. */
export function shortened(accessKey: string): string {
  return accessKey.length > SHORTEST ? `${accessKey.slice(0, 4)}…${accessKey.slice(-2)}` : '…';
}
