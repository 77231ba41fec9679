import { pick, seededRandom } from '../../lib/emulator/demo-random.ts';
import { type ServiceName, type TaskRow, taskOf } from '../../lib/emulator/index.ts';
import { DAY, NOW } from '../records.ts';

const HOUR = DAY / 24;

const STATUSES = [
  ['SUCCESS', 50],
  ['FAILED', 22],
  ['CANCELLED', 6],
  ['EXECUTING', 8],
  ['CREATED', 3],
  ['WAITING', 2],
  ['DELETED', 3],
  ['success', 1],
  ['ODD', 1],
] as const;

const ODD: readonly [object | null | number, number][] = [
  [{ id: undefined }, 3],
  [{ id: '.' }, 1],
  [{ id: '..' }, 1],
  [{ id: '' }, 1],
  [{ id: 17 }, 1],
  [{ id: '\ud800' }, 1],
  [{ status: undefined }, 1],
  [{ status: null }, 1],
  [{ updated_at: undefined }, 1],
  [{ updated_at: null }, 1],
  [{ updated_at: 'yesterday' }, 1],
  [{ updated_at: '2025-02-30T00:00:00Z' }, 1],
  [{ updated_at: 1_700_000_000_000 }, 1],
  [{ name: 17 }, 1],
  [{ user_name: {} }, 1],
  [null, 1],
  [17, 1],
];

/** An id that is the same whenever the scenario is run, unlike those that the emulator makes. */
export function idOf(instance: number, row: number): string {
  return `c0a5${instance.toString(16).padStart(4, '0')}${row.toString(16).padStart(24, '0')}`;
}

/** Whether a record is what the reference says that it is. */
export function isOdd(row: unknown): boolean {
  return (row as { odd?: unknown } | null)?.odd !== undefined || typeof row !== 'object' || !row;
}

/** Whether nothing could be asked for by the id of the record: it has none, or one that no address can hold. */
export function hasNoId(row: unknown): boolean {
  const id = (row as { id?: unknown } | null)?.id;
  return typeof id !== 'string' || ['', '.', '..', '\ud800'].includes(id);
}

/** The records of one instance: mostly finished ones, some that run, some that make no sense. */
export function rowsOf(
  ordinal: number,
  spec: { service: ServiceName; rows: number; seed: number; twins: boolean },
): unknown[] {
  const random = seededRandom(spec.seed);
  const rows: unknown[] = [];
  for (let index = 0; index < spec.rows; index += 1) {
    // By the hour, so that some have ended at the same moment.
    const end = NOW - Math.floor(random() * 60 * 24 - 24) * HOUR;
    const twinOf = random() < 0.2 && spec.twins ? index - 1 : index;
    const odd = random() < 0.05 ? pick(random, ODD) : undefined;
    const row = taskOf(spec.service, {
      id: idOf(ordinal, Math.max(0, twinOf)),
      name: pick(random, [
        ['EXTEND', 5],
        ['RESTART', 3],
        ['UpdateConfig', 2],
      ] as const),
      status: pick(random, STATUSES),
      created_at: new Date(end - Math.floor(random() * 72) * HOUR).toISOString(),
      updated_at: new Date(end).toISOString(),
    });
    rows.push(typeof odd === 'object' && odd ? { ...row, odd: index, ...odd } : (odd ?? row));
  }
  return rows;
}

/** A record that begins now, or has been there for long and was not shown. */
export function newRow(service: ServiceName, id: string, now: number, old: boolean): TaskRow {
  const time = new Date(old ? now - 55 * DAY : now).toISOString();
  const status = old ? 'SUCCESS' : 'EXECUTING';
  return taskOf(service, { id, status, created_at: time, updated_at: time });
}
