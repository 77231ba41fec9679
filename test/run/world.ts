import { expect } from '@jest/globals';
import { openArchive } from '../../lib/archive/open-archive.ts';
import {
  DEMO_ACCESS_KEY,
  type Emulator,
  type EmulatorOptions,
  startEmulator,
} from '../../lib/emulator/index.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { createTransport, type Transport } from '../../lib/http/transport.ts';
import type { Counts, Summary } from '../../lib/model/summary.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import type { RunRequest } from '../../lib/run/request.ts';
import { run } from '../../lib/run/run.ts';
import type { RunDependencies } from '../../lib/run/run-context.ts';
import { eachTest } from '../each-test.ts';
import { FakeClock } from '../fake-clock.ts';

/** An emulator, a clock that both it and the runs go by, and runs against it. */
export interface World {
  readonly emulator: Emulator;
  readonly clock: FakeClock;
  readonly transport: Transport;
  /** One run with the demo key. Its summary has been checked to add up. */
  run(
    policy: object,
    request?: RunRequest,
    dependencies?: Partial<RunDependencies>,
  ): Promise<Summary>;
  close(): Promise<void>;
}

export async function startWorld(options: EmulatorOptions = {}): Promise<World> {
  const clock = new FakeClock();
  const emulator = await startEmulator({ now: clock.now, sleep: clock.sleep, ...options });
  // Its time-outs are real, and far longer than any answer takes here.
  const transport = createTransport(systemClock);
  return {
    emulator,
    clock,
    transport,
    run: async (policy, request = {}, dependencies = {}) => {
      const running = run(loadPolicy(JSON.stringify(policy), 'policy'), request, {
        runId: 'run-1',
        trigger: 'manual',
        clock,
        random: () => 0.5,
        transport,
        openArchive,
        credentials: () => ({ name: 'the test', read: async () => DEMO_ACCESS_KEY }),
        ...dependencies,
      });
      const summary = await clock.settle(running);
      expectToAddUp(summary);
      return summary;
    },
    close: async () => {
      transport.close();
      await emulator.close();
    },
  };
}

/** A world of its own for each test. */
export const useWorld = (options: EmulatorOptions = {}): World =>
  eachTest(
    () => startWorld(options),
    (world) => world.close(),
  );

/** The equations that hold on every path, for each instance, each target and the run. */
export function expectToAddUp({ targets, totals, outcome, warnings }: Summary): void {
  const instances = targets.flatMap((target) => target.instances);
  for (const { keptBecause, errors, errorsOmitted, ...counts } of instances) {
    expectBalanced(counts);
    expect(sum(Object.values(keptBecause))).toBe(counts.kept);
    expect(errors.length + errorsOmitted).toBeGreaterThanOrEqual(counts.failed);
    if (counts.outcome === 'complete' && counts.stoppedBy === undefined) {
      expect(counts.failed).toBe(0);
    }
    if (counts.failed > 0) expect(counts.outcome).toBe('failed');
  }
  expectBalanced(totals);
  for (const key of Object.keys(ZERO) as (keyof Counts)[]) {
    expect([key, totals[key]]).toEqual([key, sum(instances.map((instance) => instance[key]))]);
  }
  expect(totals.targets).toBe(targets.length);
  expect(totals.instances).toBe(instances.length);
  for (const target of targets) {
    const parts = target.instances.map((instance) => instance.outcome);
    if (target.error) expect(target.outcome).not.toBe('complete');
    else expect(target.outcome).toBe(worstOf(parts));
  }
  const missing = warnings.some((warning) => warning.startsWith('unknown instance'));
  expect(outcome).toBe(missing ? 'failed' : worstOf(targets.map((target) => target.outcome)));
}

const ZERO: Counts = {
  listed: 0,
  kept: 0,
  expired: 0,
  deleted: 0,
  alreadyGone: 0,
  failed: 0,
  remaining: 0,
};

function expectBalanced(counts: Counts): void {
  expect(counts.kept + counts.expired).toBe(counts.listed);
  const { deleted, alreadyGone, failed, remaining } = counts;
  expect(deleted + alreadyGone + failed + remaining).toBe(counts.expired);
  for (const key of Object.keys(ZERO) as (keyof Counts)[]) {
    expect(counts[key]).toBeGreaterThanOrEqual(0);
  }
}

function worstOf(outcomes: readonly string[]): string {
  return ['failed', 'incomplete'].find((one) => outcomes.includes(one)) ?? 'complete';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
