// A child process of the benchmark: the emulator, or the contestant whose name it was started with.
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts';
import { type Job, recordsOf, type Scene } from './estate.ts';

/** What the emulator was asked since it serves its scene. */
export interface EmulatorReport {
  readonly url: string;
  readonly requests: number;
  readonly taskLists: number;
  readonly throttled: number;
  /** Records that are gone. */
  readonly deleted: number;
  /** When the first request, and the first DELETE, came in: milliseconds since the epoch. */
  readonly firstAt: number;
  readonly firstDeleteAt: number;
}

/** How a contestant's round went, in milliseconds: of its processor time, of wall time, and the epoch's. */
export interface CleanReport {
  readonly processorMs: number;
  readonly wallMs: number;
  readonly endedAt: number;
}

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

function report({ url, journal }: Emulator): EmulatorReport {
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

async function compete(name: string): Promise<(job: Job) => Promise<CleanReport>> {
  // Loaded on demand, so that none pays for what another one needs.
  const isOurs = name === 'ours' || name === 'fleet';
  const clean = isOurs
    ? (await import('./ours.ts')).OURS[name]
    : (await import('./rivals.ts')).RIVALS[name];
  if (!clean) throw new Error(`there is no contestant ${name}`);
  return async (job) => {
    const before = process.cpuUsage();
    const begin = performance.now();
    await clean(job);
    const { user, system } = process.cpuUsage(before);
    const wallMs = performance.now() - begin;
    return { processorMs: (user + system) / 1_000, wallMs, endedAt: Date.now() };
  };
}

const name = process.argv[2] as string;
const answer =
  name === 'emulator'
    ? // A scene that it serves from now on, or nothing but the wish for a report.
      async (scene: Scene | Record<string, never>) => {
        if ('service' in scene) await serve(scene as Scene);
        return report(emulator as Emulator);
      }
    : await compete(name);

process.on('message', async (message: object) => {
  try {
    process.send?.(await answer(message as Scene & Job));
  } catch (error) {
    process.send?.({ error: (error as Error).stack });
  }
});
// A parent that is gone wants no more answers.
process.on('disconnect', () => process.exit());
