import { serverOf, targetOrigin } from '../model/origins.ts';
import {
  CLOUD_NAMES,
  type FinishedStatus,
  listSameInstances,
  SERVICE_NAMES,
  SERVICES,
  type ServiceName,
} from '../model/services.ts';
import { isObject } from '../model/text.ts';
import { compilePatterns, isPattern, isPlain } from './pattern.ts';
import { CREDENTIALS_SOURCES } from './schema.ts';
import { patternsOfRegion } from './select-projects.ts';
import type { Path } from './source.ts';
import { suggest } from './suggest.ts';
import { combinationName, listOf } from './targets.ts';

/** Something wrong at one place of a policy, in words. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

function finding(path: Path, message: string, hint: string): Finding {
  return { path, message, hint };
}

type Mapping = Readonly<Record<string, unknown>>;

/**
 * Checks the values of a policy against each other. Takes the policy as it was read, even one that the schema
 * refuses, so that all mistakes are reported together.
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
  return [...findings, ...checkOverlaps(list(targets), lineOf)];
}

/** Targets that select the same instance, which would then have two retentions: as far as the file alone shows it. */
function checkOverlaps(targets: readonly unknown[], lineOf: (path: Path) => number): Finding[] {
  const claims = targets.flatMap(claimsOf);
  const told = new Set<number>();
  return claims.flatMap((claim, i): Finding[] => {
    if (told.has(claim.index)) return [];
    const other = claims
      .slice(0, i)
      // Two targets of one name are reported already.
      .find((earlier) => earlier.name !== claim.name && overlap(claim, earlier) !== undefined);
    if (!other) return [];
    told.add(claim.index);
    const line = lineOf(['targets', other.index, 'name']);
    const [said, hint] = overlap(claim, other) as [string, string];
    const differ = claim.service !== other.service;
    const [own, theirs] = [claim, other].map(({ name, service }) =>
      differ ? `${JSON.stringify(name)} (${service})` : JSON.stringify(name),
    );
    const message = `${own} ${said} the target ${theirs} on line ${line}`;
    return [finding(['targets', claim.index, 'name'], message, hint)];
  });
}

/** The instances that a target claims, or one combination of its lists, as far as the file tells them. */
interface Claim {
  /** The target's position in the file, from 0. */
  readonly index: number;
  readonly name: string;
  readonly server: string;
  readonly projects: { readonly id: unknown } | { readonly names: readonly string[]; of: string };
  readonly service: ServiceName;
  readonly instances: Mapping | undefined;
}

/** None where something else is wrong with the target, so that it does not tell them. */
function claimsOf(target: unknown, index: number): Claim[] {
  const { name, cloud, endpoint, projectId, projects, credentials, instances, ...lists } =
    mapping(target);
  if (typeof name !== 'string' || !isOneOf(cloud, CLOUD_NAMES)) return [];
  const own =
    typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint).origin : undefined;
  const shown = (key: 'service' | 'region', value: string) =>
    Array.isArray(lists[key]) ? value : undefined;
  return listOf(lists.service).flatMap((service) =>
    listOf(lists.region).flatMap((region): Claim[] => {
      if (!isOneOf(service, SERVICE_NAMES) || typeof region !== 'string') return [];
      // Without an id it is the region's own project, in the account of the credentials.
      const names = projects === undefined ? [region] : list(projects);
      return [
        {
          index,
          name: combinationName(name, shown('service', service), shown('region', region)),
          server: serverOf(targetOrigin({ cloud, service, region, endpoint: own })),
          projects:
            projectId === undefined
              ? { names: names.filter(isText), of: JSON.stringify([region, credentials]) }
              : { id: projectId },
          service,
          instances: instances === undefined ? undefined : mapping(instances),
        },
      ];
    }),
  );
}

/** Whether two targets are certainly in one project. Two patterns may match different projects. */
function shareProject(one: Claim['projects'], other: Claim['projects']): boolean {
  if ('id' in one || 'id' in other) return 'id' in one && 'id' in other && one.id === other.id;
  // A pattern with a mistake matches nothing here: the mistake is reported already.
  const covers = (pattern: string, name: string) =>
    pattern === name || (isPlain(name) && isPattern(pattern) && compilePatterns([pattern])(name));
  return (
    one.of === other.of &&
    one.names.some((a) => other.names.some((b) => covers(a, b) || covers(b, a)))
  );
}

/** The message about two targets that select the same instances, with advice. */
function overlap(one: Claim, other: Claim): [said: string, hint: string] | undefined {
  if (one.server !== other.server || !listSameInstances(one.service, other.service)) {
    return undefined;
  }
  if (!shareProject(one.projects, other.projects)) return undefined;
  if (one.service !== other.service) {
    return ['lists the same instances as', 'leave one out'];
  }
  const everything = ({ instances }: Claim) => !instances || Object.keys(instances).length === 0;
  if (everything(one) && everything(other)) {
    return ['selects the same instances as', 'give each its own instances, or leave one out'];
  }
  const named = ({ instances }: Claim) => list(instances?.include).filter(isText).filter(isPlain);
  const theirs = new Set(named(other));
  const excluded = new Set([one, other].flatMap(({ instances }) => list(instances?.exclude)));
  const shared = named(one).find((item) => theirs.has(item) && !excluded.has(item));
  if (shared === undefined) return undefined;
  return [`includes the instance ${JSON.stringify(shared)}, as does`, 'leave it to one of them'];
}

