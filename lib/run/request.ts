import type { Duration } from 'luxon';
import { JanitorError } from '../model/error.ts';
import { compilePatterns, PatternError } from '../policy/pattern.ts';
import type { Policy, Target } from '../policy/schema.ts';
import type { Selectable } from '../policy/select-instances.ts';

/** What a single run changes of the policy: every key narrows it, or overrides that one value. */
export interface RunRequest {
  readonly dryRun?: boolean | undefined;
  /** Names of targets. */
  readonly targets?: readonly string[] | undefined;
  /** Ids, names or name globs of instances, among those that the policy selects. */
  readonly instances?: readonly string[] | undefined;
  readonly keepFor?: Duration | undefined;
  /** The only records that may be deleted. */
  readonly taskIds?: readonly string[] | undefined;
}

/** The request names something that does not exist, or is no name. The message says what there is. */
export class RunRequestError extends JanitorError {
  override readonly name = 'RunRequestError';

  constructor(message: string) {
    super('request', message);
  }
}

/**
 * The targets of a run, in the policy's order.
 * @throws {RunRequestError} when one is asked for that the policy does not have, or an instance is asked
 * for by what is no pattern.
 */
export function selectTargets(policy: Policy, request: RunRequest): readonly Target[] {
  const { targets, instances = [] } = request;
  for (const pattern of instances) checkPattern(pattern);
  if (!targets) return policy.targets;
  const existing = policy.targets.map(({ name }) => name);
  const unknown = targets.filter((name) => !existing.includes(name));
  if (unknown.length > 0) throw unknownNames('target', unknown, existing);
  return policy.targets.filter(({ name }) => targets.includes(name));
}

/**
 * Checks that every instance that is asked for is known to a target. Where a target could not be
 * opened, it may be the one that knows it.
 * @throws {RunRequestError} when none does.
 */
export function checkInstances(
  request: RunRequest,
  targets: readonly {
    readonly open?: unknown;
    /** What the policy selects there. */
    readonly allowed: readonly Selectable[];
    /** What is asked for and matches none of that. */
    readonly unmatched: readonly string[];
  }[],
): void {
  if (targets.some(({ open }) => !open)) return;
  const unknown = (request.instances ?? []).filter((pattern) =>
    targets.every(({ unmatched }) => unmatched.includes(pattern)),
  );
  if (unknown.length === 0) return;
  const existing = targets.flatMap(({ allowed }) => allowed);
  throw unknownNames(
    'instance',
    unknown,
    existing.map(({ id, name }) => (name ? `${name} (${id})` : id)),
  );
}

function checkPattern(pattern: string): void {
  try {
    compilePatterns([pattern]);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new RunRequestError(`instance ${JSON.stringify(pattern)}: ${error.message}`);
  }
}

function unknownNames(
  kind: 'target' | 'instance',
  unknown: readonly string[],
  existing: readonly string[],
): RunRequestError {
  const names = unknown.map((name) => `"${name}"`).join(', ');
  const shown = existing.slice(0, 50);
  const more = existing.length > shown.length ? ` and ${existing.length - shown.length} more` : '';
  const known = existing.length === 0 ? 'none' : `${shown.join(', ')}${more}`;
  return new RunRequestError(`unknown ${kind} ${names}; there is: ${known}`);
}
