import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { proxyAgent, proxyFor } from './proxy.ts';

/**
 * A request handler for clients of the AWS SDK, which ignores the proxy's variables. A request that takes longer than
 * its time-out fails.
 * @param options the handler's own, such as its time-outs, in milliseconds.
 */
export function awsRequestHandler(
  options: NodeHttpHandlerOptions = {},
): Pick<NodeHttpHandler, keyof NodeHttpHandler> {
  // Without this, the handler only warns.
  const settings = { throwOnRequestTimeout: true, ...options };
  const direct = new NodeHttpHandler(settings);
  const proxied = new Map<string, Promise<NodeHttpHandler>>();
  const handlerFor = async (url: string): Promise<NodeHttpHandler> => {
    const proxy = proxyFor(url);
    if (!proxy) return direct;
    const secure = url.startsWith('https:');
    const key = `${secure} ${proxy.href}`;
    const made =
      proxied.get(key) ??
      proxyAgent(proxy, secure).then(
        (agent) =>
          new NodeHttpHandler({ ...settings, [secure ? 'httpsAgent' : 'httpAgent']: agent }),
      );
    proxied.set(key, made);
    return await made;
  };
  return {
    metadata: direct.metadata,
    handle: async (request, more) => {
      const { protocol, hostname, port } = request;
      const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}/`;
      return (await handlerFor(url)).handle(request, more);
    },
    destroy: () => {
      direct.destroy();
      for (const made of proxied.values()) void made.then((handler) => handler.destroy());
    },
    updateHttpClientConfig: (key, value) => direct.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => direct.httpHandlerConfigs(),
  };
}
