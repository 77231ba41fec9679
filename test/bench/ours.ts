import { randomUUID } from 'node:crypto';
import { openArchive } from '../../lib/archive/open-archive.ts';
import { cleanStep } from '../../lib/fleet/clean-step.ts';
import { prepareStep } from '../../lib/fleet/prepare-step.ts';
import { readFleetSettings } from '../../lib/fleet/settings.ts';
import type { StepDependencies } from '../../lib/fleet/step.ts';
import { summariseStep } from '../../lib/fleet/summarise-step.ts';
import { systemClock as clock } from '../../lib/http/clock.ts';
import { createTransport } from '../../lib/http/transport.ts';
import { credentialsSource } from '../../lib/identity/credentials-source.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { run } from '../../lib/run/run.ts';
import { ENV, type Job, policyText } from './estate.ts';

const outside = {
  clock,
  random: Math.random,
  openArchive,
  credentials: ((reference) =>
    credentialsSource(reference, ENV)) satisfies StepDependencies['credentials'],
};

/** The real thing: policy, credentials, list, decisions, pace, retry, summary. */
async function ours(job: Job): Promise<void> {
  const transport = createTransport(clock);
  const policy = loadPolicy(policyText(job), 'bench.yml');
  await run(policy, {}, { ...outside, runId: 'bench', trigger: 'cli', transport });
  transport.close();
}

const settings = readFleetSettings({ FLEET_BUCKET: 'bench' });
/** Milliseconds: what Lambda allows a function at most. */
const CALL_MS = 900_000;

/**
 * The fleet's three steps, called as its state machine calls them, each with connections of its own.
 * The bucket is in memory: what is measured is this program, not S3.
 */
async function fleet(job: Job): Promise<void> {
  const objects = new Map<string, string>();
  const stored = (key: string) => JSON.parse(objects.get(key) ?? 'null');
  const dependencies = {
    ...outside,
    settings,
    policyText: policyText(job),
    store: {
      read: async (key: string) => stored(key),
      create: async (key: string, value: unknown) => {
        const isFree = !objects.has(key);
        if (isFree) objects.set(key, JSON.stringify(value));
        return isFree;
      },
      list: async (prefix: string) =>
        [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
    },
    observe: () => ({}),
    observeSummary: () => ({}),
  };
  const call = async <Answer>(
    step: (message: unknown, dependencies: StepDependencies) => Promise<Answer>,
    message: unknown,
  ): Promise<Answer> => {
    const transport = createTransport(clock);
    try {
      const call = { callId: randomUUID(), deadline: clock.monotonic() + CALL_MS, transport };
      return await step(message, { ...dependencies, ...call });
    } finally {
      transport.close();
    }
  };
  const startedAt = new Date().toISOString();
  const { run, round, lanes } = await call(prepareStep, { id: 'bench', startedAt, event: {} });
  for (const lane of lanes) while ((await call(cleanStep, { run, round, lane })).again);
  await call(summariseStep, { run, round });
  const { outcome } = stored('runs/bench/summary-0.json') as Summary;
  if (outcome !== 'complete') throw new Error(`the fleet's run is ${outcome}`);
}

/** This program, in one function and as a fleet. */
export const OURS = { ours, fleet };
