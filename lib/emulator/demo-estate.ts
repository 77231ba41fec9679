import { DEMO_LEGACY_PROJECT_ID } from './demo-identity.ts';
import { pick, randomHex, seededRandom } from './demo-random.ts';
import type { InstanceSeed } from './estate.ts';
import type { ServiceName } from './services.ts';
import { type TaskRow, taskOf } from './task-row.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How far back the oldest records lie. */
const HISTORY_DAYS = 180;

const INSTANCES: readonly {
  service: ServiceName;
  name: string;
  records: number;
  status?: string;
}[] = [
  { service: 'dcs', name: 'prod-sessions', records: 96 },
  { service: 'dcs', name: 'prod-cart', records: 64 },
  { service: 'dcs', name: 'staging-cache', records: 28 },
  { service: 'dcs', name: 'failed-creation', records: 0, status: 'CREATEFAILED' },
  { service: 'dcs-v1', name: 'legacy-sessions', records: 41 },
  { service: 'dcs-v1', name: 'legacy-reports', records: 17 },
  { service: 'kafka', name: 'orders-events', records: 132 },
  { service: 'kafka', name: 'payments-events', records: 75 },
  { service: 'kafka', name: 'clickstream', records: 0 },
  { service: 'rabbitmq', name: 'mail-jobs', records: 52 },
  { service: 'rabbitmq', name: 'invoice-jobs', records: 23 },
  { service: 'rocketmq', name: 'shop-orders', records: 58 },
  { service: 'rocketmq', name: 'shop-returns', records: 19 },
];

const REDIS_NAMES = [
  ['EXTEND', 3],
  ['UpdatePort', 1],
  ['AddWhitelist', 4],
  ['AddReplica', 1],
  ['masterStandbySwapJob', 2],
] as const;

const TASK_NAMES: Readonly<Record<ServiceName, readonly (readonly [string, number])[]>> = {
  dcs: REDIS_NAMES,
  'dcs-v1': [['ChangeInstanceSpec', 2], ...REDIS_NAMES],
  kafka: [
    ['kafkaConfigModify', 3],
    ['kafkaResetConsumerOffset', 5],
    ['modifyAutoTopic', 2],
    ['changeRetentionPolicy', 1],
    ['bindInstancePublicIp', 1],
  ],
  rabbitmq: [
    ['bindInstancePublicIp', 1],
    ['unbindInstancePublicIp', 1],
  ],
  rocketmq: [
    ['bindInstancePublicIp', 1],
    ['unbindInstancePublicIp', 1],
  ],
};

/** How the demo estate is made: `now` in milliseconds; the same seed makes the same estate. */
export interface DemoEstateOptions {
  now: number;
  seed?: number;
}

/**
 * A believable estate for `addInstance`: every service, several instances each, some hundreds of
 * records over half a year; most finished, some running (one of them for months), and a few that no
 * client should touch because they are malformed.
 */
export function demoEstate({ now, seed = 1 }: DemoEstateOptions): InstanceSeed[] {
  const random = seededRandom(seed);
  return INSTANCES.map(({ service, name, records, status = 'RUNNING' }) => {
    const tasks: unknown[] = Array.from({ length: records }, () => record(service, now, random));
    if (records > 20) tasks.push(...running(service, now, random));
    if (records > 50) tasks.push(...oddities(service, now, random));
    const id = `${randomHex(random, 8)}-${randomHex(random, 4)}-4${randomHex(random, 3)}-a${randomHex(random, 3)}-${randomHex(random, 12)}`;
    const projectId = service === 'dcs-v1' ? { projectId: DEMO_LEGACY_PROJECT_ID } : {};
    return { service, name, status, id, tasks, ...projectId };
  });
}

function record(service: ServiceName, now: number, random: () => number): TaskRow {
  // More of them lately than long ago.
  const ageMs = HISTORY_DAYS * DAY_MS * random() ** 1.5 + 10 * MINUTE_MS;
  const durationMs = Math.min(ageMs, (0.1 + 8 * random()) * MINUTE_MS);
  const isQueue = !service.startsWith('dcs');
  const status = pick(random, [
    ['SUCCESS', 80],
    ['FAILED', 15],
    ['CANCELLED', isQueue ? 5 : 0],
  ]);
  const userName = pick(random, [
    ['ops-anna', 2],
    ['ops-jonas', 1],
    ['terraform', 4],
  ]);
  return taskOf(service, {
    id: `ff808081${randomHex(random, 24)}`,
    name: pick(random, TASK_NAMES[service]),
    user_name: userName,
    status,
    created_at: new Date(now - ageMs).toISOString(),
    updated_at: new Date(now - ageMs + durationMs).toISOString(),
  });
}

function running(service: ServiceName, now: number, random: () => number): TaskRow[] {
  const pending = service === 'rabbitmq' || service === 'rocketmq' ? 'CREATED' : 'EXECUTING';
  const fresh = new Date(now - 3 * MINUTE_MS).toISOString();
  const stuck = new Date(now - 97 * DAY_MS).toISOString();
  return [fresh, stuck].map((time) => ({
    ...record(service, now, random),
    status: pending,
    created_at: time,
    updated_at: time,
  }));
}

function oddities(service: ServiceName, now: number, random: () => number): unknown[] {
  const old = () => ({
    ...record(service, now, random),
    created_at: new Date(now - 120 * DAY_MS).toISOString(),
    updated_at: new Date(now - 120 * DAY_MS).toISOString(),
  });
  const { updated_at: _dropped, ...undated } = old();
  return [
    { ...old(), status: 'PAUSED' },
    undated,
    { ...old(), updated_at: 'yesterday' },
    { id: randomHex(random, 32), tasks: null },
    null,
  ];
}
