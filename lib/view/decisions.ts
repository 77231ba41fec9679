import type { Task } from '../model/task.ts';
import type { Decision } from '../policy/decide.ts';
import type { Observer } from '../run/observer.ts';

/** The records of one instance, and the decision about each, in the same order. */
export interface InstanceDecisions {
  readonly tasks: readonly Task[];
  readonly decisions: readonly Decision[];
}

/** The decisions of a run, by instance. */
export interface Decisions {
  readonly observer: Observer;
  /** `undefined` where the records could not be listed. */
  of(target: string, instanceId: string): InstanceDecisions | undefined;
}

/** Collects the decisions of a run. Memory grows with the number of records. */
export function collectDecisions(): Decisions {
  const targets = new Map<string, Map<string, InstanceDecisions>>();
  return {
    observer: {
      decided: (target, { id }, tasks, decisions) => {
        const instances = targets.get(target) ?? new Map<string, InstanceDecisions>();
        targets.set(target, instances.set(id, { tasks, decisions }));
      },
    },
    of: (target, instanceId) => targets.get(target)?.get(instanceId),
  };
}
