import fc from 'fast-check';
import type { ServiceName, Switches } from '../../lib/emulator/index.ts';
import type { WrittenRetention } from '../run/oracle.ts';

/** Troubles of a request; `before` or `after` its work has been done. */
export const TROUBLES = [
  '500 before',
  '500 after',
  '502',
  '503',
  '504 after',
  '408',
  'reset before',
  'reset after',
  'hang before',
  'hang after',
  'cut off',
  'throttled',
  'truncated',
  'html',
  'empty',
  'wrong shape',
  'busy',
  'unknown 404',
  'unauthorised',
  'forbidden',
] as const;
export type Trouble = (typeof TROUBLES)[number];

const RARE: readonly Trouble[] = ['busy', 'unknown 404', 'unauthorised', 'forbidden'];
const COMMON = TROUBLES.filter((trouble) => !RARE.includes(trouble));

/** Something that others do to the cloud, when so many requests have been sent. */
export interface Event {
  readonly at: number;
  readonly kind:
    | 'vanish'
    | 'appear'
    | 'appear old'
    | 'finish'
    | 'finish unnoticed'
    | 'instance vanishes'
    | 'tokens expire'
    | 'key is rotated';
  /** Which instance, and where in its table. */
  readonly which: number;
  /** How many records. */
  readonly count: number;
}

export const COUNTS = ['true', 'missing', 'null', 'text', 'too high', 'too low', 'page'] as const;

export interface Misbehaviour {
  readonly seed: number;
  /** Share of the requests that get into trouble. */
  readonly lists: { readonly share: number; readonly troubles: readonly Trouble[] };
  readonly deletes: { readonly share: number; readonly troubles: readonly Trouble[] };
  readonly iam: { readonly share: number; readonly troubles: readonly Trouble[] };
  readonly retryAfter: string | undefined;
  readonly perSecond: number | undefined;
  /** Milliseconds, from and to. */
  readonly latency: readonly [number, number];
  /** The `task_count` that the service claims. */
  readonly count: (typeof COUNTS)[number];
  readonly shortPages: number | undefined;
  readonly ignoresPaging: boolean;
  /** Refuses connections after so many requests, for so many milliseconds. */
  readonly down: { readonly at: number; readonly ms: number } | undefined;
  /** Errors repeat what they were sent. */
  readonly gossip: boolean;
  readonly events: readonly Event[];
}

export interface Scenario {
  readonly instances: readonly {
    service: ServiceName;
    rows: number;
    seed: number;
    twins: boolean;
  }[];
  readonly retention: WrittenRetention;
  readonly limits: { deletions?: number; deletePercent?: number } | undefined;
  readonly dryRun: boolean;
  readonly requests: { concurrency: number; attempts: number; timeout: string; perSecond?: number };
  readonly switches: Partial<Switches>;
  readonly archive: 'none' | 'works' | 'fails';
  /** The share of all records that is approved; absent where the run has no plan. */
  readonly approvedShare: number | undefined;
  readonly user: boolean;
  readonly looksUpProject: boolean;
  readonly misbehaviour: Misbehaviour;
  /** Milliseconds from the start. */
  readonly deadline: number | undefined;
  readonly stopBeforeEnd: number | undefined;
  /** Interrupted when so many requests have been sent. */
  readonly interrupt: number | undefined;
}

const SERVICES = ['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq'] as const;

const weighted = <T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]) =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** In one of so many cases. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, oneOf = 4): fc.Arbitrary<T | undefined> =>
  weighted<T | undefined>([oneOf - 1, fc.constant(undefined)], [1, arbitrary]);
/** One in so many; in the simplest case not. */
const oneIn = (count: number) => fc.nat({ max: count - 1 }).map((n) => n === count - 1);
const size = weighted(
  [3, fc.nat({ max: 12 })],
  [4, fc.integer({ min: 10, max: 60 })],
  [2, fc.integer({ min: 90, max: 250 })],
);

