import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { range, sum } from 'd3-array';
import type { Journal, JournalEntry } from '../../lib/emulator/index.ts';
import { SERVICES } from '../../lib/model/services.ts';
import type { Job, Report } from './compete.ts';
import { expiredIn, repeat, type Scene, startScene } from './estate.ts';
import type { OURS } from './ours.ts';
import { median, medianRatio, type Part, spell } from './report.ts';
import type { RIVALS } from './rivals.ts';

/** The ways to clean up that are compared; page.md describes them. */
type ContestantName = keyof typeof OURS | keyof typeof RIVALS;

/** One round, as its contestant reports it and as the emulator's journal shows it. */
export type Round = ReturnType<typeof roundOf>;
function roundOf(report: Report, journal: Journal) {
  const since = (first?: JournalEntry) => report.endedAt - (first?.at ?? Number.NaN);
  const requests = journal.count();
  const throttled = journal.count({ status: 429 });
  const runMs = since(journal.all()[0]);
  const deletingMs = since(journal.deletes()[0]);
  return {
    ...report,
    requests,
    throttled,
    taskLists: journal.count({ operation: 'list-tasks' }),
    /** Milliseconds from the arrival of the first request, or of the first DELETE, to the end. */
    runMs,
    deletingMs,
    /** Without throttled requests. */
    requestsPerSecond: (1_000 * (requests - throttled)) / runMs,
    deletesPerSecond: (1_000 * journal.count({ deleted: true })) / deletingMs,
  };
}

const each = (rounds: readonly Round[], key: keyof Round) => rounds.map((round) => round[key]);

export const medianOf = (rounds: readonly Round[], key: keyof Round) => median(each(rounds, key));

/** The median over rounds that followed each other: what slows the machine slows both. */
const ratioOf = (ours: readonly Round[], theirs: readonly Round[], key: keyof Round) =>
  medianRatio(each(ours, key), each(theirs, key));

/**
 * Contestants clean the same scenes in turns, each in a process of its own, which stays warm.
 * @param warmUp scenes that come before and are not counted.
 * @throws when one did not delete exactly what has expired: its numbers would mean nothing.
 */
export async function race<Name extends ContestantName>(
  names: readonly Name[],
  scenes: readonly Scene[],
  warmUp: readonly Scene[] = [],
): Promise<Record<Name, Round[]>> {
  const contestants = names.map((name) => {
    // Two bundles, so that none pays for what the others need.
    const file = name === 'ours' || name === 'fleet' ? 'ours.js' : 'rivals.js';
    const child = fork(join(import.meta.dirname, file), [name], { execArgv: ['--no-warnings'] });
    child.once('exit', (status) => {
      if (status !== 0) throw new Error(`the process of ${name} ended with status ${status}`);
    });
    return { name, child, rounds: [] as Round[] };
  });
  for (const scene of [...warmUp, ...scenes]) {
    for (const { name, child, rounds } of contestants) {
      const { url, journal, close } = await startScene(scene);
      child.send({ ...scene, url } satisfies Job);
      const [report] = (await once(child, 'message')) as [Report];
      await close();
      const deleted = journal.count({ deleted: true });
      const expired = expiredIn(scene);
      if (deleted !== expired) throw new Error(`${name} deleted ${deleted} of ${expired} records`);
      rounds.push(roundOf(report, journal));
    }
  }
  for (const { child } of contestants) child.disconnect();
  await Promise.all(contestants.map(({ child }) => once(child, 'exit')));
  const counted = contestants.map(({ name, rounds }) => [name, rounds.slice(warmUp.length)]);
  return Object.fromEntries(counted);
}

/** Milliseconds, where requests are to take as long as they do over a network. */
const LATENCY = 50;

/** One instance of Kafka, all of whose records have expired. */
const allExpired = (records: number, concurrency: number): Scene => ({
  service: 'kafka',
  sizes: [records],
  expiredShare: 1,
  concurrency,
});

export const wall: Part = async (quick) => {
  const records = quick ? 500 : 5_000;
  const measure = async (concurrency: number, rounds: number, peers: ContestantName[]) => {
    const scene = { ...allExpired(records, concurrency), latency: LATENCY };
    const warmUp = [{ ...scene, sizes: [quick ? 100 : 500] }];
    const all = await race(['ours', ...peers], repeat(rounds, scene), warmUp);
    const least = Math.ceil(records / concurrency) * LATENCY;
    const toLeast = (name: ContestantName) => medianOf(all[name], 'deletingMs') / least;
    const others = peers.map((name) => `${name} ${toLeast(name).toFixed(3)}`);
    return { value: toLeast('ours'), detail: `${spell(records)} deletes; ${others.join(', ')}` };
  };
  return {
    'wall-8': await measure(8, quick ? 1 : 2, ['floor']),
    'wall-32': await measure(32, quick ? 1 : 3, ['official', 'hand-written', 'floor']),
  };
};

