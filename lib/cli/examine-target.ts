import { ApiError, TargetError } from '../answers/api-error.ts';
import type { Clock } from '../http/clock.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { NotingTransport } from '../http/noting-transport.ts';
import { proxyFor } from '../http/proxy.ts';
import { proxyName } from '../http/proxy-error.ts';
import { TransportError } from '../http/transport.ts';
import type { RequestWindow } from '../http/window.ts';
import type { Access } from '../identity/access.ts';
import type { Accounts } from '../identity/accounts.ts';
import { type Credentials, CredentialsError } from '../identity/credentials.ts';
import type { CredentialsStore } from '../identity/credentials-store.ts';
import { targetOrigin } from '../model/origins.ts';
import { SERVICES } from '../model/services.ts';
import { counted, describeSpan, type RequestCounts } from '../model/summary.ts';
import type { Target } from '../policy/schema.ts';
import { selectInstances } from '../policy/select-instances.ts';
import { writtenName } from '../policy/targets.ts';
import { findProjects } from '../run/find-projects.ts';
import type { Claim } from '../run/overlap.ts';
import { RowBudget } from '../task-api/row-budget.ts';
import { CLOCK_TOLERANCE_MS, TaskApi } from '../task-api/task-api.ts';
import type { CheckLine } from './io.ts';

/** The checks, in this order. */
export type CheckName =
  | 'credentials'
  | 'endpoint'
  | 'clock'
  | 'agency'
  | 'signature'
  | 'token'
  | 'projects'
  | 'project'
  | 'instances'
  | 'tasks';

/** How one check came out, and what to do about it. */
export interface Check extends CheckLine {
  readonly name: CheckName;
}

export interface ExamineTargetOptions {
  readonly target: Target;
  /** Its requests end with the window for this target. */
  readonly accounts: Accounts;
  readonly window: RequestWindow;
  readonly endpoint: Endpoint;
  readonly transport: NotingTransport;
  readonly clock: Clock;
  /** Told each check as soon as it is made. */
  readonly report: (check: Check) => void;
}

/** A server that refuses is asked only once more: somebody is waiting. */
const ATTEMPTS = 2;
/** From this difference on a clock is worth a warning; from the tolerance of a run on, nothing is deleted. */
const CLOCK_WARNING_MS = 5 * 60_000;

/**
 * Finds out, step by step, whether a run could work on a target. It sends no DELETE, so it cannot tell
 * whether deleting is permitted.
 * @returns the instances that the target selects, or each of its projects; of those that could be listed.
 */
export async function examineTarget(options: ExamineTargetOptions): Promise<readonly Claim[]> {
  const { target, accounts, report } = options;
  const found = await readCredentials(accounts.credentialsOf(target), report);
  const reachable = await reach(options);
  if (!found || !reachable) {
    const reason = found ? 'the endpoint was not reached' : 'there are no usable credentials';
    report({ name: 'instances', outcome: 'skipped', text: `not listed, because ${reason}` });
    return [];
  }
  const agency = target.credentials?.agency;
  const method = 'password' in found && !agency ? 'token' : 'signature';
  const counts = { sent: 0, retried: 0, throttled: 0 };
  let targets: readonly Target[] = [target];
  if (agency) {
    try {
      await accounts.assume(target, counts);
    } catch (error) {
      report(failed('agency', error));
      return [];
    }
    const text = `${agency.name} of account ${agency.domain}, assumed`;
    report({ name: 'agency', outcome: 'ok', text });
  }
  try {
    if (target.projects) {
      const { targets: inProjects, disabled } = await findProjects(accounts, target, counts);
      const names = disabled.map(({ name }) => name);
      report({ name: 'projects', outcome: 'ok', text: describeProjects(inProjects, names) });
      targets = inProjects;
    }
  } catch (error) {
    report(failed(isRefusal(error) ? method : 'projects', error));
    return [];
  }
  const claims: Claim[] = [];
  for (const each of targets) {
    const found = each === target ? undefined : projectOf(each);
    const claim = await examineProject({ ...options, target: each, found, method, counts });
    if (claim) claims.push(claim);
  }
  return claims;
}

function describeProjects(found: readonly Target[], disabled: readonly string[]): string {
  const names = found.map(projectOf).join(', ');
  const left = disabled.length > 0 ? `; disabled, and left alone: ${disabled.join(', ')}` : '';
  return `${found.length} found${names && ': '}${names}${left}`;
}

/** The name of the project that a target was found in. */
function projectOf({ name }: Target): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

interface ProjectOptions extends ExamineTargetOptions {
  /** The project's name, where the target is in one of those that were looked up. */
  readonly found: string | undefined;
  readonly method: 'signature' | 'token';
  readonly counts: RequestCounts;
}

async function examineProject(options: ProjectOptions): Promise<Claim | undefined> {
  const { target, method, counts, accounts, endpoint, clock, window, report } = options;
  let access: Access;
  let projectId: string;
  let enabled: boolean;
  try {
    ({ access, projectId, enabled } = await accounts.enter(target, counts));
  } catch (error) {
    report(failed(isRefusal(error) ? method : 'project', error));
    return undefined;
  }
  if (!enabled) {
    report({ name: method, outcome: 'ok', text: 'accepted' });
    const text = `${projectId}, looked up by region, is disabled: a run leaves it alone`;
    report({ name: 'project', outcome: 'warning', text });
    return undefined;
  }
  const api = new TaskApi({
    service: SERVICES[target.service],
    projectId,
    origin: targetOrigin(target),
    endpoint,
    access,
    clock,
    window,
    counts,
    maxAttempts: ATTEMPTS,
    timeout: target.requests.timeout,
    time: clock.now,
    rows: new RowBudget(),
  });
  return await list(api, projectId, options);
}

