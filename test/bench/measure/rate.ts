import { ContestantProcess, EmulatorProcess } from '../processes.ts';
import type { Result } from '../result.ts';
import type { Measure } from './measure.ts';
import { round } from './round.ts';

const CONCURRENCY = 32;

/** How close a run comes to a limit that it is not told. */
export const measureRate: Measure = async (bench) => {
  const seconds = bench.quick ? 6 : 60;
  bench.say(`hidden rate limits, ${seconds} seconds`);
  const results = await Promise.all([under(50, seconds), under(200, seconds)]);
  return results.flat();
};

async function under(limit: 50 | 200, seconds: number): Promise<Result[]> {
  const records = limit * seconds;
  const emulator = new EmulatorProcess();
  const ours = new ContestantProcess('ours');
  const filling = {
    estate: { service: 'dcs', sizes: [records], expiredShare: 1 },
    limit,
  } as const;
  await round(emulator, ours, filling, { concurrency: CONCURRENCY });
  const { deletes, throttled, deletingMs } = await emulator.report();
  await Promise.all([emulator.close(), ours.close()]);
  const rate = records / (deletingMs / 1_000);
  const detail = `${records.toLocaleString('en')} deletes in ${(deletingMs / 1_000).toFixed(1)} s: ${rate.toFixed(1)}/s`;
  return [
    { figure: `rate-${limit}`, value: rate / limit, detail },
    {
      figure: `throttled-${limit}`,
      value: throttled / deletes,
      detail: `${throttled} of ${deletes.toLocaleString('en')}`,
    },
  ];
}
