/** The form of {@link originOf}: scheme, host, port, and a slash at most. */
export const ORIGIN = /^https?:\/\/[^\s/?#@\\]+\/?$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads a URL that is an origin and nothing more (scheme, host, port) and returns it without a slash
 * at the end. https anywhere; http on loopback alone, since requests carry credentials.
 *
 * @throws {TypeError} when it is anything else; the message does not repeat it, for it may hold a password
 */
export function originOf(text: string): string {
  const url = ORIGIN.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) {
    throw new TypeError(
      'not the URL of a server; write https://host or https://host:port, without user, path or query',
    );
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new TypeError('http is for loopback addresses only; write https');
  }
  return url.origin;
}
