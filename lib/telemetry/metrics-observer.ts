import {
  addCounts,
  type RequestCounts,
  type Summary,
  type TargetSummary,
} from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { isUnder } from '../policy/targets.ts';
import type { Observer } from '../run/observer.ts';
import type { Measurements, Publish } from './metrics.ts';

/** Targets with metrics of their own, since each costs; the others are published as one sum. */
export const MAX_TARGETS = 30;

const OTHERS = { service: 'others', target: 'others' };

export interface MetricsOptions {
  /** The policy's targets, in its order; the first of them have metrics of their own in every run. */
  readonly targets: readonly Pick<Target, 'name' | 'projects'>[];
  /**
   * The run follows the policy unchanged. Only then do its numbers describe the whole estate, and only
   * then does it show that the schedule works.
   */
  readonly routine: boolean;
  /**
   * The part of this run that was published before, if this repeats an earlier attempt. It is not
   * counted again, and no duration is published: it would include the time until the repetition. Where it is
   * not known any more, nothing is published but that a run has ended.
   */
  readonly before?: Done | 'unknown' | undefined;
}

/** A run, and the requests of each of its targets. */
interface Done {
  readonly summary: Summary;
  readonly requests: ReadonlyMap<TargetSummary, RequestCounts>;
}

/** Publishes a run as metrics, also a failed one: for each target, then for all of them. */
export function metricsObserver(
  publish: Publish,
  { targets: known, routine, before }: MetricsOptions,
): Observer {
  return {
    done: (summary, requestsOf) => {
      const { runId, targets, durationMs, outcome } = summary;
      const own = ownMetrics(known, targets);
      const measureThese = (these: readonly TargetSummary[]): Measurements =>
        before === 'unknown'
          ? {}
          : {
              ...subtract(measureWork(these, requestsOf), before && workBefore(these, before)),
              ...(routine && measureEstate(these, summary)),
            };
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

/** The names of those that have metrics of their own; a target of the policy may have become one for each project. */
function ownMetrics(
  known: MetricsOptions['targets'],
  targets: readonly TargetSummary[],
): ReadonlySet<string> {
  const names = known.flatMap(({ name, projects }) => {
    const within = targets.map((each) => each.name).filter((each) => isUnder(each, name));
    return projects && within.length > 0 ? within : [name];
  });
  return new Set(names.slice(0, MAX_TARGETS));
}

/** The work of these targets. */
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

/** The work of the same targets that was published before. */
function workBefore(these: readonly TargetSummary[], { summary, requests }: Done): Measurements {
  const names = new Set(these.map(({ name }) => name));
  return measureWork(
    summary.targets.filter(({ name }) => names.has(name)),
    requests,
  );
}

function subtract(values: Measurements, less: Measurements = {}): Measurements {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value - (less[name] ?? 0)]),
  );
}

/** The records of these targets; unknown if one of them could not be opened. */
function measureEstate(targets: readonly TargetSummary[], { dryRun }: Summary): Measurements {
  if (targets.some(({ error }) => error)) return {};
  const { kept, expired, remaining } = addCounts(targets.flatMap(({ instances }) => instances));
  // In a dry run everything expired remains, so `remaining` says nothing about the backlog.
  return { kept, expired, ...(!dryRun && { remaining }) };
}
