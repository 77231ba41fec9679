import type { InstanceSummary, Summary, TargetSummary } from '../model/summary.ts';

/** An instance of a run, with its target. */
export interface RankedInstance {
  readonly target: TargetSummary;
  readonly instance: InstanceSummary;
  /** As {@link namesIn} has it. */
  readonly name: string;
}

/** Records of an instance that have expired, and that a limit keeps. */
export function heldBackOf({ stoppedBy, remaining }: InstanceSummary): number {
  return stoppedBy === 'limit' ? remaining : 0;
}

/** The same of several instances together. */
export function sumHeldBack(instances: readonly InstanceSummary[]): number {
  return instances.reduce((sum, instance) => sum + heldBackOf(instance), 0);
}

/** Records of an instance that the run has deleted; in a dry run, that would go. */
export function deletionsOf(instance: InstanceSummary, dryRun: boolean): number {
  return dryRun ? instance.remaining - heldBackOf(instance) : instance.deleted;
}

/** Orders instances: those with most deletions first, then those that did not end well. */
export function compareDeletions(a: InstanceSummary, b: InstanceSummary, dryRun: boolean): number {
  const trouble = ({ outcome }: InstanceSummary) =>
    outcome === 'failed' ? 2 : outcome === 'incomplete' ? 1 : 0;
  return (
    deletionsOf(b, dryRun) - deletionsOf(a, dryRun) ||
    trouble(b) - trouble(a) ||
    b.listed - a.listed
  );
}

/** The instances of a run in that order; those that are equal in it, in the summary's. */
export function byDeletions({ targets, dryRun }: Summary): RankedInstance[] {
  return targets
    .flatMap((target) => {
      const nameOf = namesIn(target);
      return target.instances.map((instance) => ({ target, instance, name: nameOf(instance) }));
    })
    .sort((one, other) => compareDeletions(one.instance, other.instance, dryRun));
}

/** Names the instances of a target. Those of the same name, or without one, are told apart by id. */
export function namesIn({ instances }: TargetSummary): (instance: InstanceSummary) => string {
  const times = new Map<string, number>();
  for (const { name } of instances) times.set(name, (times.get(name) ?? 0) + 1);
  return ({ id, name }) => (!name ? id : (times.get(name) ?? 0) > 1 ? `${name} (${id})` : name);
}
