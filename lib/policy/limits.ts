import type { Limits } from './schema.ts';

/**
 * Says which limit the expired records exceed, the first of them; undefined when all may be deleted. An absent limit
 * allows all, 0 allows none. Where nothing has expired, no limit trips.
 *
 * @param listed how many records the instance has
 * @param expired how many of them are to be deleted
 */
export function limitTripped(listed: number, expired: number, limits: Limits): string | undefined {
  const { deletions = Number.POSITIVE_INFINITY, deletePercent = Number.POSITIVE_INFINITY } = limits;
  if (expired > deletions) {
    return `${expired} records have expired, and limits.deletions allows ${deletions}`;
  }
  if (expired > (listed * deletePercent) / 100) {
    return `${expired} of ${listed} records have expired, and limits.deletePercent allows ${deletePercent} %`;
  }
  return undefined;
}
