import type { Service } from './services.ts';
import { readId } from './task.ts';
import { isObject, visible } from './text.ts';

/** One DCS or DMS instance, as far as it concerns us. */
export interface Instance {
  readonly id: string;
  /** Empty when it cannot be read. */
  readonly name: string;
  /** Such as RUNNING; empty when the service does not say. */
  readonly status: string;
}

/** The name of an instance in messages: its name, or its id where that cannot be read. */
export function labelOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return visible(name || id);
}

/** The key of an instance in a map of the instances of several targets. */
export function instanceKey(target: string, { id }: { readonly id: string }): string {
  return JSON.stringify([target, id]);
}

/** An instance that is left alone, and why. */
export interface SkippedInstance extends Instance {
  readonly reason: string;
  /** Whether it may belong to the service all the same. */
  readonly isDoubtful?: boolean;
}

/** Statuses in which an instance has no tasks to clean, or none that may be touched. */
const SKIPPED: Readonly<Record<string, string>> = {
  CREATEFAILED: 'its creation failed',
  DELETING: 'it is being deleted',
  DELETED: 'it is deleted',
  FREEZING: 'it is being frozen',
  FROZEN: 'it is frozen',
  RECYCLE: 'it is in the recycle bin',
};

/** A row of an instance list. */
export interface ListedInstance extends Instance {
  readonly engine: string | undefined;
  /** Whether the list has shown it with another engine, or without one, too. */
  readonly hasOtherEngine?: boolean;
}

/** Reads one row of an instance list; `undefined` when it has no usable id. */
export function readInstance(row: unknown): ListedInstance | undefined {
  const fields = isObject(row) ? row : {};
  const id = readId(fields.instance_id);
  if (id === undefined) return undefined;
  return {
    id,
    name: readable(fields.name) ?? '',
    status: readable(fields.status) ?? '',
    engine: readable(fields.engine),
  };
}

/** Characters; the services allow 64 in a name. */
const LONGEST_NAME = 256;

/** A longer one would fill every message in which it stands. */
function readable(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_NAME ? value : undefined;
}

/**
 * Why an instance of the list is left alone, or `undefined`. A service that ignores the engine that
 * was asked for would otherwise hand the instances of another service to this policy.
 */
export function skipReason(instance: ListedInstance, service: Service): string | undefined {
  const { engine } = instance;
  if (service.engine && instance.hasOtherEngine) return 'its engine differs between two pages';
  if (service.engine && !engine) return 'the service does not say which engine it has';
  if (service.engine && engine && !service.engine.accepted.includes(engine.toLowerCase())) {
    return `its engine is ${visible(engine)}, not ${service.engine.query}`;
  }
  return SKIPPED[instance.status.toUpperCase()];
}
