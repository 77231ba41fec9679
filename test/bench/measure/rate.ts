import { ContestantProcess, EmulatorProcess } from '../processes.ts';
import type { Result } from '../result.ts';
import { median } from '../statistics.ts';
import type { Measure } from './measure.ts';
import { round } from './round.ts';

const CONCURRENCY = 32;
/** Runs under each limit, at the same time: they wait for nearly all of it. */
const RUNS = 3;

/** How close a run comes to a limit that it is not told. */
export const measureRate: Measure = async (bench) => {
  const seconds = bench.quick ? 6 : 60;
  bench.say(`hidden rate limits, ${RUNS} runs of ${seconds} seconds under each`);
  const results = await Promise.all([under(50, seconds), under(200, seconds)]);
  return results.flat();
};

async function under(limit: 50 | 200, seconds: number): Promise<Result[]> {
  const runs = await Promise.all(Array.from({ length: RUNS }, () => runUnder(limit, seconds)));
  const rates = runs.map(({ rate }) => rate);
  const shares = runs.map(({ throttled, deletes }) => throttled / deletes);
  const each = `${(limit * seconds).toLocaleString('en')} deletes, ${RUNS} runs`;
  return [
    {
      figure: `rate-${limit}`,
      value: median(rates) / limit,
      detail: `${each}: ${rates.map((rate) => rate.toFixed(1)).join(', ')}/s`,
    },
    {
      figure: `throttled-${limit}`,
      value: median(shares),
      detail: `${each}: ${runs.map(({ throttled }) => throttled).join(', ')} throttled`,
    },
  ];
}

async function runUnder(limit: number, seconds: number) {
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
  return { rate: records / (deletingMs / 1_000), deletes, throttled };
}
