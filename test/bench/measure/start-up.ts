import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { serve } from '../../serve.ts';
import { copyProject, type Project } from '../../stack/project.ts';
import { readZip } from '../../zip.ts';
import { COMMAND, policyFile, policyText, type Scene } from '../estate.ts';
import { runNode, startEmulatorProcess } from '../processes.ts';
import { median, medianRatio, type Part, say, spell } from '../report.ts';

const EMPTY_HANDLER = `import fetch from 'node-fetch';
export const handler = async () => { await fetch(process.env.BENCH_URL); };`;
const CALL_EMPTY = "import('./empty.mjs').then(({ handler }) => handler({}, {}));";
const CALL_OURS = `require('./functions/cleanup.cjs').handler({}, {
  awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 });`;

/** Two measurements in turns; the first round finds files uncached, and is not counted. */
async function inTurns(rounds: number, one: () => Promise<number>, other: () => Promise<number>) {
  const [ones, others]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    ones.push(await one());
    others.push(await other());
  }
  return [ones.slice(1), others.slice(1)] as const;
}

/** How soon a cold function sends its first request, and how large its package is. */
export const startUp: Part = {
  figures: {
    'start-up': {
      title:
        'start-up of the packaged handler to its first request, to an empty handler with one node-fetch request',
      target: '≤ 1.5',
    },
    zip: { title: 'the deployed zip, source maps aside', target: '≤ 400 KB' },
  },
  measure: async (quick) => {
    const rounds = quick ? 5 : 21;
    say(`packaging the function, and ${rounds} rounds of its start-up`);
    const project = await copyProject();
    const { folder, bytes } = await unpack(project);
    const arrivals: number[] = [];
    const server = await serve((_, response) => {
      arrivals.push(performance.now());
      response.end('{}');
    });
    const { url } = server;
    await writeFile(join(folder, 'bench.yml'), policyText({ url, service: 'dcs', concurrency: 8 }));
    const env = {
      BENCH_URL: url,
      POLICY_FILE: 'bench.yml',
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      POWERTOOLS_METRICS_DISABLED: 'true',
    };
    const firstRequest = (script: string) => async () => {
      arrivals.length = 0;
      const begin = performance.now();
      await runNode(['-e', script], folder, env);
      return (arrivals[0] ?? Number.NaN) - begin;
    };
    const [ours, empty] = await inTurns(rounds, firstRequest(CALL_OURS), firstRequest(CALL_EMPTY));
    await server.close();
    await project.remove();
    const detail = `${Math.round(median(ours))} ms to ${Math.round(median(empty))} ms, ${rounds} rounds`;
    return {
      'start-up': { value: medianRatio(ours, empty), detail },
      zip: { value: bytes / 1_000, detail: `${spell(bytes)} bytes` },
    };
  },
};

/** The function as it is deployed, unzipped, with the empty handler beside it. */
async function unpack(project: Project): Promise<{ folder: string; bytes: number }> {
  const { folder: packages, files } = await project.package('prod');
  const archive = files.find((name) => name.endsWith('.zip')) ?? 'no zip was made';
  const entries = readZip(await readFile(join(packages, archive)));
  const folder = join(project.folder, 'unzipped');
  for (const { name, content } of entries) {
    await mkdir(join(folder, dirname(name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const form = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const;
  const small = { minify: true, keepNames: true, mainFields: ['module', 'main'] };
  const stdin = { contents: EMPTY_HANDLER, resolveDir: process.cwd() };
  await build({ ...form, ...small, stdin, outfile: join(folder, 'empty.mjs') });
  const deployed = entries.filter(({ name }) => !name.endsWith('.map'));
  return { folder, bytes: deployed.reduce((sum, { packedSize }) => sum + packedSize, 0) };
}

/** How long a person waits for the command. */
export const command: Part = {
  figures: {
    version: { title: 'time of `task-janitor --version`', target: '≤ 150 ms' },
    'plan-output': {
      title: 'time of `task-janitor plan` to the first line on the screen',
      target: '≤ 300 ms',
    },
  },
  measure: async (quick) => {
    const rounds = quick ? 5 : 21;
    say(`the command, ${rounds} rounds`);
    const emulator = startEmulatorProcess();
    const scene: Scene = { service: 'kafka', sizes: [1_000], expiredShare: 0.01 };
    const { url } = await emulator.ask(scene);
    const policy = await policyFile({ url, service: scene.service, concurrency: 8 });
    const besideNode = async (measure: () => Promise<number>) => {
      const nothing = async () => (await runNode(['-e', '0'])).endMs;
      const [ours, node] = await inTurns(rounds, measure, nothing);
      const times = medianRatio(ours, node).toFixed(2);
      const detail = `${times} times \`node -e 0\`, which takes ${Math.round(median(node))} ms; ${rounds} rounds`;
      return { value: median(ours), detail };
    };
    const version = async () => (await runNode([COMMAND, '--version'])).endMs;
    const plan = async () => (await runNode([COMMAND, 'plan', '--policy', policy])).firstOutputMs;
    const measured = { version: await besideNode(version), 'plan-output': await besideNode(plan) };
    await emulator.close();
    return measured;
  },
};
