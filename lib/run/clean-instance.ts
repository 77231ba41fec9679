import { ApiError, TargetError } from '../answers/api-error.ts';
import { type AnswerReading, describeResponse } from '../answers/classify.ts';
import type { ArchiveError } from '../archive/archive.ts';
import type { Sent } from '../http/endpoint.ts';
import type { GaveUp } from '../http/retry.ts';
import { type Instance, labelOf } from '../model/instance.ts';
import { instanceOutcome, type StoppedBy } from '../model/outcome.ts';
import {
  emptySummary,
  type InstanceSummary,
  MAX_ERRORS,
  type RecordError,
} from '../model/summary.ts';
import type { Task } from '../model/task.ts';
import { type Decision, decide } from '../policy/decide.ts';
import { limitTripped } from '../policy/limits.ts';
import type { Retention } from '../policy/retention.ts';
import type { RowBudget, RowTexts } from '../task-api/row-budget.ts';
import { ForbiddenError, type TaskApi, type TaskList } from '../task-api/task-api.ts';
import type { ErrorTexts } from './error-texts.ts';
import { Ledger, type LedgerRecord } from './ledger.ts';
import type { BeforeDeletes, Observer, Standing } from './observer.ts';
import type { ApprovedPlan } from './request.ts';

/** A target that has been opened: what its instances have in common. */
export interface OpenTarget {
  /** The part of the run that its instances need. */
  readonly run: {
    /** The run's one moment, in milliseconds since the epoch. */
    readonly now: number;
    readonly dryRun: boolean;
    /** Records that the run asks for; all, when absent. */
    readonly requestedIds: ReadonlySet<string> | undefined;
    /** Receives those of them that are listed. */
    readonly seenIds: Set<string>;
    /** Only records that are in it may be deleted. */
    readonly approved?: ApprovedPlan | undefined;
    /** Counts the records of the approved plan that are not listed any more. */
    readonly approvedButGone: { count: number };
    /** Bounds what all lists of the run hold. */
    readonly rows: RowBudget;
    /** Bounds what its errors hold. */
    readonly errorTexts: ErrorTexts;
    readonly observer: Observer;
    readonly beforeDeletes?: BeforeDeletes | undefined;
  };
  readonly name: string;
  readonly projectId: string;
  readonly api: TaskApi;
  readonly retention: Retention;
  /** DELETE requests that one instance has in flight at most. */
  readonly concurrency: number;
  /** Whether the service still lists an instance of the target. If that cannot be found out, it counts as listed. */
  readonly isListed: (instanceId: string) => Promise<boolean>;
  /**
   * Keeps rows, in JSON, before they are deleted; absent where none are to be kept.
   * @returns where they are, or why the run stopped waiting for that.
   * @throws {ArchiveError} where they may not be there.
   */
  readonly archive?:
    | ((
        instance: Instance,
        rows: readonly string[],
      ) => Promise<{ value: string | readonly string[] } | { gaveUp: 'deadline' | 'stopped' }>)
    | undefined;
  /** Set by the first request that shows that none can succeed; nothing more is sent then. */
  failure?: TargetError;
}

/**
 * If so many records recovered from an error for each one that did not, the errors look like chance. Then the records
 * that used up their attempts are tried once more, at the end of the instance.
 */
const RECOVERED_PER_EXHAUSTED = 10;

/** DELETE requests after which an instance lets others have their turn. */
const TURN = 100;

const STOPPED_BY: Readonly<Record<Exclude<GaveUp, 'attempts'>, StoppedBy>> = {
  deadline: 'deadline',
  stopped: 'interrupted',
  unavailable: 'unavailable',
};

/** What earlier calls of the same run have done to an instance. */
export interface EarlierCalls {
  /** Ids of records that they may have deleted. */
  readonly tried: ReadonlySet<string>;
  /** How many other records they have counted as gone. */
  readonly gone: number;
  /** Records that were listed as deleted already, and that the run has not counted as gone. */
  readonly listedAsDeleted: number;
  /** Whether one of their lists showed more records than the service counts. */
  readonly isUndercounted: boolean;
}

