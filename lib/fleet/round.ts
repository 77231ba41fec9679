import type { EndpointMessage, FleetRun } from './messages.ts';
import type { RunObjects } from './run-objects.ts';
import { divide, type Worklist } from './worklist.ts';

/** The work that the state machine goes on with. Instances are in the bucket, since a step's output is limited. */
export interface Round {
  readonly run: FleetRun;
  /** From 0; each redrive of a failed run is another one. */
  readonly round: number;
  readonly endpoints: readonly EndpointMessage[];
}

/**
 * Leaves the instances of a round where the state machine finds them.
 * @param instancesAtOnce instances of one endpoint that are cleaned at once.
 * @param wanted which instances; all, when absent.
 */
export async function writeRound(
  records: RunObjects,
  worklist: Worklist,
  { run, round }: Pick<Round, 'run' | 'round'>,
  instancesAtOnce: number,
  wanted?: (target: string, id: string) => boolean,
): Promise<Round> {
  const lanes = divide(worklist, instancesAtOnce, wanted);
  const endpoints = await Promise.all(
    lanes.map(async ({ items, ...lane }, index) => ({
      ...lane,
      items: await records.writeItems(round, index, items),
    })),
  );
  return { run, round, endpoints };
}
