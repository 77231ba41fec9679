import type { Clock } from '../http/clock.ts';
import { Endpoint } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import type { RequestWindow } from '../http/window.ts';
import { iamOrigin } from '../model/origins.ts';
import type { CloudName } from '../model/services.ts';
import type { RequestCounts } from '../model/summary.ts';
import { Access } from './access.ts';
import type { CredentialsStore } from './credentials-store.ts';
import { Iam, type Scope } from './iam.ts';

/** Where a target is, as far as its identity goes. */
export interface Address {
  readonly cloud: CloudName;
  readonly region: string;
  readonly projectId?: string | undefined;
  readonly iamEndpoint?: string | undefined;
}

/** Requests to IAM that are in flight at once: few are ever needed. */
const IAM_CONCURRENCY = 2;

/** What requests to IAM need. */
export interface Surroundings {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly window: RequestWindow;
  readonly counts: RequestCounts;
}

/**
 * Access to a target, and the id of its project: the policy's, the token's, or the one that IAM
 * knows under the region's name. Nothing is sent where nothing has to be asked.
 * @throws {CredentialsError} without usable credentials; {TargetError} without a project.
 */
export async function openAccess(
  address: Address,
  store: CredentialsStore,
  surroundings: Surroundings,
): Promise<{ access: Access; projectId: string }> {
  const { region, projectId } = address;
  const { iam, access } = openIam(address, store, surroundings);
  const grant = await access.current();
  return {
    access,
    projectId: projectId ?? grant.token?.projectId ?? (await iam.projectId(region, access)),
  };
}

/** IAM of a region, and access that is scoped to the project; to that of the region where none is named. */
export function openIam(
  address: Address,
  store: CredentialsStore,
  { transport, clock, random, window, counts }: Surroundings,
): { iam: Iam; access: Access } {
  const { cloud, region, projectId } = address;
  // An endpoint of its own, also where IAM answers on the service's host: a request that waits for
  // its token must not hold the place that the token's request needs.
  const endpoint = new Endpoint({
    origin: address.iamEndpoint ?? iamOrigin(cloud, region),
    concurrency: IAM_CONCURRENCY,
    transport,
    clock,
    random,
  });
  const iam = new Iam({ endpoint, clock, window, counts });
  const scope: Scope = projectId ? { id: projectId } : { name: region };
  return { iam, access: new Access(store, (user) => iam.token(user, scope), clock) };
}
