import { createHash, createHmac } from 'node:crypto';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID } from '../../../lib/emulator/demo-identity.ts';

const NO_BODY = createHash('sha256').digest('hex');
const SIGNED = 'host;x-project-id;x-sdk-date';

/**
 * The least that signs a request without a body: nothing is parsed or sorted that is known already.
 * @param path as it goes on the wire, encoded, without its query.
 * @param query likewise, its parameters in order.
 */
export function signedHeaders(
  method: string,
  host: string,
  path: string,
  query: string,
): Record<string, string> {
  const date = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const canonical = `${method}\n${path}/\n${query}\nhost:${host}\nx-project-id:${DEMO_PROJECT_ID}\nx-sdk-date:${date}\n\n${SIGNED}\n${NO_BODY}`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const signature = createHmac('sha256', DEMO_ACCESS_KEY.secretKey)
    .update(`SDK-HMAC-SHA256\n${date}\n${hash}`)
    .digest('hex');
  return {
    'X-Project-Id': DEMO_PROJECT_ID,
    'X-Sdk-Date': date,
    Authorization: `SDK-HMAC-SHA256 Access=${DEMO_ACCESS_KEY.accessKey}, SignedHeaders=${SIGNED}, Signature=${signature}`,
  };
}

/** The same for a URL. */
export function signedHeadersOf(method: string, url: string): Record<string, string> {
  const { host, pathname, search } = new URL(url);
  return signedHeaders(method, host, pathname, search.slice(1));
}
