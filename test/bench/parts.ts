import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sum } from 'd3-array';
import { build } from 'esbuild';
import { SERVICES } from '../../lib/model/services.ts';
import { readTask } from '../../lib/model/task.ts';
import { decide } from '../../lib/policy/decide.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { retentionOf } from '../../lib/policy/retention.ts';
import type { Target } from '../../lib/policy/schema.ts';
import { serve } from '../serve.ts';
import { copyProject } from '../stack/project.ts';
import { readZip } from '../zip.ts';
import {
  expiredIn,
  NAMES,
  policyFile,
  policyText,
  recordsOf,
  repeat,
  type Scene,
  startScene,
  USERS,
} from './estate.ts';
import {
  type ContestantName,
  compare,
  medianOf,
  type Round,
  race,
  ratioOf,
  runNode,
} from './processes.ts';
import { type Measured, median, spell } from './report.ts';

/**
 * Figures that are measured together, by the names that page.md gives them.
 * @param quick smaller everywhere, and rough.
 */
export type Part = (quick: boolean) => Promise<Record<string, Measured>>;

/** Milliseconds, where requests are to take as long as they do over a network. */
const LATENCY = 50;

/** One instance of Kafka, all of whose records have expired. */
const allExpired = (records: number, concurrency: number): Scene => ({
  service: 'kafka',
  sizes: [records],
  expiredShare: 1,
  concurrency,
});

/** How close the deletes come to what latency and concurrency allow. */
const wall: Part = async (quick) => {
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

/** What one delete costs in processor time, beside what it costs others. */
const processor: Part = async (quick) => {
  const [records, rounds] = quick ? [1_000, 3] : [5_000, 7];
  const scene = allExpired(records, 8);
  const names = ['ours', 'official', 'node-fetch', 'floor'] as const;
  const all = await race(names, repeat(rounds, scene), [scene]);
  const absolute = names.map((name) => {
    const microseconds = (1_000 * medianOf(all[name], 'processorMs')) / records;
    return `${name} ${Math.round(microseconds)} µs`;
  });
  const share = Math.round(100 * ratioOf(all['node-fetch'], all.ours, 'processorMs'));
  const compare = (peer: 'official' | 'floor') => {
    const alone = ratioOf(all['node-fetch'], all[peer], 'processorMs').toFixed(3);
    const ofWhich = `of which node-fetch alone ${alone}, which is ${share} % of ours`;
    const value = ratioOf(all.ours, all[peer], 'processorMs');
    return { value, detail: `${absolute.join(', ')}; ${ofWhich}` };
  };
  return { 'processor-official': compare('official'), 'processor-floor': compare('floor') };
};

/** An ordinary day: most of what has expired was deleted the day before. */
const ordinary = (service: Scene['service'], instances: number, records: number) => ({
  service,
  sizes: repeat(instances, records),
  expiredShare: 0.01,
});

/** How long a whole run takes on an ordinary day, when it mostly lists. */
const day: Part = async (quick) => {
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
    return {
      value: ratioOf(pair.ours, pair.floor, 'runMs'),
      detail: `${what}: ${told.join('; ')}`,
    };
  };
  const large = quick ? 5_000 : 20_000;
  return {
    'day-kafka-8': await measure(ordinary('kafka', 1, large)),
    'day-kafka-32': await measure(ordinary('kafka', 1, large), 32),
    'day-dcs': await measure(ordinary('dcs', 1, 3 * large)),
    'day-instances': await measure(ordinary('kafka', quick ? 20 : 200, 500)),
  };
};

