import type { Duration } from 'luxon';
import { TargetError } from '../answers/api-error.ts';
import { FormatError, JanitorError } from '../model/error.ts';
import { visible } from '../model/text.ts';
import { compilePatterns } from '../policy/pattern.ts';
import type { Policy, Target } from '../policy/schema.ts';
import type { Selectable } from '../policy/select-instances.ts';
import { unknownName } from '../policy/suggest.ts';
import { isMeant, isUnder } from '../policy/targets.ts';

/** Records that somebody has approved for deletion. */
export interface ApprovedPlan {
  /** The ids that were approved on an instance; none where it has none. */
  idsOf(target: string, instanceId: string): ReadonlySet<string>;
  /** The instances of a target that have any. */
  instancesOf(target: string): Iterable<string>;
}

/** A single run's request: every key narrows the policy, or overrides that one value. */
export interface RunRequest {
  readonly dryRun?: boolean | undefined;
  /** Names of targets; one with lists means all that it stands for. */
  readonly targets?: readonly string[] | undefined;
  /** Ids, names or name globs of instances, among those that the policy selects. */
  readonly instances?: readonly string[] | undefined;
  readonly keepFor?: Duration | undefined;
  /** The only records that may be deleted. */
  readonly taskIds?: readonly string[] | undefined;
  /** Only records that are in it may be deleted. */
  readonly approved?: ApprovedPlan | undefined;
}

/** The request names something that does not exist, or is not a name. The message says what there is. */
export class RunRequestError extends JanitorError {
  override readonly name = 'RunRequestError';

  constructor(message: string) {
    super('request', message);
  }
}

/**
 * The targets of a run, in the policy's order.
 * @throws {RunRequestError} when the policy does not have a target that is asked for, or when an instance is asked
 * for by something that is not a pattern.
 */
export function selectTargets(policy: Policy, request: RunRequest): readonly Target[] {
  const { targets, instances = [] } = request;
  for (const pattern of instances) checkPattern(pattern);
  if (!targets) return policy.targets;
  const existing = policy.targets.map(({ name }) => name);
  const unknown = targets.filter((name) => !policy.targets.some((target) => isMeant(name, target)));
  const problems = unknown.map((name) => unknownName('target', name, existing));
  if (problems.length > 0) throw new RunRequestError(problems.join('\n'));
  return policy.targets.filter((target) => targets.some((name) => isMeant(name, target)));
}

/**
 * Those of a target's projects that a run asks for.
 * @param found one target for each project.
 * @throws {TargetError} when a project is asked for by a name that none has.
 */
export function selectProjectTargets(
  target: Target,
  found: readonly Target[],
  requested: readonly string[] | undefined,
): readonly Target[] {
  if (!requested) return found;
  const names = found.map(({ name }) => name);
  const unknown = requested.filter((name) => isUnder(name, target.name) && !names.includes(name));
  if (unknown.length > 0) {
    const message = unknown.map((name) => unknownName('target', name, names)).join('\n');
    throw new TargetError('projects', message);
  }
  return found.filter((each) => requested.some((name) => isMeant(name, each)));
}

/** A target in which instances were looked for. */
export interface LookedAt {
  /** Absent where it could not be opened. */
  readonly open?: unknown;
  /** The instances that the policy selects there. */
  readonly allowed: readonly Selectable[];
  /** The requested names that match none of them. */
  readonly unmatched: readonly string[];
}

/**
 * The messages about instances that are asked for and that no target has. There are none where a target could not
 * be opened: it may have them.
 */
export function missingInstances(
  asked: readonly string[] = [],
  targets: readonly LookedAt[],
): string[] {
  if (targets.some(({ open }) => !open)) return [];
  const missing = asked.filter((pattern) =>
    targets.every(({ unmatched }) => unmatched.includes(pattern)),
  );
  const known = targets.flatMap(({ allowed }) => allowed);
  const names = known.map(({ id, name }) => visible(name ? `${name} (${id})` : id));
  const candidates = known.flatMap(({ id, name }) => (name ? [name, id] : [id]));
  return missing.map((pattern) => unknownName('instance', pattern, names, candidates));
}

/** Whether a warning is one of those about missing instances. */
export function saysMissing(warning: string): boolean {
  return warning.startsWith(UNKNOWN_INSTANCE);
}

const UNKNOWN_INSTANCE = 'unknown instance "';

function checkPattern(pattern: string): void {
  try {
    compilePatterns([pattern]);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new RunRequestError(`instance ${JSON.stringify(pattern)}: ${error.message}`);
  }
}
