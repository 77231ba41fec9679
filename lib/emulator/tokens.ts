import { randomBytes } from 'node:crypto';
import type { Project, User } from './demo-identity.ts';

/** A token and what it opens. */
export interface IssuedToken {
  readonly text: string;
  readonly user: User;
  /** Absent on a domain-scoped token, which opens no project. */
  readonly project: Project | undefined;
  /** Milliseconds, as is its end. */
  readonly issuedAt: number;
  expiresAt: number;
}

/** The token that a text in `X-Auth-Token` stands for. */
export type TokenState =
  | { readonly state: 'valid'; readonly token: IssuedToken }
  | { readonly state: 'expired' }
  | { readonly state: 'unknown' };

/** All tokens ever issued: a new one does not invalidate those before it. */
export class TokenStore {
  readonly #tokens = new Map<string, IssuedToken>();
  readonly #now: () => number;
  readonly #lifetimeMs: number;

  constructor(now: () => number, lifetimeMs: number) {
    this.#now = now;
    this.#lifetimeMs = lifetimeMs;
  }

  issue(user: User, project: Project | undefined): IssuedToken {
    const issuedAt = this.#now();
    const text = `MII${randomBytes(48).toString('base64url')}`;
    const token = { text, user, project, issuedAt, expiresAt: issuedAt + this.#lifetimeMs };
    this.#tokens.set(text, token);
    return token;
  }

  look(text: string): TokenState {
    const token = this.#tokens.get(text);
    if (token === undefined) return { state: 'unknown' };
    return this.#now() < token.expiresAt ? { state: 'valid', token } : { state: 'expired' };
  }

  /** Makes every token that was issued until now expire at once. */
  expireAll(): void {
    const now = this.#now();
    for (const token of this.#tokens.values()) token.expiresAt = Math.min(token.expiresAt, now);
  }
}
