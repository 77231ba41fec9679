import { ApiError, TargetError } from '../answers/api-error.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { CredentialsError } from '../identity/credentials.ts';
import type { CredentialsStore } from '../identity/credentials-store.ts';
import { connect } from '../identity/open-access.ts';
import type { Instance } from '../model/instance.ts';
import { SERVICES } from '../model/services.ts';
import type { RequestCounts } from '../model/summary.ts';
import type { Retention } from '../policy/retention.ts';
import type { Target } from '../policy/schema.ts';
import { type SelectedInstances, selectInstances } from '../policy/select-instances.ts';
import { type RequestWindow, TaskApi } from '../task-api/task-api.ts';
import type { TargetContext } from './clean-instance.ts';
import type { Observer } from './observer.ts';

/** What a target takes from the run. */
export interface TargetOptions {
  readonly target: Target;
  readonly retention: Retention;
  readonly endpoint: Endpoint;
  readonly credentials: CredentialsStore;
  readonly transport: Transport;
  readonly random: () => number;
  readonly only?: ReadonlySet<string> | undefined;
  readonly met: Set<string>;
  readonly dryRun: boolean;
  readonly window: RequestWindow;
  readonly counts: RequestCounts;
  readonly clock: Clock;
  readonly now: number;
  readonly observer: Observer;
}

/** What ended a target as a whole. */
export interface TargetFailure {
  readonly code: string;
  readonly message: string;
  /** True where the run had to stop before the target was reached: no fault of the target's. */
  readonly early: boolean;
}

/** A target whose instances are known, or the reason why they are not. */
export type OpenedTarget =
  | {
      readonly context: TargetContext;
      /** What the policy selects, whatever the run narrows it to. */
      readonly allowed: readonly Instance[];
      readonly selection: SelectedInstances<Instance>;
    }
  | { readonly error: TargetFailure };

/** Finds credentials, project and instances of a target. Sends no DELETE. */
export async function openTarget(
  options: TargetOptions & { readonly narrowing?: readonly string[] | undefined },
): Promise<OpenedTarget> {
  const { target, observer } = options;
  try {
    const context = await connectTarget(options);
    const { instances, skipped } = await context.api.listInstances();
    for (const { reason, ...instance } of skipped)
      observer.skipped?.(target.name, instance, reason);
    const selection = selectInstances(instances, target.instances, options.narrowing);
    const allowed = selectInstances(instances, target.instances).selected;
    return { context, allowed, selection };
  } catch (error) {
    return { error: toTargetFailure(error) };
  }
}

/**
 * Finds credentials and project of a target: all that its instances have in common.
 * @throws {CredentialsError} without usable credentials; {TargetError} without a project.
 */
export async function connectTarget(options: TargetOptions): Promise<TargetContext> {
  const { target, endpoint, clock, window, counts } = options;
  const { access, projectId } = await connect(target, options.credentials, options);
  const api = new TaskApi({
    service: SERVICES[target.service],
    projectId,
    endpoint,
    access,
    clock,
    window,
    counts,
    maxAttempts: target.requests.attempts,
    timeout: target.requests.timeout,
  });
  return {
    name: target.name,
    projectId,
    api,
    retention: options.retention,
    window,
    clock,
    observer: options.observer,
    dryRun: options.dryRun,
    now: options.now,
    only: options.only,
    met: options.met,
    workers: endpoint.concurrency,
  };
}

/** What an error that ended a target means; one that nobody expected is a defect of ours, and ends it too. */
export function toTargetFailure(error: unknown): TargetFailure {
  if (!(error instanceof ApiError || error instanceof CredentialsError)) {
    return { code: 'internal', message: `internal error: ${String(error)}`, early: false };
  }
  const { message } = error;
  if (error instanceof CredentialsError) return { code: 'credentials', message, early: false };
  if (error instanceof TargetError) return { code: error.code, message, early: false };
  const early = error.gaveUp === 'deadline' || error.gaveUp === 'stopped';
  const code = early ? 'stopped' : (error.reading?.code ?? 'unavailable');
  return { code, message: `the instances could not be listed: ${message}`, early };
}