/** The credentials, which are reported; `undefined` where they cannot be used. */
export async function readCredentials(
  store: CredentialsStore,
  report: ExamineTargetOptions['report'],
): Promise<Credentials | undefined> {
  try {
    const found = await store.get();
    const what =
      'password' in found
        ? `user ${found.username} of account ${found.domain}`
        : found.securityToken
          ? 'a temporary access key'
          : 'an access key';
    report({ name: 'credentials', outcome: 'ok', text: `${what}, from ${store.name}` });
    return found;
  } catch (error) {
    report(failed('credentials', error));
    return undefined;
  }
}

/** Asks for nothing in particular, without credentials: any answer shows that somebody is there. */
async function reach({
  target,
  endpoint,
  transport,
  report,
}: ExamineTargetOptions): Promise<boolean> {
  const { origin } = endpoint;
  try {
    const request = { method: 'GET', url: `${origin}/`, headers: {} } as const;
    await transport.send(request, target.requests.timeout);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (error.code === 'proxy') {
      report({ name: 'endpoint', outcome: 'failed', text: error.message });
      return false;
    }
    const advice = target.endpoint
      ? 'Check endpoint in the policy, then the network on the way (firewall, proxy).'
      : 'Check region and service in the policy, or set endpoint if the service has another address. Then check the network on the way (firewall, proxy).';
    const text = `${origin} does not answer: ${error.message}. ${advice}`;
    report({ name: 'endpoint', outcome: 'failed', text });
    return false;
  }
  const proxy = proxyFor(origin);
  const way = proxy ? `, through the proxy ${proxyName(proxy)}` : '';
  report({ name: 'endpoint', outcome: 'ok', text: `${origin} answers${way}` });
  report(compareClocks(transport.clockDifference(origin)));
  return true;
}

function compareClocks(difference: number | undefined): Check {
  if (difference === undefined) {
    return {
      name: 'clock',
      outcome: 'skipped',
      text: 'not checked: the service does not say what time it is',
    };
  }
  const distance = Math.abs(difference);
  const span = describeSpan(distance);
  if (distance <= CLOCK_WARNING_MS) {
    const text =
      distance < 1_500 ? "agrees with the service's clock" : `${span} off the service's clock`;
    return { name: 'clock', outcome: 'ok', text };
  }
  const side = difference > 0 ? 'behind' : 'ahead of';
  const here = `this machine's clock is ${span} ${side} the service's`;
  if (distance <= CLOCK_TOLERANCE_MS) {
    const text = `${here}; set it (NTP): beyond 15 minutes a run deletes nothing`;
    return { name: 'clock', outcome: 'warning', text };
  }
  const text = `${here}, so a run deletes nothing; set it (NTP)`;
  return { name: 'clock', outcome: 'failed', text };
}

async function list(
  api: TaskApi,
  projectId: string,
  { target, found, method, counts, report }: ProjectOptions,
): Promise<Claim | undefined> {
  const accepted: Check = { name: method, outcome: 'ok', text: 'accepted' };
  const looked = target.projectId ? '' : ', looked up by region';
  const text = `${found === undefined ? '' : `${found}, `}${projectId}${looked}`;
  const project: Check = { name: 'project', outcome: 'ok', text };
  try {
    const { instances, skipped } = await api.listInstances();
    const { allowed, selected, unmatched } = selectInstances(instances, target.instances);
    const total = instances.length + skipped.length;
    report(accepted);
    report(project);
    const patterns = unmatched.map((pattern) => JSON.stringify(pattern)).join(' or ');
    if (unmatched.length > 0 && writtenName(target) !== undefined) {
      // It may be meant for another of the targets that lists stand for.
      const text = `${total} listed, of which the policy selects ${selected.length}; none matches ${patterns} under instances in the policy`;
      report({ name: 'instances', outcome: 'warning', text });
    } else if (unmatched.length > 0) {
      const it = unmatched.length > 1 ? 'them' : 'it';
      const text = `none of the ${total} listed matches ${patterns} under instances in the policy: correct ${it}, or leave ${it} out`;
      report({ name: 'instances', outcome: 'failed', text });
    } else {
      const text = `${total} listed, of which the policy selects ${selected.length}`;
      report({ name: 'instances', outcome: 'ok', text });
    }
    await listTasks(api, selected[0] ?? instances[0], report);
    const open = { projectId };
    return { target, open, requestCounts: counts, listed: instances, allowed, selected };
  } catch (error) {
    if (isRefusal(error)) report(failed(method, error));
    else {
      // An answer that something is not permitted, or not there, shows that the credentials were accepted.
      if (isAnswered(error)) report(accepted);
      report(failed('instances', error));
    }
    return undefined;
  }
}

async function listTasks(
  api: TaskApi,
  instance: { readonly id: string; readonly name: string } | undefined,
  report: ExamineTargetOptions['report'],
): Promise<void> {
  if (!instance) {
    report({ name: 'tasks', outcome: 'skipped', text: 'there is no instance to look at' });
    return;
  }
  try {
    const count = await api.countTasks(instance.id);
    const text = `${counted(count, 'record')} on ${instance.name || instance.id}`;
    report({ name: 'tasks', outcome: 'ok', text });
  } catch (error) {
    report(failed('tasks', error));
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
