import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Emulator } from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { AWS_KEYS } from '../environment.ts';
import { type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { cachePolicy } from '../policies.ts';
import { expired } from '../records.ts';
import { startSecretsManager } from '../secrets-manager.ts';
import { serve } from '../serve.ts';
import { buildCommand, type Running, start, startWith } from './built-command.ts';
import { DEMO_ENV } from './fake-io.ts';

let emulator: Emulator;
let folder: PolicyFolder;
let policy: string;
let close: () => Promise<void>;
let running: Running | undefined;
beforeAll(buildCommand, 30_000);
beforeEach(async () => {
  ({ emulator, folder, policy, close } = await startOnDisk());
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(30) });
});
afterEach(async () => {
  running?.process.kill('SIGKILL');
  running = undefined;
  await close();
});

/** Holds DELETEs until `release`; `held` resolves when the first one is there. */
function holdDeletes(): { held: Promise<void>; release: () => void } {
  let release = () => {};
  let hold = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = new Promise<void>((resolve) => {
    hold = resolve;
  });
  emulator.intercept = async ({ operation }) => {
    if (operation !== 'delete-task') return undefined;
    hold();
    await released;
    return undefined;
  };
  return { held, release };
}

test('the built command runs, and its process ends with the status', async () => {
  running = start('run', '--policy', policy, '--json');
  const { status, stdout } = await running.ended;
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'complete', totals: { deleted: 30 } });
  running = start('run', '--policy', 'there-is-none.yml');
  expect(await running.ended).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('there is no such file'),
  });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'the first %s lets DELETEs in flight end, and prints the summary',
  async (signal) => {
    const { held, release } = holdDeletes();
    running = start('run', '--policy', policy, '--json');
    await held;
    running.process.kill(signal);
    await running.complained('Stopping: waiting for the requests in flight.');
    release();
    const { status, stdout } = await running.ended;
    expect(status).toBe(130);
    const { outcome, totals } = JSON.parse(stdout) as Summary;
    const deleted = emulator.journal.deletedIds().length;
    expect(emulator.journal.deletes()).toHaveLength(deleted);
    expect(outcome).toBe('incomplete');
    expect(totals).toMatchObject({ expired: 30, deleted, remaining: 30 - deleted, failed: 0 });
    expect(deleted).toBeGreaterThan(0);
  },
);

test('the second Ctrl-C ends at once', async () => {
  const { held } = holdDeletes();
  running = start('run', '--policy', policy, '--json');
  await held;
  const { process: child } = running;
  child.kill('SIGINT');
  await running.complained('Ctrl-C again ends at once');
  // A second Ctrl-C right after the first is taken for the same one, so it is sent until it counts.
  const again = setInterval(() => child.kill('SIGINT'), 50);
  const { status, stdout } = await running.ended;
  clearInterval(again);
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
});

test('whoever stops reading the output does not stop the run', async () => {
  const { held, release } = holdDeletes();
  running = start('run', '--policy', policy);
  await held;
  running.process.stdout?.destroy();
  release();
  expect(await running.ended).toMatchObject({ status: 0, stderr: '' });
  expect(emulator.journal.deletedIds()).toHaveLength(30);
});

test.each(['--records', '--html'])(
  'whoever stops reading the document of %s - has not got it',
  async (option) => {
    const { held, release } = holdDeletes();
    running = start('run', '--policy', policy, option, '-');
    await held;
    running.process.stdout?.destroy();
    release();
    const { status, stderr } = await running.ended;
    expect(status).toBe(1);
    expect(stderr).toContain('The output could not be written: EPIPE');
    expect(emulator.journal.deletedIds()).toHaveLength(30);
  },
);

const onFullDisk = existsSync('/dev/full') ? test : test.skip;

