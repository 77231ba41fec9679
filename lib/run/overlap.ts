import { groupBy } from '../model/group-by.ts';
import { type Instance, labelOf } from '../model/instance.ts';
import { serverOf, targetOrigin } from '../model/origins.ts';
import type { StoppedBy } from '../model/outcome.ts';
import { listSameInstances } from '../model/services.ts';
import { addRequests, type InstanceSummary, type RequestCounts } from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { compileClaim, type Selectable } from '../policy/select-instances.ts';
import { inProject } from '../policy/targets.ts';
import { findProjects } from './find-projects.ts';
import type { RunContext } from './run-context.ts';

type OverlapContext = Pick<RunContext, 'policy' | 'clock' | 'accounts'>;

/** A target of the run, as far as its claim to instances goes. */
interface Claimant {
  readonly target: Target;
  readonly requestCounts: RequestCounts;
  /** Absent where it could not be opened. */
  readonly open?: { readonly projectId: string } | undefined;
  /** All instances of the service and project. */
  readonly listed: readonly Instance[];
  /** Those that the policy selects. */
  readonly allowed: readonly Selectable[];
  readonly cleanups: readonly {
    readonly summary: Pick<InstanceSummary, 'id' | 'name'>;
    leaveAlone(stoppedBy: StoppedBy, message: string): void;
  }[];
}

/**
 * An instance that two targets of the policy select has two retentions, and nobody knows which is meant: both
 * leave it alone. Targets that this run leaves out, or that could not be opened, count too: otherwise one target would
 * delete what another one keeps. The selection of each is applied to the same list, since its own may show an instance
 * without its name, or not at all.
 * @param begun the targets of one endpoint whose instances are known.
 */
export async function leaveOverlapsAlone(
  run: OverlapContext,
  begun: readonly Claimant[],
): Promise<void> {
  const open = new Set(begun.filter((each) => each.open).map(({ target }) => target.name));
  const servers = new Set(begun.map(({ target }) => serverOf(targetOrigin(target))));
  const here = run.policy.targets.filter((target) => servers.has(serverOf(targetOrigin(target))));
  // Requests made on behalf of the others count as theirs.
  const counts = begun[0]?.requestCounts ?? addRequests([]);
  const known = await Promise.all(here.map((target) => placesOf(run, target, counts)));
  const outsiders = groupBy(
    known.flat().filter(({ target }) => !open.has(target.name)),
    ({ projectId }) => projectId,
  );
  const byProjectId = groupBy(begun, (each) => each.open?.projectId);
  for (const [projectId, insiders] of byProjectId) {
    if (projectId === undefined) continue;
    const selecting = selectingTargets(insiders);
    const claims = new Map<Target, ReturnType<typeof compileClaim>>();
    const claimOf = (target: Target) => {
      const known = claims.get(target) ?? compileClaim(target.instances);
      claims.set(target, known);
      return known;
    };
    for (const own of insiders) {
      // There may be a thousand of them, and a signal is to be seen.
      await run.clock.sleep(0);
      // A project that could not be found out may be this one, unless it is in another account.
      const unknown = (outsiders.get(undefined) ?? []).filter(
        ({ target }) => !areOfDifferentAccounts(own.target, target),
      );
      const others = [...insiders, ...(outsiders.get(projectId) ?? []), ...unknown]
        .map(({ target }) => target)
        .filter((target) => target !== own.target)
        .filter(({ service }) => listSameInstances(own.target.service, service));
      const byId = new Map(own.listed.map((each) => [each.id, each]));
      for (const cleanup of own.cleanups) {
        const { id } = cleanup.summary;
        const instance = byId.get(id) as Instance;
        const claiming = others.filter((target) => claimOf(target)(instance, byId));
        const claimants = [...(selecting.get(id) ?? []), ...claiming];
        const names = new Set(claimants.map(({ name }) => name));
        names.delete(own.target.name);
        if (names.size === 0) continue;
        const all = [own.target.name, ...names].map((each) => JSON.stringify(each)).join(' and ');
        const message = `instance ${labelOf(cleanup.summary)} is selected by the targets ${all}, so it is not clear which retention holds: leave it to one of them, with instances.include or instances.exclude`;
        cleanup.leaveAlone('overlap', message);
      }
    }
  }
}

/** A target, with the instances that its part of the policy selects. */
export interface Claim extends Omit<Claimant, 'cleanups'> {
  readonly selected: readonly Instance[];
}

/**
 * The overlaps that a run would leave alone.
 * @param claims the targets of one endpoint whose instances are known.
 * @returns a message for each instance.
 */
export async function findOverlaps(
  run: OverlapContext,
  claims: readonly Claim[],
): Promise<readonly string[]> {
  const found = new Map<string, string>();
  const claimants = claims.map(({ selected, ...claim }) => ({
    ...claim,
    cleanups: selected.map((summary) => ({
      summary,
      leaveAlone: (_: StoppedBy, message: string) => {
        found.set(summary.id, found.get(summary.id) ?? message);
      },
    })),
  }));
  await leaveOverlapsAlone(run, claimants);
  return [...found.values()];
}

/** The targets that select an instance, by its id. */
function selectingTargets(
  targets: readonly Claimant[],
): ReadonlyMap<string, readonly { readonly id: string; readonly name: string }[]> {
  const pairs = targets.flatMap(({ target: { name }, allowed }) =>
    allowed.map(({ id }) => ({ id, name })),
  );
  return groupBy(pairs, ({ id }) => id);
}

/** Whether two targets are certainly in different accounts: an agency is in another account than its user. */
function areOfDifferentAccounts(one: Target, other: Target): boolean {
  const [first, second] = [one, other].map(({ credentials }) => {
    const { agency, ...source } = credentials ?? {};
    return { account: agency?.domain, source: JSON.stringify(source) };
  });
  if (first?.account === second?.account) return false;
  const bothAssumed = first?.account !== undefined && second?.account !== undefined;
  return bothAssumed || first?.source === second?.source;
}

/**
 * A target with its project, or one for each of its projects; `undefined` where a project cannot be found out. What
 * was asked before is not asked again.
 */
async function placesOf(
  { accounts }: Pick<RunContext, 'accounts'>,
  target: Target,
  counts: RequestCounts,
): Promise<readonly { readonly target: Target; readonly projectId: string | undefined }[]> {
  const { projectId } = target;
  if (projectId !== undefined) return [{ target, projectId }];
  try {
    if (!target.projects) {
      return [{ target, projectId: (await accounts.enter(target, counts)).projectId }];
    }
    const { targets, disabled } = await findProjects(accounts, target, counts);
    // The service may serve a disabled one all the same.
    const all = [...targets, ...disabled.map((project) => inProject(target, project))];
    return all.map((each) => ({ target: each, projectId: each.projectId }));
  } catch {
    return [{ target, projectId: undefined }];
  }
}
