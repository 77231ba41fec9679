import type { Answer, IncomingCall } from './cloud.ts';
import type { Family } from './services.ts';

/** No vendor page gives a code for a missing task, so the emulator has one that nobody can know. */
export const TASK_NOT_FOUND_CODE = 'EMULATOR.4040';

/** No page says what the queues answer about a task that has no progress to show, either. */
export const NO_PROGRESS_CODE = 'EMULATOR.4000';

/** The nine-digit code is DCS's older one, where it is documented. The last text is DMS's own. */
type Problem = readonly [
  status: number,
  dcs: string,
  nineDigits: string | undefined,
  dms: string,
  text: string,
  dmsText?: string,
];

const INVALID = 'Invalid {0} in the request.';
const MISMATCH = 'The project ID in the URL does not match that of the token.';
const NOT_NOW = 'This operation is not allowed when the task is in the current state.';
const STILL_RUNNING = 'The instance job task is still running.';
const NOT_IN_THIS_STATUS = 'This operation is not allowed due to the instance status.';

// biome-ignore format: one line a problem
const PROBLEMS = {
  'bad-project-id': [400, 'DCS.4002', '111400002', 'DMS.00400002', 'The project ID format is invalid.'],
  'bad-instance-id': [400, 'DCS.4061', '111400061', 'DMS.00400061', 'The instance ID format is invalid.'],
  'bad-task-id': [400, 'DCS.4070', '111400070', 'DMS.00400070', 'The task ID format is invalid.'],
  'bad-query': [400, 'DCS.4800', undefined, 'DMS.00400062', INVALID, 'Invalid {0} parameter in the request.'],
  'bad-limit': [400, 'DCS.4800', undefined, 'DMS.10240042', INVALID, 'The page size is invalid.'],
  'bad-offset': [400, 'DCS.4800', undefined, 'DMS.10240043', INVALID, 'The page offset is invalid.'],
  'past-the-end': [400, 'DCS.4800', undefined, 'DMS.40050010', INVALID, 'Offset parameter is invalid.'],
  'instance-not-found': [404, 'DCS.3022', '111404022', 'DMS.00404022', 'This DCS instance does not exist.', 'This DMS instance does not exist.'],
  'task-running': [400, 'DCS.4957', undefined, 'DMS.00400017', NOT_NOW, STILL_RUNNING],
  'instance-busy': [400, 'DCS.4017', '111400017', 'DMS.00400026', STILL_RUNNING, NOT_IN_THIS_STATUS],
  'token-expired': [401, 'DCS.1002', '111401002', 'DMS.10240102', 'The token has expired.'],
  'project-mismatch': [401, 'DCS.1004', '111401004', 'DMS.10240104', MISMATCH],
  'no-permission': [403, 'DCS.2007', undefined, 'DMS.00403007', 'Policy does not allow {0} to be performed.'],
  'method-not-allowed': [405, 'DCS.5001', '111405001', 'DMS.00405001', 'The request method is not allowed.'],
  internal: [500, 'DCS.5000', '111500000', 'DMS.00500000', 'Internal service error.'],
} satisfies Record<string, Problem>;

/** Things that can be wrong, named without any vendor's code. */
export type ProblemName = keyof typeof PROBLEMS;

/** An error as the service itself words it; `subject` fills the gap in the text, where there is one. */
export function serviceError(
  { family, switches }: IncomingCall,
  name: ProblemName,
  subject = '',
): Answer {
  const [status, named, nineDigits, dms, text, dmsText = text]: Problem = PROBLEMS[name];
  const dcs = switches.dcsCodes === 'numeric' ? (nineDigits ?? named) : named;
  const [code, template] = family === 'dcs' ? [dcs, text] : [dms, dmsText];
  return errorOf(family, status, code, template.replace('{0}', subject));
}

/** A task whose progress cannot be asked for, in the queues' shape. */
export function noProgress(): Answer {
  const text = 'The progress of scaling tasks only can be queried.';
  return errorOf('dms', 400, NO_PROGRESS_CODE, text);
}

/** A missing task, in the service's shape, with the status that the switch says. */
export function taskNotFound({ family, switches }: IncomingCall): Answer {
  const status = switches.taskNotFound;
  if (status === 204) return { status };
  return errorOf(family, status, TASK_NOT_FOUND_CODE, 'The task does not exist.');
}

/**
 * Throttling as the queues themselves word it: sent as 404, in China's and in Europe's documentation
 * alike. DCS has no such answer; there the gateway throttles.
 */
export function flowControl(): Answer {
  const text = 'The request is too frequent and is rejected by flow control.';
  return errorOf('dms', 404, 'DMS.10240407', text);
}

function errorOf(family: Family, status: number, code: string, text: string): Answer {
  const body = { error_code: code, error_msg: text };
  return { status, body: family === 'dcs' ? { ...body, error_ext_msg: null } : body };
}

/** An error from the API gateway that stands before every service: `number` is the last four digits. */
export function gatewayError(
  { switches, requestId }: IncomingCall,
  status: number,
  number: string,
  text: string,
): Answer {
  const code = `${switches.gatewayPrefix}.${number}`;
  return { status, body: { error_msg: text, error_code: code, request_id: requestId } };
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
