import { type RequestCounts, type TargetSummary, worst } from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { InstanceCleanup, type TargetContext } from './clean-instance.ts';
import type { OpenedTarget } from './open-target.ts';

/** What a run has to do for one target, and what is reported of it. */
export interface TargetWork {
  readonly target: Target;
  readonly summary: TargetSummary;
  /** Grow until the run is over. */
  readonly requests: RequestCounts;
  /** Absent when the target could not be opened. */
  readonly context?: TargetContext;
  readonly cleanups: readonly InstanceCleanup[];
}

/** A cleanup for each selected instance; none where the target could not be opened. */
export function planWork(
  target: Target,
  opened: OpenedTarget,
  requests: RequestCounts,
): TargetWork {
  const { name, cloud, service, region } = target;
  const summary: TargetSummary = {
    name,
    cloud,
    service,
    region,
    outcome: 'complete',
    instances: [],
  };
  if ('error' in opened) {
    const { early, ...error } = opened.error;
    summary.outcome = early ? 'incomplete' : 'failed';
    summary.error = error;
    return { target, summary, requests, cleanups: [] };
  }
  const { context, selection } = opened;
  for (const pattern of selection.unmatched) {
    context.observer.warning?.(`"${pattern}" under instances matches no instance`, name);
  }
  const cleanups = selection.selected.map((instance) => new InstanceCleanup(context, instance));
  summary.instances = cleanups.map((cleanup) => cleanup.summary);
  return { target, summary, requests, context, cleanups };
}

/** Once its instances are finished: the outcome of the target, and what ended it where something did. */
export function concludeWork({ summary, context }: TargetWork): void {
  if (!context) return;
  summary.outcome = worst(summary.instances.map(({ outcome }) => outcome));
  if (!context.failure) return;
  summary.outcome = 'failed';
  summary.error = { code: context.failure.code, message: context.failure.message };
}
