import { existsSync } from 'node:fs';
import { readTask } from '../../../lib/model/task.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { loadPolicy } from '../../../lib/policy/load.ts';
import { retentionOf } from '../../../lib/policy/retention.ts';
import type { Target } from '../../../lib/policy/schema.ts';
import {
  COMMAND,
  evenly,
  expiredIn,
  NAMES,
  policyFile,
  policyText,
  recordsOf,
  type Scene,
  USERS,
} from '../estate.ts';
import { type Round, race, runNode, startEmulatorProcess } from '../processes.ts';
import { type Measured, median, type Part, say, spell } from '../report.ts';

const CONCURRENCY = 8;

/** Instances of 1,000 records each on average; a page of DCS holds 1,000. */
const sceneOf = (instances: number): Scene => ({
  service: 'dcs',
  sizes: evenly(instances, 1_000).map((size, place) =>
    instances === 1 ? size : size + (place % 2 === 0 ? -100 : 100),
  ),
  expiredShare: 0.05,
});

/** Memory and time of a run over very many records. */
export const scale: Part = {
  figures: {
    'peak-ratio': {
      title: 'peak memory, 1,000,000 records on 1,000 instances, to 1,000 records on one',
      target: '≤ 1.5',
    },
    'peak-absolute': { title: 'peak memory at 1,000,000 records, absolute', target: '≤ 200 MB' },
    'peak-plan': { title: 'peak memory of a plan at 1,000,000 records', target: '≤ 200 MB' },
    'peak-records': {
      title: 'peak memory of a plan with a records file at 1,000,000 records',
      target: '≤ 200 MB',
    },
    'time-per-record': { title: 'time per record, 1,000,000 records to 10,000', target: '≤ 1.1' },
    'time-fleet': {
      title: 'time per record of the fleet, 1,000,000 records, to the one function',
      target: '≤ 1.5',
    },
  },
  measure: async (quick) => {
    const instances = quick ? 50 : 1_000;
    const estate = `${spell(1_000 * instances)} records on ${spell(instances)} instances, 5 % expired`;
    const [big, small] = [sceneOf(instances), sceneOf(10)];
    say(`time of ${estate}`);
    const warmUp = quick ? [small] : [small, small, small];
    const scenes = [...warmUp, big, ...warmUp, big];
    const all = await race(['ours', 'fleet'], { concurrency: CONCURRENCY, scenes, warmUp });
    const perRecord = (rounds: Round[], scene: Scene) => {
      const those = rounds.filter((_, at) => scenes[at] === scene);
      return median(those.map(({ wallMs }) => wallMs / scene.sizes.length));
    };
    const [ours, least] = [perRecord(all.ours, big), perRecord(all.ours, small)];
    const fleet = perRecord(all.fleet, big);
    return {
      ...(await measurePeaks(big, estate)),
      'time-per-record': {
        value: ours / least,
        detail: `${estate}: ${ours.toFixed(1)} µs; 10,000 records on 10: ${least.toFixed(1)} µs`,
      },
      'time-fleet': {
        value: fleet / ours,
        detail: `${estate}: ${fleet.toFixed(1)} µs; one function: ${ours.toFixed(1)} µs`,
      },
    };
  },
};

/** Loaded before the command; it says at the end how much memory that took. */
const TELL_MEMORY = `data:text/javascript,import { readFileSync } from 'node:fs';
process.once('exit', () => process.stderr.write(readFileSync('/proc/self/status')));`;

async function measurePeaks(big: Scene, estate: string): Promise<Record<string, Measured>> {
  if (!existsSync('/proc/self/status')) {
    const skipped = 'this system has no /proc/self/status, and other peaks begin at the parent’s';
    const names = ['peak-ratio', 'peak-absolute', 'peak-plan', 'peak-records'];
    return Object.fromEntries(names.map((name) => [name, { skipped }]));
  }
  const emulator = startEmulatorProcess();
  /** The most memory that the built command had, in millions of bytes. */
  const peakOf = async (
    command: 'run' | 'plan',
    scene: Scene,
    ...options: readonly string[]
  ): Promise<number> => {
    say(`memory: ${command}, ${scene.sizes.length} instances`);
    const { url } = await emulator.ask(scene);
    const file = await policyFile({ url, service: scene.service, concurrency: CONCURRENCY });
    const words = [COMMAND, command, '--policy', file, '--json', ...options];
    const { output, errors } = await runNode(['--import', TELL_MEMORY, ...words]);
    const { expired } = JSON.parse(output).totals;
    if (expired !== expiredIn(scene))
      throw new Error(`${command} found ${expired} expired records`);
    return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(errors)?.[1]) * 1_024) / 1_000_000;
  };
  const plan = await peakOf('plan', big);
  const records = await peakOf('plan', big, '--records', '/dev/null');
  const run = await peakOf('run', big);
  const one = sceneOf(1);
  const smalls: number[] = [];
  for (let round = 0; round < 3; round += 1) smalls.push(await peakOf('run', one));
  const small = median(smalls);
  await emulator.close();
  const detail = `${estate}: ${Math.round(run)} MB; 1,000 records on one: ${Math.round(small)} MB`;
  return {
    'peak-ratio': { value: run / small, detail },
    'peak-absolute': { value: run, detail: estate },
    'peak-plan': { value: plan, detail: estate },
    'peak-records': { value: records, detail: estate },
  };
}

const RECORDS = 10_000;

/** Two thirds of the rules match some records; one in three of them names a user, one a status. */
const RULES = Array.from({ length: 20 }, (_, place) => {
  const task = place < NAMES.length ? `${NAMES[place]?.slice(0, 6)}*` : `Migrate${place}*`;
  const user = place % 3 === 1 ? `, users: ['${USERS[place % USERS.length]}']` : '';
  const status = place % 3 === 2 ? ', statuses: [FAILED]' : '';
  return `      - match: { tasks: ['${task}']${user}${status} }\n        keepFor: ${20 + place}d\n`;
});

/** Decisions a second, with rules that match by name, user and status. */
export const deciding: Part = {
  figures: {
    deciding: {
      title: 'deciding, a policy with 20 rules, on one core',
      target: '≥ 300,000 records/s',
    },
  },
  measure: async (quick) => {
    say('deciding');
    const job = { url: 'http://127.0.0.1', service: 'dcs', concurrency: CONCURRENCY } as const;
    const [withoutRules] = policyText(job).split('    rules:');
    const text = `${withoutRules}    keepLast: 10\n    rules:\n${RULES.join('')}`;
    const policy = loadPolicy(text, 'bench.yml');
    const retention = retentionOf(policy, policy.targets[0] as Target);
    const now = Date.now();
    const tasks = recordsOf(RECORDS, 0.5, now).map(readTask);
    const instances = quick ? 10 : 50;
    const speeds: number[] = [];
    for (let round = 0; round <= 9; round += 1) {
      const begin = performance.now();
      for (let instance = 0; instance < instances; instance += 1) decide(tasks, retention, now);
      speeds.push((1_000 * instances * RECORDS) / (performance.now() - begin));
    }
    // The first round warms up.
    const value = median(speeds.slice(1));
    return { deciding: { value, detail: `${instances} instances of 10,000 records, 9 rounds` } };
  },
};
