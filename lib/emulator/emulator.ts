import type { AccessKey, Agency, Project, User } from './demo-identity.ts';
import type { EmulatedInstance, InstanceSeed } from './estate.ts';
import type { Faults } from './faults.ts';
import type { Interception } from './interception.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { Family } from './services.ts';
import type { Switches } from './switches.ts';

/**
 * Called for every request that has passed authentication, before it is worked on. It may change
 * the estate, the faults or the switches; what it returns happens to this request.
 */
export type Intercept = (
  entry: JournalEntry,
  emulator: Emulator,
) => Interception | undefined | Promise<Interception | undefined>;

/** How an emulator is started. Everything has a default. */
export interface EmulatorOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  /** Clock in milliseconds, for signatures, tokens, the journal and the rate limit. */
  now?: () => number;
  /** Keys that are accepted; the demo key when absent. */
  accessKeys?: readonly AccessKey[];
  /** Users who can get tokens; the demo user when absent. */
  users?: readonly User[];
  /** Projects that tokens and `GET /v3/projects` know; the demo project when absent. */
  projects?: readonly Project[];
  /** Agencies that can be assumed; none when absent. */
  agencies?: readonly Agency[];
  /** Life of a token, 24 hours when absent, as on the real clouds. */
  tokenLifetimeMs?: number;
  /** True, the default: signature or token is checked for real. False: anything goes. */
  verify?: boolean;
  switches?: Partial<Switches>;
  faults?: Partial<Faults>;
  /** Looks at every request first, see Intercept. */
  intercept?: Intercept;
  /**
   * DCS and DMS share their paths and differ by host name; one address here speaks for both. The first
   * of these that is there decides: a `Host` that begins with `dcs.`, `dms.` or `iam.`; the instance;
   * something that only one of them has (`engine`, `start`, showing one task); the project's
   * instances, if they are of one kind; this option. Default `dcs`.
   */
  host?: Family;
  /** How latency passes, in milliseconds; real timers when absent. */
  sleep?: (milliseconds: number) => Promise<void>;
  /** Newest journal entries that are held, at least; all when absent. */
  journalCapacity?: number;
}

/** A running emulator. */
export interface Emulator {
  /** `http://127.0.0.1:port`, without a slash at the end; IAM answers there too. */
  readonly url: string;
  readonly port: number;
  /** Every request that came in. */
  readonly journal: Journal;
  /** May be changed while running. */
  readonly switches: Switches;
  /** May be changed while running; assigning a new fault object starts its counts afresh. */
  readonly faults: Faults;
  /** May be changed while running, as a rotation of keys does. */
  readonly accessKeys: AccessKey[];
  /** May be changed while running. */
  readonly users: User[];
  /** May be changed while running. */
  readonly projects: Project[];
  /** May be changed while running. */
  readonly agencies: Agency[];
  /** May be changed while running. */
  intercept: Intercept | undefined;
  addInstance(seed: InstanceSeed): EmulatedInstance;
  /** Takes an instance away; false when it was not there. */
  removeInstance(id: string): boolean;
  instances(): EmulatedInstance[];
  /** Makes every token that was issued until now expire at once. */
  expireTokens(): void;
  /** Makes every temporary key that was issued until now expire at once. */
  expireTemporaryKeys(): void;
  /** Refuses connections, as a service that is down; the estate and everything else stays. */
  suspend(): Promise<void>;
  /** Comes back on the same port. */
  resume(): Promise<void>;
  /** Stops listening, closes every connection and forgets every request in flight. */
  close(): Promise<void>;
}
