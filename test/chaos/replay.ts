import fc from 'fast-check';

/**
 * How often a property is tried: `runs` times, or as often as CHAOS_RUNS says. CHAOS_SEED and
 * CHAOS_PATH, as a failure prints them, try that one case again.
 */
export async function holds<T>(
  property: fc.IAsyncProperty<T>,
  runs: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const { CHAOS_RUNS, CHAOS_SEED, CHAOS_PATH } = env;
  const details = await fc.check(property, {
    numRuns: CHAOS_RUNS ? Number(CHAOS_RUNS) : runs,
    ...(CHAOS_SEED && { seed: Number(CHAOS_SEED) }),
    ...(CHAOS_PATH && { path: CHAOS_PATH, endOnFailure: true }),
  });
  if (!details.failed) return;
  const replay = `CHAOS_SEED=${details.seed} CHAOS_PATH=${details.counterexamplePath}`;
  const { errorInstance } = details;
  const why = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance);
  throw new Error(
    `to see it again, run this test with ${replay}\n\n${why}\n\n${fc.defaultReportMessage(details)}`,
  );
}
