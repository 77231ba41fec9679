import { ApiError, TargetError } from '../answers/api-error.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { NotingTransport } from '../http/noting-transport.ts';
import { TransportError } from '../http/transport.ts';
import { requestWindow } from '../http/window.ts';
import type { Access } from '../identity/access.ts';
import { type Credentials, CredentialsError } from '../identity/credentials.ts';
import type { CredentialsStore } from '../identity/credentials-store.ts';
import { openAccess } from '../identity/open-access.ts';
import { SERVICES } from '../model/services.ts';
import { counted } from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { selectInstances } from '../policy/select-instances.ts';
import { RowBudget } from '../task-api/row-budget.ts';
import { TaskApi } from '../task-api/task-api.ts';

/** What is looked at, in this order. */
export type CheckName =
  | 'credentials'
  | 'endpoint'
  | 'clock'
  | 'signature'
  | 'token'
  | 'project'
  | 'instances'
  | 'tasks';

/** How one check came out, and what to do when it failed; `skipped` when it could not be made. */
export interface Check {
  readonly name: CheckName;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  readonly text: string;
}

export interface ExamineTargetOptions {
  readonly target: Target;
  readonly credentials: CredentialsStore;
  readonly endpoint: Endpoint;
  readonly transport: NotingTransport;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Milliseconds for all that is asked of one target. */
const PATIENCE_MS = 60_000;
/** A server that refuses is asked once more, no longer: somebody is waiting. */
const ATTEMPTS = 2;
/** The gateway refuses a signature whose time is off by 15 minutes; this leaves room for drift. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Finds out, step by step, whether a run could work on a target. Reads only: it sends no DELETE, so
 * whether deleting is permitted it cannot tell.
 */
export async function examineTarget(options: ExamineTargetOptions): Promise<Check[]> {
  const { target, credentials, endpoint } = options;
  const checks: Check[] = [];
  const found = await readCredentials(credentials, checks);
  const reachable = await reach(options, checks);
  if (!found || !reachable) {
    const reason = found ? 'the endpoint was not reached' : 'there are no credentials to ask with';
    checks.push({ name: 'instances', outcome: 'skipped', text: `not asked for: ${reason}` });
    return checks;
  }
  const method = 'password' in found ? 'token' : 'signature';
  const window = requestWindow({
    deadline: options.clock.monotonic() + PATIENCE_MS,
    stopBeforeEnd: 0,
  });
  const counts = { sent: 0, retried: 0, throttled: 0 };
  let access: Access;
  let projectId: string;
  try {
    ({ access, projectId } = await openAccess(target, credentials, { ...options, window, counts }));
  } catch (error) {
    checks.push(failed(isRefusal(error) ? method : 'project', error));
    return checks;
  }
  const api = new TaskApi({
    service: SERVICES[target.service],
    projectId,
    endpoint,
    access,
    clock: options.clock,
    window,
    counts,
    maxAttempts: ATTEMPTS,
    timeout: target.requests.timeout,
    time: options.clock.now,
    rows: new RowBudget(),
  });
  await list(api, target, method, projectId, checks);
  return checks;
}

async function readCredentials(
  store: CredentialsStore,
  checks: Check[],
): Promise<Credentials | undefined> {
  try {
    const found = await store.get();
    const what =
      'password' in found
        ? `user ${found.username} of account ${found.domain}`
        : found.securityToken
          ? 'a temporary access key'
          : 'an access key';
    checks.push({ name: 'credentials', outcome: 'ok', text: `${what}, from ${store.name}` });
    return found;
  } catch (error) {
    checks.push(failed('credentials', error));
    return undefined;
  }
}

/** Asks for nothing in particular, without credentials: any answer shows that somebody is there. */
async function reach(
  { target, endpoint, transport }: ExamineTargetOptions,
  checks: Check[],
): Promise<boolean> {
  const { origin } = endpoint;
  try {
    const request = { method: 'GET', url: `${origin}/`, headers: {} } as const;
    await transport.send(request, target.requests.timeout);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const advice = target.endpoint
      ? 'Check endpoint in the policy, and the way there (firewall, proxy).'
      : 'Check region and service in the policy, set endpoint where the address is another one, and look at the way there (firewall, proxy).';
    const text = `${origin} does not answer: ${error.message}. ${advice}`;
    checks.push({ name: 'endpoint', outcome: 'failed', text });
    return false;
  }
  checks.push({ name: 'endpoint', outcome: 'ok', text: `${origin} answers` });
  checks.push(compareClocks(transport.clockDifference(origin)));
  return true;
}

function compareClocks(difference: number | undefined): Check {
  if (difference === undefined) {
    return { name: 'clock', outcome: 'skipped', text: 'the service does not tell its time' };
  }
  const distance = Math.abs(difference);
  if (distance <= CLOCK_TOLERANCE_MS) {
    const seconds = Math.round(distance / 1000);
    const text = seconds <= 1 ? 'as the service has it' : `${seconds} s from the service's`;
    return { name: 'clock', outcome: 'ok', text };
  }
  const minutes = Math.round(distance / 60_000);
  const side = difference > 0 ? 'behind' : 'ahead of';
  const text = `this machine is ${counted(minutes, 'minute')} ${side} the service, which refuses signatures at 15: set its clock (NTP)`;
  return { name: 'clock', outcome: 'failed', text };
}

async function list(
  api: TaskApi,
  target: Target,
  method: 'signature' | 'token',
  projectId: string,
  checks: Check[],
): Promise<void> {
  const accepted: Check = { name: method, outcome: 'ok', text: 'accepted' };
  const looked = target.projectId ? '' : ', looked up by region';
  const project: Check = { name: 'project', outcome: 'ok', text: `${projectId}${looked}` };
  try {
    const { instances, skipped } = await api.listInstances();
    const { selected, unmatched } = selectInstances(instances, target.instances);
    const total = instances.length + skipped.length;
    checks.push(accepted, project);
    if (unmatched.length > 0) {
      const patterns = unmatched.map((pattern) => JSON.stringify(pattern)).join(', ');
      const text = `${patterns} under instances in the policy ${unmatched.length > 1 ? 'match' : 'matches'} none of ${counted(total, 'instance')}: correct it, or leave it out`;
      checks.push({ name: 'instances', outcome: 'failed', text });
    } else {
      const text = `${total} listed, of which the policy selects ${selected.length}`;
      checks.push({ name: 'instances', outcome: 'ok', text });
    }
    await listTasks(api, selected[0] ?? instances[0], checks);
  } catch (error) {
    if (isRefusal(error)) checks.push(failed(method, error));
    else {
      // Whoever is told that something is not permitted, or not there, has been let in.
      if (isAnswered(error)) checks.push(accepted);
      checks.push(failed('instances', error));
    }
  }
}

async function listTasks(
  api: TaskApi,
  instance: { readonly id: string; readonly name: string } | undefined,
  checks: Check[],
): Promise<void> {
  if (!instance) {
    checks.push({ name: 'tasks', outcome: 'skipped', text: 'there is no instance to look at' });
    return;
  }
  try {
    const count = await api.countTasks(instance.id);
    const text = `${counted(count, 'record')} on ${instance.name || instance.id}`;
    checks.push({ name: 'tasks', outcome: 'ok', text });
  } catch (error) {
    checks.push(failed('tasks', error));
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof CredentialsError) return true;
  return (
    error instanceof TargetError && (error.code === 'unauthorised' || error.code === 'credentials')
  );
}

function isAnswered(error: unknown): boolean {
  return error instanceof TargetError && error.code === 'forbidden';
}

/** @throws what is no failure of the service, but a defect of ours. */
function failed(name: CheckName, error: unknown): Check {
  if (error instanceof ApiError || error instanceof CredentialsError) {
    return { name, outcome: 'failed', text: error.message };
  }
  throw error;
}
