import type { Scene } from '../estate.ts';
import { type ContestantName, race } from '../processes.ts';
import { median, medianRatio, type Part, say, spell } from '../report.ts';

const sceneOf = (records: number): Scene => ({
  service: 'kafka',
  sizes: [records],
  expiredShare: 1,
});
const LATENCY = 50;

/** How close the deletes come to what latency and concurrency allow. */
export const wall: Part = {
  figures: {
    'wall-8': {
      title: 'wall time of deletes at 50 ms latency, concurrency 8, to ceil(N/C) × latency',
      target: '≤ 1.05',
    },
    'wall-32': { title: 'the same, concurrency 32', target: '≤ 1.05' },
  },
  measure: async (quick) => {
    const records = quick ? 500 : 5_000;
    const slow = (size: number) => ({ ...sceneOf(size), latency: LATENCY });
    const measure = async (concurrency: number, rounds: number, peers: ContestantName[]) => {
      say(`deletes at ${LATENCY} ms, concurrency ${concurrency}`);
      const scenes = Array<Scene>(rounds).fill(slow(records));
      const warmUp = [slow(quick ? 100 : 500)];
      const all = await race(['ours', ...peers], { concurrency, scenes, warmUp });
      const least = Math.ceil(records / concurrency) * LATENCY;
      const ratioOf = (name: ContestantName) =>
        median(all[name].map(({ deletingMs }) => deletingMs)) / least;
      const others = peers.map((name) => `${name} ${ratioOf(name).toFixed(3)}`);
      return { value: ratioOf('ours'), detail: `${spell(records)} deletes; ${others.join(', ')}` };
    };
    return {
      'wall-8': await measure(8, quick ? 1 : 2, ['floor']),
      'wall-32': await measure(32, quick ? 1 : 3, ['official', 'hand-written', 'floor']),
    };
  },
};

/** What one delete costs in processor time, beside what it costs others. */
export const processor: Part = {
  figures: {
    'processor-official': {
      title: 'processor time per delete, to the official client',
      target: '≤ 0.5',
    },
    'processor-floor': {
      title: 'processor time per delete, to bare node:http with signing',
      target: '≤ 2',
    },
  },
  measure: async (quick) => {
    const scene = sceneOf(quick ? 1_000 : 5_000);
    const scenes = Array<Scene>(quick ? 3 : 7).fill(scene);
    say(`processor time, ${scenes.length} rounds`);
    const names = ['ours', 'official', 'node-fetch', 'floor'] as const;
    const all = await race(names, { concurrency: 8, scenes, warmUp: [scene] });
    const timesOf = (name: (typeof names)[number]) =>
      all[name].map(({ processorMs, deleted }) => (1_000 * processorMs) / deleted);
    const ratio = (one: (typeof names)[number], other: (typeof names)[number]) =>
      medianRatio(timesOf(one), timesOf(other));
    const absolute = names.map((name) => `${name} ${Math.round(median(timesOf(name)))} µs`);
    const share = Math.round(100 * ratio('node-fetch', 'ours'));
    const compare = (peer: 'official' | 'floor') => ({
      value: ratio('ours', peer),
      detail: `${absolute.join(', ')}; of which node-fetch alone ${ratio('node-fetch', peer).toFixed(3)}, which is ${share} % of ours`,
    });
    return { 'processor-official': compare('official'), 'processor-floor': compare('floor') };
  },
};
