import type { ServiceName } from '../../lib/model/services.ts';
import { FAKE_NOW } from '../fake-clock.ts';
import type { WrittenRetention } from '../run/oracle.ts';

/** Chance that comes out the same for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  some<T>(choices: readonly T[], share: number): T[] {
    return choices.filter(() => this.chance(share));
  }
}

/** A record as it really is. */
export interface TrueRow {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly user_name: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TrueInstance {
  readonly service: ServiceName;
  readonly id: string;
  readonly name: string;
  /** Newest first. */
  readonly rows: readonly TrueRow[];
}

/** The operations of the server; it can lie about each. */
export const OPERATIONS = ['token', 'projects', 'instances', 'tasks', 'delete', 'secret'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The ways to lie; which are tried in a run is drawn, so that each has runs of its own. */
export const WAYS = ['rows', 'twins', 'page', 'body', 'answer', 'headers', 'wire'] as const;
export type Way = (typeof WAYS)[number];

/** One run: what there really is, what is wanted, and how much is lied about what. */
export interface Story {
  readonly seed: number;
  readonly instances: readonly TrueInstance[];
  readonly retention: WrittenRetention;
  readonly deletions: number | undefined;
  readonly dryRun: boolean;
  readonly user: boolean;
  readonly looksUpProject: boolean;
  /** The credentials are in Secrets Manager. */
  readonly inSecret: boolean;
  readonly requests: {
    readonly concurrency: number;
    readonly attempts: number;
    readonly timeout: string;
  };
  /** Milliseconds from the start. */
  readonly deadline: number | undefined;
  /** The share of answers that are lies. */
  readonly shares: Readonly<Record<Operation, number>>;
  readonly ways: readonly Way[];
  /** How far the server's clock is off in all its answers, in milliseconds; absent where it tells no time. */
  readonly clockOff: number | undefined;
  readonly pastTheEnd: 'empty' | 'refused';
  /** Some records are never shown, and counted all the same. */
  readonly hides: boolean;
}

const DAY = 86_400_000;
export const NOW = FAKE_NOW;
export const REGION = 'eu-west-101';
export const PROJECT = 'a1a2project0000000000000000001';
/** Instances of these names are none of the policy's: all that they have must stay. */
export const FOREIGN = 'keep-';
/** Names of tasks; none begins as another one does. */
export const NAMES = ['EXTEND', 'RESTART', 'UpdateConfig'] as const;
/** A record may be forgotten only if it has ended in one of these ways. */
export const FINISHED = ['SUCCESS', 'FAILED', 'CANCELLED'];

export const KEY = {
  accessKey: 'HCLIARACCESSKEY00001',
  secretKey: 'lIaRsSecretKey="ThatMustNotBeSeen+/00001',
  securityToken: 'lIaRsSecurityToken=ThatMustNotBeSeen+/001==',
};
export const USER = {
  username: 'janitor',
  password: 'lIaRs"Password\\ThatMustNotBeSeen+/=0001',
  domain: 'acme',
};
/** How the server's tokens begin, before their number. */
export const TOKEN = 'lIaRsToken=ThatMustNotBeSeen+/0001';

/** One run, from nothing but its seed. */
export function storyOf(seed: number): Story {
  const dice = new Dice(seed * 7_919 + 17);
  const services = dice.some<ServiceName>(['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq'], 0.2);
  // Both list the same instances: a policy with the two is refused.
  const chosen = services.filter((name) => name !== 'dcs-v1' || !services.includes('dcs'));
  const targets = (chosen.length > 0 ? chosen : (['kafka'] as const)).slice(0, 2);
  const instances = Array.from({ length: 1 + dice.below(4) }, (_, ordinal): TrueInstance => {
    const service = dice.pick(targets);
    const id = `5e5e0000-0000-4000-8000-${ordinal.toString(16).padStart(12, '0')}`;
    const name = `${dice.chance(0.25) ? FOREIGN : 'prod-'}${ordinal}`;
    return { service, id, name, rows: rowsOf(dice, ordinal, sizeOf(dice, service)) };
  });
  // Most of all about records: nothing is asked to go where others are not believed.
  const liesAbout = OPERATIONS.filter((name) =>
    dice.chance(['tasks', 'delete'].includes(name) ? 0.5 : 0.15),
  );
  const share = (operation: Operation) =>
    liesAbout.includes(operation) ? dice.pick([0.1, 0.3, 0.6, 1]) : 0;
  const ways = dice.chance(0.3) ? [...WAYS] : dice.some(WAYS, 0.3);
  return {
    seed,
    instances,
    retention: {
      keepForDays: dice.pick([30, 30, 14, 0, 'forever']),
      keepLast: dice.pick([0, 0, 3, 10]),
      statuses: dice.pick([['SUCCESS', 'FAILED'], ['SUCCESS'], ['SUCCESS', 'FAILED']]),
      rules: dice.some(
        [
          { tasks: ['RESTART'], keepForDays: 'forever' as const },
          { statuses: ['FAILED'], keepForDays: 50 },
        ],
        0.4,
      ),
    },
    deletions: dice.chance(0.1) ? dice.below(30) : undefined,
    dryRun: dice.chance(0.06),
    user: dice.chance(0.4),
    looksUpProject: dice.chance(0.3),
    inSecret: liesAbout.includes('secret') && dice.chance(0.5),
    requests: {
      concurrency: dice.pick([8, 1, 3]),
      attempts: dice.pick([1, 2, 5]),
      timeout: dice.pick(['1s', '10s']),
    },
    deadline: dice.chance(0.7) ? dice.pick([5_000, 60_000, 900_000]) : undefined,
    shares: Object.fromEntries(OPERATIONS.map((name) => [name, share(name)])) as Story['shares'],
    ways: ways.length > 0 ? ways : ['answer'],
    clockOff: dice.chance(0.92)
      ? 0
      : dice.pick([undefined, 400 * DAY, -400 * DAY, 16 * 60_000, -16 * 60_000, 10 * 60_000]),
    pastTheEnd: dice.pick(['empty', 'refused']),
    hides: liesAbout.includes('tasks') && dice.chance(0.15),
  };
}

/** Mostly few records; sometimes several pages of them. */
function sizeOf(dice: Dice, service: ServiceName): number {
  const page = service === 'dcs' ? 1_000 : 100;
  if (dice.chance(service === 'dcs' ? 0.02 : 0.25)) return page + dice.below(page);
  return dice.below(dice.pick([4, 20, 50]));
}

function rowsOf(dice: Dice, ordinal: number, count: number): TrueRow[] {
  const ends = Array.from({ length: count }, () => NOW - (1 + dice.below(60 * 24)) * (DAY / 24));
  return ends
    .sort((a, b) => b - a)
    .map((end, index) => ({
      id: `c0de${ordinal.toString(16).padStart(4, '0')}${index.toString(16).padStart(24, '0')}`,
      name: dice.pick(NAMES),
      status: dice.pick([...FINISHED, 'SUCCESS', 'SUCCESS', 'SUCCESS', 'FAILED', 'EXECUTING']),
      user_name: dice.pick(['anna', 'ops-1']),
      created_at: new Date(end - dice.below(48) * (DAY / 24)).toISOString(),
      updated_at: new Date(end).toISOString(),
    }));
}
