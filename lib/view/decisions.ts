import { shareOfMemory } from '../model/memory.ts';
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
  /** `undefined` where the records could not be listed, or are more than may be held. */
  of(target: string, instanceId: string): InstanceRecords | undefined;
}

/** Share of the memory for objects that collected records may take: a run lists and deletes beside them. */
const MEMORY_SHARE = 0.4;
/** Bytes of a record beside its text: with the decision, and what became of it. */
const RECORD_BYTES = 200;
/** Bytes of a character, at most. */
const CHARACTER_BYTES = 2;

/**
 * Collects the decisions of a run, and what became of its records: instance by instance, as long as they fit.
 * @param mostBytes that all records may take together.
 */
export function collectDecisions(mostBytes: number = shareOfMemory(MEMORY_SHARE)): Decisions {
  let bytes = 0;
  const targets = new Map<string, Map<string, InstanceRecords>>();
  const instancesOf = (target: string) => {
    const instances = targets.get(target) ?? new Map<string, InstanceRecords>();
    targets.set(target, instances);
    return instances;
  };
  return {
    observer: {
      decided: (target, { id }, tasks, decisions) => {
        const size = tasks.reduce((sum, task) => sum + bytesOf(task), 0);
        if (bytes + size > mostBytes) return;
        bytes += size;
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

function bytesOf({ id = '', name = '', status = '', user = '' }: Task): number {
  return RECORD_BYTES + CHARACTER_BYTES * (id.length + name.length + status.length + user.length);
}

/** The records of an instance one by one, with what became of each; none where they could not be listed, or held. */
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
