import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { task as row, taskOf } from '../../lib/emulator/index.ts';
import { readTask } from '../../lib/model/task.ts';

const at = (updated_at: unknown) => readTask({ id: 'a', updated_at }).updatedAt;

describe('a row of a task list', () => {
  test.each(['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq'] as const)(
    'of %s is read',
    (service) => {
      const id = '8abf6e1e72c12e7c0172c15b508500aa';
      expect(readTask(taskOf(service, { id, name: 'EXTEND' }))).toEqual({
        id,
        status: 'SUCCESS',
        updatedAt: Date.UTC(2025, 0, 2, 3, 9, 0, 1),
        createdAt: Date.UTC(2025, 0, 2, 3, 4, 5, 678),
        name: 'EXTEND',
        user: 'ops',
        malformed: false,
      });
    },
  );

  test('whose status and times stand elsewhere has none, and is not malformed', () => {
    const sample = row({ status: undefined, created_at: undefined, updated_at: undefined });
    expect(readTask(sample)).toMatchObject({
      status: undefined,
      updatedAt: undefined,
      malformed: false,
    });
  });

  test.each([null, undefined, 0, 'text', [], ['id'], {}, { id: null }, { id: 5 }, { id: '' }])(
    '%p is malformed and has no id',
    (value) => {
      expect(readTask(value)).toMatchObject({ id: undefined, malformed: true });
    },
  );

  test.each(['.', '..', '\ud800', 'a\udc00b', 'x'.repeat(257)])(
    'has no id when a URL cannot hold it: %p',
    (id) => {
      expect(readTask(row({ id }))).toMatchObject({ id: undefined, malformed: true });
    },
  );

  test.each(['…', 'x'.repeat(256), '...', '😀', 'a/b', '%2e%2e', ' ', 'a\nb'])(
    'keeps an unusual id: %p',
    (id) => {
      expect(readTask(row({ id }))).toMatchObject({ id, malformed: false });
    },
  );

  test.each(['status', 'updated_at', 'name', 'user_name'])(
    'is malformed when its %s is no text',
    (key) => {
      for (const value of [5, true, {}, ['SUCCESS']]) {
        expect(readTask(row({ [key]: value })).malformed).toBe(true);
      }
      expect(readTask(row({ [key]: null })).malformed).toBe(key === 'name');
    },
  );

  test('is read without an error, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (anything) => {
        const task = readTask(anything);
        expect(task.id === undefined || task.id.length > 0).toBe(true);
      }),
    );
    const hostile = fc.record(
      {
        id: fc.oneof(fc.string({ unit: 'binary' }), fc.anything()),
        status: fc.anything(),
        updated_at: fc.anything(),
        name: fc.anything(),
        user_name: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(hostile, (anything) => {
        const { id, updatedAt } = readTask(anything);
        expect(updatedAt === undefined || Number.isSafeInteger(updatedAt)).toBe(true);
        if (id !== undefined) expect(() => encodeURIComponent(id)).not.toThrow();
      }),
    );
  });
});

describe('a timestamp', () => {
  test.each([
    ['2020-06-17T07:38:42.503Z', Date.UTC(2020, 5, 17, 7, 38, 42, 503)],
    ['2020-06-17T07:38:42Z', Date.UTC(2020, 5, 17, 7, 38, 42)],
    ['2020-06-17T07:38Z', Date.UTC(2020, 5, 17, 7, 38)],
    ['2020-06-17T07:38:42.5Z', Date.UTC(2020, 5, 17, 7, 38, 42, 500)],
    ['2020-06-17T07:38:42,503Z', Date.UTC(2020, 5, 17, 7, 38, 42, 503)],
    ['2020-06-17T07:38:42.503999999Z', Date.UTC(2020, 5, 17, 7, 38, 42, 503)],
    ['2026-01-01T10:30:54,9Z', Date.UTC(2026, 0, 1, 10, 30, 54, 900)],
    ['2020-06-17T09:38:42.503+02:00', Date.UTC(2020, 5, 17, 7, 38, 42, 503)],
    ['2020-06-17T09:38:42.503+0200', Date.UTC(2020, 5, 17, 7, 38, 42, 503)],
    ['2020-06-17T02:08:42-05:30', Date.UTC(2020, 5, 17, 7, 38, 42)],
    ['2020-12-31T23:00:00-02:00', Date.UTC(2021, 0, 1, 1)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['2025-12-31T23:59:59.999Z', Date.UTC(2025, 11, 31, 23, 59, 59, 999)],
    ['1969-12-31T23:59:59.999Z', -1],
  ])('is read: %s', (text, expected) => {
    expect(at(text)).toBe(expected);
  });

  test.each([
    // Without a zone it is anyone's guess.
    '2020-06-17T07:38:42.503',
    '2020-06-17T07:38:42',
    '2020-06-17',
    '2020-06-17 07:38:42Z',
    '2022-09-01 11:52:24',
    // It is half a minute, and no half second.
    '2026-01-01T10:30.5Z',
    '2026-01-01T10:30,9Z',
    '2026-01-01T10:30.9Z',
    // Days, months and hours that there are not.
    '2025-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-00-10T00:00:00Z',
    '2025-13-10T00:00:00Z',
    '2025-01-00T00:00:00Z',
    '2025-01-32T00:00:00Z',
    '2025-01-02T24:00:00Z',
    '2025-01-02T23:60:00Z',
    '2025-01-02T23:59:60Z',
    '2025-01-02T00:00:00+24:00',
    '2025-01-02T00:00:00+01:60',
    // Other forms, and none.
    '1585618587087',
    'Tue, 01 Sep 2026 03:30:30 GMT',
    '20200617T073842Z',
    '2020-6-17T07:38:42Z',
    '+002020-06-17T07:38:42Z',
    '2020-06-17t07:38:42z',
    ' 2020-06-17T07:38:42Z',
    '2020-06-17T07:38:42Z\n',
    '2020-06-17T07:38:42.Z',
    '',
    'null',
  ])('is not guessed at: %p', (text) => {
    expect(at(text)).toBeUndefined();
  });

  test.each([1_585_618_587_087, null, undefined, {}, ['2020-06-17T07:38:42Z'], new Date(0)])(
    'that is no text is none: %p',
    (value) => {
      expect(at(value)).toBeUndefined();
    },
  );

  test('of any moment, in any zone, is read to the millisecond', () => {
    const range = { min: new Date('0100-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z') };
    fc.assert(
      fc.property(
        fc.date({ ...range, noInvalidDate: true }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        (moment, offset) => {
          const local = new Date(moment.getTime() + offset * 60_000).toISOString().slice(0, -1);
          const two = (n: number) => String(Math.trunc(n)).padStart(2, '0');
          const sign = offset < 0 ? '-' : '+';
          const zone = `${sign}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
          expect(at(local + zone)).toBe(moment.getTime());
          expect(at(local + zone.replace(':', ''))).toBe(moment.getTime());
          expect(at(moment.toISOString())).toBe(moment.getTime());
        },
      ),
    );
  });

  test('is a real day of the calendar or none', () => {
    const two = (n: number) => String(n).padStart(2, '0');
    for (const year of [1900, 2000, 2023, 2024, 2025]) {
      for (let month = 1; month <= 12; month += 1) {
        const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
        for (let day = 28; day <= 31; day += 1) {
          const read = at(`${year}-${two(month)}-${two(day)}T12:00:00Z`);
          expect(read).toBe(day <= days ? Date.UTC(year, month - 1, day, 12) : undefined);
        }
      }
    }
  });
});
