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
import { startOnDisk } from '../on-disk.ts';
import { expired, fresh } from '../records.ts';
import { forgetLogSettings } from '../telemetry/log-settings.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';
import { interpret, readDefinition, type Tasks } from './interpreter.ts';

/** Of AWS, for the input and output of a state. */
const MAX_PAYLOAD = 256 * 1024;
const environment = keepEnvironment();
let emulator: Emulator;
/** DELETEs that came in, by instance. */
let asked: Map<string, number>;
let s3: FakeS3;
let close: () => Promise<void>;
beforeEach(async () => {
  let policy: string;
  ({ emulator, policy, close } = await startOnDisk());
  asked = new Map();
  s3 = await startFakeS3();
  forgetLogSettings();
  Object.assign(process.env, s3.env, {
    POLICY_FILE: policy,
    FLEET_BUCKET: 'fleet-bucket',
    FLEET_CONCURRENCY: '4',
    HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
    HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
    POWERTOOLS_LOG_LEVEL: 'CRITICAL',
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation(() => true);
  }
});
afterEach(async () => {
  jest.restoreAllMocks();
  environment.restore();
  await Promise.all([close(), s3.close()]);
});

const contextOf = (remaining: number) => ({ getRemainingTimeInMillis: () => remaining }) as Context;

/** The handlers that are deployed, with sizes of what goes in and out of their states noted. */
function handlers(slow: ReadonlySet<string> = new Set()) {
  const payloads: number[] = [];
  const calls = new Map<string, number>();
  const note = <T>(value: T): T => {
    payloads.push(JSON.stringify(value).length);
    return value;
  };
  let round: unknown;
  const prepare = lambdaStep(prepareStep);
  const clean = lambdaStep(cleanStep);
  const summarise = lambdaStep(summariseStep);
  const tasks: Tasks = {
    Prepare: async (message) => {
      round = note(await prepare(note(message), contextOf(900_000)));
      return round;
    },
    CleanInstance: async (message) => {
      const { item } = note(message) as { item: { id: string } };
      calls.set(item.id, (calls.get(item.id) ?? 0) + 1);
      if (!slow.has(item.id)) return note(await clean(message, contextOf(900_000)));
      // Its time passes by what was deleted on it: 2.2 seconds for each record, 100 for a call.
      const before = asked.get(item.id) ?? 0;
      const passed = () => ((asked.get(item.id) ?? 0) - before) * 2_200;
      const slowly = lambdaStep(cleanStep, {
        ...systemClock,
        monotonic: () => systemClock.monotonic() + passed(),
      });
      return note(await slowly(message, contextOf(100_000)));
    },
    Summarise: async (message) => note(await summarise(note(message), contextOf(900_000))),
    readItems: (key) => JSON.parse(s3.objects.get(`fleet-bucket/${key}`) ?? 'null'),
  };
  return { tasks, payloads, calls, prepared: () => round };
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
  test('cleans 1,000 instances; 10 fail, 5 need three calls, and a redrive repeats the 10 alone', async () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => {
      const tasks = i < 5 ? [...expired(110), fresh()] : [...expired(2), fresh()];
      return emulator.addInstance({ service: 'dcs', name: `cache-${i}`, tasks }).id;
    });
    const slow = new Set(ids.slice(0, 5));
    const failing = new Set(ids.slice(5, 15));
    let mended = false;
    emulator.intercept = ({ operation, instanceId = '' }) => {
      if (operation !== 'delete-task') return undefined;
      asked.set(instanceId, (asked.get(instanceId) ?? 0) + 1);
      if (mended || !failing.has(instanceId)) return undefined;
      return { status: 400, body: { error_code: 'DCS.4026', error_msg: 'cannot be deleted' } };
    };
    const { tasks, payloads, calls, prepared } = handlers(slow);

    await expect(interpret(tasks, 'nightly', {})).rejects.toThrow();
    const summary = summaryOf('nightly', 0);
    expect(summary).toMatchObject({ runId: 'nightly', trigger: 'fleet', outcome: 'failed' });
    const { journal } = emulator;
    expect(summary.totals).toEqual({
      targets: 1,
      instances: 1_000,
      listed: 5 * 111 + 995 * 3,
      kept: 1_000,
      expired: 5 * 110 + 995 * 2,
      deleted: journal.count({ deleted: true }),
      alreadyGone: 0,
      failed: 20,
      remaining: 0,
    });
    expect(summary.requests.sent).toBe(journal.all().length);
    expect(ids.filter((id) => calls.get(id) === 3)).toEqual([...slow]);
    expect([...calls.values()].filter((count) => count !== 1)).toHaveLength(5);
    expect(journal.peakInFlight).toBeLessThanOrEqual(8);

    mended = true;
    calls.clear();
    const end = await interpret(tasks, 'nightly', {}, { state: 'Summarise', input: prepared() });
    expect(new Set(calls.keys())).toEqual(failing);
    expect(end).toMatchObject({ again: false, outcome: 'complete', totals: { instances: 1_000 } });
    expect(summaryOf('nightly', 1).totals).toEqual({
      ...summary.totals,
      deleted: 5 * 110 + 995 * 2,
      failed: 0,
    });
    expect(journal.count({ deleted: true })).toBe(5 * 110 + 995 * 2);
    expect(Math.max(...payloads)).toBeLessThan(MAX_PAYLOAD);
  });

  test('repeats what Lambda refused, and nothing that the function itself threw', async () => {
    const { id } = emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(2) });
    emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(2) });
    const { tasks } = handlers();
    const calls = { refused: 0, thrown: 0 };
    const { CleanInstance } = tasks;
    tasks.CleanInstance = async (message) => {
      const { item } = message as { item: { id: string } };
      if (item.id !== id) {
        calls.thrown += 1;
        throw new Error('a defect');
      }
      calls.refused += 1;
      if (calls.refused > 2) return CleanInstance(message);
      throw Object.assign(new Error('Rate exceeded'), { name: 'Lambda.TooManyRequestsException' });
    };
    await expect(interpret(tasks, 'refused', {})).rejects.toThrow();
    expect(calls).toEqual({ refused: 3, thrown: 1 });
    expect(summaryOf('refused', 0)).toMatchObject({
      outcome: 'failed',
      totals: { instances: 2, deleted: 2 },
      targets: [{ instances: [{ outcome: 'complete' }, { errors: [{ code: 'no-result' }] }] }],
    });
  });
});