const instance = (service: fc.Arbitrary<ServiceName>) =>
  fc.record({ service, rows: size, seed: fc.nat(), twins: oneIn(10) });

const instances = fc
  .uniqueArray(fc.constantFrom(...SERVICES), { minLength: 1, maxLength: 2 })
  // Both list the same instances: a policy with the two is refused.
  .filter((services) => !(services.includes('dcs') && services.includes('dcs-v1')))
  .chain((services) =>
    fc.array(instance(fc.constantFrom(...services)), { minLength: 1, maxLength: 4 }),
  );

const days = weighted<number | 'forever'>(
  [9, fc.integer({ min: 0, max: 50 })],
  [1, fc.constant('forever')],
);

const NAMES = ['EXTEND', 'RESTART', 'UpdateConfig'] as const;

const retention: fc.Arbitrary<WrittenRetention> = fc.record({
  keepForDays: days,
  keepLast: weighted([8, fc.nat({ max: 6 })], [1, fc.constant(100)]),
  statuses: weighted<readonly string[]>(
    [3, fc.constant(['SUCCESS', 'FAILED', 'CANCELLED'])],
    [1, fc.subarray(['SUCCESS', 'FAILED', 'CANCELLED'], { minLength: 1 })],
  ),
  rules: fc.array(
    fc.oneof(
      fc.record({ statuses: fc.constant(['FAILED']), keepForDays: days }),
      fc.record({ tasks: fc.subarray([...NAMES], { minLength: 1 }), keepForDays: days }),
    ),
    { maxLength: 2 },
  ),
});

const switches: fc.Arbitrary<Partial<Switches>> = fc.record({
  dcsDeleteAnswer: fc.constantFrom(200, 204),
  runningDelete: fc.constantFrom('task-running', 'instance-busy', 'ignored', 'deleted'),
  taskNotFound: fc.constantFrom(404, 400, 204),
  startZero: fc.constantFrom<Switches['startZero'][]>('empty-page', 400),
  pastTheEnd: fc.constantFrom<Switches['pastTheEnd'][]>('empty-page', 400),
  throttleAnswer: fc.constantFrom('gateway-429', 'dms-404'),
  deletedRows: fc.constantFrom('disappear', 'stay'),
  dcsCodes: fc.constantFrom('named', 'numeric'),
  gatewayPrefix: fc.constantFrom('APIGW', 'APIG'),
  expiredToken: fc.constantFrom('token-must-be-updated', 'decrypt-token-fail', 'service'),
});

const trouble = (calm: number) =>
  fc.record({
    share: weighted(
      [calm, fc.constant(0)],
      [3, fc.constantFrom(0.02, 0.1, 0.3)],
      [1, fc.constantFrom(0.6, 0.9, 1)],
    ),
    troubles: weighted(
      [5, fc.subarray([...COMMON], { minLength: 1 })],
      [1, fc.subarray([...TROUBLES], { minLength: 1 })],
    ),
  });

const event: fc.Arbitrary<Event> = fc.record({
  at: weighted([3, fc.nat({ max: 12 })], [1, fc.nat({ max: 150 })]),
  kind: fc.constantFrom(
    'vanish',
    'vanish',
    'appear',
    'appear',
    'appear old',
    'finish',
    'finish unnoticed',
    'instance vanishes',
    'tokens expire',
    'key is rotated',
  ),
  which: fc.nat({ max: 1_000 }),
  count: weighted([3, fc.integer({ min: 1, max: 5 })], [1, fc.integer({ min: 1, max: 80 })]),
});

