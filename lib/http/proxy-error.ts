import { JanitorError } from '../model/error.ts';

/**
 * `proxy`: the proxy refuses, or is not a proxy; no retry helps. `proxy-unavailable`: it does not answer, or cannot
 * reach the host.
 */
export class ProxyError extends JanitorError {
  override readonly name = 'ProxyError';
  declare readonly code: 'proxy' | 'proxy-unavailable';

  /** @param message in our own words: the library's quote what the proxy says. */
  constructor(code: ProxyError['code'], message: string) {
    super(code, message);
  }
}

/** A proxy as messages name it: without its user and password. */
export function proxyName({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** What a proxy's 407 means, and what to do. */
export const WANTS_USER =
  '407, it asks for a user and a password, or for others: write http://user:password@host:port into HTTPS_PROXY or HTTP_PROXY';
