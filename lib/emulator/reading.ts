import type { IncomingMessage } from 'node:http';
import type { Cloud, IncomingCall } from './cloud.ts';
import type { Estate } from './estate.ts';
import type { Operation } from './journal.ts';
import { parseQuery, type Query } from './query.ts';
import { type Route, routeOf, servedAt } from './routes.ts';
import { type Family, type Host, SERVICES, type ServiceName, serviceOfEngine } from './services.ts';

/** Reads a request from the wire as far as its address goes. */
export function readCall(
  cloud: Cloud,
  message: IncomingMessage,
  body: Buffer,
  requestId: string,
): IncomingCall {
  const { estate, switches } = cloud;
  const { method = 'GET', url = '/' } = message;
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const rawQuery = mark === -1 ? '' : url.slice(mark + 1);
  const query: Record<string, string> = {};
  for (const [name, value] of parseQuery(rawQuery)) query[name] ??= value;
  // Node joins repeated headers into one text, except set-cookie, which no request has.
  const headers = message.headers as Record<string, string>;
  const host = hostOf(headers.host);
  const route = servedAt(host, routeOf(method, path));
  const family = host === 'dcs' || host === 'dms' ? host : familyOf(route, query, cloud);
  return {
    wire: { method, path, query: rawQuery, headers, body },
    route,
    query,
    body: body.toString('utf8'),
    requestId,
    service: serviceOf(route, query, estate, family),
    family,
    switches,
  };
}

/** The host that a request was sent to, where its name says so; an address says nothing. */
function hostOf(name = ''): Host | undefined {
  return /^(dcs|dms|iam)\./.exec(name)?.[1] as Host | undefined;
}

/** The service of this family that the path or the query names. */
function serviceOf(
  route: Route,
  query: Query,
  estate: Estate,
  family: Family,
): ServiceName | undefined {
  if (route.version === undefined) return undefined;
  if (route.version === 'v1.0') return 'dcs-v1';
  if (route.instanceId !== undefined) {
    const service = estate.serviceOf(route.instanceId);
    return service !== undefined && SERVICES[service].family === family ? service : undefined;
  }
  if (family === 'dcs') return 'dcs';
  return query.engine === undefined ? undefined : serviceOfEngine(query.engine);
}

/**
 * Tells the families apart by the surest sign that there is: they share their paths, and one address
 * here stands for several hosts.
 */
function familyOf(route: Route, query: Query, { estate, defaultFamily }: Cloud): Family {
  if (route.version === 'v1.0') return 'dcs';
  const service = route.instanceId === undefined ? undefined : estate.serviceOf(route.instanceId);
  if (service !== undefined) return SERVICES[service].family;
  return familyOfDialect(route, query) ?? familyOfProject(route, estate) ?? defaultFamily;
}

/** Parameters that only one of the two has. `offset` is not among them: the queues' own pages had it for a while. */
const DIALECT: Partial<Record<Operation, Readonly<Record<Family, readonly string[]>>>> = {
  'list-instances': { dcs: ['name_equal'], dms: ['engine', 'exact_match_name'] },
  'list-tasks': { dcs: ['start_time'], dms: ['start'] },
};

function familyOfDialect({ operation }: Route, query: Query): Family | undefined {
  if (operation === 'show-task') return 'dms';
  const names = DIALECT[operation];
  const speaks = (family: Family) => names?.[family].some((name) => query[name] !== undefined);
  if (speaks('dms')) return 'dms';
  return speaks('dcs') ? 'dcs' : undefined;
}

/** A project with queues only is asked at the queues' host, one with Redis only at the other. */
function familyOfProject({ projectId }: Route, estate: Estate): Family | undefined {
  const instances = estate.all().filter((one) => one.projectId === projectId);
  const [only, other] = new Set(instances.map((one) => SERVICES[one.service].family));
  return other === undefined ? only : undefined;
}
