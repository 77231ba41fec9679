import type { ContestantName } from '../contestant.ts';
import { ContestantProcess, EmulatorProcess } from '../processes.ts';
import { median, medianRatio } from '../statistics.ts';
import type { Measure } from './measure.ts';
import { round } from './round.ts';

const NAMES: readonly ContestantName[] = ['ours', 'official', 'node-fetch', 'floor'];

/** What one delete costs in processor time, beside what it costs others. */
export const measureProcessor: Measure = async ({ quick, say }) => {
  const records = quick ? 1_000 : 5_000;
  const rounds = quick ? 3 : 7;
  const filling = { estate: { service: 'kafka', sizes: [records], expiredShare: 1 } } as const;
  const emulator = new EmulatorProcess();
  const contestants = NAMES.map((name) => ({
    name,
    process: new ContestantProcess(name),
    times: [] as number[],
  }));
  // The first round warms up, and is not counted.
  for (let at = 0; at <= rounds; at += 1) {
    say(`processor time, ${at === 0 ? 'warming up' : `round ${at} of ${rounds}`}`);
    for (const { process, times } of contestants) {
      const { processorMs } = await round(emulator, process, filling, { concurrency: 8 });
      if (at > 0) times.push((processorMs / records) * 1_000);
    }
  }
  await Promise.all(
    [emulator, ...contestants.map(({ process }) => process)].map((one) => one.close()),
  );

  const timesOf = (name: ContestantName) =>
    contestants.find((contestant) => contestant.name === name)?.times ?? [];
  const absolute = NAMES.map((name) => `${name} ${Math.round(median(timesOf(name)))} µs`).join(
    ', ',
  );
  const share = medianRatio(timesOf('node-fetch'), timesOf('ours'));
  const compare = (peer: ContestantName) => ({
    value: medianRatio(timesOf('ours'), timesOf(peer)),
    detail: `${absolute}; of which node-fetch alone ${medianRatio(timesOf('node-fetch'), timesOf(peer)).toFixed(3)}, which is ${Math.round(100 * share)} % of ours`,
  });
  return [
    { figure: 'processor-official', ...compare('official') },
    { figure: 'processor-floor', ...compare('floor') },
  ];
};
