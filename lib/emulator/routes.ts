import type { Operation } from './journal.ts';
import { decode } from './query.ts';

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

/** Reads method and percent-encoded path. */
export function routeOf(method: string, path: string): Route {
  const [root, ...rest] = path.split('/');
  if (root !== '') return UNKNOWN;
  const segments = rest.map(decode);
  if (segments[0] === 'v3') return identityRoute(method, segments);
  const [version, projectId, instances, instanceId, tasks, taskId] = segments;
  const known = version === 'v2' || version === 'v1.0';
  if (!known || !projectId || instances !== 'instances') return UNKNOWN;
  if (segments.length === 3) {
    const here = { version, projectId };
    return method === 'GET' ? { operation: 'list-instances', ...RIGHT, ...here } : wrong(here);
  }
  if (!instanceId || tasks !== 'tasks' || segments.length > 6) return UNKNOWN;
  const address = { version, projectId, instanceId };
  if (segments.length === 5) {
    return method === 'GET' ? { operation: 'list-tasks', ...RIGHT, ...address } : wrong(address);
  }
  if (!taskId) return UNKNOWN;
  if (method === 'GET') return { operation: 'show-task', ...RIGHT, ...address, taskId };
  if (method === 'DELETE') return { operation: 'delete-task', ...RIGHT, ...address, taskId };
  return wrong({ ...address, taskId });
}

function wrong(address: Omit<Route, 'operation' | 'wrongMethod'>): Route {
  return { operation: 'unknown', wrongMethod: true, ...address };
}

function identityRoute(method: string, segments: readonly string[]): Route {
  const path = segments.join('/');
  if (path === 'v3/auth/tokens') {
    return method === 'POST' ? { operation: 'token', ...RIGHT } : wrong({});
  }
  if (path === 'v3/projects') {
    return method === 'GET' ? { operation: 'projects', ...RIGHT } : wrong({});
  }
  return UNKNOWN;
}
