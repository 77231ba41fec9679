import type { RecordOutcome } from '../model/outcome.ts';
import type { ExpiredOutcome, RecordError } from '../model/summary.ts';
import type { Task } from '../model/task.ts';
import type { Decision } from '../policy/decide.ts';
import type { Observer } from '../run/observer.ts';

/** The records of one instance, and the decision about each, in the same order. */
export interface InstanceDecisions {
  readonly tasks: readonly Task[];
  readonly decisions: readonly Decision[];
}

/** The same, once the instance is finished. */
export interface InstanceRecords extends InstanceDecisions {
  /** The outcomes of those that have expired, in that order; empty while nobody knows. */
  readonly outcomes: readonly ExpiredOutcome[];
}

/** A record, the decision about it, and what became of it. */
export interface DecidedRecord {
  readonly task: Task;
  readonly decision: Decision;
  readonly outcome: RecordOutcome;
  /** Only where it failed. */
  readonly error?: RecordError | undefined;
}

/** The decisions of a run, by instance. */
export interface Decisions {
  readonly observer: Observer;
  /** `undefined` where the records could not be listed. */
  of(target: string, instanceId: string): InstanceRecords | undefined;
}

/** Collects the decisions of a run, and what became of its records. Memory grows with the number of records. */
export function collectDecisions(): Decisions {
  const targets = new Map<string, Map<string, InstanceRecords>>();
  const instancesOf = (target: string) => {
    const instances = targets.get(target) ?? new Map<string, InstanceRecords>();
    targets.set(target, instances);
    return instances;
  };
  return {
    observer: {
      decided: (target, { id }, tasks, decisions) => {
        instancesOf(target).set(id, { tasks, decisions, outcomes: [] });
      },
      recordsDone: (target, { id }, outcomes) => {
        const decided = instancesOf(target).get(id);
        if (decided) instancesOf(target).set(id, { ...decided, outcomes });
      },
    },
    of: (target, instanceId) => targets.get(target)?.get(instanceId),
  };
}

/** The records of an instance one by one, with what became of each; none where they could not be listed. */
export function* recordsOf(records: InstanceRecords | undefined): Generator<DecidedRecord> {
  if (!records) return;
  const { tasks, decisions, outcomes } = records;
  let expired = 0;
  for (const [index, task] of tasks.entries()) {
    const decision = decisions[index];
    if (!decision) continue;
    if (decision.action === 'keep') yield { task, decision, outcome: 'kept' };
    else {
      const { outcome, error } = outcomes[expired] ?? { outcome: 'remaining' as const };
      yield { task, decision, outcome, error };
      expired += 1;
    }
  }
}
