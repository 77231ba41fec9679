import type { InstanceSummary } from '../model/summary.ts';
import type { InstanceCleanup } from '../run/clean-instance.ts';
import type { Standing } from '../run/observer.ts';
import type { TargetRun } from '../run/open-target.ts';
import type { RunContext } from '../run/run-context.ts';
import { finished, left, type Reached, vanished } from './ends.ts';
import { addCall, type KnownInstance, type ListSeen } from './known.ts';

/** One instance, as one call deals with it. */
export class Job {
  readonly #before: KnownInstance;
  readonly #cleanup: InstanceCleanup;
  readonly #target: TargetRun['summary'];
  readonly #context: RunContext;
  readonly #number: number;
  readonly #counted: number;
  readonly #shown: InstanceSummary;
  #list: (ListSeen & { readonly expired: number }) | undefined;
  #hasBegun = false;
  /** Whether its first turn came before time was up. */
  inTime = false;
  /** Whether this call did something for it, although it could not finish it. */
  gotOn = false;
  /** How far this call came with it. */
  reached: Reached = 'listing';

  constructor(options: {
    readonly before: KnownInstance;
    readonly cleanup: InstanceCleanup;
    readonly target: TargetRun['summary'];
    readonly context: RunContext;
    /** Which of the round's calls it is, from 1. */
    readonly number: number;
    /** Records of the instance that the run has counted as gone before, for whichever target. */
    readonly counted: number;
  }) {
    this.#before = options.before;
    this.#cleanup = options.cleanup;
    this.#target = options.target;
    this.#context = options.context;
    this.#number = options.number;
    this.#counted = options.counted;
    this.#shown = { ...this.#before.summary };
    this.#cleanup.goOnAfter(new Set(this.#before.unclear));
  }

  get triedIn(): number {
    return this.#before.triedIn;
  }

  /** Expired records that it holds in memory. */
  get held(): number {
    return this.#list?.expired ?? 0;
  }

  async turn(): Promise<boolean> {
    if (!this.#hasBegun) {
      const { clock, window, observer } = this.#context;
      this.#hasBegun = true;
      this.inTime = clock.monotonic() < window.deleteUntil;
      observer.instanceBegun?.(this.#target, this.#shown);
    }
    return this.#cleanup.turn(() => true);
  }

  listed(
    tasks: readonly { readonly id: string | undefined; readonly status: string | undefined }[],
    expired: number,
  ): void {
    const [there, deleted] = [new Set<unknown>(), new Set<unknown>()];
    for (const { id, status } of tasks) (status === 'DELETED' ? deleted : there).add(id);
    const { unclear, saidGone } = this.#before;
    const gone = unclear.filter((id) => !there.has(id));
    const alreadyGone = saidGone.filter((id) => !there.has(id));
    const marked = [...gone, ...alreadyGone].filter((id) => deleted.has(id)).length;
    const sizes = { gone: gone.length, alreadyGone: alreadyGone.length };
    this.#list = { ...sizes, marked, counted: this.#counted, expired };
  }

  /** How it stands in the middle of its cleanup. */
  begun(standing: Standing): KnownInstance {
    return {
      ...this.#before,
      ...addCall(this.#before, standing, this.#list),
      triedIn: this.#number,
    };
  }

  /** How it stands after its last turn of this call. */
  end(): KnownInstance {
    const standing = this.#cleanup.standing();
    const end = this.#endOf(standing);
    if (end.done) {
      Object.assign(this.#shown, end.summary);
      this.#context.observer.instanceDone?.(this.#target, this.#shown);
    }
    return end;
  }

  #endOf(standing: Standing): KnownInstance {
    const known = addCall(this.#before, standing, this.#list);
    const { stoppedBy, archive } = standing.summary;
    if (this.#list) this.reached = this.#context.archive && !archive ? 'archive' : 'deadline';
    const tried = standing.answered > 0;
    if (stoppedBy === 'deadline') {
      const expired = this.#list?.expired;
      const end = left(this.#before, known, {
        number: this.#number,
        inTime: this.inTime,
        tried,
        expired,
      });
      this.gotOn = tried || end.shortest !== this.#before.shortest || !this.#list;
      return end;
    }
    const end = { ...this.#before, ...known };
    return this.#list || stoppedBy ? finished(end) : vanished(end);
  }
}
