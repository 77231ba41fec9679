import { type FinishedStatus, SERVICES } from '../model/services.ts';
import type { Path } from './source.ts';
import { suggest } from './suggest.ts';

/** Something wrong at one place of a policy, in words. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

type Mapping = Readonly<Record<string, unknown>>;

/**
 * Checks what one value of a policy has to do with another. Takes the policy as it was read, whatever it
 * holds, so that these mistakes are reported together with those of the schema.
 *
 * @param lineOf the line of a value, for messages that point at a second place
 */
export function findInconsistencies(policy: unknown, lineOf: (path: Path) => number): Finding[] {
  const { defaults, targets } = mapping(policy);
  const findings: Finding[] = [
    ...checkKeep(defaults, ['defaults']),
    ...repeatedItems(mapping(defaults).statuses, ['defaults', 'statuses']),
    ...repeatedNames(list(targets).map(nameOf), (i) => ['targets', i, 'name'], lineOf),
  ];
  list(targets).forEach((target, i) => {
    findings.push(...checkTarget(target, defaults, ['targets', i], lineOf));
  });
  return findings;
}

function checkTarget(
  target: unknown,
  defaults: unknown,
  path: Path,
  lineOf: (path: Path) => number,
): Finding[] {
  if (!isMapping(target)) return [];
  const { service, statuses } = target;
  const rules = list(target.rules);
  const rulePath = (j: number) => [...path, 'rules', j];
  const findings = [
    ...checkKeep(target, path),
    ...checkStatuses(statuses, service, [...path, 'statuses']),
    ...repeatedNames(
      // A rule without a name is reported as "rule N"; a name may not claim to be another one's place.
      rules.map((rule, j) => nameOf(rule) ?? `rule ${j + 1}`),
      (j) => (nameOf(rules[j]) === undefined ? rulePath(j) : [...rulePath(j), 'name']),
      lineOf,
    ),
    ...rules.flatMap((rule, j) => checkRule(rule, service, rulePath(j))),
  ];
  if (!hasKeep(target) && !hasKeep(mapping(defaults))) {
    findings.push({
      path,
      message: 'nothing says how long its records are kept',
      hint: 'write keepFor (or keep: forever) in this target or under defaults',
    });
  }
  return findings;
}

function checkRule(rule: unknown, service: unknown, path: Path): Finding[] {
  if (!isMapping(rule)) return [];
  const { match } = rule;
  const matchPath = [...path, 'match'];
  const findings = [
    ...checkKeep(rule, path),
    ...checkStatuses(mapping(match).statuses, service, [...matchPath, 'statuses']),
  ];
  if (isMapping(match) && Object.keys(match).length === 0) {
    findings.push({
      path: matchPath,
      message: 'matches nothing in particular',
      hint: 'write statuses, tasks or users',
    });
  }
  if (!hasKeep(rule)) {
    findings.push({
      path,
      message: 'does not say how long its records are kept',
      hint: 'write keepFor or keep: forever',
    });
  }
  return findings;
}

function checkKeep(level: unknown, path: Path): Finding[] {
  if (!isMapping(level) || !('keepFor' in level && 'keep' in level)) return [];
  return [
    {
      path: [...path, 'keep'],
      message: 'keepFor is written too, and only one of them can hold',
      hint: 'leave one out',
    },
  ];
}

function checkStatuses(statuses: unknown, service: unknown, path: Path): Finding[] {
  const findings = repeatedItems(statuses, path);
  if (typeof service !== 'string' || !Object.hasOwn(SERVICES, service)) return findings;
  const deletable: readonly FinishedStatus[] = SERVICES[service as keyof typeof SERVICES].deletable;
  list(statuses).forEach((status, i) => {
    if (status === 'CANCELLED' && !deletable.includes(status)) {
      findings.push({
        path: [...path, i],
        message: `${service} does not delete CANCELLED records`,
        hint: `write ${deletable.join(' or ')}`,
      });
    }
  });
  return findings;
}

function repeatedItems(items: unknown, path: Path): Finding[] {
  return list(items).flatMap((item, i) =>
    typeof item === 'string' && list(items).indexOf(item) < i
      ? [{ path: [...path, i], message: `${item} is in the list already`, hint: 'leave it out' }]
      : [],
  );
}

function repeatedNames(
  names: readonly (string | undefined)[],
  pathOf: (index: number) => Path,
  lineOf: (path: Path) => number,
): Finding[] {
  const first = new Map<string, number>();
  return names.flatMap((name, i) => {
    if (name === undefined) return [];
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, i);
      return [];
    }
    const message = `the name ${JSON.stringify(name)} is taken on line ${lineOf(pathOf(earlier))}`;
    return [{ path: pathOf(i), message, hint: 'choose another' }];
  });
}

/** A misspelt key counts: it is reported as such, and once is enough. */
function hasKeep(level: Mapping): boolean {
  return Object.keys(level).some((key) => suggest(key, ['keepFor', 'keep']) !== undefined);
}

function nameOf(value: unknown): string | undefined {
  const { name } = mapping(value);
  return typeof name === 'string' ? name : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
