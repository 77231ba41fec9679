import { describe, expect, test } from '@jest/globals';
import { task, taskId } from '../../lib/emulator/task-row.ts';
import { TaskTable } from '../../lib/emulator/task-table.ts';

const ids = (rows: readonly unknown[]) => rows.map((row) => (row as { id: string }).id);

describe('a table', () => {
  test('of 200,000 rows is paged to the end and emptied one by one', () => {
    const start = Date.parse('2020-01-01T00:00:00.000Z');
    const table = new TaskTable(
      Array.from({ length: 200_000 }, (_, at) =>
        task({ created_at: new Date(start + at * 1000).toISOString() }),
      ),
    );
    const listed: string[] = [];
    for (let skip = 0; skip < 200_000; skip += 100) listed.push(...ids(table.page(skip, 100).rows));
    expect(new Set(listed).size).toBe(200_000);
    expect(listed.every((id) => table.remove(id))).toBe(true);
    expect(table.page(0, 100)).toEqual({ total: 0, rows: [] });
  });

  test('gives up every row of an id that is there twice', () => {
    const id = taskId();
    const table = new TaskTable([task({ id }), task({ id, status: 'FAILED' })]);
    expect(table.rows()).toHaveLength(2);
    expect(table.remove(id)).toBe(true);
    expect(table.remove(id)).toBe(false);
    expect(table.rows()).toEqual([]);
  });

  test('keeps the order of rows of one age, new ones first', () => {
    const table = new TaskTable([task({ id: 'a' }), task({ id: 'b' })]);
    table.add(task({ id: 'c' }));
    expect(ids(table.rows())).toEqual(['c', 'a', 'b']);
  });

  test('can be added to between removals and reads', () => {
    const table = new TaskTable([task({ id: 'a' }), task({ id: 'b' })]);
    table.remove('a');
    table.add(task({ id: 'a', created_at: '2024-01-01T00:00:00.000Z' }));
    expect(ids(table.rows())).toEqual(['b', 'a']);
    expect(table.get('a')).toMatchObject({ created_at: '2024-01-01T00:00:00.000Z' });
  });

  test('marks a row in its place without touching the one that was handed in', () => {
    const row = task({ id: 'a' });
    const table = new TaskTable([row, task({ id: 'b' })]);
    expect(table.mark('a', 'DELETED')).toBe(true);
    expect(table.mark('x', 'DELETED')).toBe(false);
    expect(table.rows()).toMatchObject([{ id: 'a', status: 'DELETED' }, { id: 'b' }]);
    expect(row.status).toBe('SUCCESS');
  });
});

test('made rows have ids of their own, and a column can be left out', () => {
  expect(task().id).toMatch(/^[0-9a-f]{32}$/);
  expect(task().id).not.toBe(task().id);
  expect(JSON.parse(JSON.stringify(task({ updated_at: undefined })))).not.toHaveProperty(
    'updated_at',
  );
});