/**
 * The cleanup of one instance: list → decide → hold back → archive → delete → settle → account. It is done in
 * turns, so that an instance with very many records does not keep the others waiting.
 */
export class InstanceCleanup {
  readonly summary: InstanceSummary;
  readonly #target: OpenTarget;
  readonly #instance: Instance;
  #ledger: Ledger | undefined;
  #triedAgain = false;
  #earlier: EarlierCalls = {
    tried: new Set(),
    gone: 0,
    listedAsDeleted: 0,
    isUndercounted: false,
  };
  #isUndercounted = false;
  #isDecided = false;
  /** The part of the ledger that stays when the instance is finished. */
  #end: Pick<Ledger, 'unclear' | 'saidGone' | 'sent' | 'answered'> = {
    unclear: [],
    saidGone: [],
    sent: 0,
    answered: 0,
  };

  constructor(target: OpenTarget, instance: Instance) {
    this.#target = target;
    this.#instance = instance;
    this.summary = emptySummary(instance);
  }

  /** Leaves the instance alone: nothing is listed there, and nothing deleted. What was said first stays. */
  leaveAlone(stoppedBy: StoppedBy, message?: string): void {
    this.summary.stoppedBy ??= stoppedBy;
    if (message !== undefined) this.#addError({ message });
  }

  goOnAfter(earlier: EarlierCalls): void {
    this.#earlier = earlier;
    this.#isUndercounted = earlier.isUndercounted;
  }

  /** @param next ids of records that are about to be deleted. */
  standing(next: readonly string[] = []): Standing {
    const { unclear, saidGone, sent, answered } = this.#ledger ?? this.#end;
    const summary = {
      ...this.summary,
      ...this.#ledger?.account(),
      errors: [...this.summary.errors],
    };
    for (const { error } of this.#ledger?.in('failed') ?? [])
      if (error) this.#addError(error, summary);
    return {
      summary,
      unclear: [...new Set([...unclear, ...next])],
      saidGone,
      sent,
      answered,
      isUndercounted: this.#isUndercounted,
    };
  }

  /**
   * One turn. True when the instance is finished, false when it wants another one.
   * @param othersWait whether another instance waits for its turn.
   */
  async turn(othersWait: () => boolean): Promise<boolean> {
    this.#ledger ??= (await this.#guarded(() => this.#prepare())) ?? new Ledger([]);
    const ledger = this.#ledger;
    await this.#delete(ledger, othersWait);
    if (ledger.waiting === 0 && this.#failuresLookLikeChance(ledger)) {
      this.#triedAgain = true;
      ledger.queueAgain();
    }
    if (ledger.waiting > 0 && this.summary.stoppedBy === undefined) return false;
    if (ledger.needsList) await this.#guarded(() => this.#settle(ledger));
    this.#account(ledger);
    const { unclear, saidGone, sent, answered } = ledger;
    this.#end = { unclear, saidGone, sent, answered };
    this.#ledger = undefined;
    return true;
  }

  /** Runs a step, unless the target has failed: that stops all of its instances. */
  async #guarded<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      if (!this.#target.failure) return await step();
    } catch (error) {
      if (error instanceof TargetError) this.#target.failure ??= error;
      else if (error instanceof ForbiddenError) {
        if (this.summary.stoppedBy === undefined) this.#addError(errorOf(error));
        this.summary.stoppedBy ??= 'forbidden';
      } else {
        // A defect of ours ends this instance, not the run: the summary has to be written.
        this.summary.stoppedBy ??= 'unavailable';
        this.#addError({ message: `internal error: ${String(error)}` });
      }
    }
    if (this.#target.failure) this.summary.stoppedBy ??= 'unavailable';
    return undefined;
  }

  /** Everything before the first DELETE. */
  async #prepare(): Promise<Ledger> {
    if (this.summary.stoppedBy !== undefined) return new Ledger([]);
    const { archive, run } = this.#target;
    const held = archive && { texts: new Map<string, string>(), account: run.rows.open() };
    try {
      const list = await this.#list(held);
      if (!list) return new Ledger([]);
      const tasks = [...list.tasks.values()];
      const expired = this.#decide(tasks, list.vanished);
      const ledger = new Ledger(expired, this.#earlier.tried);
      if (this.#holdBack(list, expired.length)) ledger.leave('held-back');
      else if (run.dryRun) ledger.leave('remaining');
      else if (held && !(await this.#archive(expired, held.texts))) ledger.leave('remaining');
      return ledger;
    } finally {
      // The rows are in memory until the archive has them.
      held?.account.release();
    }
  }

  /**
   * All records of the instance; nothing where the list is not known to be complete.
   * @param held receives the rows, in JSON.
   */
  async #list(held: RowTexts | undefined): Promise<TaskList | undefined> {
    try {
      return await this.#readList(held);
    } catch (error) {
      if (!isOfInstance(error)) throw error;
      if (error.reading?.answer === 'gone' && !(await this.#target.isListed(this.#instance.id))) {
        this.#warn(' is gone');
        return undefined;
      }
      const { gaveUp } = error;
      this.summary.stoppedBy = gaveUp && gaveUp !== 'attempts' ? STOPPED_BY[gaveUp] : 'listing';
      if (instanceOutcome(this.summary, this.#target.run.dryRun) === 'incomplete') return undefined;
      const message = `the records could not be listed: ${error.message}`;
      this.#addError({ ...errorOf(error), message });
      return undefined;
    }
  }

  async #readList(held?: RowTexts): Promise<TaskList> {
    const isUndercounted = this.#isUndercounted;
    const list = await this.#target.api.listTasks(this.#instance.id, { isUndercounted, held });
    this.#isUndercounted = list.isUndercounted;
    return list;
  }

  /**
   * The ids that have expired, in the order of the list.
   * @param vanished so many of the tasks are gone, perhaps the newest: none of them keeps another one from being kept.
   */
  #decide(tasks: readonly Task[], vanished: number): string[] {
    const { name, retention, run } = this.#target;
    const { now, requestedIds, seenIds, approved, approvedButGone, observer } = run;
    const { summary } = this;
    const approvedIds = approved?.idsOf(name, this.#instance.id);
    const keepLast = retention.keepLast > 0 ? retention.keepLast + vanished : 0;
    const narrowing = { requestedIds, approvedIds };
    const decisions = decide(tasks, { ...retention, keepLast }, now, narrowing);
    observer.decided?.(name, this.#instance, tasks, decisions);
    this.#isDecided = true;
    if (approvedIds) {
      const listed = new Set(tasks.map(({ id }) => id));
      for (const id of approvedIds) if (!listed.has(id)) approvedButGone.count += 1;
    }
    const expired: string[] = [];
    tasks.forEach(({ id }, index) => {
      const { action, reason } = decisions[index] as Decision;
      if (id !== undefined && requestedIds?.has(id)) seenIds.add(id);
      if (action === 'delete' && id !== undefined) expired.push(id);
      else summary.keptBecause[reason] = (summary.keptBecause[reason] ?? 0) + 1;
    });
    summary.listed = tasks.length;
    summary.expired = expired.length;
    summary.kept = tasks.length - expired.length;
    return expired;
  }

  /** True where a limit keeps everything from being deleted. It holds for the run, not for each of its calls. */
  #holdBack({ tasks, vanished }: TaskList, expired: number): boolean {
    if (expired === 0) return false;
    const { tried, gone: goneBefore, listedAsDeleted: ofOthers } = this.#earlier;
    const gone = goneBefore + tried.size - idsListed(tasks, tried).size;
    const listedAsDeleted = (this.summary.keptBecause['already-deleted'] ?? 0) - ofOthers;
    // Nobody knows whether those that have vanished are among the expired.
    const there = Math.max(expired, tasks.size - vanished);
    const listed = there + Math.max(0, gone - Math.max(0, listedAsDeleted));
    const tripped = limitTripped(listed, expired + gone, this.#target.retention.limits);
    if (tripped) {
      this.summary.stoppedBy = 'limit';
      const more = gone > 0 ? ` (${gone} of them are gone already); nothing more` : '; nothing';
      this.#warn(`: ${tripped}${more} is deleted there`);
    }
    return tripped !== undefined;
  }

  /** Archives the rows that are to be deleted. False where that may have failed: then nothing may be deleted. */
  async #archive(expired: readonly string[], rows: ReadonlyMap<string, string>): Promise<boolean> {
    const { archive } = this.#target;
    if (!archive || expired.length === 0) return true;
    const { summary } = this;
    try {
      const texts = expired.map((id) => rows.get(id));
      const known = texts.filter((text) => text !== undefined);
      if (known.length < expired.length) throw new Error('the row of a record is missing');
      const written = await archive(this.#instance, known);
      if ('value' in written) summary.archive = [written.value].flat();
      else summary.stoppedBy = STOPPED_BY[written.gaveUp];
      return 'value' in written;
    } catch (error) {
      summary.stoppedBy = 'archive';
      const { message, code } = error as ArchiveError;
      const text = `the records could not be archived, so none is deleted: ${message}`;
      this.#addError({ ...(code !== undefined && { code }), message: text });
      return false;
    }
  }

  /** Deletes until all are tried, the run has to stop, or it is the turn of others. */
  async #delete(ledger: Ledger, othersWait: () => boolean): Promise<void> {
    const { name, run } = this.#target;
    if (run.beforeDeletes && ledger.waiting > 0) {
      const standing = this.standing(ledger.next(TURN));
      await this.#guarded(async () => run.beforeDeletes?.(name, standing));
    }
    let taken = 0;
    const goesOn = () => taken < TURN || !(run.beforeDeletes || othersWait());
    const mayGoOn = () => this.summary.stoppedBy === undefined && goesOn();
    const worker = async () => {
      for (let record = mayGoOn() && ledger.take(); record; record = mayGoOn() && ledger.take()) {
        const { id } = record;
        taken += 1;
        const onUnclear = () => ledger.noteUnclear(record as LedgerRecord);
        const sent = await this.#guarded(() =>
          this.#target.api.deleteTask(this.#instance.id, id, onUnclear),
        );
        if (!sent) continue;
        this.#enter(ledger, record, sent);
        await this.#guarded(async () => this.#target.api.checkClock(sent.reading));
      }
    };
    const workers = Math.min(this.#target.concurrency, ledger.waiting);
    await Promise.all(Array.from({ length: workers }, worker));
  }

  /** Enters the result of a DELETE into the ledger. */
  #enter(ledger: Ledger, record: LedgerRecord, sent: Sent<AnswerReading>): void {
    const { reading, gaveUp, attempts } = sent;
    if (attempts > 0) ledger.noteSent();
    if (gaveUp && gaveUp !== 'attempts') {
      this.#stop(gaveUp, `the deletions were stopped: ${describeResponse(sent)}`);
      ledger.set(record, 'remaining');
      return;
    }
    const answer = reading?.answer;
    if (answer === 'deleted') ledger.set(record, 'deleted');
    else {
      const text = reading?.message || describeResponse(sent);
      const message = this.#target.run.errorTexts.hold(text);
      const error = { taskId: record.id, ...answerOf(reading), message, attempts };
      if (gaveUp === 'attempts') ledger.set(record, 'out-of-attempts', { error });
      else if (answer === 'gone') ledger.set(record, 'ambiguous', { saidGone: true, error });
      else if (answer === 'accepted' || answer === 'doubtful') {
        ledger.noteUnclear(record);
        ledger.set(record, 'ambiguous', { accepted: answer === 'accepted', error });
      } else ledger.set(record, record.isUnclear ? 'ambiguous' : 'failed', { error });
    }
    this.#tellSettled(record);
  }

  /** Notes what has stopped the instance; in words, where that is a failure. What came first stays. */
  #stop(gaveUp: Exclude<GaveUp, 'attempts'>, text: string): void {
    if (this.summary.stoppedBy !== undefined) return;
    this.summary.stoppedBy = STOPPED_BY[gaveUp];
    if (gaveUp === 'unavailable') {
      this.#addError({ message: this.#target.run.errorTexts.hold(text) });
    }
  }

  #failuresLookLikeChance(ledger: Ledger): boolean {
    const exhausted = ledger.size('out-of-attempts');
    if (exhausted === 0 || this.#triedAgain) return false;
    const recovered = ledger.in('deleted').filter(({ isUnclear }) => isUnclear).length;
    return recovered >= RECOVERED_PER_EXHAUSTED * exhausted;
  }

  /** Lists the instance once more where an answer left open what became of a record. */
  async #settle(ledger: Ledger): Promise<void> {
    let found: ReadonlyMap<string, Task> | undefined;
    try {
      found = (await this.#readList()).tasks;
    } catch (error) {
      if (!isOfInstance(error)) throw error;
      if (error.gaveUp && error.gaveUp !== 'attempts') {
        this.#stop(
          error.gaveUp,
          `the list after the deletions could not be read: ${error.message}`,
        );
        return;
      }
      const gone = error.reading?.answer === 'gone';
      if (gone && !(await this.#target.isListed(this.#instance.id))) found = new Map();
    }
    const records = [...ledger.in('ambiguous'), ...ledger.in('out-of-attempts')];
    const listed = found && idsListed(found, new Set(records.map(({ id }) => id)));
    for (const record of records) {
      this.#settleRecord(ledger, record, listed);
      this.#tellSettled(record);
    }
  }

  /** @param listed ids that are listed still; absent where the list could not be read again. */
  #settleRecord(
    ledger: Ledger,
    record: LedgerRecord,
    listed: ReadonlySet<string> | undefined,
  ): void {
    const stillThere = listed?.has(record.id) === true;
    if (listed && !stillThere) {
      ledger.set(record, record.isUnclear ? 'deleted' : 'already-gone');
    } else if (stillThere && record.accepted) ledger.set(record, 'remaining');
    else {
      const then = listed ? 'it is still listed' : 'the list could not be read again';
      const error = record.error as RecordError;
      ledger.set(record, 'failed', { error: { ...error, message: `${error.message}; ${then}` } });
    }
  }

  #account(ledger: Ledger): void {
    for (const record of ledger.in('out-of-attempts')) {
      ledger.set(record, 'failed');
      this.#tellSettled(record);
    }
    const { summary } = this;
    for (const { error } of ledger.in('failed')) if (error) this.#addError(error);
    Object.assign(summary, ledger.account());
    const { name, run } = this.#target;
    if (this.#isDecided) run.observer.recordsDone?.(name, this.#instance, ledger.outcomes());
    summary.outcome = instanceOutcome(summary, run.dryRun);
  }

  /** Tells the observer once a record has its final state. */
  #tellSettled({ state }: LedgerRecord): void {
    if (state !== 'deleted' && state !== 'already-gone' && state !== 'failed') return;
    this.#target.run.observer.settled?.(this.#target.name, this.#instance);
  }

  #addError(error: RecordError, to: InstanceSummary = this.summary): void {
    const most = this.#target.run.errorTexts.isUsedUp ? 1 : MAX_ERRORS;
    if (to.errors.length < most) to.errors.push(error);
    else to.errorsOmitted += 1;
  }

  #warn(predicate: string): void {
    const text = `instance ${labelOf(this.#instance)}${predicate}`;
    this.#target.run.observer.warning?.(text, this.#target.name);
  }
}

/** Of some ids, those that any row has which is not deleted: there may be two. */
function idsListed(rows: ReadonlyMap<string, Task>, ids: ReadonlySet<string>): ReadonlySet<string> {
  const listed = new Set<string>();
  for (const { id, status } of rows.values()) {
    if (id !== undefined && ids.has(id) && status !== 'DELETED') listed.add(id);
  }
  return listed;
}

/** An error of one instance, which the others need not care about. */
function isOfInstance(error: unknown): error is ApiError {
  return (
    error instanceof ApiError && !(error instanceof TargetError || error instanceof ForbiddenError)
  );
}

function errorOf({ reading, message }: ApiError): RecordError {
  return { ...answerOf(reading), message };
}

/** The answer's part in an error, where there was an answer. */
function answerOf(reading: AnswerReading | undefined): Pick<RecordError, 'status' | 'code'> {
  return {
    ...(reading?.status !== undefined && { status: reading.status }),
    ...(reading?.code !== undefined && { code: reading.code }),
  };
}
