import type { Counts, ExpiredOutcome, RecordError } from '../model/summary.ts';

/**
 * The state of an expired record.
 *
 * - `to-delete`: nothing yet.
 * - `deleted`, `already-gone`, `failed`: settled.
 * - `ambiguous`: only another list can tell.
 * - `out-of-attempts`: every attempt failed for no fault of the record; one of them may have deleted it.
 * - `remaining`: left to the next run.
 * - `held-back`: left, since a limit tripped.
 */
export type RecordState =
  | 'to-delete'
  | 'deleted'
  | 'already-gone'
  | 'ambiguous'
  | 'out-of-attempts'
  | 'failed'
  | 'remaining'
  | 'held-back';

/** An expired record, and its state. Only its ledger changes it. */
export interface LedgerRecord {
  readonly id: string;
  readonly state: RecordState;
  /** Whether an attempt without a clear answer may have deleted it. */
  readonly isUnclear: boolean;
  /** Whether a DELETE was answered as if it was gone. */
  readonly saidGone: boolean;
  /** Whether a DELETE was accepted but not confirmed: the next run may find the record gone. */
  readonly accepted: boolean;
  /** The answer that put it into its state, unless it was a success. */
  readonly error?: RecordError | undefined;
}

const OUTCOME: Readonly<Record<RecordState, ExpiredOutcome['outcome']>> = {
  'to-delete': 'remaining',
  deleted: 'deleted',
  'already-gone': 'already-gone',
  ambiguous: 'remaining',
  'out-of-attempts': 'remaining',
  failed: 'failed',
  remaining: 'remaining',
  'held-back': 'held-back',
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Change = Partial<Pick<LedgerRecord, 'saidGone' | 'accepted' | 'error'>>;

/**
 * The expired records of one instance. Each has one state at any time, and the accounts are counted from the
 * states, so they always add up.
 */
export class Ledger {
  readonly #records: Mutable<LedgerRecord>[];
  readonly #sizes: Record<RecordState, number> = {
    'to-delete': 0,
    deleted: 0,
    'already-gone': 0,
    ambiguous: 0,
    'out-of-attempts': 0,
    failed: 0,
    remaining: 0,
    'held-back': 0,
  };
  /** The records that are still to be tried, in this order. */
  #queue: readonly LedgerRecord[];
  #next = 0;
  #sent = 0;

  /**
   * @param ids of the records that have expired; each once.
   * @param triedBefore ids that an earlier DELETE of this run may have deleted.
   */
  constructor(ids: readonly string[], triedBefore: ReadonlySet<string> = new Set()) {
    this.#records = ids.map((id) => ({
      id,
      state: 'to-delete',
      isUnclear: triedBefore.has(id),
      saidGone: false,
      accepted: false,
    }));
    this.#sizes['to-delete'] = ids.length;
    this.#queue = this.#records;
  }

  /** Records that nobody has taken yet. */
  get waiting(): number {
    return this.#queue.length - this.#next;
  }

  /** The next record to delete; `undefined` when all have been taken. */
  take(): LedgerRecord | undefined {
    const record = this.#queue[this.#next];
    if (record) this.#next += 1;
    return record;
  }

  /** Ids of the next records to be taken, so many of them at most. */
  next(count: number): string[] {
    return this.#queue.slice(this.#next, this.#next + count).map(({ id }) => id);
  }

  /** Ids of records that may have been deleted, and of which nothing more is known. */
  get unclear(): readonly string[] {
    return this.#idsNotGone(({ isUnclear }) => isUnclear);
  }

  /** Ids of records that were answered as gone, and that none of our DELETEs can have deleted: nothing more is known. */
  get saidGone(): readonly string[] {
    return this.#idsNotGone(({ isUnclear, saidGone }) => saidGone && !isUnclear);
  }

  /** Ids of records that may be there still, as far as anybody knows. */
  #idsNotGone(isMeant: (record: LedgerRecord) => boolean): readonly string[] {
    return this.#records
      .filter(
        (record) =>
          isMeant(record) && record.state !== 'deleted' && record.state !== 'already-gone',
      )
      .map(({ id }) => id);
  }

  /** Whether only another list can tell what became of some record. */
  get needsList(): boolean {
    const exhausted = this.in('out-of-attempts');
    return this.#sizes.ambiguous > 0 || exhausted.some(({ isUnclear }) => isUnclear);
  }

  /** How many have had a final answer, whichever it was. */
  get answered(): number {
    const { deleted, 'already-gone': alreadyGone, ambiguous, failed } = this.#sizes;
    return deleted + alreadyGone + ambiguous + failed;
  }

  /** How many a DELETE was sent for, whether it was answered or not. */
  get sent(): number {
    return this.#sent;
  }

  /** Notes that a DELETE of a record was sent. */
  noteSent(): void {
    this.#sent += 1;
  }

  /** Leaves all records alone: none is to be deleted. */
  leave(state: 'remaining' | 'held-back'): void {
    for (const record of this.#records) this.set(record, state);
    this.#queue = [];
    this.#next = 0;
  }

  /** Notes that an attempt which had no clear answer may have deleted the record. */
  noteUnclear(record: LedgerRecord): void {
    (record as Mutable<LedgerRecord>).isUnclear = true;
  }

  /** Puts a record into a state. */
  set(record: LedgerRecord, state: RecordState, change: Change = {}): void {
    const own = record as Mutable<LedgerRecord>;
    this.#sizes[own.state] -= 1;
    this.#sizes[state] += 1;
    own.state = state;
    if (change.saidGone) own.saidGone = true;
    if (change.accepted) own.accepted = true;
    if (change.error) own.error = change.error;
  }

  /** How many records are in a state. */
  size(state: RecordState): number {
    return this.#sizes[state];
  }

  in(state: RecordState): LedgerRecord[] {
    return this.#sizes[state] === 0 ? [] : this.#records.filter((record) => record.state === state);
  }

  /** Queues the records that are out of attempts once more. */
  queueAgain(): void {
    const again = this.in('out-of-attempts');
    for (const record of again) this.set(record, 'to-delete');
    this.#queue = again;
    this.#next = 0;
  }

  /** The outcome of each record, in the order of the ids. */
  outcomes(): ExpiredOutcome[] {
    return this.#records.map(({ state, error }) =>
      state === 'failed' ? { outcome: state, error } : { outcome: OUTCOME[state] },
    );
  }

  /** Every record in one of four columns. Whatever is not settled counts as `remaining`. */
  account(): Pick<Counts, 'deleted' | 'alreadyGone' | 'failed' | 'remaining'> {
    const { deleted, 'already-gone': alreadyGone, failed } = this.#sizes;
    const remaining = this.#records.length - deleted - alreadyGone - failed;
    return { deleted, alreadyGone, failed, remaining };
  }
}
