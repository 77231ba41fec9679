import { SERVICES } from '../../../lib/model/services.ts';
import { ContestantProcess, EmulatorProcess } from '../processes.ts';
import type { Measure } from './measure.ts';
import { round } from './round.ts';

/** Sizes from 1 to 5,000 records, evenly over their order of magnitude, the same in each run. */
function sizesOf(instances: number): number[] {
  return Array.from({ length: instances }, (_, place) =>
    Math.round(5_000 ** ((place + 0.5) / instances)),
  );
}

/** How many pages are asked for, of those that must be. */
export const measureLists: Measure = async ({ quick, say }) => {
  const sizes = sizesOf(quick ? 20 : 100);
  const emulator = new EmulatorProcess();
  const ours = new ContestantProcess('ours');
  let asked = 0;
  let least = 0;
  const details: string[] = [];
  for (const service of ['dcs', 'kafka'] as const) {
    say(`list requests: ${service}`);
    const filling = { estate: { service, sizes, expiredShare: 0.05 } };
    await round(emulator, ours, filling, { concurrency: 8 });
    const { taskLists } = await emulator.report();
    const { limit } = SERVICES[service].tasks;
    const needed = sizes.reduce((sum, size) => sum + Math.max(1, Math.ceil(size / limit)), 0);
    asked += taskLists;
    least += needed;
    details.push(`${service} ${taskLists} of ${needed}`);
  }
  await Promise.all([emulator.close(), ours.close()]);
  const detail = `${sizes.length} instances of 1 to 5,000 records on each service: ${details.join(', ')}`;
  return [{ figure: 'lists', value: asked / least, detail }];
};
