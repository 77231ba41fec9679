import type { Instance } from '../model/instance.ts';
import type { InstanceSummary, RequestCounts, Summary, TargetSummary } from '../model/summary.ts';
import type { Task } from '../model/task.ts';
import type { Decision } from '../policy/decide.ts';

/** What a run tells those who watch it: logs, progress, reports. It waits for none of them. */
export interface Observer {
  /**
   * Targets are opened and their instances known; nothing has been deleted yet.
   * @param requests those sent so far, whenever it is asked.
   */
  discovered?(instances: number, requests: () => RequestCounts): void;
  /** An instance was left alone, with the reason. */
  skipped?(target: string, instance: Instance, reason: string): void;
  warning?(message: string, target?: string): void;
  /** An instance has its first turn. */
  instanceBegun?(target: TargetSummary, instance: InstanceSummary): void;
  /** An instance is listed and every record decided; nothing of it has been deleted yet. */
  decided?(
    target: string,
    instance: Instance,
    tasks: readonly Task[],
    decisions: readonly Decision[],
  ): void;
  /** One more expired record is dealt with, for better or worse. */
  settled?(target: string, instance: Instance): void;
  instanceDone?(target: TargetSummary, instance: InstanceSummary): void;
  /** The target itself failed, or was not reached before the run had to stop. */
  targetFailed?(target: TargetSummary): void;
  /** @param requests those of each target; the summary has their sum. */
  done?(summary: Summary, requests: ReadonlyMap<TargetSummary, RequestCounts>): void;
}

/** Hands everything on to several observers. */
export function observeAll(observers: readonly Observer[]): Observer {
  const tell =
    <Method extends keyof Observer>(method: Method) =>
    (...args: Parameters<NonNullable<Observer[Method]>>): void => {
      for (const observer of observers) {
        (observer[method] as ((...args: unknown[]) => void) | undefined)?.(...args);
      }
    };
  return {
    discovered: tell('discovered'),
    skipped: tell('skipped'),
    warning: tell('warning'),
    instanceBegun: tell('instanceBegun'),
    decided: tell('decided'),
    settled: tell('settled'),
    instanceDone: tell('instanceDone'),
    targetFailed: tell('targetFailed'),
    done: tell('done'),
  };
}
