import { runCommand } from '../command.ts';
import { policyText } from '../policy-text.ts';
import { ContestantProcess, EmulatorProcess } from '../processes.ts';
import { type Estate, expiredIn } from '../records.ts';
import type { Result } from '../result.ts';
import { median } from '../statistics.ts';
import type { Measure } from './measure.ts';
import { round } from './round.ts';

const CONCURRENCY = 8;
const SHARE = 0.05;
const MB = 1_000_000;

/** Instances of 1,000 records each on average; a page of DCS holds 1,000. */
function estateOf(instances: number): Estate {
  const sizes = Array.from({ length: instances }, (_, place) =>
    instances === 1 ? 1_000 : place % 2 === 0 ? 900 : 1_100,
  );
  return { service: 'dcs', sizes, expiredShare: SHARE };
}

/** Memory and time of a run over very many records. */
export const measureScale: Measure = async ({ quick, say }) => {
  const instances = quick ? 50 : 1_000;
  const records = (instances * 1_000).toLocaleString('en');
  const big = new EmulatorProcess();
  const small = new EmulatorProcess();
  const ours = new ContestantProcess('ours');
  const fleet = new ContestantProcess('fleet');

  const peakOf = async (emulator: EmulatorProcess, estate: Estate) => {
    const url = await emulator.fill({ estate });
    const report = await runCommand(
      policyText({ url, service: estate.service, concurrency: CONCURRENCY }),
    );
    const { deleted, listed } = report.totals;
    if (deleted !== expiredIn(estate)) throw new Error(`${deleted} of ${listed} were deleted`);
    return report.peakMemory;
  };
  const perRecord = async (emulator: EmulatorProcess, estate: Estate, contestant = ours) => {
    const { wallMs } = await round(emulator, contestant, { estate }, { concurrency: CONCURRENCY });
    return (1_000 * wallMs) / estate.sizes.reduce((sum, size) => sum + size, 0);
  };

  const times = { big: [] as number[], small: [] as number[], fleet: [] as number[] };
  const peaks = { big: [] as (number | undefined)[], small: [] as (number | undefined)[] };
  // The first rounds warm up, and are not counted.
  for (let warm = 0; warm < 3; warm += 1) {
    await perRecord(small, estateOf(10));
    await perRecord(small, estateOf(10), fleet);
  }
  for (let at = 1; at <= 2; at += 1) {
    for (let again = 0; again < 3; again += 1) {
      times.small.push(await perRecord(small, estateOf(10)));
    }
    say(`time of ${records} records, round ${at} of 2`);
    times.big.push(await perRecord(big, estateOf(instances)));
    say(`the same by the fleet, round ${at} of 2`);
    times.fleet.push(await perRecord(big, estateOf(instances), fleet));
  }
  say(`memory of ${records} records`);
  peaks.big.push(await peakOf(big, estateOf(instances)));
  for (let at = 0; at < 3; at += 1) peaks.small.push(await peakOf(small, estateOf(1)));
  await Promise.all([big, small, ours, fleet].map((each) => each.close()));

  const estate = `${records} records on ${instances.toLocaleString('en')} instances, ${100 * SHARE} % expired`;
  const timed: Result = {
    figure: 'time-per-record',
    value: median(times.big) / median(times.small),
    detail: `${estate}: ${median(times.big).toFixed(1)} µs; 10,000 records on 10: ${median(times.small).toFixed(1)} µs`,
  };
  const inParts: Result = {
    figure: 'time-fleet',
    value: median(times.fleet) / median(times.big),
    detail: `${estate}: ${median(times.fleet).toFixed(1)} µs; one function: ${median(times.big).toFixed(1)} µs`,
  };
  return [...memoryResults(peaks, estate), timed, inParts];
};

function memoryResults(
  peaks: { big: readonly (number | undefined)[]; small: readonly (number | undefined)[] },
  estate: string,
): Result[] {
  const big = peaks.big.filter((peak) => peak !== undefined);
  const small = peaks.small.filter((peak) => peak !== undefined);
  if (big.length === 0 || small.length === 0) {
    const skipped = 'this system has no /proc/self/status, and other peaks begin at the parent’s';
    return [
      { figure: 'peak-ratio', skipped },
      { figure: 'peak-absolute', skipped },
    ];
  }
  const detail = `${estate}: ${Math.round(median(big) / MB)} MB; 1,000 records on one: ${Math.round(median(small) / MB)} MB`;
  return [
    { figure: 'peak-ratio', value: median(big) / median(small), detail },
    { figure: 'peak-absolute', value: Math.max(...big) / MB, detail: estate },
  ];
}
