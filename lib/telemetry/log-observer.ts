import type { Logger } from '@aws-lambda-powertools/logger';
import { type Clock, systemClock } from '../http/clock.ts';
import type { Outcome } from '../model/outcome.ts';
import { counted, describeTotals, type InstanceSummary, isNotReached } from '../model/summary.ts';
import type { Observer } from '../run/observer.ts';

const LEVEL = { complete: 'info', incomplete: 'warn', failed: 'error' } as const satisfies Record<
  Outcome,
  string
>;

/**
 * Writes a run into the log: a line for each instance that the run came to, one for the totals, and one for each warning.
 * They are separate lines because the size of a log event is limited, and that of a summary is not.
 * @param clock by which the time of an instance is measured.
 */
export function logObserver(
  logger: Logger,
  runId: string,
  clock: Pick<Clock, 'monotonic'> = systemClock,
): Observer {
  const begunAt = new WeakMap<InstanceSummary, number>();
  /** By target: how many instances the run did not come to. */
  const notReached = new Map<string, number>();
  return {
    discovered: (instances) =>
      logger.info(`${counted(instances, 'instance')} to clean`, { runId, instances }),
    skipped: (target, { id, name }, reason) =>
      logger.info(`${target}: instance ${name || id} is skipped: ${reason}`, {
        runId,
        target,
        instance: id,
        reason,
      }),
    warning: (message, target) => logger.warn(message, { runId, ...(target && { target }) }),
    instanceBegun: (_, instance) => {
      begunAt.set(instance, clock.monotonic());
    },
    instanceDone: (target, instance) => {
      // Written together at the end: there may be thousands, and time is up.
      if (isNotReached(instance)) {
        notReached.set(target.name, 1 + (notReached.get(target.name) ?? 0));
        return;
      }
      const { id, name, listed, kept, expired, deleted, outcome } = instance;
      const now = clock.monotonic();
      logger[LEVEL[outcome]](
        `${target.name}: ${name || id}: ${outcome}: ${listed} listed, ${kept} kept, ${expired} expired, ${deleted} deleted`,
        {
          runId,
          target: target.name,
          instance: id,
          durationMs: Math.round(now - (begunAt.get(instance) ?? now)),
          summary: instance,
        },
      );
    },
    targetFailed: ({ name, outcome, error }) =>
      logger[LEVEL[outcome]](`${name}: ${error?.message}`, {
        runId,
        target: name,
        code: error?.code ?? '',
      }),
    done: (summary) => {
      for (const [target, instances] of notReached) {
        const message = `${target}: the run had to stop before the records of ${counted(instances, 'instance')} were listed`;
        logger.warn(message, { runId, target, instances });
      }
      const { trigger, dryRun, outcome, durationMs, totals, requests, warnings } = summary;
      logger[LEVEL[outcome]](describeTotals(summary), {
        runId,
        trigger,
        dryRun,
        outcome,
        durationMs,
        totals,
        requests,
        warnings: warnings.length,
      });
    },
  };
}
