/**
 * An id as it stands in a list, or `undefined` where it cannot be put into a URL: `.` and `..` would
 * be folded away, so that a DELETE of a record named its instance, and half of a surrogate pair
 * cannot be encoded.
 */
export function readId(value: unknown): string | undefined {
  if (typeof value !== 'string' || ['', '.', '..'].includes(value)) return undefined;
  return /\p{Surrogate}/u.test(value) ? undefined : value;
}
