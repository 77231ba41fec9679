import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID, startEmulator, task } from './emulator/index.ts';
import { readZip, type ZipEntry } from './zip.ts';

const run = promisify(execFile);
const SERVERLESS = 'node_modules/serverless/bin/serverless.js';

let folder: string;
let unzipped: string;
let archives: string[];
let entries: ZipEntry[];
let template: { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-janitor-'));
  const output = join(folder, 'package');
  unzipped = join(folder, 'unzipped');
  await run(process.execPath, [SERVERLESS, 'package', '--stage', 'prod', '--package', output]);
  archives = (await readdir(output)).filter((name) => name.endsWith('.zip'));
  entries = readZip(await readFile(join(output, archives[0] as string)));
  template = JSON.parse(
    await readFile(join(output, 'cloudformation-template-update-stack.json'), 'utf8'),
  );
  for (const { name, content } of entries) {
    await mkdir(join(unzipped, dirname(name)), { recursive: true });
    await writeFile(join(unzipped, name), content);
  }
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Calls the unzipped handler in a process of its own, as Lambda does. */
async function invoke(event: unknown, env: Record<string, string>): Promise<unknown> {
  const script = `
    const { handler } = require('./functions/cleanup.cjs');
    const context = { awsRequestId: 'test-request', getRemainingTimeInMillis: () => 60_000 };
    handler(${JSON.stringify(event)}, context).then(
      (summary) => process.stderr.write(JSON.stringify({ summary })),
      (error) => process.stderr.write(JSON.stringify({ error: error.message })),
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

  test('lets neither AWS nor the scheduler repeat a failed run', () => {
    const { CleanupSchedulerSchedule1: schedule, CleanupLambdaEvConf: invocation } =
      template.Resources;
    expect(schedule?.Type).toBe('AWS::Scheduler::Schedule');
    expect(schedule?.Properties).toMatchObject({
      ScheduleExpressionTimezone: 'Etc/UTC',
      State: 'ENABLED',
      Target: { RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
    expect(invocation?.Properties).toMatchObject({ MaximumRetryAttempts: 0 });
    expect(template.Resources.CleanupLambdaFunction?.Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      ReservedConcurrentExecutions: 1,
      Timeout: 900,
    });
  });
});

describe('the packaged handler, unzipped', () => {
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
