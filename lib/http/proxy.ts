import type { Agent } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';
import { isLoopback } from '../model/origins.ts';
import { ProxyError } from './proxy-error.ts';

/**
 * The proxy that a request goes through: `HTTPS_PROXY` or `HTTP_PROXY` of this process, unless `NO_PROXY` names the
 * host; in upper or lower case. Loopback is never proxied.
 * @throws {ProxyError} when the variable holds no proxy that can be used; the message does not repeat it.
 */
export function proxyFor(url: string): URL | undefined {
  const { protocol, hostname } = new URL(url);
  if (isLoopback(hostname) || needsNoProxy(hostname)) return undefined;
  const found = getProxyForUrl(url);
  if (found === '') return undefined;
  // Other programs take a proxy without a scheme for plain HTTP; the library gives it the scheme of the request.
  const bare = found.slice(`${protocol}//`.length);
  const text = VARIABLES.some((name) => process.env[name] === bare) ? `http://${bare}` : found;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol !== 'http:' && proxy?.protocol !== 'https:') {
    throw unusable(`is not the URL of an HTTP proxy: write http://host:port. ${ESCAPES}`);
  }
  // Such a sign ends the host: what is left of the password would be named as the port.
  if (proxy.pathname !== '/' || proxy.search !== '' || proxy.hash !== '') {
    throw unusable(`has more than http://user:password@host:port. ${ESCAPES}`);
  }
  // The library decodes them once its socket is open, and nobody could catch what it throws there.
  if (!userOf(proxy)) {
    throw unusable('has a % in its user or password that stands for itself: write %25');
  }
  return proxy;
}

/**
 * The secrets of this process's proxies: of each its password, and what is sent of it and the user. The pair of them is
 * none: whatever has the name of the user would be hidden. Without a password the user may be a key, if it looks like one.
 */
export function proxySecrets(): readonly string[] {
  return VARIABLES.flatMap((name) => {
    const text = process.env[name] ?? '';
    const url = text.includes('://') ? text : `http://${text}`;
    const { user = '', password = '' } = (URL.canParse(url) && userOf(new URL(url))) || {};
    if (!user && !password) return [];
    const key = password || (LOOKS_LIKE_KEY.test(user) ? user : '');
    return [key, Buffer.from(`${user}:${password}`).toString('base64')];
  }).filter(Boolean);
}

/** 16 characters and more, of which some are digits. */
const LOOKS_LIKE_KEY = /^(?=.*\d).{16,}$/;

/** Undefined where they cannot be decoded. */
function userOf({ username, password }: URL): { user: string; password: string } | undefined {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}

/** An agent that sends requests through a proxy and keeps connections alive. */
export async function proxyAgent(proxy: URL, secure: boolean): Promise<Agent> {
  const { HttpProxyAgent, TunnelAgent } = await import('./tunnel-agent.ts');
  return secure
    ? new TunnelAgent(proxy, { keepAlive: true })
    : new HttpProxyAgent(proxy, { keepAlive: true });
}

const ESCAPES = 'In a user and password, write %2F for /, %5C for \\, %3F for ? and %23 for #';

/** @param why what is wrong with the variables, without their text: it may hold a password. */
function unusable(why: string): ProxyError {
  return new ProxyError('proxy', `HTTPS_PROXY or HTTP_PROXY ${why}`);
}

const VARIABLES = ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/**
 * Whether `NO_PROXY` has a block such as 10.0.0.0/8 that an address is in, or a domain that a name belongs to. The
 * library wants a dot before a domain; curl and others do not, and the variable is written for all of them.
 */
function needsNoProxy(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  const entries = (process.env.no_proxy || process.env.NO_PROXY || '').split(/[,\s]+/);
  if (family === 0) {
    const name = withoutLastDot(hostname);
    return entries
      .map((entry) => withoutLastDot(entry.toLowerCase()))
      .some((entry) => entry !== '' && (name === entry || name.endsWith(`.${entry}`)));
  }
  return entries.some((network) => {
    const [, base = '', bits = ''] = /^([\d.]+|[\da-f:]+)\/(\d{1,3})$/i.exec(network) ?? [];
    if (isIP(base) !== family || Number(bits) > (family === 4 ? 32 : 128)) return false;
    const list = new BlockList();
    const kind = family === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(base, Number(bits), kind);
    return list.check(address, kind);
  });
}

function withoutLastDot(name: string): string {
  return name.replace(/\.$/, '');
}
