import { createHash } from 'node:crypto';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/schema.ts';
import type { Observer } from '../run/observer.ts';
import type { RunDependencies } from '../run/run-context.ts';
import type { MetricsOptions } from '../telemetry/metrics-observer.ts';
import type { FleetRun } from './messages.ts';
import type { ObjectStore } from './object-store.ts';
import type { FleetSettings } from './settings.ts';

/** The dependencies of a fleet's steps on the outside. */
export interface StepDependencies
  extends Pick<
    RunDependencies,
    'clock' | 'random' | 'transport' | 'credentials' | 'openArchive' | 'deadline'
  > {
  readonly settings: FleetSettings;
  /** The deployed policy: its YAML. */
  readonly policyText: string;
  readonly store: ObjectStore;
  /** Sees what one step does. */
  readonly observe: (runId: string) => Observer;
  /** Sees the summary of the whole run. */
  readonly observeSummary: (runId: string, options: MetricsOptions) => Observer;
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
 * @throws {Error} when another one has been deployed since the run was prepared.
 */
export function policyOfRun(run: FleetRun, dependencies: StepDependencies): Policy {
  if (fingerprintOf(dependencies) !== run.policy) {
    throw new Error(
      `another policy was deployed after run ${run.id} was prepared; start a new run`,
    );
  }
  return policyOf(dependencies);
}
