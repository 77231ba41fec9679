import { JanitorError } from '../model/error.ts';

/**
 * The proxy on the way is no proxy or refuses (`proxy`), which no retry mends, or does not reach what is asked for
 * (`proxy-unavailable`).
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
