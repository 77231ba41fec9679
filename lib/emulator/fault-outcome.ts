import type { Answer } from './answer.ts';
import { flowControl, gatewayError, iamError, serviceError } from './errors.ts';
import type { Faults } from './faults.ts';
import type { Interception } from './interception.ts';
import type { JournalEntry } from './journal.ts';
import { exceeds, retryAfterHeader } from './rate-limit.ts';
import { isOfIam } from './routes.ts';
import { selects } from './selection.ts';
import type { Family } from './services.ts';
import type { Switches } from './switches.ts';

/** Applies the named faults to one request; called once for each. */
export interface FaultContext {
  readonly faults: Faults;
  readonly switches: Switches;
  /** Whose words an error is in. */
  readonly family: Family;
  readonly now: () => number;
  readonly requestId: string;
  /** Page of the list that is asked for, from 1; undefined where it is none, or is refused. */
  readonly page: number | undefined;
}

/** The first fault that meets this request, in the order in which a real one would strike. */
export function faultFor(entry: JournalEntry, context: FaultContext): Interception | undefined {
  return (
    denied(entry, context) ??
    throttled(entry, context) ??
    disconnected(entry, context.faults) ??
    failedDelete(entry, context) ??
    failedPage(entry, context) ??
    spoiledBody(entry, context.faults)
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

function denied(entry: JournalEntry, context: FaultContext): Interception | undefined {
  if (!context.faults.deny?.includes(entry.operation)) return undefined;
  if (isOfIam(entry.operation)) {
    const text = 'You are not authorized to perform the requested action.';
    return asInterception(iamError(403, 'IAM.0002', text));
  }
  const { family } = context;
  const actions: Partial<Record<string, string>> = {
    'list-instances': 'instance:list',
    'delete-task': 'instance:deleteBackgroundTask',
  };
  const action = `${family}:${actions[entry.operation] ?? 'instance:getBackgroundTask'}`;
  return asInterception(serviceError(family, 'no-permission', context.switches, action));
}

function throttled(entry: JournalEntry, context: FaultContext): Interception | undefined {
  const limit = context.faults.rateLimit;
  if (limit === undefined) return undefined;
  const now = (limit.clock ?? context.now)();
  if (!exceeds(limit, entry, now)) return undefined;
  const headers = retryAfterHeader(limit, now);
  const { switches, family } = context;
  const speaksItself = family === 'dms' && !isOfIam(entry.operation);
  if (switches.throttleAnswer === 'dms-404' && speaksItself) {
    return { ...asInterception(flowControl()), headers };
  }
  const text = `The throttling threshold has been reached: policy user over ratelimit,limit:${limit.perSecond},time:1 second`;
  const answer = gatewayError(429, '0308', text, switches, context.requestId);
  return { ...asInterception(answer), headers };
}

function disconnected(entry: JournalEntry, faults: Faults): Interception | undefined {
  const { resets, hangs } = faults;
  if (resets !== undefined && selects(resets, entry)) {
    return { reset: true, afterwards: resets.when === 'after' };
  }
  if (hangs !== undefined && selects(hangs, entry)) {
    return { hang: true, afterwards: hangs.when === 'after' };
  }
  return undefined;
}

interface DeleteMemory {
  /** Ids that were tried, and whether they are among those that fail. */
  readonly tried: Map<string, boolean>;
}

const deleteMemory = new WeakMap<object, DeleteMemory>();

function failedDelete(entry: JournalEntry, context: FaultContext): Interception | undefined {
  const fault = context.faults.deleteFails;
  if (fault === undefined || entry.operation !== 'delete-task') return undefined;
  const { tried } = deleteMemory.get(fault) ?? { tried: new Map<string, boolean>() };
  deleteMemory.set(fault, { tried });
  const key = `${entry.instanceId}/${entry.taskId}`;
  const before = tried.get(key);
  if (before === undefined) {
    const ordinal = tried.size + 1;
    const chosen =
      'every' in fault ? ordinal % fault.every === 0 : fault.random() < fault.probability;
    tried.set(key, chosen);
    if (!chosen) return undefined;
  } else if (!before || fault.once !== false) {
    return undefined;
  }
  return failure(context, fault.status, fault.ghost);
}

const pageFailures = new WeakMap<object, number>();

function failedPage(entry: JournalEntry, context: FaultContext): Interception | undefined {
  const fault = context.faults.listPageFails;
  if (fault === undefined || entry.operation !== (fault.operation ?? 'list-tasks'))
    return undefined;
  if (context.page !== fault.page) return undefined;
  if (fault.instanceId !== undefined && fault.instanceId !== entry.instanceId) return undefined;
  const failures = pageFailures.get(fault) ?? 0;
  if (failures >= (fault.times ?? Number.POSITIVE_INFINITY)) return undefined;
  pageFailures.set(fault, failures + 1);
  return failure(context, fault.status);
}

function failure(context: FaultContext, status = 500, afterwards = false): Interception {
  const answer = serviceError(context.family, 'internal', context.switches);
  return { ...asInterception(answer), status, afterwards };
}

const HTML = '<html><head><title>502</title></head><body>Bad Gateway</body></html>';

function spoiledBody(entry: JournalEntry, faults: Faults): Interception | undefined {
  const fault = faults.badBodies;
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
