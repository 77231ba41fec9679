/** The services that the emulator speaks for, named as a retention policy names them. */
export type ServiceName = 'dcs' | 'dcs-v1' | 'kafka' | 'rabbitmq' | 'rocketmq';

/** Redis, or the message queues: the two differ in error bodies and codes. */
export type Family = 'dcs' | 'dms';

/** A host by the first label of its name, as in `dms.eu-de.otc.t-systems.com`. */
export type Host = Family | 'iam';

/** How one list operation is paged. */
export interface PagingDialect {
  /** Query parameter that says where the page begins. */
  readonly position: 'offset' | 'start';
  /** Value of `position` that means the first row: `offset` counts from 0, `start` from 1. */
  readonly firstRow: 0 | 1;
  /** Rows on a page when the request gives no `limit`. */
  readonly defaultLimit: number;
  /** Largest `limit` that is not refused. */
  readonly maxLimit: number;
}

/** The differences between the services on the wire. */
export interface ServiceTraits {
  readonly family: Family;
  /** First segment of every path. */
  readonly version: 'v2' | 'v1.0';
  readonly tasks: PagingDialect;
  readonly instances: PagingDialect;
  /** `task_count` is a string on DMS and DCS v1.0; every example of DCS v2 shows a number. */
  readonly taskCount: 'string' | 'number';
  /** Names of the two time filters. */
  readonly timeNames: readonly [from: string, to: string];
  /** Only the message queues can show one task (as a list of one). */
  readonly showsOneTask: boolean;
  /** Whether `…/tasks/{task}/progress` is there. */
  readonly showsProgress: boolean;
  /** The `engine` of an instance row, and the values that the `engine` filter takes. */
  readonly engine: string;
  readonly engineAliases: readonly string[];
  readonly engineVersion: string;
  readonly port: number;
}

const DMS = {
  family: 'dms',
  version: 'v2',
  // The default of 10 is known from Terraform's RocketMQ code only; no page documents one.
  tasks: { position: 'start', firstRow: 1, defaultLimit: 10, maxLimit: 100 },
  instances: { position: 'offset', firstRow: 0, defaultLimit: 10, maxLimit: 50 },
  taskCount: 'string',
  timeNames: ['begin_time', 'end_time'],
  showsOneTask: true,
  showsProgress: true,
} as const;

/** Every service, as data. */
export const SERVICES: Readonly<Record<ServiceName, ServiceTraits>> = {
  dcs: {
    family: 'dcs',
    version: 'v2',
    tasks: { position: 'offset', firstRow: 0, defaultLimit: 10, maxLimit: 1000 },
    instances: { position: 'offset', firstRow: 0, defaultLimit: 10, maxLimit: 1000 },
    taskCount: 'number',
    timeNames: ['start_time', 'end_time'],
    showsOneTask: false,
    showsProgress: true,
    engine: 'Redis',
    engineAliases: [],
    engineVersion: '5.0',
    port: 6379,
  },
  'dcs-v1': {
    family: 'dcs',
    version: 'v1.0',
    // The tasks page gave neither default nor maximum: taken from the instances list beside it.
    tasks: { position: 'start', firstRow: 1, defaultLimit: 1000, maxLimit: 2000 },
    instances: { position: 'start', firstRow: 1, defaultLimit: 1000, maxLimit: 2000 },
    taskCount: 'string',
    timeNames: ['beginTime', 'endTime'],
    showsOneTask: false,
    showsProgress: false,
    engine: 'Redis',
    engineAliases: [],
    engineVersion: '3.0',
    port: 6379,
  },
  kafka: { ...DMS, engine: 'kafka', engineAliases: ['kafka'], engineVersion: '2.7', port: 9092 },
  rabbitmq: {
    ...DMS,
    engine: 'rabbitmq',
    engineAliases: ['rabbitmq'],
    engineVersion: '3.8.35',
    port: 5672,
    showsProgress: false,
  },
  rocketmq: {
    ...DMS,
    engine: 'reliability',
    engineAliases: ['rocketmq', 'reliability'],
    engineVersion: '4.8.0',
    port: 8100,
  },
};

/** The DMS service that an `engine` filter names, aliases included. */
export function serviceOfEngine(engine: string): ServiceName | undefined {
  const names = Object.keys(SERVICES) as ServiceName[];
  return names.find((name) => SERVICES[name].engineAliases.includes(engine));
}
