import type { AccessKey, Project, User } from './demo-identity.ts';

/** A token by what it opens. */
export interface IssuedToken {
  readonly user: User;
  /** Absent on a domain-scoped token, which opens no project. */
  readonly project: Project | undefined;
  /** Milliseconds, as is its end. */
  readonly issuedAt: number;
  expiresAt: number;
}

/** A temporary access key of an account, and its end in milliseconds. */
export interface TemporaryKey extends AccessKey {
  readonly securityToken: string;
  readonly domain: string;
  expiresAt: number;
}

/** All tokens, or all temporary keys, ever issued: a new one does not invalidate those before it. */
export class Issued<T extends { expiresAt: number }> {
  readonly #byText = new Map<string, T>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `text` is what a request will carry: the token itself, or the id of the key. */
  add(text: string, issued: T): void {
    this.#byText.set(text, issued);
  }

  /** It may have expired. */
  find(text: string): T | undefined {
    return this.#byText.get(text);
  }

  hasExpired({ expiresAt }: T): boolean {
    return this.#now() >= expiresAt;
  }

  /** Makes everything that was issued until now expire at once. */
  expireAll(): void {
    const now = this.#now();
    for (const issued of this.#byText.values()) issued.expiresAt = Math.min(issued.expiresAt, now);
  }
}
