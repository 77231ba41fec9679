import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { parseHttpDate } from '../../lib/http/http-date.ts';

const MOMENT = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('a date in a header', () => {
  test.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'Sun Nov 06 08:49:37 1994',
  ])('is in UTC: %s', (header) => {
    expect(parseHttpDate(header)).toBe(MOMENT);
  });

  test('is read in any of the three forms that HTTP has, whatever the moment', () => {
    const moments = fc.integer({
      min: Date.UTC(2000, 0, 1) / 1_000,
      max: Date.UTC(2049, 11, 31) / 1_000,
    });
    fc.assert(
      fc.property(moments, (seconds) => {
        const moment = DateTime.fromSeconds(seconds, { zone: 'utc', locale: 'en-US' });
        for (const form of [
          "ccc, dd LLL yyyy HH:mm:ss 'GMT'",
          "cccc, dd-LLL-yy HH:mm:ss 'GMT'",
          'ccc LLL dd HH:mm:ss yyyy',
        ]) {
          expect(parseHttpDate(moment.toFormat(form))).toBe(seconds * 1_000);
        }
      }),
    );
  });

  test.each([
    undefined,
    '',
    '0',
    '2026',
    '1994-11-06T08:49:37',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 EST',
    'Sun, 06 Nov 1994 08:49:37 +0100',
    'Sun, 06 Nov 1994 25:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 32 Nov 1994 08:49:37 GMT',
    'Sunday, 32-Nov-94 08:49:37 GMT',
    'Sun Nov  0 08:49:37 1994',
    'Sun Nov 32 08:49:37 1994',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994 (local)',
    'yesterday',
  ])('is none in any other form: %s', (header) => {
    expect(parseHttpDate(header)).toBeUndefined();
  });
});
