import type { JournalEntry, Operation } from './journal.ts';

/**
 * Every n-th (`every: 1` means all), or each with a probability by the random function that is passed
 * (0 ≤ x < 1).
 */
export type Choice = { every: number } | { probability: number; random: () => number };

/** The requests that a fault meets: a choice of those that qualify. */
export type Selection = Choice & {
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
  const chosen = isChosen(selection, count.qualified);
  if (chosen) count.chosen += 1;
  return chosen;
}

/** Whether the choice falls on the one with this number, counted from 1. */
export function isChosen(choice: Choice, ordinal: number): boolean {
  return 'every' in choice ? ordinal % choice.every === 0 : choice.random() < choice.probability;
}
