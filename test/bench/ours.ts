import { randomUUID } from 'node:crypto';
import { openArchive } from '../../lib/archive/open-archive.ts';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/demo-identity.ts';
import { cleanStep } from '../../lib/fleet/clean-step.ts';
import { prepareStep } from '../../lib/fleet/prepare-step.ts';
import { readFleetSettings } from '../../lib/fleet/settings.ts';
import type { StepDependencies } from '../../lib/fleet/step.ts';
import { summariseStep } from '../../lib/fleet/summarise-step.ts';
import { systemClock as clock } from '../../lib/http/clock.ts';
import { createTransport } from '../../lib/http/transport.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { run } from '../../lib/run/run.ts';
import { FakeClock } from '../fake-clock.ts';
import { Bucket } from '../fleet/bucket.ts';
import { compete, type Job } from './compete.ts';
import { benchPolicy } from './estate.ts';

const credentials = () => ({ name: 'the benchmark', read: async () => DEMO_ACCESS_KEY });
const outside = { clock, random: Math.random, openArchive, credentials };

async function ours(job: Job): Promise<void> {
  const transport = createTransport(clock);
  const policy = loadPolicy(benchPolicy(job), 'bench.yml');
  await run(policy, {}, { ...outside, runId: 'bench', trigger: 'cli', transport });
  transport.close();
}

/** Milliseconds: what Lambda allows a function at most. */
const CALL_MS = 900_000;

/**
 * The fleet's three steps, called as its state machine calls them, each with connections of its own.
 * The bucket is in memory: what is measured is this program, not S3.
 */
async function fleet(job: Job): Promise<void> {
  const dependencies = {
    ...outside,
    settings: readFleetSettings({ FLEET_BUCKET: 'bench' }),
    policyText: benchPolicy(job),
    store: new Bucket(new FakeClock()),
    observe: () => ({}),
    observeSummary: () => ({}),
  };
  type Step<Answer> = (message: object, dependencies: StepDependencies) => Promise<Answer>;
  const call = async <Answer>(step: Step<Answer>, message: object): Promise<Answer> => {
    const transport = createTransport(clock);
    const deadline = clock.monotonic() + CALL_MS;
    const answer = step(message, { ...dependencies, callId: randomUUID(), deadline, transport });
    return await answer.finally(() => transport.close());
  };
  const startedAt = new Date().toISOString();
  const { run, round, lanes } = await call(prepareStep, { id: 'bench', startedAt, event: {} });
  for (const lane of lanes) while ((await call(cleanStep, { run, round, lane })).again);
  await call(summariseStep, { run, round });
}

export const OURS = { ours, fleet };
compete(OURS);
