import { Duration } from 'luxon';
import { DEMO_PROJECT_ID, DEMO_REGION, type Emulator } from '../lib/emulator/index.ts';
import { loadPolicy } from '../lib/policy/load.ts';
import { PolicyError } from '../lib/policy/policy-error.ts';
import type { Retention } from '../lib/policy/retention.ts';
import type { WrittenRetention } from './run/oracle.ts';

/** The text of a policy with one target, and more keys for it: `keepFor` is missing. */
export function policyText(targetKeys = '', topKeys = ''): string {
  return [
    'version: 1',
    ...lines(topKeys),
    'targets:',
    '  - name: cache',
    '    cloud: otc',
    '    service: dcs',
    '    region: eu-de',
    ...lines(targetKeys).map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/** The text of a policy for an emulator: it keeps 30 days. */
export function cachePolicy(
  url: string,
  more: readonly string[] = [],
  top = 'dryRun: false',
): string {
  const place = [`region: ${DEMO_REGION}`, `projectId: ${DEMO_PROJECT_ID}`, `endpoint: ${url}`];
  return policyText([...place, 'keepFor: 30d', ...more].join('\n'), top)
    .replace('cloud: otc', 'cloud: huaweicloud')
    .replace('    region: eu-de\n', '');
}

/** A policy, as its text holds it, that deletes what is older than 30 days. */
export function policyOf(targets: readonly object[], top: object = {}): object {
  return { version: 1, dryRun: false, targets, ...top };
}

export function targetOf({ url }: Emulator, fields: object = {}): object {
  return {
    name: 'cache',
    cloud: 'huaweicloud',
    service: 'dcs',
    region: DEMO_REGION,
    projectId: DEMO_PROJECT_ID,
    endpoint: url,
    iamEndpoint: url,
    ...('keep' in fields ? {} : { keepFor: '30d' }),
    ...fields,
  };
}

/**
 * The keys of a target for a retention of the reference implementation.
 * @param nameEnd follows each task name of the rules.
 */
export function retentionKeys(
  { keepForDays, keepLast, statuses, rules = [] }: WrittenRetention,
  nameEnd = '',
): object {
  const keepFor = (days: number | 'forever') =>
    days === 'forever' ? { keep: 'forever' } : { keepFor: `${days}d` };
  return {
    ...keepFor(keepForDays),
    keepLast,
    statuses,
    rules: rules.map((rule) => ({
      match: { statuses: rule.statuses, tasks: rule.tasks?.map((name) => name + nameEnd) },
      ...keepFor(rule.keepForDays),
    })),
  };
}

/** A policy with one target. */
export function onlyTarget(emulator: Emulator, fields: object = {}): object {
  return policyOf([targetOf(emulator, fields)]);
}

/** The retention of a target: keeps 30 days and nothing else. */
export function retention(fields: Partial<Retention> = {}): Retention {
  return {
    keepFor: Duration.fromObject({ days: 30 }),
    keepLast: 0,
    statuses: new Set(['SUCCESS', 'FAILED']),
    limits: {},
    rules: [],
    ...fields,
  };
}

/** The problems of a policy, as it is printed; an empty list when nothing is. */
export function problemsOf(text: string): string[] {
  try {
    loadPolicy(text, 'p.yml');
    return [];
  } catch (error) {
    if (error instanceof PolicyError) return error.message.split('\n');
    throw error;
  }
}

function lines(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}
