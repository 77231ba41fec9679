import { type Emulator, startEmulator } from '../../lib/emulator/index.ts';
import { answerParent } from './child.ts';
import { type Estate, recordsOf } from './records.ts';

/** What the emulator's process is asked: to serve this estate from now on, or what it was asked since. */
export type EmulatorRequest = Filling | { readonly report: true };

export interface Filling {
  readonly estate: Estate;
  /** Milliseconds before a DELETE is worked on. */
  readonly deleteLatency?: number;
  /** Requests let through within any second. */
  readonly limit?: number;
}

/** What an emulator was asked since it was filled. */
export interface EmulatorReport {
  readonly url: string;
  readonly taskLists: number;
  readonly deletes: number;
  readonly throttled: number;
  /** Records that are gone. */
  readonly deleted: number;
  readonly peakInFlight: number;
  /** Milliseconds from the arrival of the first DELETE to that of the last. */
  readonly deletingMs: number;
}

let emulator: Emulator | undefined;

async function fill({ estate, deleteLatency = 0, limit }: Filling): Promise<EmulatorReport> {
  await emulator?.close();
  const { service, sizes, expiredShare } = estate;
  emulator = await startEmulator({
    host: service.startsWith('dcs') ? 'dcs' : 'dms',
    faults: {
      latency: ({ operation }) => (operation === 'delete-task' ? deleteLatency : 0),
      ...(limit !== undefined && { rateLimit: { perSecond: limit } }),
    },
  });
  const now = Date.now();
  for (const size of sizes) {
    emulator.addInstance({ service, tasks: recordsOf(size, expiredShare, now) });
  }
  return report(emulator);
}

function report({ url, journal }: Emulator): EmulatorReport {
  const deletes = journal.deletes();
  return {
    url,
    taskLists: journal.count({ operation: 'list-tasks' }),
    deletes: deletes.length,
    throttled: journal.count({ status: 429 }),
    deleted: journal.count({ deleted: true }),
    peakInFlight: journal.peakInFlight,
    deletingMs: (deletes.at(-1)?.at ?? 0) - (deletes[0]?.at ?? 0),
  };
}

answerParent(async (request: EmulatorRequest) => {
  if ('estate' in request) return await fill(request);
  if (!emulator) throw new Error('the emulator was not filled yet');
  return report(emulator);
});
