import { randomBytes } from 'node:crypto';
import type { AccessKey } from './demo-identity.ts';

/** A temporary access key of an account, and its end in milliseconds. */
export interface TemporaryKey extends AccessKey {
  readonly securityToken: string;
  readonly domain: string;
  expiresAt: number;
}

/** All temporary keys ever issued: a new one does not invalidate those before it. */
export class TemporaryKeys {
  readonly #keys = new Map<string, TemporaryKey>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(domain: string, lifetimeMs: number): TemporaryKey {
    const key = {
      accessKey: `HST${randomBytes(9).toString('hex').toUpperCase().slice(0, 17)}`,
      secretKey: randomBytes(20).toString('hex'),
      securityToken: `ggp${randomBytes(48).toString('base64url')}`,
      domain,
      expiresAt: this.#now() + lifetimeMs,
    };
    this.#keys.set(key.accessKey, key);
    return key;
  }

  find(accessKey: string): TemporaryKey | undefined {
    return this.#keys.get(accessKey);
  }

  hasExpired(key: TemporaryKey): boolean {
    return this.#now() >= key.expiresAt;
  }

  /** Makes every key that was issued until now expire at once. */
  expireAll(): void {
    const now = this.#now();
    for (const key of this.#keys.values()) key.expiresAt = Math.min(key.expiresAt, now);
  }
}
