import { openArchive } from '../../../lib/archive/open-archive.ts';
import { systemClock } from '../../../lib/http/clock.ts';
import { createTransport } from '../../../lib/http/transport.ts';
import { credentialsSource } from '../../../lib/identity/credentials-source.ts';
import { loadPolicy } from '../../../lib/policy/load.ts';
import { run } from '../../../lib/run/run.ts';
import { type Clean, ENV } from '../contestant.ts';
import { policyText } from '../policy-text.ts';

/** The real thing: policy, credentials, list, decisions, pace, retry, summary. */
export const clean: Clean = async (request) => {
  const transport = createTransport(systemClock);
  let deletingSince = Number.NaN;
  const { totals } = await run(
    loadPolicy(policyText(request), 'bench.yml'),
    {},
    {
      runId: 'bench',
      trigger: 'cli',
      clock: systemClock,
      random: Math.random,
      transport,
      openArchive,
      credentials: (reference) => credentialsSource(reference, ENV),
      observer: {
        decided: () => {
          deletingSince = performance.now();
        },
      },
    },
  );
  transport.close();
  return { deleted: totals.deleted, failed: totals.failed + totals.remaining, deletingSince };
};
