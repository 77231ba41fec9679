import type { Clock } from '../http/clock.ts';
import { Endpoint } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { serviceOrigin } from '../model/origins.ts';
import { SERVICES } from '../model/services.ts';
import type { Target } from '../policy/schema.ts';

/** What the endpoints of a run take from it. */
export interface EndpointOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  /** Most requests in flight to one host, whatever the policy asks for. */
  readonly maxConcurrency?: number | undefined;
}

/**
 * Where each target's requests go: one endpoint for each host, however many targets are on it. Where
 * they differ, the lowest limit holds.
 */
export function openEndpoints(
  targets: readonly Target[],
  { maxConcurrency = Number.POSITIVE_INFINITY, ...options }: EndpointOptions,
): ReadonlyMap<Target, Endpoint> {
  const endpoints = new Map<Target, Endpoint>();
  for (const origin of new Set(targets.map(originOf))) {
    const here = targets.filter((target) => originOf(target) === origin);
    const endpoint = new Endpoint({
      origin,
      concurrency: Math.min(maxConcurrency, ...here.map(({ requests }) => requests.concurrency)),
      perSecond: Math.min(...here.map(({ requests }) => requests.perSecond ?? Infinity)),
      ...options,
    });
    for (const target of here) endpoints.set(target, endpoint);
  }
  return endpoints;
}

/** Where the requests of a target go. */
export function originOf({ cloud, service, region, endpoint }: Target): string {
  return endpoint ?? serviceOrigin(cloud, SERVICES[service], region);
}
