// A child process of the benchmark: the emulator, or the contestant whose name it was started with.
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts';
import { type Job, recordsOf, type Scene } from './estate.ts';
import type { ContestantName } from './processes.ts';

let emulator: Emulator | undefined;

async function serve(scene: Scene): Promise<void> {
  const { service, sizes, expiredShare, latency, hiddenLimit: perSecond } = scene;
  await emulator?.close();
  emulator = await startEmulator({
    host: service === 'dcs' ? 'dcs' : 'dms',
    latencyMs: latency ?? 0,
    faults: perSecond === undefined ? {} : { rateLimit: { perSecond } },
  });
  const now = Date.now();
  for (const size of sizes) {
    emulator.addInstance({ service, tasks: recordsOf(size, expiredShare, now) });
  }
}

/** What the emulator was asked since it serves its scene; times are milliseconds since the epoch. */
export type EmulatorReport = ReturnType<typeof report>;
function report({ url, journal }: Emulator) {
  return {
    url,
    requests: journal.count(),
    taskLists: journal.count({ operation: 'list-tasks' }),
    throttled: journal.count({ status: 429 }),
    deleted: journal.count({ deleted: true }),
    firstAt: journal.all()[0]?.at ?? Number.NaN,
    firstDeleteAt: journal.deletes()[0]?.at ?? Number.NaN,
  };
}

/** How a contestant's round went; `endedAt` is milliseconds since the epoch. */
export type CleanReport = Awaited<ReturnType<typeof compete>>;
async function compete(clean: (job: Job) => Promise<void>, job: Job) {
  const before = process.cpuUsage();
  const begin = performance.now();
  await clean(job);
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - begin;
  return { processorMs: (user + system) / 1_000, wallMs, endedAt: Date.now() };
}

async function answer(message: Scene | Job | Record<string, never>): Promise<object> {
  const name = process.argv[2] as ContestantName | 'emulator';
  if (name === 'emulator') {
    if ('sizes' in message) await serve(message as Scene);
    return report(emulator as Emulator);
  }
  // Loaded on demand, so that none pays for what another one needs.
  const isOurs = name === 'ours' || name === 'fleet';
  const clean = isOurs
    ? (await import('./ours.ts')).OURS[name]
    : (await import('./rivals.ts')).RIVALS[name];
  return await compete(clean, message as Job);
}

process.on('message', async (message: Scene | Job) => {
  try {
    process.send?.(await answer(message));
  } catch (error) {
    process.send?.({ error: (error as Error).stack });
  }
});
// A parent that is gone wants no more answers.
process.on('disconnect', () => process.exit());
