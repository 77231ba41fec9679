import type { Cloud, IncomingCall } from './cloud.ts';
import { DEMO_USER } from './demo-identity.ts';
import { parseAuthorization } from './signature.ts';

/** The sender of a request, as far as accounts go. */
export interface Caller {
  /** Name of the account. */
  readonly domain: string;
  /** Whether agencies may be assumed, which the role Agent Operator allows. */
  readonly mayAssume: boolean;
}

/** The account of everything that does not say another one. */
export function homeOf({ users }: Cloud): string {
  return users[0]?.domain ?? DEMO_USER.domain;
}

/** 32 hexadecimal digits that are the same for the same name, of an account say. */
export function accountId(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32);
}

/** The caller of a request whose key or token was accepted. */
export function callerOf(cloud: Cloud, { wire }: IncomingCall): Caller {
  const token = cloud.tokens.find(wire.headers['x-auth-token'] ?? '');
  if (token !== undefined && !cloud.tokens.hasExpired(token)) {
    const { domain, mayAssume = true } = token.user;
    return { domain, mayAssume };
  }
  const { accessKey = '' } = parseAuthorization(wire.headers.authorization ?? '') ?? {};
  const key =
    cloud.accessKeys.find((one) => one.accessKey === accessKey) ??
    cloud.temporaryKeys.find(accessKey);
  return { domain: key?.domain ?? homeOf(cloud), mayAssume: key?.mayAssume ?? true };
}
