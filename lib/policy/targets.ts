import type { Policy, Target, WrittenTarget } from './schema.ts';
import { patternsOfRegion } from './select-projects.ts';

/** The name of one combination: the target's own, then the values that were in lists. */
export function combinationName(name: string, ...parts: readonly (string | undefined)[]): string {
  return [name, ...parts.filter((part) => part !== undefined)].join('/');
}

/** A target for each combination of service and region that a written one stands for. */
export function combinationsOf(written: WrittenTarget): Target[] {
  const { name, service: services, region: regions, projects } = written;
  return listOf(services).flatMap((service) =>
    listOf(regions).map((region) => ({
      ...written,
      ...(projects && { projects: patternsOfRegion(projects, region, listOf(regions)) }),
      name: combinationName(
        name,
        Array.isArray(services) ? service : undefined,
        Array.isArray(regions) ? region : undefined,
      ),
      service,
      region,
    })),
  );
}

/** The target for one project of a target with `projects`. */
export function inProject(
  { projects: _, ...target }: Target,
  project: { readonly id: string; readonly name: string },
): Target {
  return { ...target, name: combinationName(target.name, project.name), projectId: project.id };
}

/** Whether a name is under another: that of a combination of a target, or of one of its projects. */
export function isUnder(name: string, whole: string): boolean {
  return name.startsWith(`${whole}/`);
}

/** Whether a name is that of a whole target, or of a part of it. */
export function isPartOf(name: string, whole: string): boolean {
  return name === whole || isUnder(name, whole);
}

/**
 * Whether a name means a target of the policy: it is the target's own name, the part of it before a `/`, or the name
 * of one of its projects, which are not known yet.
 */
export function isMeant(name: string, { name: own, projects }: Target): boolean {
  return isPartOf(own, name) || (projects !== undefined && isUnder(name, own));
}

/** The name under which a target is written, where lists made several of it; else nothing. */
export function writtenName({ name }: Pick<Target, 'name'>): string | undefined {
  const end = name.indexOf('/');
  return end === -1 ? undefined : name.slice(0, end);
}

/** The target of a name. For the name of a project's target: the target that it comes from, under that name. */
export function targetNamed({ targets }: Policy, name: string): Target | undefined {
  const whole = targets.find((target) => target.name === name);
  if (whole) return whole;
  const found = targets.find(
    (target) => target.projects !== undefined && isUnder(name, target.name),
  );
  return found && { ...found, name };
}

/** A list, or the one value that stands in its place. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}
