import { type ServiceName, type TaskRow, taskOf } from '../lib/emulator/index.ts';
import type { Task } from '../lib/model/task.ts';
import { FAKE_NOW } from './fake-clock.ts';

export const DAY = 86_400_000;
/** When the runs of most tests begin. */
export const NOW = FAKE_NOW;

let made = 0;

/** A record that has been read: finished, 100 days old. */
export function task(fields: Partial<Task> = {}): Task {
  made += 1;
  return {
    id: `ff80808${made.toString(16).padStart(25, '0')}`,
    status: 'SUCCESS',
    updatedAt: NOW - 100 * DAY,
    name: 'EXTEND',
    user: 'ops-1',
    createdAt: undefined,
    malformed: false,
    ...fields,
  };
}

/** A record as the service sends it, whose task ended so many days ago. */
export function aged(days: number, overrides: object = {}, service: ServiceName = 'dcs'): TaskRow {
  const time = new Date(NOW - days * DAY).toISOString();
  return taskOf(service, { created_at: time, updated_at: time, ...overrides });
}

/** So many expired records, and none that stays. */
export function expired(count: number, service: ServiceName = 'dcs'): TaskRow[] {
  return Array.from({ length: count }, (_, index) => aged(40 + index, {}, service));
}

/** A record that is too young for any policy here, by the real clock too. */
export function fresh(): TaskRow {
  const time = new Date(Date.now() - 60_000).toISOString();
  return taskOf('dcs', { name: 'UpdatePort', created_at: time, updated_at: time });
}
