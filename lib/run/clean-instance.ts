import { ApiError, TargetError } from '../answers/api-error.ts';
import type { AnswerReading } from '../answers/classify.ts';
import type { Clock } from '../http/clock.ts';
import type { Sent } from '../http/endpoint.ts';
import type { GaveUp } from '../http/retry.ts';
import type { Instance } from '../model/instance.ts';
import {
  emptySummary,
  type InstanceSummary,
  MAX_ERRORS,
  type RecordError,
  type StoppedBy,
} from '../model/summary.ts';
import type { Task } from '../model/task.ts';
import { decide } from '../policy/decide.ts';
import { limitTripped } from '../policy/limits.ts';
import type { Retention } from '../policy/retention.ts';
import { describe, type RequestWindow, type TaskApi } from '../task-api/task-api.ts';
import type { Observer } from './observer.ts';

/** What the instances of one target have in common. */
export interface TargetContext {
  readonly name: string;
  readonly projectId: string;
  readonly api: TaskApi;
  readonly retention: Retention;
  readonly window: RequestWindow;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly dryRun: boolean;
  /** The run's one moment, in milliseconds since the epoch. */
  readonly now: number;
  /** Ids that an ad-hoc run names; only these may be deleted. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Receives those of `only` that were listed. */
  readonly met: Set<string>;
  /** DELETE requests that one instance has under way at most. */
  readonly workers: number;
  /** Set by the first request that shows that none can succeed; nothing more is sent then. */
  failure?: TargetError;
}

/**
 * Records that recovered from an error, for each that did not, that make the errors look like chance:
 * then those that used up their attempts get them a second time, at the end of the instance.
 */
const RECOVERED_PER_EXHAUSTED = 10;

/** DELETE requests after which an instance lets others have their turn. */
const TURN = 100;

const STOPPED_BY: Readonly<Record<Exclude<GaveUp, 'attempts'>, StoppedBy>> = {
  deadline: 'deadline',
  stopped: 'deadline',
  unavailable: 'unavailable',
};

/**
 * The cleanup of one instance: list completely, decide, check limits, delete, account. It is done in
 * turns, so that an instance with very many records does not keep the others waiting.
 */
export class InstanceCleanup {
  readonly summary: InstanceSummary;
  readonly #target: TargetContext;
  readonly #instance: Instance;
  #expired: string[] | undefined;
  #next = 0;
  /** Records of which only another list can tell what became of them, and whether we may have deleted them. */
  #unsettled = new Map<string, { maybeOurs: boolean; error: RecordError }>();
  /** Records whose attempts are used up, all of them for no fault of the record. */
  #exhausted = new Map<string, RecordError>();
  /** Those of them that had a second round: an attempt of the first may have deleted them. */
  #again: ReadonlySet<string> | undefined;
  #recovered = 0;

  constructor(target: TargetContext, instance: Instance) {
    this.#target = target;
    this.#instance = instance;
    this.summary = emptySummary(instance);
  }

