import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { whyNoAnswer } from './no-answer.ts';
import { ProxyError, proxyName, WANTS_USER } from './proxy-error.ts';

export { HttpProxyAgent };

/**
 * Tunnels through a proxy. If the proxy refuses, the library passes its answer on as if the service had sent it; here
 * it becomes an error of the proxy.
 */
export class TunnelAgent extends HttpsProxyAgent<string> {
  /** The library guesses it from the stack, and wrongly where a connection is to be used again. */
  override isSecureEndpoint(): boolean {
    return true;
  }

  override async connect(
    ...[request, options]: Parameters<HttpsProxyAgent<string>['connect']>
  ): ReturnType<HttpsProxyAgent<string>['connect']> {
    let status = 200;
    request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      // A number that is no status is not repeated in the error.
      status = statusCode >= 100 && statusCode <= 599 ? Math.floor(statusCode) : Number.NaN;
    });
    const { host = '' } = options as { host?: string };
    const name = `the proxy ${proxyName(this.proxy)}`;
    // While the proxy has not answered, the library's connection to it would outlive the request.
    const over = new AbortController();
    const giveUp = () => over.abort();
    request.once('abort', giveUp);
    this.connectOpts = { ...this.connectOpts, signal: over.signal };
    let socket: Awaited<ReturnType<HttpsProxyAgent<string>['connect']>>;
    try {
      socket = await super.connect(request, options);
    } catch (error) {
      // The library's own errors have no code.
      const why =
        'code' in (error as Error)
          ? `does not answer: ${whyNoAnswer(error)}`
          : `does not connect to ${host}: ${explain(Number.NaN)}`;
      throw new ProxyError('proxy-unavailable', `${name} ${why}`);
    } finally {
      request.off('abort', giveUp);
    }
    if (status === 200) return socket;
    socket.destroy();
    const code = status >= 500 ? 'proxy-unavailable' : 'proxy';
    throw new ProxyError(code, `${name} does not connect to ${host}: ${explain(status)}`);
  }
}

function explain(status: number): string {
  if (Number.isNaN(status)) {
    return 'it does not answer as a proxy does; see whether HTTPS_PROXY names the right host and port';
  }
  if (status === 407) return WANTS_USER;
  if (status >= 500) return `${status}, it cannot reach that host`;
  return `${status}; have that host allowed in the proxy, or name it in NO_PROXY if it can be reached without one`;
}
