import type { Duration } from 'luxon';
import { cutoff } from '../policy/duration.ts';
import { type KeepFor, type Retention, retentionOf } from '../policy/retention.ts';
import type { Policy } from '../policy/schema.ts';

/** Where a `keepFor` cuts. */
export interface Cut {
  /** As a person says it: `30 days`. */
  readonly keepFor: string;
  /** How old a record is that expires just now, in milliseconds; `undefined`: none ever does. */
  readonly age: number | undefined;
}

/** Where the policy cuts in one target. */
export interface TargetCuts extends Cut {
  readonly rules: readonly (Cut & { readonly name: string })[];
  readonly retention: Retention;
}

/**
 * Where the policy cuts in one target, at one moment.
 * @param keepFor what the run puts in place of the target's own.
 */
export function cutsOf(
  policy: Policy,
  targetName: string,
  now: number,
  keepFor: Duration | undefined,
): TargetCuts | undefined {
  const target = policy.targets.find(({ name }) => name === targetName);
  if (!target) return undefined;
  const retention = retentionOf(policy, target, { keepFor });
  return {
    ...cutOf(retention.keepFor, now),
    rules: retention.rules.map((rule) => ({ name: rule.name, ...cutOf(rule.keepFor, now) })),
    retention,
  };
}

function cutOf(keepFor: KeepFor, now: number): Cut {
  if (keepFor === 'forever') return { keepFor: 'forever', age: undefined };
  return {
    keepFor: keepFor.reconfigure({ locale: 'en' }).toHuman(),
    age: now - cutoff(now, keepFor),
  };
}