onFullDisk('a full disk under the output costs no record; the status says it', async () => {
  const full = await open('/dev/full', 'w');
  running = startWith({ stdout: full.fd }, 'run', '--policy', policy, '--json');
  const { status, stderr } = await running.ended;
  await full.close();
  expect(status).toBe(1);
  expect(stderr).toContain('The output could not be written: ENOSPC');
  expect(emulator.journal.deletedIds()).toHaveLength(30);
});

onFullDisk('a full disk under a plan hides what --exit-code would tell', async () => {
  const full = await open('/dev/full', 'w');
  running = startWith({ stdout: full.fd }, 'plan', '--policy', policy, '--exit-code');
  const { status } = await running.ended;
  await full.close();
  expect(status).toBe(1);
});

onFullDisk('a full disk under the log does not cost the summary', async () => {
  const full = await open('/dev/full', 'w');
  running = startWith({ stderr: full.fd }, 'run', '--policy', policy, '--json');
  const { status, stdout } = await running.ended;
  await full.close();
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'complete', totals: { deleted: 30 } });
});

test.each([
  ['--records', 'stdout', 'standard output goes there; write - for it, or name another file'],
  ['--records', 'stderr', 'standard error goes there; name another file'],
  ['--html', 'stdout', 'standard output goes there; write - for it, or name another file'],
] as const)('%s may not be the file that %s goes to', async (option, stream, problem) => {
  const path = await folder.write('out', '');
  const file = await open(path, 'w');
  running = startWith({ [stream]: file.fd }, 'plan', '--policy', policy, option, path);
  const { status, stderr } = await running.ended;
  await file.close();
  expect(status).toBe(2);
  const said = stream === 'stderr' ? await readFile(path, 'utf8') : stderr;
  expect(said).toContain(`${path}: ${problem}`);
});

test('neither Node nor the AWS SDK puts in a word of its own', async () => {
  const { HUAWEICLOUD_SDK_AK: accessKey, HUAWEICLOUD_SDK_SK: secretKey } = DEMO_ENV;
  const secrets = await startSecretsManager({ mine: JSON.stringify({ accessKey, secretKey }) });
  policy = await folder.write(
    'mine.yml',
    cachePolicy(emulator.url, ['credentials: { secret: mine }']),
  );
  running = startWith({ env: secrets.env }, 'run', '--policy', policy);
  const { status, stderr } = await running.ended;
  await secrets.close();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('the version does not wait for the program', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  running = start('--version');
  expect(await running.ended).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  const main = await readFile('dist/task-janitor.js', 'utf8');
  // Static imports run before anything else, and would make --version wait.
  expect(main.match(/^import .* from "(?!node:)/gm)).toBeNull();
});

test('a secret store that accepts and never answers does not outlast Ctrl-C', async () => {
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const store = await serve(() => ask());
  const more = ['credentials: { secret: task-janitor/huawei }'];
  policy = await folder.write('secret.yml', cachePolicy(emulator.url, more));
  const env = {
    AWS_ENDPOINT_URL: store.url,
    AWS_REGION: 'eu-central-1',
    ...AWS_KEYS,
  };
  running = startWith({ env }, 'run', '--policy', policy, '--json');
  await asked;
  running.process.kill('SIGINT');
  const { status, stdout } = await running.ended;
  await store.close();
  expect(status).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'incomplete',
    targets: [{ error: { code: 'stopped' } }],
  });
});

test.each(['--records', '--html'])(
  '%s in a folder that was removed meanwhile is told, and nothing is done',
  async (option) => {
    const gone = await mkdtemp(join(tmpdir(), 'janitor-'));
    const script = 'cd "$1" && rmdir "$1" && exec "$2" "$3" plan --policy "$4" "$5" out';
    const command = [process.execPath, resolve('dist/task-janitor.js'), resolve(policy), option];
    const { code, stderr } = await promisify(execFile)('sh', [
      '-c',
      script,
      'sh',
      gone,
      ...command,
    ]).catch((error) => error);
    expect(code).toBe(2);
    expect(stderr).toContain('its folder does not exist; make it first');
  },
);
