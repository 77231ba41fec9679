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

const RIGHT = { wrongMethod: false } as const;
const UNKNOWN: Route = { operation: 'unknown', ...RIGHT };

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

/** Reads method and percent-encoded path. */
export function routeOf(method: string, path: string): Route {
  const [root, ...rest] = path.split('/');
  if (root !== '') return UNKNOWN;
  const segments = rest.map(decode);
  if (segments[0] === 'v3' || segments[0] === 'v3.0') return identityRoute(method, segments);
  const [version, projectId, instances, instanceId, tasks, taskId, progress] = segments;
  const known = version === 'v2' || version === 'v1.0';
  if (!known || !projectId || instances !== 'instances') return UNKNOWN;
  if (segments.length === 3) {
    const here = { version, projectId };
    return method === 'GET' ? { operation: 'list-instances', ...RIGHT, ...here } : wrong(here);
  }
  if (!instanceId || tasks !== 'tasks') return UNKNOWN;
  const address = { version, projectId, instanceId };
  if (segments.length === 5) {
    return method === 'GET' ? { operation: 'list-tasks', ...RIGHT, ...address } : wrong(address);
  }
  if (!taskId) return UNKNOWN;
  if (segments.length > 6) {
    if (version === 'v1.0' || progress !== 'progress' || segments.length > 7) return UNKNOWN;
    const task = { ...address, taskId };
    return method === 'GET' ? { operation: 'task-progress', ...RIGHT, ...task } : wrong(task);
  }
  if (method === 'GET') return { operation: 'show-task', ...RIGHT, ...address, taskId };
  if (method === 'DELETE') return { operation: 'delete-task', ...RIGHT, ...address, taskId };
  return wrong({ ...address, taskId });
}

function wrong(address: Omit<Route, 'operation' | 'wrongMethod'>): Route {
  return { operation: 'unknown', wrongMethod: true, ...address };
}

function identityRoute(method: string, segments: readonly string[]): Route {
  // A wrong method is unknown too: no page gives IAM a code for it, and the gateway has one.
  switch (`${method} ${segments.join('/')}`) {
    case 'POST v3/auth/tokens':
      return { operation: 'token', ...RIGHT };
    case 'POST v3.0/OS-CREDENTIAL/securitytokens':
      return { operation: 'agency', ...RIGHT };
    case 'GET v3/projects':
    case 'GET v3/auth/projects':
      return { operation: 'projects', ...RIGHT };
    default:
      return UNKNOWN;
  }
}