function isOneOf<Name extends string>(value: unknown, names: readonly Name[]): value is Name {
  return (names as readonly unknown[]).includes(value);
}

function checkTarget(
  target: unknown,
  defaults: unknown,
  path: Path,
  lineOf: (path: Path) => number,
): Finding[] {
  if (!isObject(target)) return [];
  const { service, statuses } = target;
  const rules = list(target.rules);
  const rulePath = (j: number) => [...path, 'rules', j];
  const findings = [
    ...checkKeep(target, path),
    ...checkStatuses(statuses, service, [...path, 'statuses']),
    ...['service', 'region', 'projects'].flatMap((key) =>
      repeatedItems(target[key], [...path, key]),
    ),
    ...checkProjects(target, path),
    ...checkCredentials(target.credentials, [...path, 'credentials']),
    ...repeatedNames(
      // Reports call a rule without a name "rule N", so no other rule may have that name.
      rules.map((rule, j) => nameOf(rule) ?? `rule ${j + 1}`),
      (j) => (nameOf(rules[j]) === undefined ? rulePath(j) : [...rulePath(j), 'name']),
      lineOf,
    ),
    ...rules.flatMap((rule, j) => checkRule(rule, service, rulePath(j))),
  ];
  if (!hasKeep(target) && !hasKeep(mapping(defaults))) {
    const hint = 'write keepFor (or keep: forever) in this target or under defaults';
    findings.push(finding(path, 'nothing says how long its records are kept', hint));
  }
  return findings;
}

function checkProjects({ projectId, projects, region }: Mapping, path: Path): Finding[] {
  if (projectId === undefined) {
    const regionNames = list(region).filter(isText);
    const patterns = list(projects).filter(isText);
    if (patterns.length === 0) return [];
    return regionNames.flatMap((each, i): Finding[] => {
      if (patternsOfRegion(patterns, each, regionNames).length > 0) return [];
      const message = `no pattern under projects is for region ${each}`;
      return [finding([...path, 'region', i], message, 'add one, or leave the region out')];
    });
  }
  if (projects !== undefined) {
    return [notTogether([...path, 'projects'], 'projectId')];
  }
  const regions = list(region).length;
  if (regions < 2) return [];
  const message = `a project is in one region only, but the target has ${regions}`;
  const hint = 'write projects instead, or a target for each region';
  return [finding([...path, 'projectId'], message, hint)];
}

function checkCredentials(credentials: unknown, path: Path): Finding[] {
  if (!isObject(credentials)) return [];
  if (Object.keys(credentials).length === 0) {
    const hint = `write ${CREDENTIALS_SOURCES.join(', ')} or agency, or leave credentials out`;
    return [finding(path, 'does not say where the credentials are', hint)];
  }
  const [first, ...others] = CREDENTIALS_SOURCES.filter((source) => source in credentials);
  return others.map((other) => notTogether([...path, other], `${first}`));
}

function checkRule(rule: unknown, service: unknown, path: Path): Finding[] {
  if (!isObject(rule)) return [];
  const { match } = rule;
  const matchPath = [...path, 'match'];
  const findings = [
    ...checkKeep(rule, path),
    ...checkStatuses(mapping(match).statuses, service, [...matchPath, 'statuses']),
  ];
  if (isObject(match) && Object.keys(match).length === 0) {
    const message = 'does not say which records it matches';
    findings.push(finding(matchPath, message, 'write statuses, tasks or users'));
  }
  if (!hasKeep(rule)) {
    const message = 'does not say how long its records are kept';
    findings.push(finding(path, message, 'write keepFor or keep: forever'));
  }
  return findings;
}

function checkKeep(level: unknown, path: Path): Finding[] {
  if (!isObject(level) || !('keepFor' in level && 'keep' in level)) return [];
  return [notTogether([...path, 'keep'], 'keepFor')];
}

function notTogether(path: Path, other: string): Finding {
  return finding(path, `cannot be used together with ${other}`, 'leave one out');
}

function checkStatuses(statuses: unknown, service: unknown, path: Path): Finding[] {
  const findings = repeatedItems(statuses, path);
  const services = listOf(service).filter((each) => isOneOf(each, SERVICE_NAMES));
  const deletable = new Set<FinishedStatus>(services.flatMap((each) => SERVICES[each].deletable));
  if (services.length === 0 || deletable.has('CANCELLED')) return findings;
  const message = `${services.join(' or ')} does not delete CANCELLED records`;
  const hint = `write ${[...deletable].join(' or ')}`;
  list(statuses).forEach((status, i) => {
    if (status === 'CANCELLED') findings.push(finding([...path, i], message, hint));
  });
  return findings;
}

function repeatedItems(items: unknown, path: Path): Finding[] {
  const seen = new Set<string>();
  return list(items).flatMap((item, i) => {
    if (typeof item !== 'string') return [];
    const isRepeated = seen.has(item);
    seen.add(item);
    return isRepeated
      ? [finding([...path, i], `${item} is in the list already`, 'leave it out')]
      : [];
  });
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
    return [finding(pathOf(i), message, 'choose another')];
  });
}

/** A misspelt key counts too: the misspelling is reported, and one report is enough. */
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

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function mapping(value: unknown): Mapping {
  return isObject(value) ? value : {};
}
