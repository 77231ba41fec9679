import fc from 'fast-check';

/**
 * How often a property is tried: `runs` times, or as often as CHAOS_RUNS says. CHAOS_SEED and
 * CHAOS_PATH, as a failure prints them, try that one case again.
 * @param prefix of these variables.
 */
export async function holds<T>(
  property: fc.IAsyncProperty<T>,
  runs: number,
  prefix = 'CHAOS',
): Promise<void> {
  const [tries, seed, path] = ['RUNS', 'SEED', 'PATH'].map(
    (name) => process.env[`${prefix}_${name}`],
  );
  const details = await fc.check(property, {
    numRuns: tries ? Number(tries) : runs,
    ...(seed && { seed: Number(seed) }),
    ...(path && { path, endOnFailure: true }),
  });
  if (!details.failed) return;
  const replay = `${prefix}_SEED=${details.seed} ${prefix}_PATH=${details.counterexamplePath}`;
  const { errorInstance } = details;
  const why = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance);
  throw new Error(
    `to see it again, run this test with ${replay}\n\n${why}\n\n${fc.defaultReportMessage(details)}`,
  );
}
