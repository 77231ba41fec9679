import { JanitorError } from '../model/error.ts';
import type { AccessKey } from './sign.ts';

/** An IAM user, who is exchanged for a token. `domain` is the account's name. */
export interface User {
  readonly username: string;
  readonly password: string;
  readonly domain: string;
}

export type Credentials = AccessKey | User;

/** Credentials are missing or unusable. The message says where they were looked for. */
export class CredentialsError extends JanitorError {
  override readonly name = 'CredentialsError';

  constructor(message: string, cause?: unknown) {
    super('credentials', message, cause);
  }
}

const FROM_ENVIRONMENT =
  'HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HUAWEICLOUD_USERNAME, HUAWEICLOUD_PASSWORD and HUAWEICLOUD_DOMAIN';

/**
 * Credentials from environment variables, under the official SDKs' names.
 * @throws {CredentialsError} when none or only half are there, or both kinds are.
 */
export function credentialsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Credentials {
  return chooseCredentials('the environment', FROM_ENVIRONMENT, {
    accessKey: ['HUAWEICLOUD_SDK_AK', env.HUAWEICLOUD_SDK_AK],
    secretKey: ['HUAWEICLOUD_SDK_SK', env.HUAWEICLOUD_SDK_SK],
    securityToken: ['HUAWEICLOUD_SDK_SECURITY_TOKEN', env.HUAWEICLOUD_SDK_SECURITY_TOKEN],
    username: ['HUAWEICLOUD_USERNAME', env.HUAWEICLOUD_USERNAME],
    password: ['HUAWEICLOUD_PASSWORD', env.HUAWEICLOUD_PASSWORD],
    domain: ['HUAWEICLOUD_DOMAIN', env.HUAWEICLOUD_DOMAIN],
  });
}

type Part = 'accessKey' | 'secretKey' | 'securityToken' | 'username' | 'password' | 'domain';

/**
 * The keys that are there choose the method; what is there in part, or of both kinds, is refused.
 * @param source where the parts come from, for the message.
 * @param expected what should have been there.
 * @param parts each with the name that it has in the source.
 */
export function chooseCredentials(
  source: string,
  expected: string,
  parts: Readonly<Record<Part, readonly [name: string, value: string | undefined]>>,
): Credentials {
  const keyParts: Part[] = ['accessKey', 'secretKey'];
  // A key has no white space: what stands around it came with copying. A password may have some.
  const value = (part: Part) => {
    const given = parts[part][1] ?? '';
    return [...keyParts, 'securityToken'].includes(part) ? given.trim() : given;
  };
  const has = (part: Part) => value(part) !== '';
  const userParts: Part[] = ['username', 'password', 'domain'];
  const someKey = [...keyParts, 'securityToken' as const].some(has);
  const someUser = userParts.some(has);
  if (someKey && someUser) {
    throw new CredentialsError(
      `${source} holds both an access key and a user: leave one of them out (${expected})`,
    );
  }
  if (!someKey && !someUser) {
    throw new CredentialsError(`no credentials in ${source}: expected ${expected}`);
  }
  const missing = (someKey ? keyParts : userParts).filter((part) => !has(part));
  if (missing.length > 0) {
    const names = missing.map((part) => parts[part][0]).join(' and ');
    throw new CredentialsError(`${source} lacks ${names}: expected ${expected}`);
  }
  if (someUser) {
    return { username: value('username'), password: value('password'), domain: value('domain') };
  }
  return {
    accessKey: value('accessKey'),
    secretKey: value('secretKey'),
    ...(has('securityToken') && { securityToken: value('securityToken') }),
  };
}
