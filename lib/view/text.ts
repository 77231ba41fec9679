/**
 * A moment (ISO 8601, or milliseconds since the epoch) to the minute: `2026-05-03 12:00 UTC`.
 * @param zone how the line says that it is UTC.
 */
export function describeTime(moment: string | number, zone: ' UTC' | 'Z' = ' UTC'): string {
  return new Date(moment).toISOString().slice(0, 16).replace('T', ' ') + zone;
}

/** The day of a moment in UTC: `2026-05-03` */
export function describeDay(moment: string | number): string {
  return describeTime(moment).slice(0, 10);
}

/** Milliseconds as seconds: `4.2 s`. */
export function describeSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** `12,345` */
export function number(value: number): string {
  return value.toLocaleString('en');
}

/** `1 instance`, `2,000 instances`: for prose on a page; a terminal and a log have plain digits. */
export function numberOf(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** To two digits after the point. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
