import type { Query } from './query.ts';
import type { PagingDialect } from './services.ts';

/** A page that was asked for: `skip` rows are left out before it. */
export interface PageRequest {
  readonly skip: number;
  readonly limit: number;
}

/** Why a page is refused: the name of the parameter, and how it is wrong. */
export interface PageRefusal {
  readonly parameter: 'limit' | 'offset' | 'start';
  readonly reason: 'limit-out-of-range' | 'position-unreadable' | 'position-below-first';
}

/**
 * Reads `limit` and the dialect's own position. A parameter of another dialect is not looked at, as
 * on the real gateway: `offset` on a queue's tasks brings page 1 again.
 */
export function readPage(query: Query, dialect: PagingDialect): PageRequest | PageRefusal {
  const limit = readInteger(query.limit, dialect.defaultLimit);
  if (!(limit >= 1 && limit <= dialect.maxLimit)) {
    return { parameter: 'limit', reason: 'limit-out-of-range' };
  }
  const position = readInteger(query[dialect.position], dialect.firstRow);
  if (!(position >= 0)) return { parameter: dialect.position, reason: 'position-unreadable' };
  const skip = position - dialect.firstRow;
  if (skip < 0) return { parameter: dialect.position, reason: 'position-below-first' };
  return { skip, limit };
}

function readInteger(text: string | undefined, whenAbsent: number): number {
  if (text === undefined) return whenAbsent;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
