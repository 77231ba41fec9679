import { ApiError } from '../answers/api-error.ts';
import type { Clock } from '../http/clock.ts';
import { Endpoint } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { type RequestWindow, withinWindow } from '../http/window.ts';
import { iamOrigin } from '../model/origins.ts';
import type { CloudName } from '../model/services.ts';
import type { RequestCounts } from '../model/summary.ts';
import { Access } from './access.ts';
import type { CredentialsSource } from './credentials.ts';
import type { CredentialsReference } from './credentials-source.ts';
import { CredentialsStore } from './credentials-store.ts';
import { Iam, type Project, type Scope } from './iam.ts';
import { RunSecrets } from './run-secrets.ts';

/** Where a target is, as far as its identity goes. */
export interface Address {
  readonly cloud: CloudName;
  readonly region: string;
  readonly iamEndpoint?: string | undefined;
  readonly credentials?: CredentialsReference | undefined;
}

/** A way into one project. */
export interface Entrance {
  readonly access: Access;
  readonly projectId: string;
  /** False where IAM says that the project is disabled: it is to be left alone. */
  readonly enabled: boolean;
}

export interface AccountsOptions {
  /** Where the credentials are that a policy names. */
  readonly sourceOf: (reference: CredentialsReference | undefined) => CredentialsSource;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly window: RequestWindow;
  /** Receives all that is read or issued, where others have to hide it too. */
  readonly secrets?: RunSecrets | undefined;
  /** Is told what is wrong with credentials that can be used all the same. */
  readonly warn: (message: string) => void;
}

/** The credentials that requests are authenticated with, and the IAM that knows them. */
interface Identity {
  readonly store: CredentialsStore;
  readonly origin: string;
  /** All that tells it from others. */
  readonly key: readonly string[];
}

/** Requests to IAM of one kind that are in flight at once. */
const IAM_CONCURRENCY = 8;

/**
 * The kinds of requests to IAM. Each has places of its own, and none takes those of the service: a request that
 * waits for a token must not hold the place that the token's request needs.
 */
type IamWork = 'tokens' | 'agencies' | 'projects';

/**
 * All that targets with the same credentials share, for as long as they are worked on: credentials are read once, an
 * agency is assumed once, a token is asked for once for each project, and projects are looked up once for each region.
 */
export class Accounts {
  /** All that was read or issued, so that none of it is ever shown. */
  readonly secrets: RunSecrets;
  readonly #options: AccountsOptions;
  readonly #stores = new Map<string, CredentialsStore>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #accesses = new Map<string, Access>();
  readonly #entrances = new Map<string, Promise<Entrance>>();
  readonly #projects = new Map<string, Promise<readonly Project[]>>();

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.secrets = options.secrets ?? new RunSecrets();
  }

  /** The credentials that a policy names; targets that name the same ones share them. */
  credentialsOf({ credentials }: Pick<Address, 'credentials'>): CredentialsStore {
    const source = this.#options.sourceOf(credentials);
    return memoized(
      this.#stores,
      [source.name],
      () => new CredentialsStore(source, this.#readInTime, this.secrets, this.#options.warn),
    );
  }

  /**
   * The way into a project: the one that the policy names, the one of the token, or the one that IAM has under the
   * region's name. Nothing is sent if that is known already.
   * @param counts receive what is sent for it.
   * @throws {CredentialsError} without usable credentials; {TargetError} without a project; {ApiError} when time
   * is up.
   */
  async enter(
    address: Address & { readonly projectId?: string | undefined },
    counts: RequestCounts,
  ): Promise<Entrance> {
    const { region, projectId } = address;
    const identity = await this.#identify(address, counts);
    const scope: Scope = projectId === undefined ? { name: region } : { id: projectId };
    return await memoized(this.#entrances, [...identity.key, scope], async () => {
      const access = this.#accessTo(scope, identity, counts);
      const { token } = await access.current();
      if (projectId !== undefined) return { access, projectId, enabled: true };
      const iam = this.#iam('projects', identity.origin, counts);
      const { id, enabled } = await iam.ownProject(region, access, token?.project);
      return { access, projectId: id, enabled };
    });
  }

  /**
   * The projects that the credentials may enter, of all regions that one IAM knows.
   * @param counts receive what is sent for it.
   * @throws as {@link enter} does.
   */
  async projects(address: Address, counts: RequestCounts): Promise<readonly Project[]> {
    const identity = await this.#identify(address, counts);
    return await memoized(this.#projects, [...identity.key, address.region], () =>
      this.#iam('projects', identity.origin, counts).projects(
        address.region,
        this.#accessTo('account', identity, counts),
      ),
    );
  }

  /**
   * Acts through the agency that a policy names; does nothing where it names none.
   * @param counts receive what is sent for it.
   * @throws as {@link enter} does.
   */
  async assume(address: Address, counts: RequestCounts): Promise<void> {
    const { store } = await this.#identify(address, counts);
    await store.get();
  }

  async #identify(address: Address, counts: RequestCounts): Promise<Identity> {
    const { cloud, region, credentials: { agency } = {} } = address;
    const store = this.credentialsOf(address);
    const { iamEndpoint } = await store.get();
    const origin = address.iamEndpoint ?? iamEndpoint ?? iamOrigin(cloud, region);
    const own = { store, origin, key: [store.name, origin] };
    if (!agency) return own;
    const { domain, name } = agency;
    // Their names joined in a sentence may be those of another agency.
    const key = [...own.key, domain, name];
    const assumed = memoized(this.#stores, key, () => {
      const access = this.#accessTo('account', own, counts);
      const read = () => this.#iam('agencies', origin, counts).assume(agency, access);
      const source = `agency ${name} of account ${domain}, assumed with ${store.name}`;
      return new CredentialsStore({ name: source, read }, undefined, this.secrets);
    });
    return { store: assumed, origin, key };
  }

  #accessTo(scope: Scope, { store, origin, key }: Identity, counts: RequestCounts): Access {
    return memoized(this.#accesses, [...key, scope], () => {
      const iam = this.#iam('tokens', origin, counts);
      return new Access(store, (user) => iam.token(user, scope), this.#options.clock);
    });
  }

  #iam(work: IamWork, origin: string, counts: RequestCounts): Iam {
    const { transport, clock, random, window } = this.#options;
    const endpoint = memoized(
      this.#endpoints,
      [work, origin],
      () => new Endpoint({ origin, concurrency: IAM_CONCURRENCY, transport, clock, random }),
    );
    return new Iam({ endpoint, clock, window, counts, secrets: this.secrets });
  }

  readonly #readInTime = async <T>(promise: Promise<T>, source: string): Promise<T> => {
    const { window, clock } = this.#options;
    const waited = await withinWindow(promise, window, clock);
    if ('value' in waited) return waited.value;
    const message = `${source} could not be read before the run had to end`;
    throw new ApiError(message, undefined, waited.gaveUp);
  };
}

/** The value of a map under a key, made where it is not there yet. */
function memoized<T>(map: Map<string, T>, key: readonly unknown[], make: () => T): T {
  const name = JSON.stringify(key);
  const known = map.get(name);
  if (known !== undefined) return known;
  const made = make();
  map.set(name, made);
  return made;
}