export const processor: Part = async (quick) => {
  const [records, rounds] = quick ? [1_000, 3] : [5_000, 7];
  const scene = allExpired(records, 8);
  const names = ['ours', 'official', 'node-fetch', 'floor'] as const;
  const all = await race(names, repeat(rounds, scene), [scene]);
  const costOf = (name: (typeof names)[number]) =>
    Math.round((1_000 * medianOf(all[name], 'processorMs')) / records);
  const absolute = names.map((name) => `${name} ${costOf(name)} µs`).join(', ');
  const share = Math.round(100 * ratioOf(all['node-fetch'], all.ours, 'processorMs'));
  const compare = (peer: 'official' | 'floor') => {
    const alone = ratioOf(all['node-fetch'], all[peer], 'processorMs').toFixed(3);
    const ofWhich = `of which node-fetch alone ${alone}, which is ${share} % of ours`;
    const value = ratioOf(all.ours, all[peer], 'processorMs');
    return { value, detail: `${absolute}; ${ofWhich}` };
  };
  return { 'processor-official': compare('official'), 'processor-floor': compare('floor') };
};

/** An ordinary day: most of what has expired was deleted the day before. */
const ordinary = (service: Scene['service'], instances: number, records: number) => ({
  service,
  sizes: repeat(instances, records),
  expiredShare: 0.01,
});

export const day: Part = async (quick) => {
  const measure = async (estate: ReturnType<typeof ordinary>, concurrency = 8) => {
    const { service, sizes } = estate;
    const scene = { ...estate, concurrency, latency: LATENCY };
    const warmUp = [{ ...scene, sizes: [quick ? 1_000 : 5_000] }];
    const pair = await race(['ours', 'floor'], repeat(quick ? 1 : 3, scene), warmUp);
    // It takes so long that one round has to do.
    const slow = service === 'kafka' ? await race(['official'], [scene], warmUp) : {};
    const told = Object.entries<Round[]>({ ...pair, ...slow }).map(([name, rounds]) => {
      const seconds = (medianOf(rounds, 'runMs') / 1_000).toFixed(2);
      const busy = Math.round(medianOf(rounds, 'processorMs'));
      const requests = medianOf(rounds, 'requests');
      return `${name} ${seconds} s for ${requests} requests, ${busy} ms of it processor time`;
    });
    const what = `${service}, ${sizes.length} of ${spell(median(sizes))} records`;
    const value = ratioOf(pair.ours, pair.floor, 'runMs');
    return { value, detail: `${what}: ${told.join('; ')}` };
  };
  const large = quick ? 5_000 : 20_000;
  return {
    'day-kafka-8': await measure(ordinary('kafka', 1, large)),
    'day-kafka-32': await measure(ordinary('kafka', 1, large), 32),
    'day-dcs': await measure(ordinary('dcs', 1, 3 * large)),
    'day-instances': await measure(ordinary('kafka', quick ? 20 : 200, 500)),
  };
};

export const lists: Part = async (quick) => {
  const instances = quick ? 20 : 100;
  // From 1 to 5,000 records, evenly over their order of magnitude.
  const sizes = range(instances).map((place) => Math.round(5_000 ** ((place + 0.5) / instances)));
  const count = async (service: Scene['service']) => {
    const { ours } = await race(['ours'], [{ service, sizes, expiredShare: 0.05, concurrency: 8 }]);
    const { limit } = SERVICES[service].tasks;
    const least = sum(sizes, (size) => Math.max(1, Math.ceil(size / limit)));
    const asked = medianOf(ours, 'taskLists');
    return { asked, least, detail: `${service} ${asked} of ${least}` };
  };
  const dcs = await count('dcs');
  const kafka = await count('kafka');
  const value = (dcs.asked + kafka.asked) / (dcs.least + kafka.least);
  const estate = `${instances} instances of 1 to 5,000 records on each service`;
  return { lists: { value, detail: `${estate}: ${dcs.detail}, ${kafka.detail}` } };
};

export const rate: Part = async (quick) => {
  const seconds = quick ? 6 : 60;
  const measure = async (name: string, limit: number, scene: Scene, perSecond: keyof Round) => {
    const warmUp = [{ ...scene, sizes: [1_000] }];
    const limited = [{ ...scene, hiddenLimit: limit }];
    const races = await Promise.all([1, 2, 3].map(() => race(['ours'], limited, warmUp)));
    const runs = races.flatMap(({ ours }) => ours);
    const deletes = `${spell(expiredIn(scene))} deletes, 3 runs`;
    const rates = runs.map((run) => run[perSecond].toFixed(1)).join(', ');
    const throttled = runs.map((run) => run.throttled).join(', ');
    const share = median(runs.map((run) => run.throttled / run.requests));
    const rate = medianOf(runs, perSecond) / limit;
    return {
      [`rate-${name}`]: { value: rate, detail: `${deletes}: ${rates}/s` },
      [`throttled-${name}`]: { value: share, detail: `${deletes}: ${throttled} throttled` },
    };
  };
  const deletes = (limit: number) => {
    const scene = { ...allExpired(limit * seconds, 32), service: 'dcs' } as const;
    return measure(`${limit}`, limit, scene, 'deletesPerSecond');
  };
  const both = await Promise.all([deletes(50), deletes(200)]);
  // An instance of 500 records takes ten requests: five pages and five DELETEs.
  const whole = { ...ordinary('kafka', 5 * seconds, 500), concurrency: 32 };
  return Object.assign({}, ...both, await measure('day', 50, whole, 'requestsPerSecond'));
};
