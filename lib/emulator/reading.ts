import type { IncomingMessage } from 'node:http';
import type { IncomingCall } from './cloud.ts';
import type { Estate } from './estate.ts';
import { parseQuery } from './query.ts';
import { type Route, routeOf } from './routes.ts';
import { type Family, SERVICES, type ServiceName, serviceOfEngine } from './services.ts';

/** Reads a request from the wire as far as its address goes. */
export function readCall(
  message: IncomingMessage,
  body: Buffer,
  requestId: string,
  estate: Estate,
  host: Family,
): IncomingCall {
  const { method = 'GET', url = '/' } = message;
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const rawQuery = mark === -1 ? '' : url.slice(mark + 1);
  const query: Record<string, string> = {};
  for (const [name, value] of parseQuery(rawQuery)) query[name] ??= value;
  // Node joins repeated headers into one text, except set-cookie, which no request has.
  const headers = message.headers as Record<string, string>;
  const route = routeOf(method, path);
  const service = serviceOf(route, query, estate, host);
  return {
    wire: { method, path, query: rawQuery, headers, body },
    route,
    query,
    body: body.toString('utf8'),
    requestId,
    service,
    family: service === undefined ? familyOf(route, query, estate, host) : SERVICES[service].family,
  };
}

/** Tells services apart that share their paths, because one address here stands for several hosts. */
function serviceOf(
  route: Route,
  query: Readonly<Record<string, string>>,
  estate: Estate,
  host: Family,
): ServiceName | undefined {
  if (route.version === undefined) return undefined;
  if (route.version === 'v1.0') return 'dcs-v1';
  if (route.instanceId !== undefined) return estate.serviceOf(route.instanceId);
  if (query.engine !== undefined) return serviceOfEngine(query.engine);
  return familyOf(route, query, estate, host) === 'dcs' ? 'dcs' : undefined;
}

/** A project with queues only is asked at the queues' host, one with Redis only at the other. */
function familyOf(
  route: Route,
  query: Readonly<Record<string, string>>,
  estate: Estate,
  host: Family,
): Family {
  // Only the queues know the parameter, so an engine that does not exist is for them to refuse.
  if (query.engine !== undefined) return 'dms';
  const services = estate.all().filter((one) => one.projectId === route.projectId);
  const families = new Set(services.map((one) => SERVICES[one.service].family));
  const [only] = families;
  return families.size === 1 && only !== undefined ? only : host;
}
