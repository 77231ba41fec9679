import type { InstanceSummary } from '../model/summary.ts';
import type { InstanceCleanup } from '../run/clean-instance.ts';
import type { Standing } from '../run/observer.ts';
import type { TargetRun } from '../run/open-target.ts';
import type { RunContext } from '../run/run-context.ts';
import { finished, isShorter, left, type Reached, vanished } from './ends.ts';
import { addCall, type KnownInstance, type ListSeen } from './known.ts';

/** One instance, as one call deals with it. */
export class Job {
  /** How it stood before the call. */
  readonly before: KnownInstance;
  readonly #cleanup: InstanceCleanup;
  readonly #target: TargetRun;
  readonly #context: RunContext;
  readonly #number: number;
  readonly #counted: number;
  readonly #shown: InstanceSummary;
  #list: (ListSeen & { readonly expired: number }) | undefined;
  #hasBegun = false;
  /** Whether its first turn came in the first half of the call. */
  inTime = false;
  /** Whether a DELETE of this call was answered, its list was shorter than any before, or the call finished it. */
  gotOn = false;
  /** How far this call came with it. */
  reached: Reached = 'listing';

  constructor(options: {
    readonly before: KnownInstance;
    readonly cleanup: InstanceCleanup;
    readonly target: TargetRun;
    readonly context: RunContext;
    /** Which of the round's calls it is, from 1. */
    readonly number: number;
    /** Records of the instance that the run has counted as gone before, for whichever target. */
    readonly counted: number;
  }) {
    this.before = options.before;
    this.#cleanup = options.cleanup;
    this.#target = options.target;
    this.#context = options.context;
    this.#number = options.number;
    this.#counted = options.counted;
    this.#shown = { ...this.before.summary };
    const { unclear, summary, isUndercounted } = this.before;
    this.#cleanup.goOnAfter({
      tried: new Set(unclear),
      gone: this.#counted,
      listedAsDeleted: summary.keptBecause['already-deleted'] ?? 0,
      isUndercounted: isUndercounted === true,
    });
  }

  /** Expired records that it holds in memory. */
  get held(): number {
    return this.#list?.expired ?? 0;
  }

  async turn(): Promise<boolean> {
    if (!this.#hasBegun) {
      const { clock, window, observer, elapsed } = this.#context;
      this.#hasBegun = true;
      this.inTime = elapsed() < window.deleteUntil - clock.monotonic();
      observer.instanceBegun?.(this.#target.summary, this.#shown);
    }
    return this.#cleanup.turn(() => true);
  }

  listed(
    tasks: readonly { readonly id: string | undefined; readonly status: string | undefined }[],
    expired: number,
  ): void {
    const [there, deleted] = [new Set<unknown>(), new Set<unknown>()];
    for (const { id, status } of tasks) (status === 'DELETED' ? deleted : there).add(id);
    const { unclear, saidGone } = this.before;
    const gone = unclear.filter((id) => !there.has(id));
    const alreadyGone = saidGone.filter((id) => !there.has(id));
    const marked = [...gone, ...alreadyGone].filter((id) => deleted.has(id)).length;
    const sizes = { gone: gone.length, alreadyGone: alreadyGone.length };
    this.#list = { ...sizes, marked, counted: this.#counted, expired };
  }

  /** How it stands in the middle of its cleanup. */
  begun(standing: Standing): KnownInstance {
    return {
      ...this.before,
      ...addCall(this.before, standing, this.#list),
      triedIn: this.#number,
      lastTurn: this.#number,
    };
  }

  /** How it stands after its last turn of this call. */
  end(): KnownInstance {
    const standing = this.#cleanup.standing();
    const end = this.#endOf(standing);
    if (end.done) {
      Object.assign(this.#shown, end.summary);
      this.#context.observer.instanceDone?.(this.#target.summary, this.#shown);
    }
    return end;
  }

  #endOf(standing: Standing): KnownInstance {
    const known = addCall(this.before, standing, this.#list);
    const { stoppedBy, archive } = standing.summary;
    if (this.#list) this.reached = this.#context.archive && !archive ? 'archive' : 'deadline';
    const expired = this.#list?.expired;
    const answered = standing.answered > 0;
    this.gotOn = answered || isShorter(this.before, expired) || stoppedBy !== 'deadline';
    if (stoppedBy === 'deadline') {
      return left(this.before, known, {
        number: this.#number,
        inTime: this.inTime,
        sent: standing.sent > 0,
        answered,
        deleted: standing.summary.deleted > 0,
        expired,
      });
    }
    const end = {
      ...this.before,
      ...known,
      ...(stoppedBy === 'unavailable' && this.#targetError()),
    };
    return this.#list || stoppedBy ? finished(end) : vanished(end);
  }

  #targetError(): Pick<KnownInstance, 'targetError'> | undefined {
    const failure = this.#target.open?.failure;
    return failure && { targetError: { code: failure.code, message: failure.message } };
  }
}
