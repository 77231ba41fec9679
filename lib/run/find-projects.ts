import { TargetError } from '../answers/api-error.ts';
import type { Accounts } from '../identity/accounts.ts';
import type { RequestCounts } from '../model/summary.ts';
import { listed } from '../model/text.ts';
import type { Target } from '../policy/schema.ts';
import { selectProjects } from '../policy/select-projects.ts';
import { MAX_NAMES } from '../policy/suggest.ts';
import { inProject } from '../policy/targets.ts';

/** The targets that one with `projects` stands for. */
export interface FoundProjects {
  /** In the order of the projects' names. */
  readonly targets: readonly Target[];
  /** The projects that the policy selects and that are disabled. */
  readonly disabled: readonly { readonly id: string; readonly name: string }[];
}

/**
 * Finds the projects of a target's region that the policy selects.
 * @param counts receive the requests, unless they were made before for another target.
 * @throws {TargetError} when IAM does not tell, or a pattern matches no project; {CredentialsError} without usable
 * credentials; {ApiError} when time is up.
 */
export async function findProjects(
  accounts: Accounts,
  target: Target,
  counts: RequestCounts,
): Promise<FoundProjects> {
  const { region, projects: patterns = [] } = target;
  const projects = await accounts.projects(target, counts);
  const { here, selected, unmatched } = selectProjects(projects, patterns, region);
  const names = here.map(({ name }) => name);
  // They are sorted.
  const repeated = names.find((name, i) => name === names[i - 1]);
  if (repeated !== undefined) {
    const message = `region ${region} has two projects named ${repeated}, so it is not clear which is meant: write projectId instead of projects`;
    throw new TargetError('projects', message);
  }
  if (unmatched.length > 0) {
    const missing = unmatched.map((pattern) => JSON.stringify(pattern)).join(' or ');
    const it = unmatched.length > 1 ? 'them' : 'it';
    const there = listed(names, MAX_NAMES) || 'none';
    const message = `no project of region ${region} matches ${missing} under projects in the policy: correct ${it}, or leave ${it} out. The credentials have access to: ${there}`;
    throw new TargetError('projects', message);
  }
  return {
    targets: selected.filter(({ enabled }) => enabled).map((project) => inProject(target, project)),
    disabled: selected.filter(({ enabled }) => !enabled),
  };
}
