/** An estate for a contestant to clean. */
export interface Job {
  readonly url: string;
  readonly service: 'dcs' | 'kafka';
  /** Requests that may be in flight. */
  readonly concurrency: number;
}

/** Records older than this have expired. */
export const KEEP_FOR_DAYS = 30;

/** The cost of a job; `endedAt` is milliseconds since the epoch. */
export interface Report {
  readonly processorMs: number;
  readonly wallMs: number;
  readonly endedAt: number;
}

/** Lets this process do the jobs of the contestant whose name it was started with. */
export function compete(contestants: Readonly<Record<string, (job: Job) => Promise<void>>>): void {
  // A job that fails ends the process, and with it the benchmark.
  process.on('message', async (job: Job) => {
    const before = process.cpuUsage();
    const begin = performance.now();
    await contestants[process.argv[2] as string]?.(job);
    const { user, system } = process.cpuUsage(before);
    const wallMs = performance.now() - begin;
    const report: Report = { processorMs: (user + system) / 1_000, wallMs, endedAt: Date.now() };
    process.send?.(report);
  });
  process.on('disconnect', () => process.exit());
}
