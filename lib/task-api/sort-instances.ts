import { TargetError } from '../answers/api-error.ts';
import {
  type Instance,
  type ListedInstance,
  type SkippedInstance,
  skipReason,
} from '../model/instance.ts';
import type { Service } from '../model/services.ts';
import { counted } from '../model/summary.ts';
import { repeatedIds } from '../model/task.ts';
import { visible } from '../model/text.ts';

export interface InstanceList {
  readonly instances: readonly Instance[];
  /** Instances that are left alone, with the reason. */
  readonly skipped: readonly SkippedInstance[];
}

/**
 * An instance that has changed while the list was read: which name and which engine are true is not known. One without
 * a name is left alone where names select.
 */
export function withDoubt(row: ListedInstance, before: ListedInstance): ListedInstance {
  const isOther = row.engine?.toLowerCase() !== before.engine?.toLowerCase();
  return {
    ...row,
    ...(row.name !== before.name && { name: '' }),
    ...((isOther || before.hasOtherEngine) && { hasOtherEngine: true }),
  };
}

/**
 * Which instances of a list belong to the service.
 * @throws {TargetError} when there are instances, and all are of another engine.
 */
export function sortInstances(
  rows: readonly (ListedInstance | undefined)[],
  service: Service,
  origin: string,
): InstanceList {
  const instances: Instance[] = [];
  const skipped: SkippedInstance[] = [];
  const repeated = repeatedIds(rows);
  for (const row of rows) {
    const isRepeated = row !== undefined && repeated.has(row.id);
    const own = row ? skipReason(row, service) : 'its id cannot be used';
    const reason = isRepeated ? 'two rows of one page have its id' : own;
    const { id, name, status } = row ?? { id: '', name: '', status: '' };
    const instance = { id, name, status };
    const engineIsKnown = !service.engine || (row?.engine && !row.hasOtherEngine);
    const isDoubtful = !row || isRepeated || !engineIsKnown;
    if (reason) skipped.push({ ...instance, reason, ...(isDoubtful && { isDoubtful }) });
    else instances.push(instance);
  }
  const engines = new Set(rows.map((row) => row?.engine?.toLowerCase()));
  const others = [...engines].filter((engine) => engine !== undefined);
  if (service.engine && engines.size > 0 && others.length === engines.size) {
    const { accepted, query } = service.engine;
    if (others.every((engine) => !accepted.includes(engine))) {
      const names = others.map((engine) => visible(engine).slice(0, 40)).join(', ');
      const message = `${origin} lists ${counted(rows.length, 'instance')}, but none with the engine ${query}, only with ${names}. Check service and endpoint.`;
      throw new TargetError('misaddressed', message);
    }
  }
  return { instances, skipped };
}
