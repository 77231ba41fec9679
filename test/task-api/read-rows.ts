import { SERVICES } from '../../lib/model/services.ts';
import { type ListEnd, type ListReading, readList } from '../../lib/task-api/paging.ts';
import { RowBudget } from '../../lib/task-api/row-budget.ts';

/** A row that its id tells, or one without an id. */
type TestRow = string | { readonly id?: string } | null;

/** Reads a list of Kafka's whose rows are taken as they come, unless told otherwise. */
export function readRows<Row extends TestRow = TestRow>(
  list: Partial<ListReading<Row>> & Pick<ListReading<Row>, 'fetchPage'>,
): Promise<ListEnd> {
  return readList({
    rows: new RowBudget().open(),
    changed: (row) => row,
    paging: SERVICES.kafka.tasks,
    read: (row) => row as Row,
    keyOf: (row) => (typeof row === 'string' ? row : row?.id),
    found: new Map(),
    ...list,
  });
}
