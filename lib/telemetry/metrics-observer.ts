import {
  addCounts,
  type RequestCounts,
  type Summary,
  type TargetSummary,
} from '../model/summary.ts';
import type { Observer } from '../run/observer.ts';
import type { Measurements, Publish } from './metrics.ts';

/** Targets with metrics of their own, since each costs; the others are published as one sum. */
export const MAX_TARGETS = 30;

const OTHERS = { service: 'others', target: 'others' };

export interface MetricsOptions {
  /** The policy's targets, in its order; the first of them have metrics of their own in every run. */
  readonly targets: readonly { readonly name: string }[];
  /**
   * The policy as it is written, nothing narrowed or overridden: only such a run tells what the estate
   * holds, and that the schedule is alive.
   */
  readonly routine: boolean;
  /**
   * What was published of this run before, in a round of which this is the repetition: what was done
   * then is not counted again, and the time until somebody repeated it is no duration.
   */
  readonly before?: Done | undefined;
}

/** A run, and the requests of each of its targets. */
interface Done {
  readonly summary: Summary;
  readonly requests: ReadonlyMap<TargetSummary, RequestCounts>;
}

/** Publishes a run as metrics, be it failed or not: for each target, then for all of them. */
export function metricsObserver(
  publish: Publish,
  { targets: known, routine, before }: MetricsOptions,
): Observer {
  const own = new Set(known.slice(0, MAX_TARGETS).map(({ name }) => name));
  return {
    done: (summary, requestsOf) => {
      const { runId, targets, durationMs, outcome } = summary;
      const measureThese = (these: readonly TargetSummary[]): Measurements => ({
        ...subtract(measureWork(these, requestsOf), before && workBefore(these, before)),
        ...(routine && measureEstate(these, summary)),
      });
      for (const target of targets.filter(({ name }) => own.has(name))) {
        const dimensions = { service: target.service, target: target.name };
        publish(dimensions, measureThese([target]), runId);
      }
      const others = targets.filter(({ name }) => !own.has(name));
      if (others.length > 0) publish(OTHERS, measureThese(others), runId);
      const run = {
        ...(!before && { duration: durationMs }),
        runFailed: outcome === 'failed' ? 1 : 0,
        ...(routine && { runFinished: 1 }),
      };
      publish({}, { ...measureThese(targets), ...run }, runId);
    },
  };
}

/** What was done. */
function measureWork(
  targets: readonly TargetSummary[],
  requestsOf: ReadonlyMap<TargetSummary, RequestCounts>,
): Measurements {
  const instances = targets.flatMap((target) => target.instances);
  const requests = targets.flatMap((target) => requestsOf.get(target) ?? []);
  const { deleted, alreadyGone, failed } = addCounts(instances);
  return {
    deleted,
    alreadyGone,
    failed,
    limitTripped: instances.filter(({ stoppedBy }) => stoppedBy === 'limit').length,
    requests: requests.reduce((sum, { sent }) => sum + sent, 0),
    throttled: requests.reduce((sum, { throttled }) => sum + throttled, 0),
  };
}

/** What had been done for the same targets before. */
function workBefore(these: readonly TargetSummary[], { summary, requests }: Done): Measurements {
  const names = new Set(these.map(({ name }) => name));
  const {
    failed: _,
    limitTripped: __,
    ...done
  } = measureWork(
    summary.targets.filter(({ name }) => names.has(name)),
    requests,
  );
  return done;
}

function subtract(values: Measurements, less: Measurements = {}): Measurements {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value - (less[name] ?? 0)]),
  );
}

/** What there is, which nobody knows where a target could not be opened. */
function measureEstate(targets: readonly TargetSummary[], { dryRun }: Summary): Measurements {
  if (targets.some(({ error }) => error)) return {};
  const { kept, expired, remaining } = addCounts(targets.flatMap(({ instances }) => instances));
  // In a dry run all that has expired remains: that says nothing about keeping up.
  return { kept, expired, ...(!dryRun && { remaining }) };
}
