import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { taskId } from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { logObserver } from '../../lib/telemetry/log-observer.ts';
import { createLogger } from '../../lib/telemetry/logger.ts';
import { FakeClock } from '../fake-clock.ts';
import { onlyTarget, policyOf, targetOf } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { useWorld } from '../run/world.ts';
import { instance, target } from '../summaries.ts';
import { forgetLogSettings } from './log-settings.ts';

const world = useWorld();
let lines: Record<string, unknown>[];
beforeAll(forgetLogSettings);
beforeEach(() => {
  lines = [];
});

/** A run that is logged. */
async function run(policy: object, taskIds?: string[]): Promise<Summary> {
  const logger = createLogger((line) => {
    expect(line.indexOf('\n')).toBe(line.length - 1);
    lines.push(JSON.parse(line));
  });
  return await world.run(policy, { taskIds }, { observer: logObserver(logger, 'run-1') });
}

const messages = (level: string) =>
  lines.filter((line) => line.level === level).map(({ message }) => message);

describe('the log of a run', () => {
  test('has a line for each instance and one with the totals, each with the run id', async () => {
    const { emulator } = world;
    const a = emulator.addInstance({ service: 'dcs', name: 'a', tasks: [...expired(3), aged(1)] });
    const b = emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(2) });
    const summary = await run(onlyTarget(emulator));
    for (const line of lines) expect(line).toMatchObject({ runId: 'run-1', level: 'INFO' });
    expect(lines.filter(({ summary: written }) => written).map(({ instance }) => instance)).toEqual(
      expect.arrayContaining([a.id, b.id]),
    );
    expect(lines).toHaveLength(4);
    expect(lines.find(({ instance }) => instance === a.id)).toMatchObject({
      target: 'cache',
      message: 'cache: a: complete: 4 listed, 1 kept, 3 expired, 3 deleted',
      summary: summary.targets[0]?.instances[0],
    });
    expect(lines.at(-1)).toMatchObject({
      message:
        'run complete: 2 instances, 6 records listed, 5 expired; 5 deleted, 0 already gone, 0 failed, 0 remaining',
      trigger: 'manual',
      dryRun: false,
      outcome: 'complete',
      totals: summary.totals,
      requests: summary.requests,
      warnings: 0,
    });
  });

  test('says how long an instance took, also where the wall clock is set meanwhile', async () => {
    const clock = new FakeClock();
    const logger = createLogger((line) => lines.push(JSON.parse(line)));
    const observer = logObserver(logger, 'run-1', clock);
    const a = instance('a', { kept: 1 });
    const cache = target('cache', [a]);
    observer.instanceBegun?.(cache, a);
    await clock.advance(1_500);
    clock.step(-3_600_000);
    observer.instanceDone?.(cache, a);
    expect(lines).toMatchObject([{ instance: a.id, durationMs: 1_500 }]);
  });

  test('has one line for the instances that the run did not come to', async () => {
    const { emulator, clock } = world;
    for (let n = 0; n < 30; n += 1) emulator.addInstance({ service: 'dcs', name: `n-${n}` });
    emulator.intercept = async ({ operation }) => {
      if (operation === 'list-tasks') await clock.advance(3_000);
      return undefined;
    };
    const policy = policyOf([targetOf(emulator, { requests: { concurrency: 1 } })]);
    const logger = createLogger((line) => lines.push(JSON.parse(line)));
    const observer = logObserver(logger, 'run-1');
    const summary = await world.run(policy, {}, { observer, deadline: clock.monotonic() + 10_000 });
    const left = summary.targets[0]?.instances.filter(({ outcome }) => outcome === 'incomplete');
    expect(left?.length).toBeGreaterThan(20);
    expect(messages('WARN')).toEqual([
      `cache: the run had to stop before the records of ${left?.length} instances were listed`,
      expect.stringMatching(/^run incomplete: 30 instances/),
    ]);
    expect(lines.filter(({ summary: written }) => written)).toHaveLength(30 - (left?.length ?? 0));
  });

  test('has a level for what went wrong: limits warn, failures are errors', async () => {
    const { emulator } = world;
    const a = emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
    emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(9) });
    emulator.faults.listPageFails = { page: 1, instanceId: a.id };
    await run(onlyTarget(emulator, { limits: { deletions: 5 } }));
    expect(messages('WARN')).toEqual([
      expect.stringContaining('9 records have expired'),
      'cache: b: incomplete: 9 listed, 0 kept, 9 expired, 0 deleted',
    ]);
    expect(messages('ERROR')).toEqual([
      'cache: a: failed: 0 listed, 0 kept, 0 expired, 0 deleted',
      expect.stringMatching(/^run failed: 2 instances/),
    ]);
  });

  test('names a target that failed, with the target and a code', async () => {
    const { emulator } = world;
    emulator.faults.deny = ['list-instances'];
    await run(onlyTarget(emulator));
    expect(lines.find(({ code }) => code === 'forbidden')).toMatchObject({
      level: 'ERROR',
      runId: 'run-1',
      target: 'cache',
      message: expect.stringContaining('cache: '),
    });
  });

  test('names what was skipped, and why', async () => {
    const { emulator } = world;
    const frozen = emulator.addInstance({ service: 'dcs', name: 'cold', status: 'FROZEN' });
    await run(onlyTarget(emulator));
    expect(lines.find(({ reason }) => reason)).toMatchObject({
      level: 'INFO',
      runId: 'run-1',
      target: 'cache',
      instance: frozen.id,
      message: 'cache: instance cold is skipped: it is frozen',
    });
  });

  test('has every warning that the summary has', async () => {
    const { emulator } = world;
    const missing = taskId();
    const summary = await run(onlyTarget(emulator, { instances: { include: ['prdo-*'] } }), [
      missing,
    ]);
    expect(messages('WARN')).toEqual([
      '"prdo-*" under instances matches no instance',
      `task ${missing} was not found on any instance of this run`,
    ]);
    expect(lines.find(({ level }) => level === 'WARN')).toMatchObject({ target: 'cache' });
    expect(summary.warnings).toHaveLength(2);
    expect(lines.at(-1)).toMatchObject({ warnings: 2 });
  });

  test('keeps each line small, however large the estate is', async () => {
    const { emulator } = world;
    const targets = Array.from({ length: 2 }, (_, index) =>
      targetOf(emulator, { name: `target-${index}`, projectId: `project-${index}` }),
    );
    for (let i = 0; i < 8; i += 1) {
      emulator.addInstance({
        service: 'dcs',
        projectId: `project-${i % 2}`,
        tasks: expired(30),
      });
    }
    emulator.intercept = ({ operation }) =>
      operation === 'delete-task'
        ? { status: 400, body: { error_code: 'DCS.4957', error_msg: 'x'.repeat(2_000) } }
        : undefined;
    await run(policyOf(targets));
    expect(lines).toHaveLength(10);
    // CloudWatch takes 256 KB for one event.
    for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(64_000);
  });
});
