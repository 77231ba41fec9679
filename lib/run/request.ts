import type { Duration } from 'luxon';
import type { Policy, Target } from '../policy/schema.ts';

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

/** The request names something that does not exist. The message lists what does. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    kind: 'target' | 'instance',
    unknown: readonly string[],
    existing: readonly string[],
  ) {
    const names = unknown.map((name) => `"${name}"`).join(', ');
    const shown = existing.slice(0, 50);
    const more =
      existing.length > shown.length ? ` and ${existing.length - shown.length} more` : '';
    const known = existing.length === 0 ? 'none' : `${shown.join(', ')}${more}`;
    super(`unknown ${kind} ${names}; there is: ${known}`);
  }
}

/**
 * The targets of a run, in the policy's order.
 * @throws {RequestError} when one is asked for that the policy does not have.
 */
export function selectTargets(policy: Policy, request: RunRequest): readonly Target[] {
  const { targets } = request;
  if (!targets) return policy.targets;
  const existing = policy.targets.map(({ name }) => name);
  const unknown = targets.filter((name) => !existing.includes(name));
  if (unknown.length > 0) throw new RequestError('target', unknown, existing);
  return policy.targets.filter(({ name }) => targets.includes(name));
}
