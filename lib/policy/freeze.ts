import { Duration } from 'luxon';

/** `T`, with nothing in it that can be assigned to. A Duration never changes anyway. */
export type Frozen<T> = T extends Duration
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T;

/**
 * Freezes lists and objects all the way down, in place. Must not be given a circular value. Leaves a Duration
 * alone: it never changes to a reader, while luxon keeps in it what it has worked out.
 */
export function freeze<T>(value: T): Frozen<T> {
  if (value instanceof Object && !(value instanceof Duration)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value as Frozen<T>;
}
