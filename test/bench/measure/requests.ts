import { SERVICES } from '../../../lib/model/services.ts';
import { evenly, expiredIn, type Scene } from '../estate.ts';
import { type Round, race } from '../processes.ts';
import { type Measured, median, medianRatio, type Part, say, spell } from '../report.ts';

/** An ordinary day: most of what has expired was deleted the day before. */
const dayOf = (service: 'kafka' | 'dcs', instances: number, records: number): Scene => ({
  service,
  sizes: evenly(instances, records),
  expiredShare: 0.01,
});

/** How long a whole run takes on an ordinary day, when it mostly lists. */
export const day: Part = {
  figures: {
    'day-kafka-8': {
      title:
        'wall time of a whole run at 50 ms latency, 1 % expired, Kafka, one instance of 20,000 records, concurrency 8, to a bare client',
      target: '≤ 1.15',
    },
    'day-kafka-32': { title: 'the same run, concurrency 32', target: '≤ 1.15' },
    'day-dcs': {
      title: 'the same, DCS, one instance of 60,000 records, concurrency 8',
      target: '≤ 1.15',
    },
    'day-instances': {
      title: 'the same, Kafka, 200 instances of 500 records each, concurrency 8',
      target: '≤ 1.15',
    },
  },
  measure: async (quick) => {
    const measure = async (scene: Scene, concurrency: number): Promise<Measured> => {
      const { service, sizes } = scene;
      const what = `${service}, ${sizes.length} of ${spell(sizes[0] as number)} records`;
      say(`an ordinary day: ${what}, concurrency ${concurrency}`);
      const slow = { ...scene, latency: 50 };
      const warmUp = [{ ...slow, sizes: [quick ? 1_000 : 5_000] }];
      const scenes = Array<Scene>(quick ? 1 : 3).fill(slow);
      const { ours, floor } = await race(['ours', 'floor'], { concurrency, scenes, warmUp });
      const timesOf = (rounds: Round[]) => rounds.map(({ runMs }) => runMs);
      const tell = (name: string, rounds: Round[]) => {
        const seconds = (median(timesOf(rounds)) / 1_000).toFixed(2);
        const busy = Math.round(median(rounds.map(({ processorMs }) => processorMs)));
        return `${name} ${seconds} s for ${rounds[0]?.requests} requests, ${busy} ms of it processor time`;
      };
      const told = [tell('ours', ours), tell('floor', floor)];
      if (service === 'kafka') {
        // It takes so long that one round has to do.
        const { official } = await race(['official'], { concurrency, scenes: [slow], warmUp });
        told.push(tell('official', official));
      }
      const detail = `${what}: ${told.join('; ')}`;
      return { value: medianRatio(timesOf(ours), timesOf(floor)), detail };
    };
    const large = dayOf('kafka', 1, quick ? 5_000 : 20_000);
    return {
      'day-kafka-8': await measure(large, 8),
      'day-kafka-32': await measure(large, 32),
      'day-dcs': await measure(dayOf('dcs', 1, quick ? 15_000 : 60_000), 8),
      'day-instances': await measure(dayOf('kafka', quick ? 20 : 200, 500), 8),
    };
  },
};

/** How many pages are asked for, of those that must be. */
export const lists: Part = {
  figures: {
    lists: { title: 'list requests per instance, to the least possible', target: '≤ 1.1' },
  },
  measure: async (quick) => {
    const instances = quick ? 20 : 100;
    // From 1 to 5,000 records, evenly over their order of magnitude.
    const sizes = evenly(instances, 5_000).map((most, place) =>
      Math.round(most ** ((place + 0.5) / instances)),
    );
    const count = async (service: 'dcs' | 'kafka') => {
      say(`list requests: ${service}`);
      const scenes = [{ service, sizes, expiredShare: 0.05 }];
      const { ours } = await race(['ours'], { concurrency: 8, scenes });
      const { limit } = SERVICES[service].tasks;
      const least = sizes.reduce((sum, size) => sum + Math.max(1, Math.ceil(size / limit)), 0);
      return { asked: ours[0]?.taskLists ?? Number.NaN, least };
    };
    const dcs = await count('dcs');
    const kafka = await count('kafka');
    const value = (dcs.asked + kafka.asked) / (dcs.least + kafka.least);
    const detail = `${instances} instances of 1 to 5,000 records on each service: dcs ${dcs.asked} of ${dcs.least}, kafka ${kafka.asked} of ${kafka.least}`;
    return { lists: { value, detail } };
  },
};

/** The two figures of one kind of run. */
const figuresUnder = (name: string, what: string): Part['figures'] => ({
  [`rate-${name}`]: { title: `rate achieved under a hidden limit of ${what}`, target: '≥ 0.95' },
  [`throttled-${name}`]: {
    title: `requests throttled under a hidden limit of ${what}, share of all`,
    target: '≤ 0.02',
  },
});

/** How close a run comes to a limit that it is not told. */
export const rate: Part = {
  figures: {
    ...figuresUnder('50', '50/s'),
    ...figuresUnder('200', '200/s'),
    ...figuresUnder('day', '50/s, on an ordinary day'),
  },
  measure: async (quick) => {
    const seconds = quick ? 6 : 60;
    const measure = async (name: string, scene: Scene, rateOf: (round: Round) => number) => {
      const { hiddenLimit: limit = 0, ...unlimited } = scene;
      say(`a hidden limit of ${limit}/s, 3 runs of ${seconds} seconds: ${scene.service}`);
      const options = {
        concurrency: 32,
        scenes: [scene],
        warmUp: [{ ...unlimited, sizes: [1_000] }],
      };
      const races = await Promise.all([1, 2, 3].map(() => race(['ours'], options)));
      const runs = races.flatMap(({ ours }) => ours);
      const rates = runs.map(rateOf);
      const shares = runs.map(({ throttled, requests }) => throttled / requests);
      const what = `${spell(expiredIn(scene))} deletes, 3 runs`;
      const each = rates.map((one) => one.toFixed(1)).join(', ');
      const throttled = runs.map((one) => one.throttled).join(', ');
      return {
        [`rate-${name}`]: { value: median(rates) / limit, detail: `${what}: ${each}/s` },
        [`throttled-${name}`]: { value: median(shares), detail: `${what}: ${throttled} throttled` },
      };
    };
    const deletes = (limit: number) =>
      measure(
        `${limit}`,
        { service: 'dcs', sizes: [limit * seconds], expiredShare: 1, hiddenLimit: limit },
        ({ deleted, deletingMs }) => (1_000 * deleted) / deletingMs,
      );
    const instancesAtOnce = await Promise.all([deletes(50), deletes(200)]);
    // An instance of 500 records takes ten requests: five pages and five DELETEs.
    const ordinary = { ...dayOf('kafka', 5 * seconds, 500), hiddenLimit: 50 };
    const whole = await measure(
      'day',
      ordinary,
      ({ requests, throttled, runMs }) => (1_000 * (requests - throttled)) / runMs,
    );
    return Object.assign({}, ...instancesAtOnce, whole);
  },
};
