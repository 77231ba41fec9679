import { createHash } from 'node:crypto';
import type { Archive } from '../archive/archive.ts';
import { JanitorError } from '../model/error.ts';
import { byServer } from '../model/origins.ts';
import type { Summary } from '../model/summary.ts';
import type { ArchivePlace } from '../policy/archive-place.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy, Target } from '../policy/schema.ts';
import type { Observer } from '../run/observer.ts';
import { type RunRequest, selectTargets } from '../run/request.ts';
import type { RunDependencies } from '../run/run-context.ts';
import type { MetricsOptions } from '../telemetry/metrics-observer.ts';
import type { FleetRun } from './messages.ts';
import type { ObjectStore } from './object-store.ts';
import type { FleetSettings } from './settings.ts';

/** The dependencies of a fleet's steps on the outside. */
export interface StepDependencies
  extends Pick<RunDependencies, 'clock' | 'random' | 'transport' | 'credentials' | 'secrets'> {
  readonly settings: FleetSettings;
  readonly openArchive: (place: ArchivePlace) => Archive;
  /** The deployed policy: its YAML. */
  readonly policyText: string;
  readonly store: ObjectStore;
  /** Distinguishes this call of the function from all others. */
  readonly callId: string;
  /** When the call must be over, by the clock that does not step. */
  readonly deadline: number;
  /** Sees what one step does. */
  readonly observe: (runId: string) => Observer;
  /** Sees the summary of the whole run. */
  readonly observeSummary: (runId: string, options: MetricsOptions) => Observer;
  /** Tells people of the whole run. Never rejects. */
  readonly sendLetter?: (summary: Summary) => Promise<void>;
}

/** The deployment has changed under a run. */
export class DeploymentChangedError extends JanitorError {
  override readonly name = 'DeploymentChangedError';

  constructor(message: string) {
    super('deployment-changed', message);
  }
}

/** @throws {PolicyError} with every problem of the policy. */
export function policyOf({ policyText, settings }: StepDependencies): Policy {
  return loadPolicy(policyText, settings.policyFile);
}

/** SHA-256 of the policy, by which a step knows the policy that its run was prepared with. */
export function fingerprintOf({ policyText }: StepDependencies): string {
  return createHash('sha256').update(policyText).digest('hex');
}

/**
 * The policy of a run that is under way.
 * @throws {DeploymentChangedError} when another one, or `DRY_RUN`, was deployed since the run was prepared.
 */
export function policyOfRun(run: FleetRun, dependencies: StepDependencies): Policy {
  if (fingerprintOf(dependencies) !== run.policy) {
    throw new DeploymentChangedError(
      `another policy was deployed after run ${run.id} was prepared; start a new run`,
    );
  }
  if (dependencies.settings.dryRun && !run.dryRun) {
    throw new DeploymentChangedError(
      `dryRun was deployed after run ${run.id} was prepared, so nothing more is deleted; start a new run`,
    );
  }
  return policyOf(dependencies);
}

/**
 * The targets of a run, endpoint by endpoint: what is on one endpoint shares its limits.
 * @throws {RunRequestError} when the request names a target that does not exist.
 */
export function lanesOf(policy: Policy, request: RunRequest): readonly (readonly Target[])[] {
  return byServer(selectTargets(policy, request));
}
