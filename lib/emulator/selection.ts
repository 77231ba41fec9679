import type { JournalEntry, Operation } from './journal.ts';

/**
 * Which requests a fault meets: every n-th of those that qualify, or each with a probability by the
 * random function that is passed (0 ≤ x < 1). `every: 1` means all.
 */
export type Selection = ({ every: number } | { probability: number; random: () => number }) & {
  /** Only these operations; all when absent. */
  operations?: readonly Operation[];
  /** Only this instance. */
  instanceId?: string;
  /** Stops after so many; never when absent. */
  times?: number;
};

interface Count {
  qualified: number;
  chosen: number;
}

/** Counts belong to the fault object, so that assigning a new one starts afresh. */
const counts = new WeakMap<Selection, Count>();

/** Whether the fault meets this request; counts it. */
export function selects(selection: Selection, entry: JournalEntry): boolean {
  if (selection.operations !== undefined && !selection.operations.includes(entry.operation)) {
    return false;
  }
  if (selection.instanceId !== undefined && selection.instanceId !== entry.instanceId) return false;
  const count = counts.get(selection) ?? { qualified: 0, chosen: 0 };
  counts.set(selection, count);
  if (count.chosen >= (selection.times ?? Number.POSITIVE_INFINITY)) return false;
  count.qualified += 1;
  const chosen =
    'every' in selection
      ? count.qualified % selection.every === 0
      : selection.random() < selection.probability;
  if (chosen) count.chosen += 1;
  return chosen;
}
