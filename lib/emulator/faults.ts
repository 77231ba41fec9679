import type { JournalEntry, Operation } from './journal.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Choice, Selection } from './selection.ts';

/** Faults on demand. There are none until a test asks for one. */
export interface Faults {
  /** DELETEs that fail. `every` counts task ids, not requests, in the order they are first tried. */
  deleteFails?: {
    /** Default 500. */
    status?: number;
    /** True (the default): a retry for the same id succeeds. False: it fails for ever. */
    once?: boolean;
    /** The record is deleted nevertheless: an ambiguous outcome. */
    ghost?: boolean;
  } & Choice;
  /** The n-th page (from 1) of a list fails. */
  listPageFails?: {
    page: number;
    /** How often it fails before it works; for ever when absent. */
    times?: number;
    /** Default 500. */
    status?: number;
    /** Default `list-tasks`. */
    operation?: 'list-tasks' | 'list-instances';
    instanceId?: string;
  };
  rateLimit?: RateLimit;
  /** Milliseconds before a request is worked on. */
  latency?: number | ((entry: JournalEntry) => number);
  /** Connections reset without an answer, before (the default) or after the work is done. */
  resets?: Selection & { when?: 'before' | 'after' };
  /** Requests that are never answered, though worked on when `when` is `after`. */
  hangs?: Selection & { when?: 'before' | 'after' };
  /**
   * Bodies that are not what they should be, all with the true status (an empty one becomes 200):
   * `truncated` is half of the JSON in a whole response, `cut-off` a connection closed in mid-body,
   * `html` a page as a proxy sends it, `empty` nothing, `wrong-shape` JSON that is no object.
   */
  badBodies?: Selection & { kind: 'truncated' | 'cut-off' | 'html' | 'empty' | 'wrong-shape' };
  /** The `task_count` that lists claim, given the true total; undefined leaves the column out. */
  taskCount?: (total: number, entry: JournalEntry) => unknown;
  /** Pages are never longer than this, whatever `limit` says. */
  shortPages?: number;
  /** Lists of these operations answer page 1 for ever, whatever is asked for. */
  ignorePaging?: readonly ('list-tasks' | 'list-instances')[];
  /** Operations that the caller has no permission for: 403. */
  deny?: readonly Operation[];
}
