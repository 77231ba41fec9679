/** The bundled handlers, each call in a process of its own, which is killed in mid-run as Lambda kills. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { DEMO_ACCESS_KEY, type Emulator } from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { type OnDisk, type PolicyFolder, policyFolder, startOnDisk } from '../on-disk.ts';
import { expired, fresh } from '../records.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';
import { interpret } from './interpreter.ts';
import { type Execution, named, readDefinition, Walker } from './walker.ts';

/** Milliseconds of one call: what is needed to end in order, and some to work in. */
const CALL_MS = 20_000;

let bundles: PolicyFolder;
let onDisk: OnDisk;
let emulator: Emulator;
let s3: FakeS3;
/** Milliseconds that have passed in waits: nobody sleeps here, the clocks of the functions are set. */
let ahead: number;
let running: Set<ChildProcess>;

beforeAll(async () => {
  bundles = await policyFolder();
  await build({
    entryPoints: ['prepare', 'clean', 'summarise'].map((name) => `functions/fleet/${name}.ts`),
    outdir: bundles.path,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
});
afterAll(() => bundles.remove());
beforeEach(async () => {
  [onDisk, s3] = await Promise.all([startOnDisk(), startFakeS3()]);
  ({ emulator } = onDisk);
  ahead = 0;
  running = new Set();
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await Promise.all([onDisk.close(), s3.close()]);
});

const functionOf = (name: string) => async (message: unknown) => {
  const args = [join(bundles.path, `${name}.cjs`), JSON.stringify(message)];
  const child = fork('test/fleet/call-function.cjs', [...args, String(CALL_MS), String(ahead)], {
    stdio: 'ignore',
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      ...s3.env,
      POLICY_FILE: onDisk.policy,
      FLEET_BUCKET: 'fleet-bucket',
      HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
      HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
    },
  });
  running.add(child);
  type End = { answer?: unknown; error?: { name: string; message: string } };
  const { answer, error } = await new Promise<End>((resolve) => {
    child.once('message', (end) => resolve(end as End));
    child.once('exit', () => resolve({ error: { name: 'Runtime.ExitError', message: 'killed' } }));
  });
  running.delete(child);
  if (error) throw named(error.name, error.message);
  return answer;
};

const summary = (): Summary => {
  const keys = [...s3.objects.keys()].filter((key) => key.includes('/summary-')).sort();
  return JSON.parse(s3.objects.get(keys.at(-1) ?? '') ?? 'null');
};

/** Kills the function that sends each of these DELETEs, by their number, when it has been carried out. */
const killAt = (...deletes: number[]) => {
  let sent = 0;
  emulator.intercept = ({ operation }) => {
    if (operation !== 'delete-task') return undefined;
    sent += 1;
    if (!deletes.includes(sent)) return undefined;
    for (const child of running) child.kill('SIGKILL');
    return { reset: true, afterwards: true };
  };
};

describe('bundled functions', () => {
  test.each([[[1]], [[60]], [[30, 131, 212]]])(
    'that are killed at DELETE %p lose no record',
    async (deletes) => {
      emulator.addInstance({ service: 'dcs', name: 'a', tasks: [...expired(230), fresh()] });
      emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(20) });
      killAt(...deletes);
      const clock = {
        now: () => Date.now() + ahead,
        monotonic: () => performance.now() + ahead,
        sleep: async (ms: number) => {
          ahead += ms;
        },
      };
      const names = { Prepare: 'prepare', Clean: 'clean', Summarise: 'summarise' };
      const functions = Object.fromEntries(
        Object.entries(names).map(([name, file]) => [name, functionOf(file)]),
      );
      const walker = new Walker(await readDefinition(), functions, clock);
      const execution: Execution = await walker.run('packaged', {});
      expect(execution).toMatchObject({ output: { outcome: 'complete' } });
      expect(summary().totals).toMatchObject({ listed: 251, deleted: 250, alreadyGone: 0 });
      expect(emulator.journal.count({ deleted: true })).toBe(250);
      expect(emulator.journal.peakInFlight).toBeLessThanOrEqual(8);
    },
  );

  test('on the other interpreter, with one that is killed in mid-run', async () => {
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: [...expired(150), fresh()] });
    killAt(120);
    const clean = functionOf('clean');
    const end = await interpret(
      {
        Prepare: functionOf('prepare'),
        CleanEndpoint: async (message) => {
          try {
            return await clean(message);
          } catch (error) {
            // It waits no time between two attempts.
            ahead += 30_000;
            throw error;
          }
        },
        Summarise: functionOf('summarise'),
      },
      'packaged',
      {},
    );
    expect(end).toMatchObject({ outcome: 'complete' });
    expect(summary().totals).toMatchObject({ listed: 151, deleted: 150, alreadyGone: 0 });
    expect(emulator.journal.count({ deleted: true })).toBe(150);
  });
});
