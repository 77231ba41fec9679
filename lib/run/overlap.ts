import { openAccess } from '../identity/open-access.ts';
import { targetOrigin } from '../model/origins.ts';
import { SERVICES } from '../model/services.ts';
import { addRequests } from '../model/summary.ts';
import { visible } from '../model/text.ts';
import type { Target } from '../policy/schema.ts';
import { selectInstances } from '../policy/select-instances.ts';
import type { TargetRun } from './open-target.ts';
import type { RunContext } from './run-context.ts';

/**
 * An instance that two targets of the policy select has two retentions, and nobody knows which is meant: both
 * leave it alone. Targets that this run leaves out count too, or else a run of one target would delete what the
 * other one keeps.
 * @param begun the targets of one endpoint whose instances are known.
 */
export async function leaveOverlapsAlone(
  run: RunContext,
  begun: readonly TargetRun[],
): Promise<void> {
  const others = run.policy.targets.filter(
    (target) =>
      begun.some((each) => targetOrigin(each.target) === targetOrigin(target)) &&
      !begun.some((each) => each.target === target),
  );
  const leftOut = await Promise.all(
    others.map(async (target) => ({ target, projectId: await projectOf(run, target, begun) })),
  );
  for (const own of begun) {
    const projectId = own.open?.projectId;
    const claims = new Map<string, string[]>();
    const claim = (target: Target, ids: readonly { readonly id: string }[]) => {
      for (const { id } of ids) claims.set(id, [...(claims.get(id) ?? []), target.name]);
    };
    for (const other of begun) {
      if (other !== own && other.open?.projectId === projectId) claim(other.target, other.allowed);
    }
    for (const { target, projectId: others } of leftOut) {
      // A project that could not be found out may be this one.
      if (others !== undefined && others !== projectId) continue;
      if (!sharesInstances(own.target, target)) continue;
      const { selected, nameless } = selectInstances(own.listed, target.instances);
      claim(target, [...selected, ...nameless]);
    }
    for (const cleanup of own.cleanups) {
      const { id, name } = cleanup.summary;
      const names = claims.get(id);
      if (!names) continue;
      const all = [own.target.name, ...names].map((each) => JSON.stringify(each)).join(' and ');
      const message = `instance ${visible(name || id)} is selected by the targets ${all}, so it is not clear which retention holds: leave it to one of them, with instances.include or instances.exclude`;
      cleanup.leaveAlone('overlap', message);
    }
  }
}

/** Whether the lists of instances of two targets on one host can have one in common. */
function sharesInstances(one: Target, other: Target): boolean {
  const [{ engine: first }, { engine: second }] = [
    SERVICES[one.service] as { engine?: { query: string } },
    SERVICES[other.service] as { engine?: { query: string } },
  ];
  return first?.query === second?.query;
}

/** The project of a target that the run leaves out; `undefined` where it cannot be found out. */
async function projectOf(
  run: RunContext,
  target: Target,
  begun: readonly TargetRun[],
): Promise<string | undefined> {
  if (target.projectId !== undefined) return target.projectId;
  const store = run.credentialsOf(target);
  const alike = begun.find(
    (each) =>
      each.target.projectId === undefined &&
      each.target.region === target.region &&
      run.credentialsOf(each.target) === store,
  );
  if (alike) return alike.open?.projectId;
  try {
    const { projectId } = await openAccess(target, store, { ...run, counts: addRequests([]) });
    return projectId;
  } catch {
    return undefined;
  }
}
