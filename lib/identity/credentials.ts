import { JanitorError } from '../model/error.ts';
import type { AccessKey } from './sign.ts';

/** An IAM user, who is exchanged for a token. `domain` is the account's name. */
export interface User {
  readonly username: string;
  readonly password: string;
  readonly domain: string;
  /** True where `domain` is the account's id instead. */
  readonly domainIsId?: boolean;
}

/** From when and until when something holds, in milliseconds since the epoch, by this machine's clock. */
export interface Lifetime {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export type Credentials = (AccessKey | User) & {
  /** Origin of the IAM that they belong to, where their source says it. */
  readonly iamEndpoint?: string;
  /** Present where they expire. */
  readonly lifetime?: Lifetime;
};

/** Reads credentials from where they are kept. */
export interface CredentialsSource {
  /** Such as `the environment` or `secret task-janitor/huawei`; another one for each place. */
  readonly name: string;
  /**
   * @param warn is told what is wrong, if the credentials can be used all the same.
   * @throws {CredentialsError} when they are not there or not usable.
   */
  read(warn?: (message: string) => void): Promise<Credentials>;
}

/** Credentials are missing or unusable. The message says where they were looked for. */
export class CredentialsError extends JanitorError {
  override readonly name = 'CredentialsError';

  constructor(message: string, cause?: unknown) {
    super('credentials', message, cause);
  }
}

const VARIABLES = {
  accessKey: 'HUAWEICLOUD_SDK_AK',
  secretKey: 'HUAWEICLOUD_SDK_SK',
  securityToken: 'HUAWEICLOUD_SDK_SECURITY_TOKEN',
  username: 'HUAWEICLOUD_USERNAME',
  password: 'HUAWEICLOUD_PASSWORD',
  domain: 'HUAWEICLOUD_DOMAIN',
} as const satisfies Record<Part, string>;

/** How messages name the environment, or the part of it that a prefix stands before. */
export function environmentName(prefix?: string): string {
  return prefix === undefined ? 'the environment' : `the environment (${prefix}_…)`;
}

/**
 * Credentials from environment variables, under the official SDKs' names.
 * @param prefix the beginning of their names, without the `_` after it.
 * @throws {CredentialsError} when none or only half are there, or both kinds are.
 */
export function credentialsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  prefix?: string,
): Credentials {
  const named = (part: Part) => `${prefix === undefined ? '' : `${prefix}_`}${VARIABLES[part]}`;
  const part = (each: Part) => [named(each), env[named(each)]] as const;
  const expected = `${named('accessKey')} and ${named('secretKey')}, or ${named('username')}, ${named('password')} and ${named('domain')}`;
  return chooseCredentials(environmentName(prefix), expected, part);
}

/** The parts that go into a header, as they are. */
const SENT = ['accessKey', 'securityToken'] as const;
const CANNOT_BE_SENT = /[^!-~]/;

type Part = 'accessKey' | 'secretKey' | 'securityToken' | 'username' | 'password' | 'domain';
/** A part as its source has it. */
type FoundPart = readonly [name: string, value: string | undefined];

/**
 * Chooses the method by the parts that are there. Only some parts of a method, or parts of both, are refused.
 * @param source where the parts come from, for the message.
 * @param expected what should have been there.
 * @param find looks a part up, and says the name that it has in the source. It is asked for all of them.
 */
export function chooseCredentials(
  source: string,
  expected: string,
  find: (part: Part) => FoundPart,
): Credentials {
  const all = Object.keys(VARIABLES) as Part[];
  const parts = Object.fromEntries(all.map((part) => [part, find(part)])) as Record<
    Part,
    FoundPart
  >;
  const keyParts: Part[] = ['accessKey', 'secretKey'];
  // A key has no white space: white space around it came from copying. A password may have some.
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
  const unusable = SENT.filter((part) => CANNOT_BE_SENT.test(value(part)));
  if (unusable.length > 0) {
    const names = unusable.map((part) => parts[part][0]).join(' and ');
    throw new CredentialsError(
      `${source}: ${names} with a character that no key has, such as a line break or a long dash; copy it again`,
    );
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
