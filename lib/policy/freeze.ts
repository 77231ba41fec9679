import type { Duration } from 'luxon';

/** `T`, with nothing in it that can be assigned to. A Duration never changes anyway. */
export type Frozen<T> = T extends Duration
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T;

/** Freezes lists and plain objects all the way down, in place. Must not be given a circular value. */
export function freeze<T>(value: T): Frozen<T> {
  if (Array.isArray(value) || isPlainObject(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value as Frozen<T>;
}

function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