const misbehaviour: fc.Arbitrary<Misbehaviour> = fc.record({
  seed: fc.nat(),
  lists: trouble(12),
  deletes: trouble(2),
  iam: trouble(12),
  retryAfter: weighted(
    [4, fc.constant(undefined)],
    [1, fc.constantFrom('0', '1', '30', '90', 'Tue, 01 Sep 2026 03:31:00 GMT', 'soon', '-1')],
  ),
  perSecond: sometimes(fc.integer({ min: 3, max: 40 }), 5),
  latency: fc.constantFrom<(readonly [number, number])[]>(
    [0, 0],
    [1, 40],
    [30, 400],
    [0, 3_000],
    [0, 15_000],
  ),
  count: weighted([8, fc.constant('true')], [2, fc.constantFrom(...COUNTS)]),
  shortPages: sometimes(fc.integer({ min: 5, max: 40 })),
  ignoresPaging: oneIn(15),
  down: sometimes(
    fc.record({ at: fc.nat({ max: 60 }), ms: fc.constantFrom(0, 300, 5_000, 60_000) }),
    6,
  ),
  gossip: oneIn(3),
  events: weighted<readonly Event[]>([1, fc.constant([])], [2, fc.array(event, { maxLength: 8 })]),
});

const anything: fc.Arbitrary<Scenario> = fc.record({
  instances,
  retention,
  limits: sometimes(
    fc.oneof(
      fc.record({ deletions: fc.nat({ max: 60 }) }),
      fc.record({ deletePercent: fc.nat({ max: 100 }) }),
    ),
    6,
  ),
  dryRun: oneIn(12),
  requests: fc.record(
    {
      concurrency: fc.constantFrom(8, 1, 3, 32),
      attempts: fc.constantFrom(5, 1, 2, 3),
      timeout: fc.constantFrom('10s', '1s', '5s'),
      perSecond: fc.constantFrom(50, 7, 2.5),
    },
    { requiredKeys: ['concurrency', 'attempts', 'timeout'] },
  ),
  switches,
  archive: fc.constantFrom('none', 'works', 'fails'),
  approvedShare: sometimes(fc.constantFrom(0, 0.3, 0.9)),
  user: oneIn(3),
  looksUpProject: oneIn(4),
  misbehaviour,
  deadline: sometimes(weighted([1, fc.nat({ max: 5_000 })], [2, fc.nat({ max: 60_000 })])),
  stopBeforeEnd: sometimes(fc.constantFrom(0, 200, 5_000)),
  interrupt: sometimes(weighted([1, fc.nat({ max: 8 })], [1, fc.nat({ max: 120 })]), 6),
});

/** A whole scenario: what there is, what is wanted, and all that goes wrong. */
export const scenario: fc.Arbitrary<Scenario> = anything.map((one) => ({
  ...one,
  instances: one.instances.map((each) => ({
    ...each,
    // Without a true count a page may be passed over, and with it the other row of the same id.
    twins: each.twins && one.misbehaviour.count === 'true',
  })),
}));

/** The same without interrupts and deadlines, and with nothing that leaves open who deleted a record. */
export const calmScenario: fc.Arbitrary<Scenario> = scenario.map((one) => ({
  ...one,
  instances: one.instances.map((each) => ({ ...each, twins: false })),
  limits: undefined,
  dryRun: false,
  archive: one.archive === 'none' ? 'none' : 'works',
  approvedShare: undefined,
  requests: { ...one.requests, timeout: '10s' },
  deadline: undefined,
  interrupt: undefined,
  switches: { ...one.switches, taskNotFound: one.switches.taskNotFound === 400 ? 400 : 404 },
  misbehaviour: {
    ...one.misbehaviour,
    lists: { share: Math.min(0.1, one.misbehaviour.lists.share), troubles: ['throttled'] },
    deletes: { share: Math.min(0.3, one.misbehaviour.deletes.share), troubles: ['throttled'] },
    iam: { share: 0, troubles: ['503'] },
    latency: one.misbehaviour.latency[1] > 5_000 ? [1, 40] : one.misbehaviour.latency,
    count: 'true',
    ignoresPaging: false,
    down: undefined,
    events: [],
  },
}));
