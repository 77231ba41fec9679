import type { Emulator } from '../lib/emulator/index.ts';

/** A row of a list of instances, as far as tests look at it. */
export interface InstanceRow {
  readonly instance_id: string;
  readonly engine?: string;
}

/** Lets each row of the list of instances be other rows, or none, and the count be right all the same. */
export function rewriteInstances(
  emulator: Emulator,
  rewrite: (row: InstanceRow) => readonly object[],
): void {
  emulator.intercept = ({ operation }) =>
    operation === 'list-instances'
      ? {
          rewrite: (body) => {
            const { instances, ...rest } = body as { instances: InstanceRow[] };
            const rows = instances.flatMap(rewrite);
            return { ...rest, instances: rows, instance_num: rows.length };
          },
        }
      : undefined;
}
