import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Duration, Settings } from 'luxon';
import { FormatError } from '../../lib/model/error.ts';
import { cutoff, parseKeepFor, parseMaxDuration, parseTimeout } from '../../lib/policy/duration.ts';
import { DAY, NOW } from '../records.ts';

describe('keepFor', () => {
  test.each([
    ['P30D', { days: 30 }],
    ['PT12H', { hours: 12 }],
    ['P2W', { weeks: 2 }],
    ['P1M', { months: 1 }],
    ['PT30M', { minutes: 30 }],
    ['PT90S', { seconds: 90 }],
    ['P1Y', { years: 1 }],
    ['P1DT12H', { days: 1, hours: 12 }],
    [
      'P1Y2M3W4DT5H6M7S',
      { years: 1, months: 2, weeks: 3, days: 4, hours: 5, minutes: 6, seconds: 7 },
    ],
    ['30d', { days: 30 }],
    ['12h', { hours: 12 }],
    ['2w', { weeks: 2 }],
    ['0d', { days: 0 }],
    ['P0D', { days: 0 }],
    ['P100Y', { years: 100 }],
    ['P1200M', { months: 1200 }],
    ['36524d', { days: 36_524 }],
    ['0000000000000000000007d', { days: 7 }],
  ])('%s is read whole', (text, parts) => {
    expect(parseKeepFor(text).toObject()).toEqual(parts);
  });

  test.each([
    ...['7days', '7 days', 'P', 'PT', 'P1DT', 'T1H', '-P1D', 'P-1D', '+P1D', '-7d', ' 30d', '30d '],
    ...['30d\n', '30', '', '1e3d', '0x10d', '1.5d', 'P1.5D', 'P0,5D', 'abc', 'p30d', 'P30d', '30D'],
    ...[
      '1y',
      '30s',
      '１２h',
      'P1D2W',
      'P1H',
      'PT1D',
      '1d12h',
      '1h30m',
      '30min',
      'P30DP30D',
      'NaN',
      'Infinity',
      'null',
    ],
  ])('%j is refused', (text) => {
    expect(() => parseKeepFor(text)).toThrow(FormatError);
    expect(() => parseKeepFor(text)).toThrow(
      'is not a duration; write ISO 8601 such as P30D or PT12H, or a whole number with h, d or w',
    );
  });

  test('a number is refused, even where the types are not checked', () => {
    expect(() => parseKeepFor(30 as unknown as string)).toThrow('"30" is not a duration');
  });

  test('m is refused, since it could mean two things', () => {
    expect(() => parseKeepFor('30m')).toThrow(
      '"30m" could mean minutes or months; write PT30M or P1M',
    );
  });

  test.each([
    'P101Y',
    'P1201M',
    '36525d',
    '99999999999999999999d',
    `${'9'.repeat(400)}h`,
    `P${'9'.repeat(400)}Y`,
  ])('%.20s is more than 100 years', (text) => {
    expect(() => parseKeepFor(text)).toThrow('is more than 100 years; use keep: forever');
  });

  test('a long text is cut in the message', () => {
    expect(() => parseKeepFor('x'.repeat(40))).toThrow(`"${'x'.repeat(40)}" is not a duration`);
    expect(() => parseKeepFor('x'.repeat(41))).toThrow(`"${'x'.repeat(39)}…" is not a duration`);
    expect(() => parseKeepFor('x'.repeat(5000))).toThrow(`"${'x'.repeat(39)}…" is not a duration`);
  });

  test('what is refused is told apart by its name in a log', () => {
    const refused = expect.objectContaining({ name: 'FormatError', code: 'format' });
    expect(() => parseKeepFor('soon')).toThrow(refused);
  });

  test('any text is read whole or refused, and what is read has a cut-off', () => {
    const near = fc.stringMatching(/^[PT0-9hdwmsHDWMSY.+ -]{1,12}$/);
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        let duration: Duration;
        try {
          duration = parseKeepFor(text);
        } catch (error) {
          return error instanceof FormatError;
        }
        const at = cutoff(NOW, duration);
        return at <= NOW && at >= NOW - 36_525 * DAY;
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the longest time of a run', () => {
  test.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['PT15M', 900_000],
    ['PT1H30M', 5_400_000],
    ['P1D', 86_400_000],
    ['24d', 24 * DAY],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseMaxDuration(text)).toBe(milliseconds);
  });

  test.each([
    ['0s', 'leaves no time for a run'],
    ['PT0S', 'leaves no time for a run'],
    ['25d', 'is more than 24 days'],
    ['P1M', 'is more than 24 days'],
    ['15', 'is not a duration; write ISO 8601 such as PT15M, or a whole number with s, m, h or d'],
    ['1w', 'is not a duration'],
    ['-5m', 'is not a duration'],
    ['5min', 'is not a duration'],
  ])('%s is refused', (text, message) => {
    expect(() => parseMaxDuration(text)).toThrow(message);
  });
});

describe('the time-out of a request', () => {
  test.each([
    ['1s', 1_000],
    ['PT10S', 10_000],
    ['5m', 300_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseTimeout(text)).toBe(milliseconds);
  });

  test.each(['0s', '301s', '6m', '1h', 'P1D', '9'.repeat(400).concat('s')])(
    '%.10s is out of range',
    (text) => {
      expect(() => parseTimeout(text)).toThrow('is not between 1 second and 5 minutes');
    },
  );
});

describe('the cut-off', () => {
  test('counts days as 24 hours', () => {
    expect(cutoff(NOW, Duration.fromObject({ days: 30 }))).toBe(NOW - 30 * DAY);
  });

  test('counts months by the calendar, in UTC', () => {
    const endOfMarch = Date.UTC(2024, 2, 31, 12);
    expect(cutoff(endOfMarch, Duration.fromObject({ months: 1 }))).toBe(Date.UTC(2024, 1, 29, 12));
    expect(cutoff(endOfMarch, Duration.fromObject({ years: 1 }))).toBe(Date.UTC(2023, 2, 31, 12));
  });

  describe('on a machine far from Greenwich', () => {
    const { defaultZone } = Settings;
    afterEach(() => {
      Settings.defaultZone = defaultZone;
    });

    test.each(['Pacific/Kiritimati', 'America/Los_Angeles', 'Europe/Berlin'])(
      'is the same: %s',
      (zone) => {
        Settings.defaultZone = zone;
        for (const hour of [0, 12, 23]) {
          const endOfMarch = Date.UTC(2024, 2, 31, hour);
          const expected = Date.UTC(2024, 1, 29, hour);
          expect(cutoff(endOfMarch, Duration.fromObject({ months: 1 }))).toBe(expected);
        }
      },
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])(
    'has no value for now = %d',
    (now) => {
      expect(() => cutoff(now, Duration.fromObject({ days: 1 }))).toThrow(RangeError);
    },
  );

  test('has no value for a duration that leads out of range', () => {
    expect(() => cutoff(NOW, Duration.fromObject({ days: 1e12 }))).toThrow(RangeError);
    expect(() => cutoff(NOW, Duration.invalid('unreadable'))).toThrow(
      new RangeError('the cut-off of a retention is no moment'),
    );
  });
});
