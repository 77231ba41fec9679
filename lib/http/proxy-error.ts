import { JanitorError } from '../model/error.ts';

/**
 * `proxy`: the proxy refuses, or is not a proxy; no retry helps. `proxy-unavailable`: it does not answer, or cannot
 * reach the host.
 */
export class ProxyError extends JanitorError {
  override readonly name = 'ProxyError';
  declare readonly code: 'proxy' | 'proxy-unavailable';

  constructor(code: ProxyError['code'], message: string, cause?: unknown) {
    super(code, message, cause);
  }
}

/** A proxy as messages name it: without its user and password. */
export function proxyName({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}
