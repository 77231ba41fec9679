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
