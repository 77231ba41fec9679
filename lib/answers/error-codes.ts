/**
 * The meaning of a response for us.
 *
 * - `ok`, `deleted`: done.
 * - `gone`: it says that the task or the instance is not there. Only another list can tell.
 * - `accepted`: a DELETE that is not done yet (202). Only another list can tell.
 * - `doubtful`: a DELETE that succeeded by its status and failed by its code. Only another list can tell.
 * - `throttled`, `transient`: the same request may be sent again.
 * - `refused`: the task still runs, or the instance is busy.
 * - `unauthorised`: the credentials are not accepted.
 * - `forbidden`: the credentials are accepted, but may not do this.
 * - `misaddressed`: no request of this target can succeed.
 * - `invalid`: anything else.
 */
export type Answer =
  | 'ok'
  | 'deleted'
  | 'gone'
  | 'accepted'
  | 'doubtful'
  | 'throttled'
  | 'transient'
  | 'refused'
  | 'unauthorised'
  | 'forbidden'
  | 'misaddressed'
  | 'invalid';

/**
 * The meaning of the documented error codes of DCS, DMS and the API gateway for our requests. The code
 * wins over the HTTP status: `DMS.10240407` is flow control and is sent as 404, and what is 404 on
 * one day has been 400 on another. A code that is missing here is judged by its status.
 *
 * DCS writes each code in two ways, `DCS.4061` and the older `111400061`; the gateway writes
 * `APIGW.0301` on shared and `APIG.0301` on dedicated ones. Where a code's use for background tasks
 * is not documented (`refused`), the meaning follows its text.
 */
// biome-ignore format: one line a family reads better than one a code
const MEANINGS: Partial<Record<Answer, readonly string[]>> = {
  throttled: ['APIGW.0308', 'DMS.10240407'],
  unauthorised: [
    'APIGW.0301', 'APIGW.0307',
    'DCS.1001', 'DCS.1002', 'DCS.1003',
    '111401001', '111401002', '111401003',
    'DMS.10240101', 'DMS.10240102', 'DMS.10240103',
  ],
  forbidden: [
    'APIGW.0302', 'APIGW.0306', 'APIGW.0310', 'APIGW.0401', 'APIGW.0402', 'APIGW.0802',
    'DCS.2003', 'DCS.2007', 'DCS.3002', 'DCS.3003',
    'DMS.00403002', 'DMS.00403003', 'DMS.00403007',
    'DMS.10240306', 'DMS.10240309', 'DMS.10240310', 'DMS.10240311', 'DMS.10240312',
  ],
  misaddressed: [
    'APIGW.0101', 'APIGW.0103',
    // The project is not the token's: the credentials were accepted.
    'DCS.1004', '111401004', 'DMS.10240104',
    'DCS.4001', '111404001', 'DMS.00404001', 'DMS.10240406',
    // The project's id is malformed, or the method is not offered: every request would fail alike.
    'DCS.4002', '111400002', 'DMS.00400002',
    'DCS.5001', '111405001', 'DMS.00405001',
  ],
  gone: ['DCS.3022', '111404022', 'DMS.00404022'],
  refused: [
    // The task has not ended.
    'DCS.4957', 'DCS.4017', '111400017', 'DMS.00400017',
    // The instance is busy with something else.
    'DCS.4026', '111400026', 'DMS.00400026', 'CBC.99003651',
    'DCS.4049', 'DCS.4096', 'DCS.4097', 'DCS.4111', 'DCS.4113', 'DCS.4114', 'DCS.4115',
    'DCS.4116', 'DCS.4117', 'DCS.4118', 'DCS.4120', 'DCS.4121', 'DCS.4231', 'DCS.4975',
  ],
  transient: [
    'APIGW.0202', 'APIGW.0203', 'APIGW.0601', 'APIGW.0610', 'APIGW.0613',
    'DCS.4842', '111400842', 'DCS.5000', 'DCS.5006', '111500000', '111500006',
    'DMS.00500000', 'DMS.00500006', 'DMS.00500017', 'DMS.00500024',
  ],
  invalid: [
    'APIGW.0602',
    'DCS.4061', '111400061', 'DCS.4070', '111400070', 'DCS.4094', '111400094',
    'DCS.4062', 'DCS.4063', 'DCS.4800',
    'DMS.00400061', 'DMS.00400030', 'DMS.00400070', 'DMS.00400062',
    'DMS.10240042', 'DMS.10240043', 'DMS.40050010',
  ],
};

const BY_CODE = new Map(
  Object.entries(MEANINGS).flatMap(([answer, codes]) =>
    codes.map((code) => [code, answer as Answer] as const),
  ),
);

/** A code of the gateway in the way in which shared ones write it; any other as it is. */
function asShared(code: string): string {
  return code.startsWith('APIG.') ? `APIGW.${code.slice('APIG.'.length)}` : code;
}

/** The meaning of an error code, or `undefined` when it is not a documented one. */
export function meaningOf(code: string): Answer | undefined {
  const shared = asShared(code);
  if (/^DMS\.1025000\d$/.test(shared)) return 'transient';
  return BY_CODE.get(shared);
}

/** Advice for a 403 that is not about a missing permission. */
const FORBIDDEN_ADVICE: Readonly<Record<string, string>> = {
  'APIGW.0310':
    'The project is not available: check projectId, and whether the project is suspended.',
  'APIGW.0402':
    'This IP address may not call the API: have it allowed, or run from one that is allowed.',
  'APIGW.0802': 'The user may not work in this region: allow it in IAM, or use another user.',
  'DMS.10240306': 'The account is frozen: pay what it owes, then run again.',
};

/** Advice about a 403 that holds for all instances of a target; `undefined` for every other code. */
export function adviceForTarget(code: string | undefined): string | undefined {
  return code === undefined ? undefined : FORBIDDEN_ADVICE[asShared(code)];
}
