import {
  type CredentialsSource,
  credentialsFromEnvironment,
  environmentName,
} from './credentials.ts';
import { secretSource } from './secret.ts';

/** Where a policy says that credentials are: one of these; none is the environment. */
export interface CredentialsReference {
  readonly secret?: string | undefined;
  readonly env?: string | undefined;
  readonly profile?: string | undefined;
}

/**
 * The place that a target's credentials come from.
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
