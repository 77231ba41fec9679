import type { Archive } from '../archive/archive.ts';
import type { Clock } from '../http/clock.ts';
import type { Transport } from '../http/transport.ts';
import { type RunWindow, requestWindow } from '../http/window.ts';
import { Accounts } from '../identity/accounts.ts';
import type { CredentialsSource } from '../identity/credentials.ts';
import type { RunSecrets } from '../identity/run-secrets.ts';
import type { Trigger } from '../model/summary.ts';
import type { ArchivePlace } from '../policy/archive-place.ts';
import type { Policy, Target } from '../policy/schema.ts';
import { RowBudget } from '../task-api/row-budget.ts';
import { ErrorTexts } from './error-texts.ts';
import { type BeforeDeletes, guardObserver, type Observer } from './observer.ts';
import type { RunRequest } from './request.ts';

/** An archive as a run uses it. */
export interface RunArchive {
  /**
   * As the archive's own, but of a part of the lines it may know that they are archived already, and where.
   * @param lines may be gone through more than once.
   */
  write(...parameters: Parameters<Archive['write']>): Promise<string | readonly string[]>;
}

/** The dependencies of a run on the outside. */
export interface RunDependencies {
  readonly runId: string;
  readonly trigger: Trigger;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly transport: Transport;
  /** Where a target's credentials are read from. */
  readonly credentials: (reference: Target['credentials']) => CredentialsSource;
  /** Receives the run's secrets, where others have to hide them too. */
  readonly secrets?: RunSecrets | undefined;
  /** Opens the archive that the policy names. */
  readonly openArchive: (place: ArchivePlace) => RunArchive;
  /** Where to archive, instead of the policy's own place. */
  readonly archiveTo?: ArchivePlace | undefined;
  /** When the run must be over, by the clock that does not step; never, when absent. */
  readonly deadline?: number | undefined;
  /** Milliseconds before the deadline in which no DELETE begins. */
  readonly stopBeforeEnd?: number | undefined;
  /** Ends the run early: no new DELETE, those in flight are awaited. */
  readonly stop?: AbortSignal | undefined;
  /** Most requests in flight to one host; a target's `requests.concurrency` may ask for fewer. */
  readonly maxConcurrency?: number | undefined;
  readonly observer?: Observer | undefined;
  readonly beforeDeletes?: BeforeDeletes | undefined;
}

/** The things that all targets of one run share. */
export interface RunContext
  extends Pick<RunDependencies, 'runId' | 'clock' | 'beforeDeletes'>,
    Pick<RunRequest, 'keepFor' | 'approved'> {
  readonly policy: Policy;
  readonly window: RunWindow;
  /** The run's one moment, in milliseconds since the epoch. */
  readonly now: number;
  /** This machine's clock at the start, plus the time since then, however the clock is set meanwhile. */
  readonly time: () => number;
  /** Milliseconds since the run began. */
  readonly elapsed: () => number;
  readonly dryRun: boolean;
  /** Names of targets that the run asks for; all, when absent. */
  readonly requestedTargets: readonly string[] | undefined;
  /** Instances that the run asks for; all, when absent. */
  readonly requestedInstances: readonly string[] | undefined;
  /** Records that the run asks for; all, when absent. */
  readonly requestedIds: ReadonlySet<string> | undefined;
  /** Receives those of them that are listed. */
  readonly seenIds: Set<string>;
  /** Records of the approved plan that are not listed any more. */
  readonly approvedButGone: { count: number };
  /** Keeps what is to be deleted; absent where none is asked for, and in a dry run. */
  readonly archive: RunArchive | undefined;
  readonly observer: Observer;
  /** Grows until the run is over. */
  readonly warnings: readonly string[];
  /** Bounds what all lists of the run hold. */
  readonly rows: RowBudget;
  /** Bounds what the errors of its records hold. */
  readonly errorTexts: ErrorTexts;
  /** Credentials, tokens and projects, which targets share. */
  readonly accounts: Accounts;
}

/**
 * @param latestNow the run's one moment, if an earlier part of the run has fixed it. If this clock shows an earlier
 * time, that time is used: no record is ever taken to be older than either of the two says.
 */
export function openContext(
  policy: Policy,
  request: RunRequest,
  dependencies: Omit<RunDependencies, 'trigger'>,
  latestNow = Number.POSITIVE_INFINITY,
): RunContext {
  const { runId, clock, random, transport, observer = {}, beforeDeletes } = dependencies;
  const warnings: string[] = [];
  const window = requestWindow(dependencies);
  const begunAt = clock.monotonic();
  const wallClock = clock.now();
  const elapsed = () => clock.monotonic() - begunAt;
  const guarded = guardObserver(observer, warnings);
  const dryRun = request.dryRun ?? policy.dryRun;
  const archiveAt = dependencies.archiveTo ?? policy.archive;
  return {
    runId,
    policy,
    clock,
    beforeDeletes,
    window,
    now: Math.min(latestNow, wallClock),
    time: () => wallClock + elapsed(),
    elapsed,
    dryRun,
    keepFor: request.keepFor,
    requestedTargets: request.targets,
    requestedInstances: request.instances,
    requestedIds: request.taskIds && new Set(request.taskIds),
    seenIds: new Set(),
    approved: request.approved,
    approvedButGone: { count: 0 },
    archive: archiveAt === undefined || dryRun ? undefined : dependencies.openArchive(archiveAt),
    observer: guarded,
    warnings,
    rows: new RowBudget(),
    errorTexts: new ErrorTexts(),
    accounts: new Accounts({
      sourceOf: dependencies.credentials,
      transport,
      clock,
      random,
      window,
      secrets: dependencies.secrets,
      warn: (message) => guarded.warning?.(message),
    }),
  };
}
