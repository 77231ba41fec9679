import type { Duration } from 'luxon';
import { cutoff } from '../policy/duration.ts';
import { type KeepFor, type Retention, retentionOf } from '../policy/retention.ts';
import type { Policy } from '../policy/schema.ts';
import { targetNamed } from '../policy/targets.ts';

/** The age at which records expire. */
export interface Cut {
  /** The duration in words: `30 days`. */
  readonly keepFor: string;
  /** In milliseconds; `undefined` where no record ever expires. */
  readonly age: number | undefined;
}

/** The policy's cuts in one target. */
export interface TargetCuts extends Cut {
  readonly rules: readonly (Cut & { readonly name: string })[];
  readonly retention: Retention;
}

/**
 * The policy's cuts in one target, at one moment.
 * @param keepFor replaces the target's own in this run.
 */
export function cutsOf(
  policy: Policy,
  targetName: string,
  now: number,
  keepFor: Duration | undefined,
): TargetCuts | undefined {
  const target = targetNamed(policy, targetName);
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
