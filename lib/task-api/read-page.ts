import { hasRepeatedKeys } from '../answers/repeated-keys.ts';
import type { Access } from '../identity/access.ts';
import type { Task } from '../model/task.ts';
import { isObject } from '../model/text.ts';
import { elementTexts } from './element-texts.ts';
import type { Page } from './list-progress.ts';

/** Where the rows of a list and their count stand in an answer. */
export interface PageKeys {
  readonly rowsKey: string;
  readonly countKey: string;
  /** Whether its pages hold {@link RowWithText}. */
  readonly withText?: boolean;
}

/** A row, and the JSON that it was read from. */
export interface RowWithText {
  readonly row: unknown;
  readonly text: string;
}

/**
 * `undefined` when the body cannot be believed: no JSON object, one that speaks of other things only, a key that comes
 * twice, rows that are no list or more than were asked for, a count that is no number.
 * @param limit rows that were asked for: those of the list may have become fewer since.
 */
export function readPage(
  body: string,
  { rowsKey, countKey, withText }: PageKeys,
  limit: number,
  access: Access,
): Page | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || hasRepeatedKeys(body, parsed)) return undefined;
  const keys = Object.keys(parsed);
  if (keys.length > 0 && !keys.includes(rowsKey) && !keys.includes(countKey)) return undefined;
  const rows = parsed[rowsKey] ?? [];
  // DCS documents its count as a string and shows a number; DMS sends a string.
  const total = parsed[countKey] ?? undefined;
  const number = typeof total === 'string' && /^\d{1,15}$/.test(total) ? Number(total) : total;
  const readable =
    number === undefined || (Number.isSafeInteger(number) && (number as number) >= 0);
  if (!Array.isArray(rows) || rows.length > limit || !readable) return undefined;
  const count = number as number | undefined;
  const reveals = access.revealer();
  const safe = rows.map((row) => withoutSecrets(row, reveals));
  if (!withText) return { rows: safe, limit, total: count };
  const texts = elementTexts(body, rowsKey);
  return { rows: safe.map((row, index) => ({ row, text: texts[index] })), limit, total: count };
}

/** Holds the texts of the rows that have an id. */
export function textsById(texts: Map<string, string>): (task: Task, raw: unknown) => number {
  return ({ id }, raw) => {
    if (id === undefined) return 0;
    const { text } = raw as RowWithText;
    const before = texts.get(id)?.length ?? 0;
    texts.set(id, text);
    return text.length - before;
  };
}

/** The columns that somebody may be shown. */
const SHOWN = ['id', 'name', 'user_name', 'status', 'instance_id', 'engine'];

/**
 * A row that shows a secret is not one that a service would send. Only its ids are kept, so that it is recognised;
 * without the rest it cannot be deleted.
 */
function withoutSecrets(row: unknown, reveals: (text: string) => boolean): unknown {
  if (!isObject(row)) return row;
  for (const column of SHOWN) {
    if (isRevealed(row[column], reveals)) {
      const { id, instance_id } = row;
      return {
        ...(!isRevealed(id, reveals) && { id }),
        ...(!isRevealed(instance_id, reveals) && { instance_id }),
      };
    }
  }
  return row;
}

function isRevealed(value: unknown, reveals: (text: string) => boolean): boolean {
  return typeof value === 'string' && reveals(value);
}
