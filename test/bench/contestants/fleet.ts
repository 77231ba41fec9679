import { randomUUID } from 'node:crypto';
import { cleanStep } from '../../../lib/fleet/clean-step.ts';
import type { ObjectStore } from '../../../lib/fleet/object-store.ts';
import { prepareStep } from '../../../lib/fleet/prepare-step.ts';
import type { StepDependencies } from '../../../lib/fleet/step.ts';
import { summariseStep } from '../../../lib/fleet/summarise-step.ts';
import { systemClock } from '../../../lib/http/clock.ts';
import { createTransport } from '../../../lib/http/transport.ts';
import { credentialsSource } from '../../../lib/identity/credentials-source.ts';
import type { Summary } from '../../../lib/model/summary.ts';
import { type Clean, ENV } from '../contestant.ts';
import { policyText } from '../policy-text.ts';

/** Milliseconds: what Lambda allows a function at most. */
const CALL_MS = 900_000;

/**
 * The fleet's three steps, called as its state machine calls them, each with connections of its own.
 * The bucket is in memory: what is measured is this program, not S3.
 */
export const clean: Clean = async (request) => {
  const objects = new Map<string, string>();
  const store: ObjectStore = {
    read: async (key) => JSON.parse(objects.get(key) ?? 'null'),
    create: async (key, value) => {
      const isFree = !objects.has(key);
      if (isFree) objects.set(key, JSON.stringify(value));
      return isFree;
    },
    list: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
  let deletingSince = Number.NaN;
  const call = async <Answer>(
    step: (message: unknown, dependencies: StepDependencies) => Promise<Answer>,
    message: unknown,
  ): Promise<Answer> => {
    const transport = createTransport(systemClock);
    try {
      return await step(message, {
        settings: {
          policyFile: 'bench.yml',
          stopBeforeEnd: undefined,
          maxConcurrency: undefined,
          dryRun: undefined,
          bucket: 'bench',
        },
        policyText: policyText(request),
        store,
        clock: systemClock,
        random: Math.random,
        transport,
        credentials: (reference) => credentialsSource(reference, ENV),
        callId: randomUUID(),
        deadline: performance.now() + CALL_MS,
        observe: () => ({
          decided: () => {
            if (Number.isNaN(deletingSince)) deletingSince = performance.now();
          },
        }),
        observeSummary: () => ({}),
      });
    } finally {
      transport.close();
    }
  };

  const startedAt = new Date().toISOString();
  const { run, round, lanes } = await call(prepareStep, { id: 'bench', startedAt, event: {} });
  await Promise.all(
    lanes.map(async (lane) => {
      const message = { run, round, lane };
      while ((await call(cleanStep, message)).again);
    }),
  );
  await call(summariseStep, { run, round });
  const { totals } = JSON.parse(objects.get('runs/bench/summary-0.json') ?? '') as Summary;
  return { deleted: totals.deleted, failed: totals.failed + totals.remaining, deletingSince };
};
