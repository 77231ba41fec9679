import pLimit from 'p-limit';
import { openArchive } from '../../../lib/archive/open-archive.ts';
import { cleanStep } from '../../../lib/fleet/clean-step.ts';
import type { ObjectStore } from '../../../lib/fleet/object-store.ts';
import { prepareStep } from '../../../lib/fleet/prepare-step.ts';
import type { StepDependencies } from '../../../lib/fleet/step.ts';
import { summariseStep } from '../../../lib/fleet/summarise-step.ts';
import type { FleetItem } from '../../../lib/fleet/worklist.ts';
import { systemClock } from '../../../lib/http/clock.ts';
import { createTransport } from '../../../lib/http/transport.ts';
import { credentialsSource } from '../../../lib/identity/credentials-source.ts';
import type { Summary } from '../../../lib/model/summary.ts';
import { type Clean, ENV } from '../contestant.ts';
import { policyText } from '../policy-text.ts';

/** Instances that are cleaned at once, as serverless.yml has it. */
const AT_ONCE = 4;

/**
 * The fleet's three steps, called as its state machine calls them, each with connections of its own.
 * The bucket is in memory: what is measured is this program, not S3.
 */
export const clean: Clean = async (request) => {
  const objects = new Map<string, string>();
  const store: ObjectStore = {
    read: async (key) => JSON.parse(objects.get(key) ?? 'null') ?? undefined,
    write: async (key, value) => {
      objects.set(key, JSON.stringify(value));
    },
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
          instancesAtOnce: AT_ONCE,
        },
        policyText: policyText(request),
        store,
        clock: systemClock,
        openArchive,
        random: Math.random,
        transport,
        credentials: (reference) => credentialsSource(reference, ENV),
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
  const { run, round, endpoints } = await call(prepareStep, { id: 'bench', startedAt, event: {} });
  await Promise.all(
    endpoints.map(async ({ items, instancesAtOnce, share }) => {
      const limit = pLimit(instancesAtOnce);
      const list = JSON.parse(objects.get(items) ?? '[]') as FleetItem[];
      await Promise.all(
        list.map((item) => limit(() => call(cleanStep, { run, round, share, item }))),
      );
    }),
  );
  await call(summariseStep, { run, round });
  const { totals } = JSON.parse(objects.get('runs/bench/summary-0.json') ?? '') as Summary;
  return { deleted: totals.deleted, failed: totals.failed + totals.remaining, deletingSince };
};