  /**
   * One turn. True when the instance is finished, false when it wants another one.
   * @param othersWait whether another instance waits for its turn.
   */
  async turn(othersWait: () => boolean): Promise<boolean> {
    await this.#guarded(async () => {
      this.#expired ??= await this.#listAndDecide();
    });
    const expired = this.#expired ?? [];
    await this.#delete(expired, othersWait);
    if (this.#next >= expired.length && this.#deserveSecondRound()) {
      this.#again = new Set(this.#exhausted.keys());
      expired.push(...this.#again);
      this.#exhausted.clear();
    }
    if (this.#next < expired.length && this.summary.stoppedBy === undefined) return false;
    if (this.#unsettled.size > 0) await this.#guarded(() => this.#settle());
    this.#finish();
    return true;
  }

  /** A target that has failed stops its instances, whatever they are doing. */
  async #guarded(action: () => Promise<void>): Promise<void> {
    try {
      if (!this.#target.failure) await action();
    } catch (error) {
      if (error instanceof TargetError) this.#target.failure ??= error;
      else {
        // A defect of ours ends this instance, not the run: the summary has to be written.
        this.summary.stoppedBy ??= 'unavailable';
        this.#addError({ message: `internal error: ${String(error)}` });
      }
    }
    if (this.#target.failure) this.summary.stoppedBy ??= 'unavailable';
  }

  /** The ids to delete; none where the list is incomplete, a limit trips, or it is a dry run. */
  async #listAndDecide(): Promise<string[]> {
    const { api, retention, now, only, met, dryRun, observer, name } = this.#target;
    const { summary } = this;
    const found = new Map<string, Task>();
    try {
      await api.listTasks(this.#instance.id, found);
    } catch (error) {
      if (error instanceof ApiError && !(error instanceof TargetError)) {
        this.#listFailed(error);
        return [];
      }
      throw error;
    }
    for (const id of only ?? []) if (found.has(id)) met.add(id);
    const tasks = [...found.values()];
    const decisions = decide(tasks, retention, now, only);
    observer.decided?.(name, this.#instance, tasks, decisions);

    const expired: string[] = [];
    decisions.forEach((decision, index) => {
      const id = tasks[index]?.id;
      if (decision.action === 'delete' && id !== undefined) expired.push(id);
      else summary.keptBecause[decision.reason] = (summary.keptBecause[decision.reason] ?? 0) + 1;
    });
    summary.listed = tasks.length;
    summary.expired = expired.length;
    summary.kept = tasks.length - expired.length;

    const tripped = limitTripped(tasks.length, expired.length, retention.limits);
    if (tripped) {
      summary.stoppedBy = 'limit';
      observer.warning?.(`${this.#label()}: ${tripped.message}; nothing is deleted there`, name);
    }
    return dryRun || tripped ? [] : expired;
  }

  #listFailed(error: ApiError): void {
    const { reading, gaveUp } = error;
    if (reading?.answer === 'gone') {
      this.#target.observer.warning?.(`${this.#label()} is gone`, this.#target.name);
      return;
    }
    this.summary.stoppedBy = gaveUp && gaveUp !== 'attempts' ? STOPPED_BY[gaveUp] : 'listing';
    if (this.summary.stoppedBy === 'deadline') return;
    this.#addError({
      ...answerOf(reading),
      message: `the records could not be listed: ${error.message}`,
    });
  }

  /** Deletes until all are tried, or it is time to stop or to let others go on. */
  async #delete(ids: readonly string[], othersWait: () => boolean): Promise<void> {
    const turnEnds = this.#next + TURN;
    const mayGoOn = () =>
      this.#next < ids.length &&
      this.summary.stoppedBy === undefined &&
      (this.#next < turnEnds || !othersWait());
    const worker = async () => {
      while (mayGoOn()) {
        const id = ids[this.#next] as string;
        this.#next += 1;
        await this.#guarded(async () => {
          this.#account(id, await this.#target.api.deleteTask(this.#instance.id, id));
        });
      }
    };
    const workers = Math.max(0, Math.min(this.#target.workers, ids.length - this.#next));
    await Promise.all(Array.from({ length: workers }, worker));
  }

  #account(id: string, sent: Sent<AnswerReading>): void {
    const { reading, gaveUp } = sent;
    const { summary } = this;
    const uncertain = sent.uncertain || this.#again?.has(id) === true;
    if (gaveUp && gaveUp !== 'attempts') {
      summary.stoppedBy ??= STOPPED_BY[gaveUp];
      return;
    }
    const error: RecordError = {
      taskId: id,
      ...answerOf(reading),
      message: reading?.message || describe(sent),
      attempts: sent.attempts,
    };
    const answer = reading?.answer;
    if (gaveUp === 'attempts') {
      this.#exhausted.set(id, error);
      return;
    }
    if (answer === 'deleted') {
      summary.deleted += 1;
      if (uncertain) this.#recovered += 1;
    } else if (answer === 'gone' && !uncertain) summary.alreadyGone += 1;
    else if (answer === 'gone' || answer === 'perhaps-gone') {
      this.#unsettled.set(id, { maybeOurs: uncertain, error });
      return;
    } else {
      summary.failed += 1;
      this.#addError(error);
    }
    this.#target.observer.settled?.(this.#target.name, this.#instance);
  }

  #deserveSecondRound(): boolean {
    const { size } = this.#exhausted;
    return size > 0 && !this.#again && this.#recovered >= RECOVERED_PER_EXHAUSTED * size;
  }

  /** Looks at the instance once more where an answer left open what became of a record. */
  async #settle(): Promise<void> {
    const { summary } = this;
    const found = new Map<string, Task>();
    let complete = true;
    try {
      await this.#target.api.listTasks(this.#instance.id, found);
    } catch (error) {
      if (!(error instanceof ApiError) || error instanceof TargetError) throw error;
      if (error.gaveUp && error.gaveUp !== 'attempts') {
        summary.stoppedBy ??= STOPPED_BY[error.gaveUp];
        return;
      }
      complete = error.reading?.answer === 'gone';
    }
    for (const [id, error] of this.#exhausted) this.#unsettled.set(id, { maybeOurs: true, error });
    this.#exhausted.clear();
    for (const [id, { maybeOurs, error }] of this.#unsettled) {
      const task = found.get(id);
      const stillThere = task !== undefined && task.status !== 'DELETED';
      if (stillThere || !complete) {
        summary.failed += 1;
        const then = stillThere ? 'it is still listed' : 'the list could not be read again';
        this.#addError({ ...error, message: `${error.message}; ${then}` });
      } else if (maybeOurs) summary.deleted += 1;
      else summary.alreadyGone += 1;
      this.#target.observer.settled?.(this.#target.name, this.#instance);
    }
    this.#unsettled.clear();
  }

  #finish(): void {
    const { summary } = this;
    for (const error of this.#exhausted.values()) {
      summary.failed += 1;
      this.#addError(error);
      this.#target.observer.settled?.(this.#target.name, this.#instance);
    }
    this.#exhausted.clear();
    const { deleted, alreadyGone, failed, stoppedBy } = summary;
    summary.remaining = summary.expired - deleted - alreadyGone - failed;
    const harmless = stoppedBy === undefined || (this.#target.dryRun && stoppedBy === 'limit');
    if (failed > 0 || stoppedBy === 'listing' || stoppedBy === 'unavailable') {
      summary.outcome = 'failed';
    } else summary.outcome = harmless ? 'complete' : 'incomplete';
    this.#expired = [];
  }

  #addError(error: RecordError): void {
    if (this.summary.errors.length < MAX_ERRORS) this.summary.errors.push(error);
    else this.summary.errorsOmitted += 1;
  }

  #label(): string {
    return `instance ${this.#instance.name || this.#instance.id}`;
  }
}

/** What an error tells of the answer, where there was one. */
function answerOf(reading: AnswerReading | undefined): Pick<RecordError, 'status' | 'code'> {
  return {
    ...(reading?.status !== undefined && { status: reading.status }),
    ...(reading?.code !== undefined && { code: reading.code }),
  };
}
