import type { Query } from './query.ts';
import { SERVICES, type ServiceName } from './services.ts';
import type { Switches } from './switches.ts';
import type { TimeRange } from './task-table.ts';

/** The range that was asked for, nothing, or the name of the parameter that cannot be read. */
export function readTimeRange(
  query: Query,
  service: ServiceName,
  switches: Switches,
): TimeRange | undefined | { readonly unreadable: string } {
  const [, toName] = SERVICES[service].timeNames;
  const fromName = lowerBoundNames(service, switches).find((name) => query[name] !== undefined);
  const fromText = fromName === undefined ? undefined : query[fromName];
  const toText = query[toName];
  if (fromText === undefined && toText === undefined) return undefined;
  const from = fromText === undefined ? Number.NEGATIVE_INFINITY : parseCompactTime(fromText);
  const to = toText === undefined ? Number.POSITIVE_INFINITY : parseCompactTime(toText);
  if (Number.isNaN(from)) return { unreadable: fromName as string };
  if (Number.isNaN(to)) return { unreadable: toName };
  return { from, to };
}

function lowerBoundNames(service: ServiceName, switches: Switches): readonly string[] {
  if (service !== 'dcs') return [SERVICES[service].timeNames[0]];
  return switches.dcsTimeNames === 'both' ? ['start_time', 'begin_time'] : [switches.dcsTimeNames];
}

/** Milliseconds of `yyyyMMddHHmmss` in UTC; NaN for anything else, a 31st of February included. */
function parseCompactTime(text: string): number {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = Date.parse(iso);
  // Engines differ on whether a day that does not exist is refused or rolled over.
  return !Number.isNaN(time) && new Date(time).toISOString() === iso ? time : Number.NaN;
}
