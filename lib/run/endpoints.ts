import { serviceOrigin } from '../cloud/hosts.ts';
import { SERVICES } from '../cloud/services.ts';
import type { Clock } from '../http/clock.ts';
import { Endpoint } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import type { Target } from '../policy/schema.ts';

/** What the endpoints of a run take from it. */
export interface EndpointOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  /** Most requests in flight to one host, whatever the policy asks for. */
  readonly maxConcurrency?: number | undefined;
}

/** One host, and what the policy allows there. */
export interface EndpointLimits {
  readonly origin: string;
  readonly targets: readonly Target[];
  /** Requests in flight at once. */
  readonly concurrency: number;
  /** Requests within any second; infinite where there is no cap. */
  readonly perSecond: number;
}

/** The hosts of these targets, however many targets are on each. Where they differ, the lowest limit holds. */
export function endpointsOf(
  targets: readonly Target[],
  maxConcurrency = Number.POSITIVE_INFINITY,
): readonly EndpointLimits[] {
  return [...new Set(targets.map(originOf))].map((origin) => {
    const here = targets.filter((target) => originOf(target) === origin);
    return {
      origin,
      targets: here,
      concurrency: Math.min(maxConcurrency, ...here.map(({ requests }) => requests.concurrency)),
      perSecond: Math.min(...here.map(({ requests }) => requests.perSecond ?? Infinity)),
    };
  });
}

/** Where each target's requests go: one endpoint for each host. */
export function openEndpoints(
  targets: readonly Target[],
  { maxConcurrency, ...options }: EndpointOptions,
): ReadonlyMap<Target, Endpoint> {
  const endpoints = new Map<Target, Endpoint>();
  for (const { targets: here, ...limits } of endpointsOf(targets, maxConcurrency)) {
    const endpoint = new Endpoint({ ...limits, ...options });
    for (const target of here) endpoints.set(target, endpoint);
  }
  return endpoints;
}

/** Where the requests of a target go. */
export function originOf({ cloud, service, region, endpoint }: Target): string {
  return endpoint ?? serviceOrigin(cloud, SERVICES[service], region);
}
