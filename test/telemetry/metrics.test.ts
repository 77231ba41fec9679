import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createPublisher } from '../../lib/telemetry/metrics.ts';
import { MAX_TARGETS, metricsObserver } from '../../lib/telemetry/metrics-observer.ts';
import { onlyTarget, policyOf, targetOf } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { useWorld } from '../run/world.ts';
import { type EmfLine, emfLines } from './emf.ts';
import { forgetLogSettings } from './log-settings.ts';

const world = useWorld();
let output: string;
beforeEach(() => {
  forgetLogSettings();
  output = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** A run with its metrics, the last of which are the totals. */
async function run(policy: object, request: object = {}): Promise<EmfLine[]> {
  output = '';
  const { targets } = policy as { targets: { name: string }[] };
  const routine = Object.keys(request).length === 0;
  const observer = metricsObserver(createPublisher('prod'), { targets, routine });
  await world.run(policy, request, { observer });
  return emfLines(output);
}

const dimensionsOf = (line?: EmfLine) => line?._aws.CloudWatchMetrics[0]?.Dimensions;

describe('the metrics of a run', () => {
  test('are published for each target, then for all of them', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: [...expired(3), aged(1)] });
    emulator.addInstance({ service: 'kafka', tasks: expired(2, 'kafka') });
    const kafka = targetOf(emulator, { name: 'events', service: 'kafka' });
    const [cache, events, all] = await run(policyOf([targetOf(emulator), kafka]));
    expect(dimensionsOf(cache)).toEqual([['stage', 'service', 'target']]);
    expect(cache).toMatchObject({
      stage: 'prod',
      service: 'dcs',
      target: 'cache',
      expired: 3,
      deleted: 3,
      alreadyGone: 0,
      failed: 0,
      remaining: 0,
      kept: 1,
      requests: 5,
      throttled: 0,
      limitTripped: 0,
    });
    expect(events).toMatchObject({ service: 'kafka', target: 'events', deleted: 2, kept: 0 });
    expect(dimensionsOf(all)).toEqual([['stage']]);
    expect(all).toMatchObject({
      stage: 'prod',
      runId: 'run-1',
      expired: 5,
      deleted: 5,
      kept: 1,
      runFinished: 1,
      runFailed: 0,
    });
    expect(all?.requests).toBe((cache?.requests as number) + (events?.requests as number));
    expect(all?._aws.CloudWatchMetrics[0]?.Namespace).toBe('task-janitor');
  });

  test('are counts, but for the duration', async () => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(1) });
    const units = (await run(onlyTarget(world.emulator))).flatMap(
      (line) => line._aws.CloudWatchMetrics[0]?.Metrics ?? [],
    );
    for (const { Name, Unit } of units) {
      expect([Name, Unit]).toEqual([Name, Name === 'duration' ? 'Milliseconds' : 'Count']);
    }
    expect(units.map(({ Name }) => Name)).toContain('duration');
  });

  test('are published by a failed run too', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(3) });
    emulator.intercept = ({ operation }) =>
      operation === 'delete-task' ? { status: 400, body: { error_code: 'DCS.4957' } } : undefined;
    const lines = await run(onlyTarget(emulator));
    expect(lines.at(-1)).toMatchObject({ failed: 3, deleted: 0, runFailed: 1, runFinished: 1 });
  });

  test('count throttled answers and limits that trip', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(10) });
    let first = true;
    emulator.intercept = ({ operation }) => {
      if (operation !== 'list-tasks' || !first) return undefined;
      first = false;
      return { status: 429, body: { error_code: 'APIGW.0308' } };
    };
    const lines = await run(onlyTarget(emulator, { limits: { deletions: 5 } }));
    for (const line of lines) {
      expect(line).toMatchObject({ throttled: 1, limitTripped: 1, deleted: 0, remaining: 10 });
    }
  });

  test('say nothing of what remains when it is a dry run: all of it would', async () => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(3) });
    const policy = { ...onlyTarget(world.emulator), dryRun: true };
    for (const line of await run(policy)) {
      expect(line).toMatchObject({ expired: 3, deleted: 0 });
      expect(line).not.toHaveProperty('remaining');
    }
  });

  test('say nothing of the estate when the run is narrowed, nor that the schedule is alive', async () => {
    world.emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
    for (const line of await run(onlyTarget(world.emulator), { instances: ['a'] })) {
      expect(line).toMatchObject({ deleted: 3, failed: 0 });
      for (const name of ['kept', 'expired', 'remaining', 'runFinished']) {
        expect(line).not.toHaveProperty(name);
      }
    }
  });

  test('say nothing of the estate when a target could not be opened', async () => {
    const { emulator } = world;
    emulator.faults.deny = ['list-instances'];
    const lines = await run(onlyTarget(emulator));
    expect(lines.at(-1)).toMatchObject({ runFailed: 1, runFinished: 1 });
    for (const line of lines) expect(line).not.toHaveProperty('remaining');
  });

  test('are bounded in number, however many targets there are', async () => {
    const { emulator } = world;
    const targets = Array.from({ length: MAX_TARGETS + 5 }, (_, index) => {
      const projectId = `project-${index}`;
      emulator.addInstance({ service: 'dcs', projectId, tasks: [aged(1)] });
      return targetOf(emulator, { name: `target-${index}`, projectId });
    });
    const lines = await run(policyOf(targets));
    expect(lines).toHaveLength(MAX_TARGETS + 2);
    expect(lines.at(-2)).toMatchObject({ service: 'others', target: 'others', kept: 5 });
    expect(lines.at(-1)).toMatchObject({ kept: MAX_TARGETS + 5 });
    // The same targets have their own in a narrowed run.
    const narrowed = await run(policyOf(targets), { targets: ['target-34', 'target-3'] });
    expect(narrowed.map(({ target }) => target)).toEqual(['target-3', 'others', undefined]);
  });

  test('name a target in ASCII, since CloudWatch drops all else', async () => {
    const [line] = await run(onlyTarget(world.emulator, { name: 'größe' }));
    expect(line?.target).toBe('gr\\u{f6}\\u{df}e');
  });
});
