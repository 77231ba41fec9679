import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sum, transpose } from 'd3-array';
import { build } from 'esbuild';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/index.ts';
import { readTask } from '../../lib/model/task.ts';
import { decide } from '../../lib/policy/decide.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { retentionOf } from '../../lib/policy/retention.ts';
import type { Target } from '../../lib/policy/schema.ts';
import { serve } from '../serve.ts';
import { copyProject } from '../stack/project.ts';
import { readZip } from '../zip.ts';
import {
  benchPolicy,
  expiredIn,
  NAMES,
  policyFile,
  recordsOf,
  repeat,
  type Scene,
  startScene,
  USERS,
} from './estate.ts';
import { day, lists, medianOf, processor, type Round, race, rate, wall } from './races.ts';
import { type Measured, median, medianRatio, type Part, spell } from './report.ts';

/**
 * Runs Node once. @returns its output, and the times of its first output and of its end, in ms from its start.
 * @throws when it does not end with status 0.
 */
async function runNode(args: readonly string[], cwd = '.', env = {}) {
  const { accessKey: HUAWEICLOUD_SDK_AK, secretKey: HUAWEICLOUD_SDK_SK } = DEMO_ACCESS_KEY;
  const key = { HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, PATH: process.env.PATH };
  const options = { cwd, env: { ...key, ...env }, maxBuffer: Number.POSITIVE_INFINITY };
  const begin = performance.now();
  const running = promisify(execFile)(process.execPath, args, options);
  const { child } = running;
  const since = () => performance.now() - begin;
  let firstOutputMs = Number.POSITIVE_INFINITY;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.once('data', () => {
      firstOutputMs = Math.min(firstOutputMs, since());
    });
  }
  const ended = once(child, 'exit').then(since);
  return { ...(await running), firstOutputMs, endMs: await ended };
}

type Measure = () => Promise<number>;

/**
 * The medians of two measurements that are made in turns, and of their ratio.
 * The first round finds files uncached, and is not counted.
 */
async function compare(rounds: number, one: Measure, other: Measure) {
  const pairs: [number, number][] = [];
  for (let round = 0; round <= rounds; round += 1) pairs.push([await one(), await other()]);
  const [ones, others] = transpose<number>(pairs.slice(1)) as [number[], number[]];
  return { one: median(ones), other: median(others), ratio: medianRatio(ones, others) };
}

/** Instances of 1,000 records each on average; a page of DCS holds 1,000. */
const many = (instances: number): Scene => ({
  service: 'dcs',
  sizes: repeat(instances, 1_000).map((size, place) => size + (place % 2 === 0 ? -100 : 100)),
  expiredShare: 0.05,
  concurrency: 8,
});

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

/** Loaded before the command, and prints at its end how much memory it took. */
const TELL_MEMORY = `data:text/javascript,import { readFileSync } from 'node:fs';
process.once('exit', () => process.stderr.write(readFileSync('/proc/self/status')));`;

const COMMAND = 'dist/task-janitor.js';

async function peaks(big: Scene, estate: string): Promise<Record<string, Measured>> {
  if (!existsSync('/proc/self/status')) {
    process.stderr.write('no peaks: there is no /proc here, and others begin at the parent’s\n');
    return {};
  }
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

const deciding: Part = async (quick) => {
  const job = { url: 'http://127.0.0.1', service: 'dcs', concurrency: 8 } as const;
  const policy = loadPolicy(benchPolicy(job, ['keepLast: 10', 'rules:', ...RULES]), 'bench.yml');
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

const startUp: Part = async (quick) => {
  const rounds = quick ? 5 : 21;
  const project = await copyProject();
  const { folder } = await project.package('prod');
  const zip = readZip(await readFile(join(folder, 'cleanup.zip')));
  for (const { name, content } of zip) await project.write(name, content.toString());
  const deployed = zip.filter(({ name }) => !name.endsWith('.map'));
  const bytes = sum(deployed, ({ packedSize }) => packedSize);
  const form = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const;
  const small = { minify: true, keepNames: true, mainFields: ['module', 'main'] };
  const stdin = { contents: EMPTY_HANDLER, resolveDir: process.cwd() };
  await build({ ...form, ...small, stdin, outfile: join(project.folder, 'empty.mjs') });
  let arrivals: number[] = [];
  const { url, close } = await serve((_, response) => {
    arrivals.push(performance.now());
    response.end('{}');
  });
  await project.write('bench.yml', benchPolicy({ url, service: 'dcs', concurrency: 8 }));
  const env = {
    BENCH_URL: url,
    POLICY_FILE: 'bench.yml',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
  const firstRequest = (script: string) => async () => {
    arrivals = [];
    const begin = performance.now();
    await runNode(['-e', script], project.folder, env);
    return Math.min(...arrivals) - begin;
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

const command: Part = async (quick) => {
  const rounds = quick ? 5 : 21;
  const scene = { service: 'kafka', sizes: [1_000], expiredShare: 0.01, concurrency: 8 } as const;
  const { url, close } = await startScene(scene);
  const policy = await policyFile({ ...scene, url });
  const nothing = async () => (await runNode(['-e', '0'])).endMs;
  const besideNode = async (measure: Measure) => {
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
