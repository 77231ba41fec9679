import type { ContestantName } from '../contestant.ts';
import { ContestantProcess, EmulatorProcess } from '../processes.ts';
import type { Result } from '../result.ts';
import { median } from '../statistics.ts';
import type { Measure } from './measure.ts';
import { round } from './round.ts';

const LATENCY_MS = 50;
const PEERS: readonly ContestantName[] = ['ours', 'official', 'hand-written', 'floor'];

/** How close the deletes come to what latency and concurrency allow. */
export const measureWall: Measure = async ({ quick, say }) => {
  const records = quick ? 500 : 5_000;
  const emulator = new EmulatorProcess();
  const contestants = Object.fromEntries(
    PEERS.map((name) => [name, new ContestantProcess(name)]),
  ) as Record<ContestantName, ContestantProcess>;

  const deletingMs = async (name: ContestantName, concurrency: number, deletes = records) => {
    const filling = {
      estate: { service: 'kafka', sizes: [deletes], expiredShare: 1 },
      deleteLatency: LATENCY_MS,
    } as const;
    return (await round(emulator, contestants[name], filling, { concurrency })).deletingMs;
  };
  const compare = async (names: readonly ContestantName[], concurrency: number, rounds: number) => {
    const times = new Map<ContestantName, number[]>(names.map((name) => [name, []]));
    for (let at = 1; at <= rounds; at += 1) {
      for (const name of names) {
        say(`deletes at ${LATENCY_MS} ms, concurrency ${concurrency}, round ${at}: ${name}`);
        times.get(name)?.push(await deletingMs(name, concurrency));
      }
    }
    const least = Math.ceil(records / concurrency) * LATENCY_MS;
    return (name: ContestantName) => median(times.get(name) ?? []) / least;
  };

  for (const name of PEERS) await deletingMs(name, 32, 500);
  const at8 = await compare(['ours', 'floor'], 8, quick ? 1 : 2);
  const at32 = await compare(PEERS, 32, quick ? 1 : 3);
  await Promise.all([emulator, ...Object.values(contestants)].map((each) => each.close()));
  const deletes = `${records.toLocaleString('en')} deletes`;
  const peers = PEERS.slice(1).map((name) => `${name} ${at32(name).toFixed(3)}`);
  return [
    {
      figure: 'wall-8',
      value: at8('ours'),
      detail: `${deletes}; floor ${at8('floor').toFixed(3)}`,
    },
    { figure: 'wall-32', value: at32('ours'), detail: `${deletes}; ${peers.join(', ')}` },
  ] satisfies Result[];
};
