import type { Limits } from './schema.ts';

/** A limit that forbids all deletions on an instance. */
export interface TrippedLimit {
  readonly limit: keyof Limits;
  readonly message: string;
}

/**
 * The first limit that the expired records exceed; undefined when all of them may be deleted. An absent limit
 * allows all, 0 allows none. Where nothing has expired, no limit trips.
 *
 * @param listed how many records the instance has
 * @param expired how many of them are to be deleted
 */
export function limitTripped(
  listed: number,
  expired: number,
  limits: Limits,
): TrippedLimit | undefined {
  const { deletions = Number.POSITIVE_INFINITY, deletePercent = Number.POSITIVE_INFINITY } = limits;
  if (expired > deletions) {
    return {
      limit: 'deletions',
      message: `${expired} records have expired, and limits.deletions allows ${deletions}`,
    };
  }
  if (expired > (listed * deletePercent) / 100) {
    return {
      limit: 'deletePercent',
      message: `${expired} of ${listed} records have expired, and limits.deletePercent allows ${deletePercent} %`,
    };
  }
  return undefined;
}
