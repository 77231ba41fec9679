import type { Task } from '../model/task.ts';
import type { Decision } from '../policy/decide.ts';
import type { Observer } from '../run/observer.ts';

/** The records of one instance, and what was decided about each, in the same order. */
export interface Decided {
  readonly tasks: readonly Task[];
  readonly decisions: readonly Decision[];
}

/** What a run decided, instance by instance. */
export interface DecidedRecords {
  readonly observer: Observer;
  /** `undefined` where the records could not be listed. */
  of(target: string, instanceId: string): Decided | undefined;
}

/** Keeps what a run decides. It holds every record, as a run otherwise does not. */
export function keepDecided(): DecidedRecords {
  const targets = new Map<string, Map<string, Decided>>();
  return {
    observer: {
      decided: (target, { id }, tasks, decisions) => {
        const instances = targets.get(target) ?? new Map<string, Decided>();
        targets.set(target, instances.set(id, { tasks, decisions }));
      },
    },
    of: (target, instanceId) => targets.get(target)?.get(instanceId),
  };
}
