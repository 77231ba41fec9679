import type { Operation } from './journal.ts';
import { decode } from './query.ts';
import type { Host } from './services.ts';

/** The resource that a path addresses. */
export interface Route {
  readonly operation: Operation;
  /** The path exists, but not with this method; the operation is then unknown. */
  readonly wrongMethod: boolean;
  readonly version?: string;
  readonly projectId?: string;
  readonly instanceId?: string;
  readonly taskId?: string;
}

const UNKNOWN: Route = { operation: 'unknown', wrongMethod: false };

/** Projects and tasks have ids of 32 hexadecimal digits without dashes. */
export function isHexId(id: string): boolean {
  return /^[0-9a-f]{32}$/i.test(id);
}

/** Instances have UUIDs with dashes. */
export function isUuid(id: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id);
}

/** The operations of IAM, which words its errors in a way of its own. */
export function isOfIam(operation: Operation): boolean {
  return operation === 'token' || operation === 'projects' || operation === 'agency';
}

/** The part of it that a host serves: IAM has its own, and the queues' v1.0 has no tasks. */
export function servedAt(host: Host | undefined, route: Route): Route {
  if (host === undefined) return route;
  if (isOfIam(route.operation) !== (host === 'iam')) return UNKNOWN;
  return host === 'dms' && route.version === 'v1.0' ? UNKNOWN : route;
}

/** The operations by what follows the project in the path, and by method. */
const OF_PROJECT = new Map<string, Partial<Record<string, Operation>>>([
  ['instances', { GET: 'list-instances' }],
  ['instances/ID/tasks', { GET: 'list-tasks' }],
  ['instances/ID/tasks/ID', { GET: 'show-task', DELETE: 'delete-task' }],
  ['instances/ID/tasks/ID/progress', { GET: 'task-progress' }],
]);

/** A wrong method is unknown here: no page gives IAM a code for it, and the gateway has one. */
const OF_IAM = new Map<string, Operation>([
  ['POST /v3/auth/tokens', 'token'],
  ['POST /v3.0/OS-CREDENTIAL/securitytokens', 'agency'],
  ['GET /v3/projects', 'projects'],
  ['GET /v3/auth/projects', 'projects'],
]);

/** Reads method and path, in which only ids are percent-decoded. */
export function routeOf(method: string, path: string): Route {
  const ofIam = OF_IAM.get(`${method} ${path}`);
  if (ofIam !== undefined) return { operation: ofIam, wrongMethod: false };
  const [root, version, project, ...rest] = path.split('/');
  if (root !== '' || (version !== 'v2' && version !== 'v1.0') || !project) return UNKNOWN;
  const ids = rest.filter((_, at) => at % 2 === 1);
  const shape = rest.map((segment, at) => (at % 2 === 1 && segment ? 'ID' : segment)).join('/');
  const methods = OF_PROJECT.get(shape);
  if (methods === undefined || (version === 'v1.0' && rest.length > 4)) return UNKNOWN;
  const operation = methods[method] ?? 'unknown';
  const [projectId = '', instanceId, taskId] = [project, ...ids].map(decode);
  const wrongMethod = operation === 'unknown';
  return { operation, wrongMethod, version, projectId, instanceId, taskId };
}
