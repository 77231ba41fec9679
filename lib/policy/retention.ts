import type { Duration } from 'luxon';
import { type FinishedStatus, SERVICES } from '../model/services.ts';
import { compileLooks } from './look.ts';
import { compilePatterns, type Matcher } from './pattern.ts';
import type { Limits, Policy, Rule, Target } from './schema.ts';

/** How long records stay: counted from the task's end, or without end. */
export type KeepFor = Duration | 'forever';

/** The retention of one target's records, all inheritance done. */
export interface Retention {
  readonly keepFor: KeepFor;
  /** The newest records of each instance that always stay. */
  readonly keepLast: number;
  /** Finished statuses that may be deleted; never one that the service does not delete. */
  readonly statuses: ReadonlySet<string>;
  readonly limits: Limits;
  /** The first that matches decides. */
  readonly rules: readonly RetentionRule[];
}

/** A rule, ready to match. An absent criterion matches every record. */
export interface RetentionRule {
  /** Its name in the policy, or `rule N` by its place, counted from 1. */
  readonly name: string;
  readonly keepFor: KeepFor;
  readonly statuses?: ReadonlySet<string> | undefined;
  readonly tasks?: Names | undefined;
  readonly users?: Names | undefined;
}

/** The names that a rule is for. */
export interface Names {
  /** Whether it is one of them. */
  readonly isAmong: Matcher;
  /** Whether it is one of them, or looks like one. */
  readonly looksAmong: Matcher;
}

/** The changes that a single run makes to a policy's retention. */
export interface RetentionOverrides {
  /** Replaces the `keepFor` of target and defaults. Rules, and `keep: forever`, still hold. */
  readonly keepFor?: Duration | undefined;
}

const DEFAULT_STATUSES: readonly FinishedStatus[] = ['SUCCESS', 'FAILED'];

/**
 * The retention of one target of a policy: what it says itself, then the defaults.
 * @throws {TypeError} where no `keepFor` and no `keep` applies, {FormatError} where a pattern is none: no policy that
 * was loaded is such.
 */
export function retentionOf(
  policy: Policy,
  target: Target,
  overrides: RetentionOverrides = {},
): Retention {
  const { defaults = {} } = policy;
  const inherited = keepForOf(target) ?? keepForOf(defaults);
  if (inherited === undefined) throw new TypeError(`Target ${target.name} has no keepFor`);
  const deletable: readonly FinishedStatus[] = SERVICES[target.service].deletable;
  const statuses = target.statuses ?? defaults.statuses ?? DEFAULT_STATUSES;
  return {
    keepFor: inherited === 'forever' ? inherited : (overrides.keepFor ?? inherited),
    keepLast: target.keepLast ?? defaults.keepLast ?? 0,
    statuses: new Set(statuses.filter((status) => deletable.includes(status))),
    limits: { ...defaults.limits, ...target.limits },
    rules: (target.rules ?? []).map(compileRule),
  };
}

function compileRule(rule: Rule, index: number): RetentionRule {
  const { statuses, tasks, users } = rule.match;
  const keepFor = keepForOf(rule);
  const name = rule.name ?? `rule ${index + 1}`;
  if (keepFor === undefined) throw new TypeError(`${name} has no keepFor`);
  return {
    name,
    keepFor,
    statuses: statuses && new Set(statuses),
    tasks: tasks && namesOf(tasks),
    users: users && namesOf(users),
  };
}

/** The names that patterns match. @throws {FormatError} when one cannot be compiled. */
export function namesOf(patterns: readonly string[]): Names {
  return { isAmong: compilePatterns(patterns), looksAmong: compileLooks(patterns) };
}

function keepForOf(level: {
  readonly keepFor?: Duration | undefined;
  readonly keep?: 'forever' | undefined;
}): KeepFor | undefined {
  return level.keep ?? level.keepFor;
}
