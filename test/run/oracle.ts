/** A policy as far as this second, naive implementation knows it; ages in days. */
export interface WrittenRetention {
  readonly keepForDays: number | 'forever';
  readonly keepLast: number;
  readonly statuses: readonly string[];
  readonly rules?: readonly {
    readonly statuses?: readonly string[];
    readonly tasks?: readonly string[];
    readonly keepForDays: number | 'forever';
  }[];
}

type Row = Record<string, unknown>;

const DAY = 86_400_000;

/** The decision table, written down a second time over rows as the wire has them: ids that may go. */
export function expiredIds(
  rows: readonly unknown[],
  retention: WrittenRetention,
  now: number,
): string[] {
  const all = rows.map((row) => (typeof row === 'object' && row !== null ? row : {}) as Row);
  const newest = all
    .filter((row) => !Number.isNaN(endOf(row)))
    .sort((a, b) => endOf(b) - endOf(a) || (String(a.id) < String(b.id) ? 1 : -1))
    .slice(0, retention.keepLast);
  return all
    .filter((row) => {
      const { id, name, status } = row;
      const finished = ['SUCCESS', 'FAILED', 'CANCELLED'].includes(String(status));
      if (typeof id !== 'string' || typeof status !== 'string' || !finished) return false;
      if (Number.isNaN(endOf(row)) || newest.includes(row)) return false;
      if (!retention.statuses.includes(status)) return false;
      const rule = retention.rules?.find(
        (one) =>
          (one.statuses?.includes(status) ?? true) && (one.tasks?.includes(String(name)) ?? true),
      );
      const days = (rule ?? retention).keepForDays;
      return days !== 'forever' && now - endOf(row) >= days * DAY;
    })
    .map(({ id }) => id as string);
}

function endOf({ updated_at: end }: Row): number {
  return typeof end === 'string' ? Date.parse(end) : Number.NaN;
}
