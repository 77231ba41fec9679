import type { Answer } from './answer.ts';
import type { Family } from './services.ts';
import type { Switches } from './switches.ts';

interface Problem {
  readonly status: number;
  /** Code, the same in DCS's older nine-digit space where that is documented, and text. */
  readonly dcs: readonly [code: string, legacy: string | undefined, message: string];
  readonly dms: readonly [code: string, message: string];
}

/** No vendor page gives a code for a missing task, so the emulator has one that nobody can know. */
export const TASK_NOT_FOUND_CODE = 'EMULATOR.4040';

const INVALID_DCS = ['DCS.4800', undefined, 'Invalid {0} in the request.'] as const;

const PROBLEMS = {
  'bad-project-id': {
    status: 400,
    dcs: ['DCS.4002', '111400002', 'The project ID format is invalid.'],
    dms: ['DMS.00400002', 'The project ID format is invalid.'],
  },
  'bad-instance-id': {
    status: 400,
    dcs: ['DCS.4061', '111400061', 'The instance ID format is invalid.'],
    dms: ['DMS.00400061', 'The instance ID format is invalid.'],
  },
  'bad-task-id': {
    status: 400,
    dcs: ['DCS.4070', '111400070', 'The task ID format is invalid.'],
    dms: ['DMS.00400070', 'The task ID format is invalid.'],
  },
  'bad-query': {
    status: 400,
    dcs: INVALID_DCS,
    dms: ['DMS.00400062', 'Invalid {0} parameter in the request.'],
  },
  'bad-limit': {
    status: 400,
    dcs: INVALID_DCS,
    dms: ['DMS.10240042', 'The page size is invalid.'],
  },
  'bad-offset': {
    status: 400,
    dcs: INVALID_DCS,
    dms: ['DMS.10240043', 'The page offset is invalid.'],
  },
  'past-the-end': {
    status: 400,
    dcs: INVALID_DCS,
    dms: ['DMS.40050010', 'Offset parameter is invalid.'],
  },
  'instance-not-found': {
    status: 404,
    dcs: ['DCS.3022', '111404022', 'This DCS instance does not exist.'],
    dms: ['DMS.00404022', 'This DMS instance does not exist.'],
  },
  'task-running': {
    status: 400,
    dcs: [
      'DCS.4957',
      undefined,
      'This operation is not allowed when the task is in the current state.',
    ],
    dms: ['DMS.00400017', 'The instance job task is still running.'],
  },
  'instance-busy': {
    status: 400,
    dcs: ['DCS.4017', '111400017', 'The instance job task is still running.'],
    dms: ['DMS.00400026', 'This operation is not allowed due to the instance status.'],
  },
  'token-expired': {
    status: 401,
    dcs: ['DCS.1002', '111401002', 'The token has expired.'],
    dms: ['DMS.10240102', 'The token has expired.'],
  },
  'project-mismatch': {
    status: 401,
    dcs: ['DCS.1004', '111401004', 'The project ID in the URL does not match that of the token.'],
    dms: ['DMS.10240104', 'The project ID in the URL does not match that of the token.'],
  },
  'no-permission': {
    status: 403,
    dcs: ['DCS.2007', undefined, 'Policy does not allow {0} to be performed.'],
    dms: ['DMS.00403007', 'Policy does not allow {0} to be performed.'],
  },
  'method-not-allowed': {
    status: 405,
    dcs: ['DCS.5001', '111405001', 'The request method is not allowed.'],
    dms: ['DMS.00405001', 'The request method is not allowed.'],
  },
  internal: {
    status: 500,
    dcs: ['DCS.5000', '111500000', 'Internal service error.'],
    dms: ['DMS.00500000', 'Internal service error.'],
  },
} satisfies Record<string, Problem>;

/** Things that can be wrong, named without any vendor's code. */
export type ProblemName = keyof typeof PROBLEMS;

/** An error as the service itself words it; `subject` fills the gap in the text, where there is one. */
export function serviceError(
  family: Family,
  name: ProblemName,
  switches: Switches,
  subject = '',
): Answer {
  const problem: Problem = PROBLEMS[name];
  if (family === 'dms') {
    const [code, message] = problem.dms;
    return {
      status: problem.status,
      body: { error_code: code, error_msg: message.replace('{0}', subject) },
    };
  }
  const [code, legacy, message] = problem.dcs;
  return dcsBody(
    problem.status,
    switches.dcsCodes === 'numeric' ? (legacy ?? code) : code,
    message.replace('{0}', subject),
  );
}

/** No page says what the queues answer about a task that has no progress to show, either. */
export const NO_PROGRESS_CODE = 'EMULATOR.4000';

/** A task whose progress cannot be asked for, in the queues' shape. */
export function noProgress(): Answer {
  const message = 'The progress of scaling tasks only can be queried.';
  return { status: 400, body: { error_code: NO_PROGRESS_CODE, error_msg: message } };
}

/** A missing task, in the service's shape, with the status that the switch says. */
export function taskNotFound(family: Family, switches: Switches): Answer {
  const status = switches.taskNotFound;
  if (status === 204) return { status };
  const message = 'The task does not exist.';
  if (family === 'dcs') return dcsBody(status, TASK_NOT_FOUND_CODE, message);
  return { status, body: { error_code: TASK_NOT_FOUND_CODE, error_msg: message } };
}

function dcsBody(status: number, code: string, message: string): Answer {
  return { status, body: { error_code: code, error_msg: message, error_ext_msg: null } };
}

/**
 * Throttling as the queues themselves word it: sent as 404, in China's and in Europe's documentation
 * alike. DCS has no such answer; there the gateway throttles.
 */
export function flowControl(): Answer {
  const message = 'The request is too frequent and is rejected by flow control.';
  return { status: 404, body: { error_code: 'DMS.10240407', error_msg: message } };
}

/** An error from the API gateway that stands before every service: `number` is the last four digits. */
export function gatewayError(
  status: number,
  number: string,
  message: string,
  switches: Switches,
  requestId: string,
): Answer {
  const code = `${switches.gatewayPrefix}.${number}`;
  return { status, body: { error_msg: message, error_code: code, request_id: requestId } };
}

/** An error from IAM, which wraps code and message once more. */
export function iamError(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message, title: IAM_TITLES[status] ?? 'Error' } } };
}

const IAM_TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
};
