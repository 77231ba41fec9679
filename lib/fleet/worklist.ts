import type { Outcome } from '../model/outcome.ts';
import type { InstanceSummary, RequestCounts } from '../model/summary.ts';
import type { BegunRun, OpenRun } from '../run/run.ts';

/** One instance to clean, and all that its function has to be told. */
export interface FleetItem {
  readonly target: string;
  readonly projectId: string;
  readonly id: string;
  readonly name: string;
}

/** The share of an endpoint's limits that one function may use, while others clean instances there too. */
export interface Share {
  /** Requests in flight at once. */
  readonly concurrency: number;
  /** Requests within any second, which may be a fraction; absent where there is no cap. */
  readonly perSecond?: number | undefined;
}

/** A target of the worklist: its instances, or the reason why they are not known. */
export interface WorklistTarget {
  readonly name: string;
  readonly cloud: string;
  readonly service: string;
  readonly region: string;
  readonly outcome: Outcome;
  readonly error?: { readonly code: string; readonly message: string };
  /** Sent to find the instances. */
  readonly requests: RequestCounts;
  readonly projectId?: string;
  readonly instances: readonly WorklistInstance[];
}

export interface WorklistInstance {
  readonly id: string;
  readonly name: string;
  /** Present where it is left alone: what is to be reported of it. */
  readonly summary?: InstanceSummary;
}

/** The work of a fleet's run: everything that its parts, which share no memory, have to agree on. */
export interface Worklist {
  /** The run's one moment, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly dryRun: boolean;
  readonly warnings: readonly string[];
  /** True where an instance that was asked for is nowhere. */
  readonly failed: boolean;
  readonly targets: readonly WorklistTarget[];
  /** The policy's limits on each endpoint, and the names of the targets there. */
  readonly endpoints: readonly (Share & { readonly targets: readonly string[] })[];
}

/** The instances on one endpoint, and how they are cleaned. */
export interface Lane {
  readonly items: readonly FleetItem[];
  /** Instances that are cleaned at once. */
  readonly instancesAtOnce: number;
  readonly share: Share;
}

/** Makes the worklist of a fleet's run from a run that has been opened. */
export function worklistOf(
  { context, endpoints }: OpenRun,
  { targets, failed }: BegunRun,
): Worklist {
  const { now, dryRun, warnings } = context;
  return {
    startedAt: now,
    dryRun,
    warnings: [...warnings],
    failed,
    targets: targets.map(({ summary, requestCounts, open, cleanups }) => ({
      ...summary,
      requests: { ...requestCounts },
      ...(open && { projectId: open.projectId }),
      instances: cleanups.map(({ summary }) => ({
        id: summary.id,
        name: summary.name,
        ...(summary.stoppedBy && { summary }),
      })),
    })),
    endpoints: endpoints.map((endpoint) => ({
      concurrency: endpoint.concurrency,
      ...(Number.isFinite(endpoint.perSecond) && { perSecond: endpoint.perSecond }),
      targets: targets
        .filter((target) => target.endpoint === endpoint)
        .map(({ target }) => target.name),
    })),
  };
}

/**
 * Divides instances among functions, endpoint by endpoint: what the policy allows on an endpoint is
 * shared out evenly, so that all who clean there together never exceed it.
 * @param instancesAtOnce instances of one endpoint that are cleaned at once, from 1.
 * @param wanted which instances; all, when absent.
 */
export function divide(
  worklist: Worklist,
  instancesAtOnce: number,
  wanted: (target: string, id: string) => boolean = () => true,
): Lane[] {
  return worklist.endpoints.flatMap(({ targets, concurrency, perSecond }) => {
    const items = worklist.targets
      .filter(({ name }) => targets.includes(name))
      .flatMap(({ name: target, projectId = '', instances }) =>
        instances
          .filter(({ id, summary }) => !summary && wanted(target, id))
          .map(({ id, name }) => ({ target, projectId, id, name })),
      );
    if (items.length === 0) return [];
    const many = Math.min(instancesAtOnce, concurrency, items.length);
    const share = {
      concurrency: Math.floor(concurrency / many),
      ...(perSecond !== undefined && { perSecond: perSecond / many }),
    };
    return [{ items, instancesAtOnce: many, share }];
  });
}
