import { DateTime, Duration } from 'luxon';
import { FormatError } from '../model/error.ts';

type Unit = 'years' | 'months' | 'weeks' | 'days' | 'hours' | 'minutes' | 'seconds';

const MILLISECONDS: Record<Unit, number> = {
  // A mean Gregorian year: only compared with bounds, never subtracted from a date.
  years: 365.2425 * 86_400_000,
  months: (365.2425 / 12) * 86_400_000,
  weeks: 7 * 86_400_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
};

const ISO =
  /P(?=\d|T)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?/;
const ISO_UNITS: readonly Unit[] = [
  'years',
  'months',
  'weeks',
  'days',
  'hours',
  'minutes',
  'seconds',
];

/** The forms of {@link parseKeepFor}, without its bounds. */
export const KEEP_FOR = new RegExp(`^(?:${ISO.source}|(\\d+)([hdw]))$`);
/** The forms of {@link parseMaxDuration} and {@link parseTimeout}, without their bounds. */
export const TIME = new RegExp(`^(?:${ISO.source}|(\\d+)([smhd]))$`);

const SHORT_UNITS: Readonly<Record<string, Unit>> = {
  s: 'seconds',
  m: 'minutes',
  h: 'hours',
  d: 'days',
  w: 'weeks',
};

const KEEP_FOR_FORMS = 'write ISO 8601 such as P30D or PT12H, or a whole number with h, d or w';
const TIME_FORMS = 'write ISO 8601 such as PT15M, or a whole number with s, m, h or d';

const MAX_KEEP_FOR = 100 * MILLISECONDS.years;
const MAX_RUN = 24 * MILLISECONDS.days;
const MIN_TIMEOUT = MILLISECONDS.seconds;
const MAX_TIMEOUT = 5 * MILLISECONDS.minutes;

/** Without a locale luxon asks for the system's, which takes milliseconds of a cold start. */
const LOCALE = { locale: 'en-US' };

/**
 * Reads how long a record is kept: ISO 8601 of whole numbers (P30D, PT12H, P2W, P1M, P1DT12H) or the
 * short form 30d, 12h, 2w. The text is read whole or refused; zero is allowed, 100 years is the most.
 *
 * @throws {FormatError} when the text is anything else
 */
export function parseKeepFor(text: string): Duration {
  if (/^\d+m$/.test(text)) {
    throw new FormatError(`${show(text)} could mean minutes or months; write PT30M or P1M`);
  }
  const parts = parse(text, KEEP_FOR, KEEP_FOR_FORMS);
  if (length(parts) > MAX_KEEP_FOR) {
    throw new FormatError(`${show(text)} is more than 100 years; use keep: forever`);
  }
  return Duration.fromObject(parts, LOCALE);
}

/**
 * Reads how long a run may take, in milliseconds: ISO 8601, or the short form 90s, 15m, 2h, 1d.
 * More than nothing and at most 24 days, since a timer cannot hold 25.
 *
 * @throws {FormatError} when the text is anything else
 */
export function parseMaxDuration(text: string): number {
  const milliseconds = length(parse(text, TIME, TIME_FORMS));
  if (milliseconds <= 0) throw new FormatError(`${show(text)} leaves no time for a run`);
  if (milliseconds > MAX_RUN) throw new FormatError(`${show(text)} is more than 24 days`);
  return milliseconds;
}

/**
 * Reads a request's time-out, in milliseconds: the same forms, from 1 second up to 5 minutes.
 *
 * @throws {FormatError} when the text is anything else
 */
export function parseTimeout(text: string): number {
  const milliseconds = length(parse(text, TIME, TIME_FORMS));
  if (milliseconds < MIN_TIMEOUT || milliseconds > MAX_TIMEOUT) {
    throw new FormatError(`${show(text)} is not between 1 second and 5 minutes`);
  }
  return milliseconds;
}

/**
 * The moment `duration` before `now`, both in milliseconds since the epoch. Months and years are
 * those of the calendar in UTC: a month before 31 March is the last day of February.
 *
 * @throws {RangeError} when the moment cannot be expressed. A comparison with NaN is always false,
 *   so a cut-off that is not a number could select every record.
 */
export function cutoff(now: number, duration: Duration): number {
  const moment = duration.isValid
    ? DateTime.fromMillis(now, { ...LOCALE, zone: 'utc' })
        .minus(duration)
        .toMillis()
    : Number.NaN;
  if (!Number.isFinite(moment)) throw new RangeError('the cut-off of a retention is no moment');
  return moment;
}

function parse(text: string, forms: RegExp, advice: string): Partial<Record<Unit, number>> {
  const found = forms.exec(text);
  if (!found) throw new FormatError(`${show(text)} is not a duration; ${advice}`);
  const [count, letter = ''] = found.slice(ISO_UNITS.length + 1);
  const unit = SHORT_UNITS[letter];
  if (unit) return { [unit]: Number(count) };
  return Object.fromEntries(
    ISO_UNITS.flatMap((isoUnit, i) => {
      const digits = found[i + 1];
      return digits === undefined ? [] : [[isoUnit, Number(digits)]];
    }),
  );
}

function length(parts: Partial<Record<Unit, number>>): number {
  return ISO_UNITS.reduce((sum, unit) => sum + (parts[unit] ?? 0) * MILLISECONDS[unit], 0);
}

function show(text: unknown): string {
  const shown = JSON.stringify(String(text));
  return shown.length > 42 ? `${shown.slice(0, 40)}…"` : shown;
}
