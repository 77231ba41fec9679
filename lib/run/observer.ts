import type { Instance } from '../model/instance.ts';
import type {
  ExpiredOutcome,
  InstanceSummary,
  RequestCounts,
  Summary,
  TargetSummary,
  Trigger,
} from '../model/summary.ts';
import type { Task } from '../model/task.ts';
import type { Decision } from '../policy/decide.ts';

/** A run, before anything is known of its targets. */
export interface RunStart {
  readonly runId: string;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
  /** The run's one moment, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** The events that a run tells its observers: logs, progress, reports. It waits for none of them. */
export interface Observer {
  /** The run begins; nothing has been sent yet. */
  started?(run: RunStart): void;
  /**
   * The instances of some targets are known; nothing of theirs has been deleted yet.
   * @param instances those of the whole run that are known by now.
   * @param requests gives those sent so far, at any time.
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
  /** One more expired record is settled: deleted, gone or failed. */
  settled?(target: string, instance: Instance): void;
  /**
   * The outcomes of the expired records of an instance that was decided, once nothing more is done there.
   * @param outcomes in the order in which those records were decided.
   */
  recordsDone?(target: string, instance: Instance, outcomes: readonly ExpiredOutcome[]): void;
  instanceDone?(target: TargetSummary, instance: InstanceSummary): void;
  /** The target itself failed, or was not reached before the run had to stop. */
  targetFailed?(target: TargetSummary): void;
  /** @param requests those of each target; the summary has their sum. */
  done?(summary: Summary, requests: ReadonlyMap<TargetSummary, RequestCounts>): void;
}

/** How an instance stands in the middle of its cleanup. */
export interface Standing {
  /** Counts every record that is not settled as `remaining`. */
  readonly summary: InstanceSummary;
  /** Ids that are not settled and may have been deleted, or are about to be: only another list can tell. */
  readonly unclear: readonly string[];
  /** Ids that are not settled, and that were answered as gone: only another list can tell that too. */
  readonly saidGone: readonly string[];
  /** Records that a DELETE was sent for, whether it was answered or not. */
  readonly sent: number;
  /** Records of which a DELETE had a final answer. */
  readonly answered: number;
  /** Whether a list showed more records than the service counts. */
  readonly isUndercounted: boolean;
}

/** Called before each turn's DELETEs of an instance: none of them is sent unless it resolves. */
export type BeforeDeletes = (target: string, standing: Standing) => Promise<void>;

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
    started: tell('started'),
    discovered: tell('discovered'),
    skipped: tell('skipped'),
    warning: tell('warning'),
    instanceBegun: tell('instanceBegun'),
    decided: tell('decided'),
    settled: tell('settled'),
    recordsDone: tell('recordsDone'),
    instanceDone: tell('instanceDone'),
    targetFailed: tell('targetFailed'),
    done: tell('done'),
  };
}

/**
 * An observer that cannot harm the run: what it throws becomes a warning, once for each event. Every warning is
 * collected for the summary too.
 * @param warnings receives them.
 */
export function guardObserver(observer: Observer, warnings: string[]): Observer {
  const broken = new Set<string | symbol>();
  return new Proxy(observer, {
    get: (guarded, event: keyof Observer) => {
      const method = guarded[event] as ((...values: unknown[]) => void) | undefined;
      if (!method && event !== 'warning') return undefined;
      return (...values: unknown[]) => {
        if (event === 'warning') {
          const [message, target] = values;
          warnings.push(target ? `${target}: ${message}` : String(message));
        }
        try {
          method?.apply(guarded, values);
        } catch (error) {
          if (!broken.has(event)) warnings.push(`not reported (${event}): ${String(error)}`);
          broken.add(event);
        }
      };
    },
  });
}
