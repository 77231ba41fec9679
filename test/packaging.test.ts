import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID, startEmulator, task } from '../lib/emulator/index.ts';
import { AWS_ENVIRONMENT } from './environment.ts';
import { copyProject, type Project } from './stack/project.ts';
import { readZip, type ZipEntry } from './zip.ts';

const run = promisify(execFile);

let project: Project;
let unzipped: string;
let archives: string[];
let entries: ZipEntry[];

beforeAll(async () => {
  project = await copyProject();
  const { folder, files } = await project.package('prod');
  archives = files.filter((name) => name.endsWith('.zip'));
  entries = readZip(await readFile(join(folder, archives[0] as string)));
  unzipped = join(project.folder, 'unzipped');
  for (const { name, content } of entries) {
    await mkdir(join(unzipped, dirname(name)), { recursive: true });
    await writeFile(join(unzipped, name), content);
  }
}, 120_000);

afterAll(() => project.remove());

/** Calls the unzipped handler in a process of its own, as Lambda does. */
async function invoke(event: unknown, env: Record<string, string>): Promise<unknown> {
  const script = `
    const Module = require('node:module');
    const load = Module._load;
    let os = false;
    Module._load = (name, ...rest) => {
      os ||= name === 'node:os';
      return load(name, ...rest);
    };
    const { handler } = require('./functions/cleanup.cjs');
    const context = { awsRequestId: 'test-request', getRemainingTimeInMillis: () => 60_000 };
    handler(${JSON.stringify(event)}, context).then(
      (summary) => process.stderr.write(JSON.stringify({ summary, os })),
      (error) => process.stderr.write(JSON.stringify({ error: error.message, os })),
    );`;
  const { stderr } = await run(process.execPath, ['--no-warnings', '-e', script], {
    cwd: unzipped,
    env: { PATH: process.env.PATH, POWERTOOLS_LOG_LEVEL: 'SILENT', ...env },
  });
  return JSON.parse(stderr);
}

describe('serverless package', () => {
  test('makes one zip with the handler, its source map and the policy, and nothing else', () => {
    expect(archives).toEqual(['cleanup.zip']);
    expect(entries.map(({ name }) => name).sort()).toEqual([
      'functions/cleanup.cjs',
      'functions/cleanup.cjs.map',
      'retention.yml',
    ]);
  });

  test('keeps the zip below 400 KB, source map aside', () => {
    const sizes = entries.filter(({ name }) => !name.endsWith('.map'));
    expect(sizes.reduce((sum, { packedSize }) => sum + packedSize, 0)).toBeLessThan(400_000);
  });
});

/** Milliseconds until a process has loaded a file: the median of several. */
async function startUp(file: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const begin = performance.now();
    await run(process.execPath, ['-e', `require(${JSON.stringify(file)})`]);
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[2] as number;
}

describe('the packaged handler, unzipped', () => {
  test('loads the AWS SDK only when a secret is asked for', async () => {
    // The SDK looks for the home directory, and nothing else in the bundle asks for node:os.
    expect(await invoke({ dryRum: true }, {})).toMatchObject({ os: false });
    const nowhere = {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      ...AWS_ENVIRONMENT,
    };
    expect(await invoke({}, nowhere)).toMatchObject({
      os: true,
      error: expect.stringContaining('secret task-janitor/otc in eu-central-1 could not be read'),
    });
  });

  test('starts within half a second of an empty one', async () => {
    const empty = join(unzipped, 'empty.cjs');
    await writeFile(empty, 'exports.handler = async () => {};');
    const more = (await startUp(join(unzipped, 'functions/cleanup.cjs'))) - (await startUp(empty));
    expect(more).toBeLessThan(500);
  }, 30_000);

  test('says what is wrong with an event, and does nothing', async () => {
    const answer = await invoke({ dryRum: true }, {});
    expect(answer).toMatchObject({ error: expect.stringContaining('dryRum') });
  });

  test('cleans up and answers with the summary', async () => {
    const emulator = await startEmulator();
    try {
      emulator.addInstance({
        service: 'kafka',
        name: 'orders',
        tasks: [
          task({ created_at: '2020-01-01T00:00:00.000Z', updated_at: '2020-01-01T00:00:01.000Z' }),
          task({ status: 'EXECUTING' }),
        ],
      });
      await writeFile(
        join(unzipped, 'policy.yml'),
        `version: 1
dryRun: false
targets:
  - name: events
    cloud: otc
    service: kafka
    region: eu-de
    projectId: ${DEMO_PROJECT_ID}
    endpoint: ${emulator.url}
    keepFor: 30d
`,
      );
      const answer = await invoke(
        {},
        {
          POLICY_FILE: 'policy.yml',
          HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
          HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
        },
      );
      expect(answer).toMatchObject({
        os: false,
        summary: {
          outcome: 'complete',
          trigger: 'manual',
          totals: { listed: 2, kept: 1, expired: 1, deleted: 1 },
        },
      });
      expect(emulator.journal.deletedIds()).toHaveLength(1);
    } finally {
      await emulator.close();
    }
  });
});