/** How many pages are asked for, of those that must be. */
const lists: Part = async (quick) => {
  const instances = quick ? 20 : 100;
  // From 1 to 5,000 records, evenly over their order of magnitude.
  const sizes = repeat(instances, 5_000).map((most, place) =>
    Math.round(most ** ((place + 0.5) / instances)),
  );
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

/** How close a run comes to a limit that it is not told. */
const rate: Part = async (quick) => {
  const seconds = quick ? 6 : 60;
  const measure = async (
    name: string,
    hiddenLimit: number,
    scene: Scene,
    perSecond: 'deletesPerSecond' | 'requestsPerSecond',
  ) => {
    const warmUp = [{ ...scene, sizes: [1_000] }];
    const limited = [{ ...scene, hiddenLimit }];
    const races = await Promise.all([1, 2, 3].map(() => race(['ours'], limited, warmUp)));
    const runs = races.flatMap(({ ours }) => ours);
    const deletes = `${spell(expiredIn(scene))} deletes, 3 runs`;
    const rates = runs.map((run) => run[perSecond].toFixed(1)).join(', ');
    const throttled = runs.map((run) => run.throttled).join(', ');
    const share = median(runs.map((run) => run.throttled / run.requests));
    const rate = medianOf(runs, perSecond) / hiddenLimit;
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

/** Instances of 1,000 records each on average; a page of DCS holds 1,000. */
const many = (instances: number): Scene => ({
  service: 'dcs',
  sizes: repeat(instances, 1_000).map((size, place) => size + (place % 2 === 0 ? -100 : 100)),
  expiredShare: 0.05,
  concurrency: 8,
});

/** Memory and time of a run over very many records. */
const scale: Part = async (quick) => {
  const instances = quick ? 50 : 1_000;
  const estate = `${spell(1_000 * instances)} records on ${spell(instances)} instances, 5 % expired`;
  const [big, small] = [many(instances), many(10)];
  const warmUp = repeat(quick ? 1 : 3, small);
  const scenes = [...warmUp, big, ...warmUp, big];
  const all = await race(['ours', 'fleet'], scenes, warmUp);
  /** Microseconds. */
  const perRecord = (rounds: Round[], scene: Scene) => {
    const those = rounds.filter((_, at) => scenes[at] === scene);
    return medianOf(those, 'wallMs') / scene.sizes.length;
  };
  const compareTimes = (time: number, other: number, name: string) => ({
    value: time / other,
    detail: `${estate}: ${time.toFixed(1)} µs; ${name}: ${other.toFixed(1)} µs`,
  });
  const ours = perRecord(all.ours, big);
  return {
    ...(await peaks(big, estate)),
    'time-per-record': compareTimes(ours, perRecord(all.ours, small), '10,000 records on 10'),
    'time-fleet': compareTimes(perRecord(all.fleet, big), ours, 'one function'),
  };
};

/** Loaded before the command; it says at the end how much memory that took. */
const TELL_MEMORY = `data:text/javascript,import { readFileSync } from 'node:fs';
process.once('exit', () => process.stderr.write(readFileSync('/proc/self/status')));`;

/** The built command. */
const COMMAND = 'dist/task-janitor.js';

/** The most memory that the built command has, over many instances and over one. */
async function peaks(big: Scene, estate: string): Promise<Record<string, Measured>> {
  // Peaks that other systems tell begin at the parent's.
  if (!existsSync('/proc/self/status')) return {};
  /** Millions of bytes. */
  const peakOf = async (scene: Scene, command: string, ...options: readonly string[]) => {
    const { url, close } = await startScene(scene);
    const words = [COMMAND, command, '--policy', await policyFile({ ...scene, url }), '--json'];
    const { stdout, stderr } = await runNode(['--import', TELL_MEMORY, ...words, ...options]);
    await close();
    const { expired } = JSON.parse(stdout).totals;
    if (expired !== expiredIn(scene)) throw new Error(`${command} found ${expired} expired`);
    return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(stderr)?.[1]) * 1_024) / 1_000_000;
  };
  const plan = await peakOf(big, 'plan');
  const records = await peakOf(big, 'plan', '--records', '/dev/null');
  const run = await peakOf(big, 'run');
  const smalls: number[] = [];
  for (const one of repeat(3, { ...big, sizes: [1_000] })) smalls.push(await peakOf(one, 'run'));
  const small = median(smalls);
  const detail = `${estate}: ${Math.round(run)} MB; 1,000 records on one: ${Math.round(small)} MB`;
  return {
    'peak-ratio': { value: run / small, detail },
    'peak-absolute': { value: run, detail: estate },
    'peak-plan': { value: plan, detail: estate },
    'peak-records': { value: records, detail: estate },
  };
}

/** Two thirds of the rules match some records; one in three of them names a user, one a status. */
const RULES = repeat(20, '').map((_, place) => {
  const task = place < NAMES.length ? `${NAMES[place]?.slice(0, 6)}*` : `Migrate${place}*`;
  const user = place % 3 === 1 ? `, users: ['${USERS[place % USERS.length]}']` : '';
  const status = place % 3 === 2 ? ', statuses: [FAILED]' : '';
  return `  - { match: { tasks: ['${task}']${user}${status} }, keepFor: ${20 + place}d }`;
});

/** Decisions a second, with rules that match by name, user and status. */
const deciding: Part = async (quick) => {
  const job = { url: 'http://127.0.0.1', service: 'dcs', concurrency: 8 } as const;
  const policy = loadPolicy(policyText(job, ['keepLast: 10', 'rules:', ...RULES]), 'bench.yml');
  const retention = retentionOf(policy, policy.targets[0] as Target);
  const now = Date.now();
  const tasks = recordsOf(10_000, 0.5, now).map(readTask);
  const instances = quick ? 10 : 50;
  const speeds = repeat(10, tasks).map((tasks) => {
    const begin = performance.now();
    for (let instance = 0; instance < instances; instance += 1) decide(tasks, retention, now);
    return (1_000 * instances * tasks.length) / (performance.now() - begin);
  });
  // The first round warms up.
  const value = median(speeds.slice(1));
  return { deciding: { value, detail: `${instances} instances of 10,000 records, 9 rounds` } };
};

const EMPTY_HANDLER = `import fetch from 'node-fetch';
export const handler = async () => { await fetch(process.env.BENCH_URL); };`;
const CALL_EMPTY = "import('./empty.mjs').then(({ handler }) => handler({}, {}));";
const CALL_OURS = `require('./functions/cleanup.cjs').handler({}, {
  awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 });`;

/** How soon a cold function sends its first request, and how large its package is. */
const startUp: Part = async (quick) => {
  const rounds = quick ? 5 : 21;
  const project = await copyProject();
  const { folder } = project;
  const packaged = await project.package('prod');
  const zip = readZip(await readFile(join(packaged.folder, 'cleanup.zip')));
  for (const { name, content } of zip) await project.write(name, content.toString());
  const deployed = zip.filter(({ name }) => !name.endsWith('.map'));
  const bytes = sum(deployed, ({ packedSize }) => packedSize);
  const form = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const;
  const small = { minify: true, keepNames: true, mainFields: ['module', 'main'] };
  const stdin = { contents: EMPTY_HANDLER, resolveDir: process.cwd() };
  await build({ ...form, ...small, stdin, outfile: join(folder, 'empty.mjs') });
  let arrivedAt = Number.NaN;
  const { url, close } = await serve((_, response) => {
    arrivedAt = performance.now();
    response.end('{}');
  });
  await project.write('bench.yml', policyText({ url, service: 'dcs', concurrency: 8 }));
  const env = {
    BENCH_URL: url,
    POLICY_FILE: 'bench.yml',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
  const firstRequest = (script: string) => async () => {
    const begin = performance.now();
    await runNode(['-e', script], folder, env);
    return arrivedAt - begin;
  };
  const times = await compare(rounds, firstRequest(CALL_OURS), firstRequest(CALL_EMPTY));
  await close();
  await project.remove();
  const detail = `${Math.round(times.one)} ms to ${Math.round(times.other)} ms, ${rounds} rounds`;
  return {
    'start-up': { value: times.ratio, detail },
    zip: { value: bytes / 1_000, detail: `${spell(bytes)} bytes` },
  };
};

/** How long a person waits for the command. */
const command: Part = async (quick) => {
  const rounds = quick ? 5 : 21;
  const scene = { service: 'kafka', sizes: [1_000], expiredShare: 0.01, concurrency: 8 } as const;
  const { url, close } = await startScene(scene);
  const policy = await policyFile({ ...scene, url });
  const nothing = async () => (await runNode(['-e', '0'])).endMs;
  const besideNode = async (measure: () => Promise<number>) => {
    const { one, other, ratio } = await compare(rounds, measure, nothing);
    const node = `\`node -e 0\`, which takes ${Math.round(other)} ms`;
    return { value: one, detail: `${ratio.toFixed(2)} times ${node}; ${rounds} rounds` };
  };
  const version = async () => (await runNode([COMMAND, '--version'])).endMs;
  const plan = async () => (await runNode([COMMAND, 'plan', '--policy', policy])).firstOutputMs;
  const measured = { version: await besideNode(version), 'plan-output': await besideNode(plan) };
  await close();
  return measured;
};

/** All that is measured, by the names that `--only` takes, in the order of the page. */
export const PARTS: Readonly<Record<string, Part>> = {
  wall,
  processor,
  day,
  lists,
  rate,
  scale,
  deciding,
  'start-up': startUp,
  command,
};
