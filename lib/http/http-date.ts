const WEEKDAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const DAY = '(?:0[1-9]|[12]\\d|3[01])';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d';
/** Such as `Sun, 06 Nov 1994 08:49:37 GMT`, or as servers wrote it before: `Sunday, 06-Nov-94 08:49:37 GMT`. */
const WITH_ZONE = new RegExp(
  `^(?:${WEEKDAY}, ${DAY} ${MONTH} \\d{4}|(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day, ${DAY}-${MONTH}-\\d\\d) ${TIME} GMT$`,
);
/** As C's asctime() writes it: `Sun Nov  6 08:49:37 1994`. */
const WITHOUT_ZONE = new RegExp(`^${WEEKDAY} ${MONTH} (?: [1-9]|${DAY}) ${TIME} \\d{4}$`);

/**
 * Reads a date in one of the three forms of HTTP (RFC 9110, 5.6.7). Each is in UTC; `Date.parse` alone takes the one
 * without a zone, and much that is no date, for this machine's local time.
 * @returns milliseconds since the epoch; `undefined` where the header is absent or has another form.
 */
export function parseHttpDate(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (WITH_ZONE.test(header)) return Date.parse(header);
  return WITHOUT_ZONE.test(header) ? Date.parse(`${header} GMT`) : undefined;
}
