import { compilePatterns, isPlain, plainBeginning } from './pattern.ts';

/** A project, as far as choosing goes. */
interface Named {
  readonly name: string;
}

/** Whether a project is one of a region: its own, or one that was made in it. */
function isOf(region: string, name: string): boolean {
  return name === region || name.startsWith(`${region}_`);
}

/** Names as the clouds allow them. A project of any other name becomes no target. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The projects of a region that a policy's names and patterns choose, by name.
 * @returns those, and the patterns that match none.
 * @throws {FormatError} when a pattern cannot be compiled.
 */
export function selectProjects<Project extends Named>(
  projects: readonly Project[],
  patterns: readonly string[],
  region: string,
): {
  readonly here: readonly Project[];
  readonly selected: readonly Project[];
  readonly unmatched: readonly string[];
} {
  const here = projects
    .filter(({ name }) => isOf(region, name) && NAME.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const chooses = compilePatterns(patterns);
  const names = new Set(here.map(({ name }) => name));
  const matchesNone = (pattern: string) => {
    // Most are plain, and there may be as many as projects.
    if (isPlain(pattern)) return !names.has(pattern);
    const matches = compilePatterns([pattern]);
    return !here.some(({ name }) => matches(name));
  };
  return {
    here,
    selected: here.filter(({ name }) => chooses(name)),
    unmatched: patterns.filter(matchesNone),
  };
}

/**
 * The names and patterns that apply to one region of a target. Those that begin with another of its regions are left
 * to that region.
 */
export function patternsOfRegion(
  patterns: readonly string[],
  region: string,
  regions: readonly string[],
): string[] {
  const isOfAnother = (pattern: string) => {
    const plain = plainBeginning(pattern);
    const mayBeHere = isOf(region, plain) || (!isPlain(pattern) && region.startsWith(plain));
    return !mayBeHere && regions.some((other) => isOf(other, plain));
  };
  return patterns.filter((pattern) => !isOfAnother(pattern));
}
