/** The clouds, by the name a policy gives them. */
export const CLOUD_NAMES = ['huaweicloud', 'otc'] as const;
export type CloudName = (typeof CLOUD_NAMES)[number];

/**
 * How one list is paged.
 *
 * DCS v2 counts rows from 0 in `offset`; DMS v2 and DCS v1.0 send the 1-based ordinal of the first
 * row in `start`. (Huawei's documentation said `offset` for DMS from December 2025 to August 2026;
 * its gateway never forwarded it, and SDK 3.1.211 took it back.)
 */
export interface Paging {
  readonly parameter: 'offset' | 'start';
  readonly firstRow: 0 | 1;
  /** Rows asked for per page: the documented maximum, or a safe size where none is documented. */
  readonly limit: number;
  /**
   * The answer to a page past the end: `empty` where an empty page is documented or observed,
   * `unknown` where it may be an error, so that the count decides where to stop.
   */
  readonly pastTheEnd: 'empty' | 'unknown';
}

/** All that sets one service apart from the others. */
export interface Service {
  /** Shown to people. */
  readonly title: string;
  /** First label of the derived endpoint. RabbitMQ and RocketMQ live on Kafka's host. */
  readonly host: 'dcs' | 'dms';
  readonly version: 'v1.0' | 'v2';
  readonly instances: Paging;
  readonly tasks: Paging;
  /** DMS lists every engine on one host: `query` is sent, and only `accepted` ones are believed. */
  readonly engine?: { readonly query: string; readonly accepted: readonly string[] };
  /** Clouds whose documentation does not offer the service's background tasks; they may still be there. */
  readonly undocumentedOn: readonly CloudName[];
  /** Finished statuses that the console's manuals allow to delete. */
  readonly deletable: readonly FinishedStatus[];
}

/** Statuses of a task that has ended and whose record is still there. */
export const FINISHED_STATUSES = ['SUCCESS', 'FAILED', 'CANCELLED'] as const;
export type FinishedStatus = (typeof FINISHED_STATUSES)[number];

/** Statuses of a task under way. On RabbitMQ and RocketMQ, CREATED means in progress. */
export const RUNNING_STATUSES = ['CREATED', 'WAITING', 'EXECUTING'] as const;

const dcs = {
  title: 'DCS (Redis)',
  host: 'dcs',
  version: 'v2',
  instances: { parameter: 'offset', firstRow: 0, limit: 1000, pastTheEnd: 'empty' },
  tasks: { parameter: 'offset', firstRow: 0, limit: 1000, pastTheEnd: 'empty' },
  undocumentedOn: [],
  deletable: ['SUCCESS', 'FAILED'],
} as const satisfies Service;

const dms = {
  host: 'dms',
  version: 'v2',
  // An offset past the end is 400 DMS.40050010 on this list; on the task list nobody knows.
  instances: { parameter: 'offset', firstRow: 0, limit: 50, pastTheEnd: 'unknown' },
  tasks: { parameter: 'start', firstRow: 1, limit: 100, pastTheEnd: 'unknown' },
  undocumentedOn: [],
  deletable: ['SUCCESS', 'FAILED', 'CANCELLED'],
} as const satisfies Omit<Service, 'title'>;

/** The services, by the name a policy gives them. A sixth one is one more row here. */
export const SERVICES = {
  dcs,
  'dcs-v1': {
    ...dcs,
    title: 'DCS (Redis), v1.0',
    version: 'v1.0',
    undocumentedOn: ['otc'],
    instances: { parameter: 'start', firstRow: 1, limit: 1000, pastTheEnd: 'unknown' },
    // Neither a default nor a maximum is documented for v1.0 tasks.
    tasks: { parameter: 'start', firstRow: 1, limit: 100, pastTheEnd: 'unknown' },
  },
  kafka: {
    ...dms,
    title: 'DMS for Kafka',
    engine: { query: 'kafka', accepted: ['kafka'] },
  },
  rabbitmq: {
    ...dms,
    title: 'DMS for RabbitMQ',
    undocumentedOn: ['otc'],
    engine: { query: 'rabbitmq', accepted: ['rabbitmq'] },
  },
  rocketmq: {
    ...dms,
    title: 'DMS for RocketMQ',
    undocumentedOn: ['otc'],
    engine: { query: 'rocketmq', accepted: ['rocketmq', 'reliability'] },
  },
} as const satisfies Record<string, Service>;

export type ServiceName = keyof typeof SERVICES;

/** Whether two services list the same instances of a project: those of one engine, or of none. */
export function listSameInstances(one: ServiceName, other: ServiceName): boolean {
  const [first, second]: Service[] = [SERVICES[one], SERVICES[other]];
  return first?.host === second?.host && first?.engine?.query === second?.engine?.query;
}

export const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];
