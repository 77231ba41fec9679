import { Duration } from 'luxon';
import type { Task } from '../../lib/model/task.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { PolicyError } from '../../lib/policy/policy-error.ts';
import type { Retention } from '../../lib/policy/retention.ts';

export const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 8, 1, 3, 30);

let made = 0;

/** A finished record, 100 days old. */
export function task(fields: Partial<Task> = {}): Task {
  made += 1;
  return {
    id: `task-${made}`,
    status: 'SUCCESS',
    updatedAt: NOW - 100 * DAY,
    name: 'EXTEND',
    user: 'ops-1',
    createdAt: undefined,
    malformed: false,
    ...fields,
  };
}

/** Keeps 30 days and nothing else. */
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

/** A policy with one target that nothing is wrong with, and more keys for that target. */
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

/** What is wrong with a policy, as it is printed; an empty list when nothing is. */
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
