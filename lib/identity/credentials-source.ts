import { credentialsFromEnvironment } from './credentials.ts';
import type { CredentialsSource } from './credentials-store.ts';
import { secretSource } from './secret.ts';

/**
 * Where a target's credentials are: the secret that its policy names, else the environment.
 * @param env the environment's variables.
 */
export function credentialsSource(
  reference: { readonly secret: string } | undefined,
  env: Readonly<Record<string, string | undefined>>,
): CredentialsSource {
  if (reference) return secretSource(reference.secret, env);
  return { name: 'the environment', read: async () => credentialsFromEnvironment(env) };
}
