import {
  type CredentialsSource,
  credentialsFromEnvironment,
  environmentName,
} from './credentials.ts';
import { secretSource } from './secret.ts';

/** The right to act in the account that gave it. */
export interface Agency {
  /** Name of that account. */
  readonly domain: string;
  readonly name: string;
}

/** Where a policy says that credentials are: one of three places, or the environment; and what they are used for. */
export interface CredentialsReference {
  readonly secret?: string | undefined;
  readonly env?: string | undefined;
  readonly profile?: string | undefined;
  /** To act in another account. */
  readonly agency?: Agency | undefined;
}

/**
 * The place that a target's credentials come from, before any agency.
 * @param env the environment's variables.
 */
export function credentialsSource(
  { secret, profile, env: prefix }: CredentialsReference = {},
  env: Readonly<Record<string, string | undefined>>,
): CredentialsSource {
  if (secret !== undefined) return secretSource(secret, env);
  if (profile !== undefined) {
    return {
      name: `profile ${profile}`,
      // Loaded when it is asked for: a run without one starts faster.
      read: async (warn) => (await import('./profile.ts')).readProfile(profile, env, warn),
    };
  }
  return {
    name: environmentName(prefix),
    read: async () => credentialsFromEnvironment(env, prefix),
  };
}
