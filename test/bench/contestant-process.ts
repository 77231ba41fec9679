import { answerParent } from './child.ts';
import type { Clean, CleanReport, CleanRequest, ContestantName } from './contestant.ts';

/** Loaded on demand, so that none pays for what another one needs. */
const LOADERS: Readonly<Record<ContestantName, () => Promise<{ clean: Clean }>>> = {
  ours: () => import('./contestants/ours.ts'),
  fleet: () => import('./contestants/fleet.ts'),
  official: () => import('./contestants/official.ts'),
  'hand-written': () => import('./contestants/hand-written.ts'),
  'node-fetch': () => import('./contestants/node-fetch.ts'),
  floor: () => import('./contestants/floor.ts'),
};

const { clean } = await LOADERS[process.argv[2] as ContestantName]();

answerParent(async (request: CleanRequest): Promise<CleanReport> => {
  const processor = process.cpuUsage();
  const begin = performance.now();
  const { deleted, failed, deletingSince } = await clean(request);
  const end = performance.now();
  const { user, system } = process.cpuUsage(processor);
  return {
    deleted,
    failed,
    wallMs: end - begin,
    deletingMs: end - deletingSince,
    processorMs: (user + system) / 1_000,
  };
});
