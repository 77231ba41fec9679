import { Endpoint } from '../http/endpoint.ts';
import { targetOrigin } from '../model/origins.ts';
import { unopenedOutcome } from '../model/outcome.ts';
import {
  addRequests,
  emptySummary,
  type InstanceSummary,
  type RequestCounts,
} from '../model/summary.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { targetNamed } from '../policy/targets.ts';
import { InstanceCleanup } from '../run/clean-instance.ts';
import { openTarget, type TargetFailure, toTargetFailure } from '../run/open-target.ts';
import type { RunRequest } from '../run/request.ts';
import { openContext, type RunDependencies } from '../run/run-context.ts';
import { takeTurns } from '../run/turns.ts';
import type { FleetItem, Share } from './worklist.ts';

/** The result for one instance: after one call of its function, or after all of them. */
export interface InstanceResult {
  readonly summary: InstanceSummary;
  readonly requests: RequestCounts;
  /** Those of the request's ids that were listed. */
  readonly seenIds: readonly string[];
  readonly warnings: readonly string[];
  /** Present where no instance of the target can be cleaned. */
  readonly failure?: { readonly code: string; readonly message: string };
}

/** The part of a run that cleaning one instance needs. */
export interface CleanFleetInstanceOptions
  extends Omit<RunDependencies, 'trigger' | 'maxConcurrency'> {
  readonly dryRun: boolean;
  /** The run's one moment, in milliseconds since the epoch. */
  readonly now: number;
  readonly share: Share;
}

/** Cleans one instance with the same unit of work as a run of many: {@link InstanceCleanup}. */
export async function cleanFleetInstance(
  policy: Policy,
  request: RunRequest,
  item: FleetItem,
  options: CleanFleetInstanceOptions,
): Promise<InstanceResult> {
  const { clock, random, transport, share, dryRun, now } = options;
  const counts = addRequests([]);
  const found = targetNamed(policy, item.target);
  if (!found) {
    const message = `the policy has no target ${JSON.stringify(item.target)}`;
    return unopened(item, counts, { code: 'policy', message, early: false });
  }
  const target: Target = { ...found, projectId: item.projectId };
  const { name, cloud, service, region } = target;
  const run = openContext(policy, { ...request, dryRun }, options, now);
  const endpoint = new Endpoint({
    origin: targetOrigin(target),
    ...share,
    transport,
    clock,
    random,
  });
  try {
    const open = await openTarget(run, target, endpoint, counts);
    const cleanup = new InstanceCleanup(open, { id: item.id, name: item.name, status: '' });
    const { summary } = cleanup;
    const seen = { name, cloud, service, region, outcome: summary.outcome, instances: [summary] };
    run.observer.instanceBegun?.(seen, summary);
    await takeTurns([cleanup], 1);
    run.observer.instanceDone?.(seen, summary);
    const { failure } = open;
    return {
      summary,
      requests: counts,
      seenIds: [...run.seenIds],
      warnings: run.warnings,
      ...(failure && { failure: { code: failure.code, message: failure.message } }),
    };
  } catch (error) {
    return unopened(item, counts, toTargetFailure(error));
  }
}

/** The result for an instance that is left alone, since its target has failed for another one. */
export function stoppedBefore(
  item: FleetItem,
  failure: NonNullable<InstanceResult['failure']>,
): InstanceResult {
  return unopened(item, addRequests([]), { ...failure, early: false });
}

/** Nothing is known of the instance, since its target could not be reached. */
function unopened(
  item: FleetItem,
  requests: RequestCounts,
  { early, ...failure }: TargetFailure,
): InstanceResult {
  const summary: InstanceSummary = {
    ...emptySummary(item),
    outcome: unopenedOutcome(early),
    stoppedBy: early ? 'deadline' : 'unavailable',
  };
  return { summary, requests, seenIds: [], warnings: [], ...(!early && { failure }) };
}
