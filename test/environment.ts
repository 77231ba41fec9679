/** Remembers the process's environment. */
export function keepEnvironment(): { restore(): void } {
  const kept = { ...process.env };
  return {
    restore: () => {
      for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
      Object.assign(process.env, kept);
    },
  };
}

/** A key that is valid nowhere, as the AWS SDK and CLI read it from the environment. */
export const AWS_KEYS = { AWS_ACCESS_KEY_ID: 'AKIAFAKE', AWS_SECRET_ACCESS_KEY: 'fake' } as const;
/** The same, with a region. */
export const AWS_ENVIRONMENT = { AWS_REGION: 'eu-central-1', ...AWS_KEYS } as const;
