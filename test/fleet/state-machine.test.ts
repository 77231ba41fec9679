import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
// @ts-expect-error it comes without types
import aslValidator from 'asl-validator';
import type { Context } from 'aws-lambda';
import { lambdaStep } from '../../functions/fleet/lambda-step.ts';
import { DEMO_ACCESS_KEY, type Emulator } from '../../lib/emulator/index.ts';
import { cleanStep } from '../../lib/fleet/clean-step.ts';
import { prepareStep } from '../../lib/fleet/prepare-step.ts';
import { summariseStep } from '../../lib/fleet/summarise-step.ts';
import { systemClock } from '../../lib/http/clock.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { keepEnvironment } from '../environment.ts';
import { type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { captureOutput } from '../output.ts';
import { expired, fresh } from '../records.ts';
import { forgetLogSettings } from '../telemetry/log-settings.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';
import { interpret, type Tasks } from './interpreter.ts';
import { named, readDefinition } from './walker.ts';

/** Of AWS, for the input and output of a state. */
const MAX_PAYLOAD = 256 * 1024;
const environment = keepEnvironment();
let emulator: Emulator;
let s3: FakeS3;
let folder: PolicyFolder;
let close: () => Promise<void>;
beforeEach(async () => {
  let policy: string;
  ({ emulator, folder, policy, close } = await startOnDisk());
  s3 = await startFakeS3();
  forgetLogSettings();
  Object.assign(process.env, s3.env, {
    POLICY_FILE: policy,
    FLEET_BUCKET: 'fleet-bucket',
    HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
    HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
    POWERTOOLS_LOG_LEVEL: 'CRITICAL',
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  captureOutput();
});
afterEach(async () => {
  jest.restoreAllMocks();
  environment.restore();
  await Promise.all([close(), s3.close()]);
});

const contextOf = (remaining: number) => ({ getRemainingTimeInMillis: () => remaining }) as Context;

/** The handlers that are deployed, with sizes of what goes in and out of their states noted. */
function handlers(remaining = 900_000) {
  const payloads: number[] = [];
  const note = <T>(value: T): T => {
    payloads.push(JSON.stringify(value).length);
    return value;
  };
  let round: unknown;
  let calls = 0;
  const prepare = lambdaStep(prepareStep);
  const summarise = lambdaStep(summariseStep);
  const tasks: Tasks = {
    Prepare: async (message) => {
      round = note(await prepare(note(message), contextOf(30_000)));
      return round;
    },
    CleanEndpoint: async (message) => {
      calls += 1;
      // Its time passes by what was deleted: a tenth of a second for each record.
      const before = emulator.journal.count({ deleted: true });
      const passed = () => (emulator.journal.count({ deleted: true }) - before) * 100;
      const clean = lambdaStep(cleanStep, {
        ...systemClock,
        monotonic: () => systemClock.monotonic() + passed(),
      });
      return note(await clean(note(message), contextOf(remaining)));
    },
    Summarise: async (message) => note(await summarise(note(message), contextOf(300_000))),
  };
  return { tasks, payloads, calls: () => calls, prepared: () => round };
}

const summaryOf = (name: string, round: number): Summary =>
  JSON.parse(s3.objects.get(`fleet-bucket/runs/${name}/summary-${round}.json`) ?? 'null');

test('the definition is valid', async () => {
  const { isValid, errors } = aslValidator((await readDefinition()) as never, {
    checkPaths: true,
    checkArn: true,
  });
  expect({ isValid, errors }).toEqual({ isValid: true, errors: [] });
});

describe('the machine', () => {
  test('cleans 300 instances in several calls; 10 fail, and a redrive repeats them', async () => {
    const ids = Array.from({ length: 300 }, (_, i) => {
      const tasks = [...expired(i < 5 ? 110 : 2), fresh()];
      return emulator.addInstance({ service: 'dcs', name: `cache-${i}`, tasks }).id;
    });
    const failing = new Set(ids.slice(5, 15));
    let mended = false;
    emulator.intercept = ({ operation, instanceId = '' }) =>
      operation === 'delete-task' && !mended && failing.has(instanceId)
        ? { status: 400, body: { error_code: 'DCS.4026', error_msg: 'cannot be deleted' } }
        : undefined;
    const { tasks, payloads, calls, prepared } = handlers(60_000);

    await expect(interpret(tasks, 'nightly', {})).rejects.toThrow();
    const summary = summaryOf('nightly', 0);
    expect(summary).toMatchObject({ runId: 'nightly', trigger: 'fleet', outcome: 'failed' });
    const { journal } = emulator;
    const all = 5 * 110 + 295 * 2;
    expect(summary.totals).toEqual({
      targets: 1,
      instances: 300,
      listed: all + 300,
      kept: 300,
      expired: all,
      deleted: journal.count({ deleted: true }),
      alreadyGone: 0,
      failed: 20,
      remaining: 0,
    });
    expect(summary.totals.deleted).toBe(all - 20);
    expect(summary.requests.sent).toBe(journal.all().length);
    expect(calls()).toBeGreaterThan(1);
    expect(journal.peakInFlight).toBeLessThanOrEqual(8);

    mended = true;
    journal.clear();
    const end = await interpret(tasks, 'nightly', {}, { state: 'Summarise', input: prepared() });
    const listed = journal.filter({ operation: 'list-tasks' });
    expect(new Set(listed.map(({ instanceId }) => instanceId))).toEqual(failing);
    expect(end).toMatchObject({ again: false, outcome: 'complete', totals: { instances: 300 } });
    expect(summaryOf('nightly', 1).totals).toMatchObject({ deleted: all, failed: 0 });
    expect(Math.max(...payloads)).toBeLessThan(MAX_PAYLOAD / 20);
  });

  test('goes on after a call that was killed, and leaves an endpoint whose deployment has changed', async () => {
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
    const { tasks } = handlers();
    const { CleanEndpoint } = tasks;
    let calls = 0;
    tasks.CleanEndpoint = async (message) => {
      calls += 1;
      if (calls < 3) throw named('Runtime.ExitError');
      return CleanEndpoint(message);
    };
    await expect(interpret(tasks, 'killed', {})).resolves.toMatchObject({ outcome: 'complete' });
    expect(calls).toBe(3);
    calls = 0;
    tasks.CleanEndpoint = async () => {
      calls += 1;
      throw named('DeploymentChangedError');
    };
    await expect(interpret(tasks, 'changed', {})).rejects.toThrow();
    expect(calls).toBe(1);
    expect(summaryOf('changed', 0)).toMatchObject({
      outcome: 'failed',
      targets: [{ error: { code: 'no-result' } }],
    });
  });

  test('waits for an endpoint that another call has', async () => {
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
    const { tasks } = handlers();
    const { CleanEndpoint } = tasks;
    tasks.CleanEndpoint = async (message) => {
      const both = await Promise.allSettled([CleanEndpoint(message), CleanEndpoint(message)]);
      const busy = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      if (busy) throw busy.reason;
      return (both[0] as PromiseFulfilledResult<unknown>).value;
    };
    await expect(interpret(tasks, 'busy', {})).resolves.toMatchObject({ outcome: 'complete' });
    expect(summaryOf('busy', 0).totals).toMatchObject({ deleted: 3, alreadyGone: 0 });
  });
});

test('a step refuses a policy that is not UTF-8, and names its file', async () => {
  const bytes = Buffer.from('# für\nversion: 1\n', 'latin1');
  process.env.POLICY_FILE = await folder.write('latin-1.yml', bytes);
  const { tasks } = handlers();
  const event = { id: 'nightly', startedAt: new Date().toISOString(), event: {} };
  await expect(tasks.Prepare?.(event)).rejects.toThrow(
    `${process.env.POLICY_FILE}: it is not UTF-8 (Latin-1 or Windows-1252, perhaps); save it as UTF-8`,
  );
});

test('a later call of the same process hides its own secrets in errors of the store', async () => {
  const token = 'FwoGZXIvYXdzEHcaDGZha2U';
  process.env.AWS_SESSION_TOKEN = token;
  const step = lambdaStep(async (message, { store, secrets }) => {
    secrets?.add(message as string);
    s3.troubles.push('repeats what it was asked with');
    return await store.read('k').catch((error: Error) => error.message);
  });
  expect(await step('Odd', contextOf(900_000))).toMatch(/: \[secret\]\[secret\]/);
  expect(await step('another', contextOf(900_000))).toMatch(/: Odd\[secret\]/);
  expect(await step('Odd', contextOf(900_000))).toMatch(/: \[secret\]\[secret\]/);
});

test('17: a step that fails names the run and its endpoint in the log', async () => {
  process.env.POWERTOOLS_LOG_LEVEL = 'ERROR';
  const output = captureOutput();
  const clean = lambdaStep(cleanStep);
  const message = { run: { id: 'nightly' }, round: 0, lane: 2 };
  await expect(clean(message, contextOf(900_000))).rejects.toThrow('this is not how');
  expect(JSON.parse(output())).toMatchObject({
    message: 'run nightly: the step failed',
    runId: 'nightly',
    lane: 2,
  });
});
