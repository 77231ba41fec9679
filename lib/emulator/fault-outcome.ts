import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import { flowControl, gatewayError, iamError, serviceError } from './errors.ts';
import type { Faults } from './faults.ts';
import type { Interception } from './interception.ts';
import type { JournalEntry } from './journal.ts';
import { readPage } from './paging.ts';
import { exceeds, retryAfterHeader } from './rate-limit.ts';
import { isOfIam } from './routes.ts';
import { isChosen, selects } from './selection.ts';
import { SERVICES } from './services.ts';

/**
 * The first fault that meets this request, in the order in which a real one would strike. It counts
 * the request, so it is called once for each.
 */
export function faultFor(
  { faults, now }: Cloud,
  call: IncomingCall,
  entry: JournalEntry,
): Interception | undefined {
  return (
    denied(faults, call) ??
    throttled(faults, call, entry, now) ??
    disconnected(faults, entry) ??
    failedDelete(faults, call) ??
    failedPage(faults, call) ??
    spoiledBody(faults, entry)
  );
}

/** Milliseconds that this request waits. */
export function latencyOf(entry: JournalEntry, faults: Faults): number {
  const { latency = 0 } = faults;
  return typeof latency === 'number' ? latency : latency(entry);
}

function asInterception({ status, headers, body }: Answer): Interception {
  return { status, headers: headers ?? {}, body };
}

function denied({ deny }: Faults, call: IncomingCall): Interception | undefined {
  const { operation } = call.route;
  if (!deny?.includes(operation)) return undefined;
  if (isOfIam(operation)) {
    const text = 'You are not authorized to perform the requested action.';
    return asInterception(iamError(403, 'IAM.0002', text));
  }
  const actions: Partial<Record<string, string>> = {
    'list-instances': 'instance:list',
    'delete-task': 'instance:deleteBackgroundTask',
  };
  const action = `${call.family}:${actions[operation] ?? 'instance:getBackgroundTask'}`;
  return asInterception(serviceError(call, 'no-permission', action));
}

function throttled(
  { rateLimit: limit }: Faults,
  call: IncomingCall,
  entry: JournalEntry,
  clock: () => number,
): Interception | undefined {
  if (limit === undefined) return undefined;
  const now = (limit.clock ?? clock)();
  if (!exceeds(limit, entry, now)) return undefined;
  const headers = retryAfterHeader(limit, now);
  const speaksItself = call.family === 'dms' && !isOfIam(entry.operation);
  if (call.switches.throttleAnswer === 'dms-404' && speaksItself) {
    return { ...asInterception(flowControl()), headers };
  }
  const text = `The throttling threshold has been reached: policy user over ratelimit,limit:${limit.perSecond},time:1 second`;
  return { ...asInterception(gatewayError(call, 429, '0308', text)), headers };
}

function disconnected({ resets, hangs }: Faults, entry: JournalEntry): Interception | undefined {
  if (resets !== undefined && selects(resets, entry)) {
    return { reset: true, afterwards: resets.when === 'after' };
  }
  if (hangs !== undefined && selects(hangs, entry)) {
    return { hang: true, afterwards: hangs.when === 'after' };
  }
  return undefined;
}

/** The ids that each fault was tried on, and whether they are among those that fail. */
const deletesTried = new WeakMap<object, Map<string, boolean>>();

function failedDelete(
  { deleteFails: fault }: Faults,
  call: IncomingCall,
): Interception | undefined {
  const { operation, instanceId, taskId } = call.route;
  if (fault === undefined || operation !== 'delete-task') return undefined;
  const tried = deletesTried.get(fault) ?? new Map<string, boolean>();
  deletesTried.set(fault, tried);
  const key = `${instanceId}/${taskId}`;
  const before = tried.get(key);
  const fails = before ?? isChosen(fault, tried.size + 1);
  tried.set(key, fails);
  if (!fails || (before !== undefined && fault.once !== false)) return undefined;
  return failure(call, fault.status, fault.ghost);
}

const pageFailures = new WeakMap<object, number>();

function failedPage(
  { listPageFails: fault }: Faults,
  call: IncomingCall,
): Interception | undefined {
  const { operation, instanceId } = call.route;
  if (fault === undefined || operation !== (fault.operation ?? 'list-tasks')) return undefined;
  if (pageNumber(call) !== fault.page) return undefined;
  if (fault.instanceId !== undefined && fault.instanceId !== instanceId) return undefined;
  const failures = pageFailures.get(fault) ?? 0;
  if (failures >= (fault.times ?? Number.POSITIVE_INFINITY)) return undefined;
  pageFailures.set(fault, failures + 1);
  return failure(call, fault.status);
}

/** The page of a list that is asked for, from 1; undefined where the list will refuse it. */
function pageNumber({ route, service, query }: IncomingCall): number | undefined {
  if (service === undefined) return undefined;
  const { tasks, instances } = SERVICES[service];
  const page = readPage(query, route.operation === 'list-tasks' ? tasks : instances);
  return 'reason' in page ? undefined : Math.floor(page.skip / page.limit) + 1;
}

function failure(call: IncomingCall, status = 500, afterwards = false): Interception {
  return { ...asInterception(serviceError(call, 'internal')), status, afterwards };
}

const HTML = '<html><head><title>502</title></head><body>Bad Gateway</body></html>';

function spoiledBody({ badBodies: fault }: Faults, entry: JournalEntry): Interception | undefined {
  if (fault === undefined || !selects(fault, entry)) return undefined;
  switch (fault.kind) {
    case 'cut-off':
      return { cutOff: true };
    case 'truncated':
      return { rewrite: (body) => halfOf(JSON.stringify(body ?? {})) };
    case 'html':
      return { headers: { 'content-type': 'text/html' }, rewrite: () => HTML };
    case 'empty':
      return { rewrite: () => '' };
    case 'wrong-shape':
      return { rewrite: () => ['unexpected'] };
  }
}

function halfOf(text: string): string {
  return text.slice(0, Math.floor(text.length / 2));
}
