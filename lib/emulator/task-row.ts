import type { ServiceName } from './services.ts';

/**
 * One background-task record as the wire has it. Columns differ from service to service, and a test
 * may put anything at all in a table, so only the columns that every service has are typed.
 */
export interface TaskRow {
  id: string;
  name: string;
  status: string;
  /** Start of the task, ISO 8601 in UTC with milliseconds and `Z`. */
  created_at: string;
  /** End of the task, in the same form. */
  updated_at: string;
  [column: string]: unknown;
}

/** Statuses under which a task is not finished; RabbitMQ and RocketMQ show CREATED while it runs. */
export const RUNNING: readonly string[] = ['CREATED', 'WAITING', 'EXECUTING'];

let made = 0;

/** A well-formed task id that was not given before: 32 lower-case hexadecimal digits. */
export function taskId(): string {
  made += 1;
  return `ff8080818f0a1b01${made.toString(16).padStart(16, '0')}`;
}

/**
 * A record of a finished task, with the columns that all services share. An override with the value
 * undefined takes its column out.
 */
export function task(overrides: Record<string, unknown> = {}): TaskRow {
  return {
    id: taskId(),
    name: 'bindInstancePublicIp',
    user_name: 'ops',
    user_id: '0b01fbb53600d4671fa8c00673c71260',
    status: 'SUCCESS',
    created_at: '2025-01-02T03:04:05.678Z',
    updated_at: '2025-01-02T03:09:00.001Z',
    ...overrides,
  } as TaskRow;
}

/**
 * The same with the columns of one service: `details` on DCS v2, flat capacities on DCS v1.0,
 * `params` as JSON text on the queues.
 */
export function taskOf(service: ServiceName, overrides: Record<string, unknown> = {}): TaskRow {
  return task({ ...COLUMNS[service](), ...overrides });
}

const queueColumns = () => ({ params: '{"public_ip_id":"","enable_publicip":true}' });

const COLUMNS: Readonly<Record<ServiceName, () => Record<string, unknown>>> = {
  dcs: () => ({
    name: 'EXTEND',
    details: { old_capacity: '0.125', new_capacity: '0.25' },
    enable_show: false,
  }),
  'dcs-v1': () => ({
    name: 'EXTEND',
    params: '',
    error_code: '',
    old_capacity: '2',
    new_capacity: '4',
  }),
  kafka: queueColumns,
  rabbitmq: queueColumns,
  rocketmq: queueColumns,
};
