import { refuseAccess } from './access.ts';
import { assumeAgency } from './agency.ts';
import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import { gatewayError, serviceError } from './errors.ts';
import { faultFor, latencyOf } from './fault-outcome.ts';
import { issueToken, listProjects } from './iam.ts';
import { listInstances } from './instances-api.ts';
import type { Interception } from './interception.ts';
import type { JournalEntry } from './journal.ts';
import { showProgress } from './progress-api.ts';
import { isHexId, isUuid } from './routes.ts';
import { deleteTask, listTasks, showTask } from './tasks-api.ts';

/** An answer on the wire, or none. */
export interface Outcome {
  readonly answer: Answer;
  readonly connection: 'answer' | 'cut-off' | 'reset' | 'hang';
}

/** The surroundings of one request, besides the cloud itself. */
export interface Surroundings {
  readonly intercept: (
    entry: JournalEntry,
  ) => Interception | undefined | Promise<Interception | undefined>;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * One request through the gateway: route, authentication, faults, then the service. Faults come
 * after authentication, so that no fault hides a signature that is wrong.
 */
export async function serve(
  cloud: Cloud,
  call: IncomingCall,
  entry: JournalEntry,
  { intercept, sleep }: Surroundings,
): Promise<Outcome> {
  if (call.route.operation === 'unknown' && !call.route.wrongMethod) {
    const text = 'The API does not exist or has not been published in the environment';
    return conclude(entry, gatewayError(call, 404, '0101', text));
  }
  const refusal = refuseAccess(cloud, call) ?? refuseCall(cloud, call);
  if (refusal !== undefined) return conclude(entry, refusal);
  const fault = (await intercept(entry)) ?? faultFor(cloud, call, entry) ?? {};
  const delay = latencyOf(entry, cloud.faults) + (fault.delayMs ?? 0);
  if (delay > 0) await sleep(delay);
  const answer = strike(fault, () => operate(cloud, call, entry));
  return conclude(entry, answer, fault);
}

/** Applies an interception to what the service would answer. */
function strike(fault: Interception, work: () => Answer): Answer {
  const replaces = fault.status !== undefined || fault.reset === true || fault.hang === true;
  const real: Answer = !replaces || fault.afterwards === true ? work() : { status: 0 };
  const headers = { ...real.headers, ...fault.headers };
  if (fault.status !== undefined)
    return { ...real, status: fault.status, headers, body: fault.body };
  const body = 'body' in fault ? fault.body : real.body;
  const rewritten = fault.rewrite === undefined ? body : fault.rewrite(body);
  // 204 cannot carry a body, so a spoiled one turns it into 200.
  const status = real.status === 204 && rewritten !== undefined ? 200 : real.status;
  return { ...real, status, headers, body: rewritten };
}

function conclude(entry: JournalEntry, answer: Answer, fault: Interception = {}): Outcome {
  if (answer.deleted === true) entry.deleted = true;
  const connection = connectionUnder(fault);
  if (connection === 'answer' || connection === 'cut-off') {
    entry.status = answer.status;
    const code = errorCodeOf(answer.body);
    if (code !== undefined) entry.errorCode = code;
  }
  return { answer, connection };
}

/** The vendor's error code in a body: `error_code`, or `error.code` as IAM has it. */
function errorCodeOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { error_code: code, error } = body as { error_code?: unknown; error?: { code?: unknown } };
  const found = code ?? error?.code;
  return found === undefined || found === null ? undefined : String(found);
}

function connectionUnder(fault: Interception): Outcome['connection'] {
  if (fault.reset) return 'reset';
  if (fault.hang) return 'hang';
  return fault.cutOff ? 'cut-off' : 'answer';
}

/** Refusals that every operation shares. */
function refuseCall({ estate }: Cloud, call: IncomingCall): Answer | undefined {
  const { projectId, wrongMethod } = call.route;
  if (wrongMethod) return serviceError(call, 'method-not-allowed');
  // Some of the vendor's own examples write it as a UUID with dashes.
  const wellFormed = projectId === undefined || isHexId(projectId) || isUuid(projectId);
  if (wellFormed || estate.hasProject(projectId)) return undefined;
  return serviceError(call, 'bad-project-id');
}

function operate(cloud: Cloud, call: IncomingCall, entry: JournalEntry): Answer {
  switch (call.route.operation) {
    case 'list-instances':
      return listInstances(cloud, call);
    case 'list-tasks':
      return listTasks(cloud, call, entry);
    case 'show-task':
      return showTask(cloud, call);
    case 'task-progress':
      return showProgress(cloud, call);
    case 'delete-task':
      return deleteTask(cloud, call);
    case 'token':
      return issueToken(cloud, call);
    case 'projects':
      return listProjects(cloud, call);
    case 'agency':
      return assumeAgency(cloud, call);
    case 'unknown':
      throw new Error('an unknown operation is answered before it gets here');
  }
}
