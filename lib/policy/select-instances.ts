import { compileLooks } from './look.ts';
import { compilePatterns } from './pattern.ts';

/** The columns of an instance that selecting looks at. */
export interface Selectable {
  readonly id: string;
  readonly name?: string | undefined;
}

/** Ids, names or name patterns. */
export interface InstanceSelection {
  /** Absent: every instance. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

export interface SelectedInstances<Instance> {
  /** Those that the policy selects, whatever the run asks for; in the order given. */
  readonly allowed: Instance[];
  /** Those of them that the run asks for. */
  readonly selected: Instance[];
  /** Instances without a readable name that only a name could select or exclude: they are left alone. */
  readonly nameless: Instance[];
  /** Patterns of the policy, included or excluded, that no instance matches. */
  readonly unmatched: string[];
  /** Patterns of the run that match none of the instances that the policy selects. */
  readonly unmatchedNarrowing: string[];
}

/**
 * Chooses the instances of a run: those that the policy includes (all, when it names none), without those
 * that it excludes. If the run asks for some, only those of them. A pattern is an exact id, or a glob for the
 * name. One that has the form of an id selects that instance alone, since whoever may name an instance could name
 * it so; it excludes all that it may mean.
 *
 * @throws {FormatError} when a pattern cannot be compiled
 */
export function selectInstances<Instance extends Selectable>(
  instances: readonly Instance[],
  selection: InstanceSelection = {},
  narrowing?: readonly string[],
): SelectedInstances<Instance> {
  const ids = new Set(instances.map(({ id }) => id));
  const selecting = (pattern: string) => selectingPattern(pattern, isId(pattern, ids));
  const include = selection.include?.map(selecting);
  const asked = narrowing?.map(selecting);
  const { isExcluded, isUnclear, excluding } = compileDoubts(selection);
  const isAllowed = (instance: Instance) =>
    (!include || include.some(({ matches }) => matches(instance))) && !isExcluded(instance);
  const isAsked = (instance: Instance) => !asked || asked.some(({ matches }) => matches(instance));
  const needsNameToo = (instance: Instance) => needsName(instance, narrowing, ids);
  const allowed = instances.filter((each) => isAllowed(each) && !isUnclear(each, ids));
  const askable = allowed.filter((each) => !needsNameToo(each));
  return {
    allowed,
    selected: askable.filter(isAsked),
    nameless: instances.filter((each) => isUnclear(each, ids) || needsNameToo(each)),
    unmatched: withoutMatch([...(include ?? []), ...excluding], instances),
    unmatchedNarrowing: withoutMatch(asked ?? [], askable),
  };
}

/**
 * Whether a selection may mean an instance, so that another one is not to have it: also by what it looks like. As
 * {@link selectInstances} does, it takes for an id what has the form of one, or is the id of an instance that is listed.
 * @returns whether an instance is claimed.
 * @throws {FormatError} when a pattern cannot be compiled
 */
export function compileClaim(
  selection: InstanceSelection = {},
): (instance: Selectable, listedIds: Ids) => boolean {
  const doubts = compileDoubts(selection);
  const meant = selection.include?.map(broadPattern);
  return (instance, listedIds) =>
    doubts.isUnclear(instance, listedIds) ||
    (!doubts.isExcluded(instance) && (!meant || meant.some(({ matches }) => matches(instance))));
}

/** The questions about an instance that both kinds of selecting ask. */
function compileDoubts({ include, exclude = [] }: InstanceSelection) {
  const excluding = exclude.map(broadPattern);
  // Also what is the id of some instance here may be the name that was meant.
  const excludesNames = exclude.some((pattern) => !UUID.test(pattern));
  const isExcluded = (instance: Selectable) => excluding.some(({ matches }) => matches(instance));
  return {
    excluding,
    isExcluded,
    /** Whether its name, which cannot be read, may select or exclude it. */
    isUnclear: (instance: Selectable, listedIds: Ids) =>
      (!instance.name && excludesNames && !isExcluded(instance)) ||
      needsName(instance, include, listedIds),
  };
}

/** Whether an instance without a readable name may be meant by some pattern, and by none of its id. */
function needsName(
  { id, name }: Selectable,
  patterns: readonly string[] = [],
  listedIds: Ids,
): boolean {
  return (
    !name &&
    patterns.some((pattern) => !isId(pattern, listedIds)) &&
    !patterns.some((pattern) => pattern === id)
  );
}

function isId(pattern: string, listedIds: Ids): boolean {
  return UUID.test(pattern) || listedIds.has(pattern);
}

/** The ids of all instances that are listed. */
type Ids = Pick<ReadonlySet<string>, 'has'>;

/** The form of an instance's id. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface InstancePattern {
  readonly pattern: string;
  matches(instance: Selectable): boolean;
}

function selectingPattern(pattern: string, isId: boolean): InstancePattern {
  const matchesName = compilePatterns([pattern]);
  return {
    pattern,
    matches: ({ id, name }) => (isId ? id === pattern : name !== undefined && matchesName(name)),
  };
}

/** Matches all that a pattern may mean: an id in any letters, a name also where it only looks like one that matches. */
function broadPattern(pattern: string): InstancePattern {
  const matchesName = compileLooks([pattern]);
  const lower = pattern.toLowerCase();
  return {
    pattern,
    matches: ({ id, name }) =>
      id.toLowerCase() === lower || (name !== undefined && matchesName(name)),
  };
}

function withoutMatch(
  patterns: readonly InstancePattern[],
  instances: readonly Selectable[],
): string[] {
  return patterns
    .filter(({ matches }) => !instances.some((instance) => matches(instance)))
    .map(({ pattern }) => pattern);
}
