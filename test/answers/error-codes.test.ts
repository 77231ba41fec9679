import { describe, expect, test } from '@jest/globals';
import { classify } from '../../lib/answers/classify.ts';
import type { Answer } from '../../lib/answers/error-codes.ts';
import { adviceForTarget, meaningOf } from '../../lib/answers/error-codes.ts';

/**
 * Every error code that the vendor documents for these operations, with the statuses it is sent
 * with, and what it means to us. Written by hand from the documentation, not from the code.
 */
const CODES: readonly (readonly [code: string, status: number, answer: Answer])[] = [
  // A malformed project id: every request of the target would fail alike.
  ['DCS.4002', 400, 'misaddressed'],
  ['111400002', 400, 'misaddressed'],
  ['DMS.00400002', 400, 'misaddressed'],
  // A malformed instance id.
  ['DCS.4061', 400, 'invalid'],
  ['111400061', 400, 'invalid'],
  ['DMS.00400061', 400, 'invalid'],
  ['DMS.00400030', 400, 'invalid'],
  // A malformed task id.
  ['DCS.4070', 400, 'invalid'],
  ['111400070', 400, 'invalid'],
  ['DMS.00400070', 400, 'invalid'],
  // Bad query parameters and page positions.
  ['DCS.4062', 400, 'invalid'],
  ['DCS.4063', 400, 'invalid'],
  ['DCS.4800', 400, 'invalid'],
  ['DMS.00400062', 400, 'invalid'],
  ['DMS.10240042', 400, 'invalid'],
  ['DMS.10240043', 400, 'invalid'],
  ['DMS.40050010', 400, 'invalid'],
  // No such instance.
  ['DCS.3022', 404, 'gone'],
  ['111404022', 404, 'gone'],
  ['DMS.00404022', 404, 'gone'],
  // The task still runs.
  ['DCS.4957', 400, 'refused'],
  ['DCS.4017', 400, 'refused'],
  ['111400017', 400, 'refused'],
  ['DMS.00400017', 400, 'refused'],
  // The instance is busy.
  ['DCS.4026', 400, 'refused'],
  ['DMS.00400026', 400, 'refused'],
  ['CBC.99003651', 400, 'refused'],
  ['DCS.4049', 400, 'refused'],
  ['DCS.4096', 400, 'refused'],
  ['DCS.4097', 400, 'refused'],
  ['DCS.4111', 400, 'refused'],
  ['DCS.4113', 400, 'refused'],
  ['DCS.4114', 400, 'refused'],
  ['DCS.4115', 400, 'refused'],
  ['DCS.4116', 400, 'refused'],
  ['DCS.4117', 400, 'refused'],
  ['DCS.4118', 400, 'refused'],
  ['DCS.4120', 400, 'refused'],
  ['DCS.4121', 400, 'refused'],
  ['DCS.4231', 400, 'refused'],
  ['DCS.4975', 400, 'refused'],
  // Tasks are not supported.
  ['DCS.4094', 400, 'invalid'],
  ['111400094', 400, 'invalid'],
  // The job table fails.
  ['DCS.4842', 500, 'transient'],
  ['111400842', 500, 'transient'],
  // Tokens: invalid, expired, missing, of another project.
  ['DCS.1001', 401, 'unauthorised'],
  ['DCS.1002', 401, 'unauthorised'],
  ['DCS.1003', 401, 'unauthorised'],
  ['DCS.1004', 401, 'misaddressed'],
  ['111401001', 401, 'unauthorised'],
  ['111401002', 401, 'unauthorised'],
  ['111401003', 401, 'unauthorised'],
  ['111401004', 401, 'misaddressed'],
  ['DMS.10240101', 401, 'unauthorised'],
  ['DMS.10240102', 401, 'unauthorised'],
  ['DMS.10240103', 401, 'unauthorised'],
  ['DMS.10240104', 401, 'misaddressed'],
  // No permission.
  ['DCS.2003', 403, 'forbidden'],
  ['DCS.2007', 403, 'forbidden'],
  ['DCS.3002', 403, 'forbidden'],
  ['DCS.3003', 403, 'forbidden'],
  ['DMS.00403002', 403, 'forbidden'],
  ['DMS.00403003', 403, 'forbidden'],
  ['DMS.00403007', 403, 'forbidden'],
  ['DMS.10240306', 403, 'forbidden'],
  ['DMS.10240309', 403, 'forbidden'],
  ['DMS.10240310', 403, 'forbidden'],
  ['DMS.10240311', 403, 'forbidden'],
  ['DMS.10240312', 403, 'forbidden'],
  // Such a URL does not exist.
  ['DCS.4001', 404, 'misaddressed'],
  ['111404001', 404, 'misaddressed'],
  ['DMS.00404001', 404, 'misaddressed'],
  ['DMS.10240406', 404, 'misaddressed'],
  // Flow control, documented as 404.
  ['DMS.10240407', 404, 'throttled'],
  // The method is not allowed.
  ['DCS.5001', 405, 'misaddressed'],
  ['111405001', 405, 'misaddressed'],
  ['DMS.00405001', 405, 'misaddressed'],
  // Internal failures.
  ['DCS.5000', 500, 'transient'],
  ['DCS.5006', 500, 'transient'],
  ['111500000', 500, 'transient'],
  ['DMS.00500000', 500, 'transient'],
  ['DMS.00500006', 500, 'transient'],
  ['DMS.00500017', 500, 'transient'],
  ['DMS.00500024', 500, 'transient'],
  ['DMS.10250000', 500, 'transient'],
  ['DMS.10250003', 500, 'transient'],
  ['DMS.10250009', 500, 'transient'],
  // The gateway; some of its codes are sent with several statuses, or with another one by
  // dedicated gateways.
  ['APIGW.0101', 404, 'misaddressed'],
  ['APIGW.0103', 404, 'misaddressed'],
  ['APIG.0103', 500, 'misaddressed'],
  ['APIGW.0104', 400, 'invalid'],
  ['APIG.0104', 500, 'transient'],
  ['APIGW.0105', 400, 'invalid'],
  ['APIG.0105', 500, 'transient'],
  ['APIGW.0106', 400, 'invalid'],
  ['APIGW.0201', 400, 'invalid'],
  ['APIGW.0201', 413, 'invalid'],
  ['APIGW.0201', 414, 'invalid'],
  ['APIGW.0201', 494, 'invalid'],
  ['APIGW.0201', 502, 'transient'],
  ['APIGW.0201', 504, 'transient'],
  ['APIGW.0201', 500, 'transient'],
  ['APIGW.0202', 502, 'transient'],
  ['APIGW.0203', 504, 'transient'],
  ['APIGW.0301', 401, 'unauthorised'],
  ['APIGW.0302', 403, 'forbidden'],
  ['APIGW.0303', 401, 'unauthorised'],
  ['APIGW.0304', 403, 'forbidden'],
  ['APIGW.0305', 401, 'unauthorised'],
  ['APIGW.0306', 403, 'forbidden'],
  ['APIGW.0307', 401, 'unauthorised'],
  ['APIGW.0308', 429, 'throttled'],
  ['APIGW.0310', 403, 'forbidden'],
  ['APIGW.0401', 403, 'forbidden'],
  ['APIGW.0402', 403, 'forbidden'],
  ['APIGW.0601', 500, 'transient'],
  ['APIGW.0602', 400, 'invalid'],
  ['APIGW.0606', 500, 'transient'],
  ['APIGW.0608', 500, 'transient'],
  ['APIGW.0609', 500, 'transient'],
  ['APIGW.0610', 502, 'transient'],
  ['APIGW.0611', 500, 'transient'],
  ['APIGW.0613', 503, 'transient'],
  ['APIGW.0802', 403, 'forbidden'],
];

test.each(CODES)('%s, sent with %i, is %s, on a list and on a DELETE', (code, status, answer) => {
  const body = JSON.stringify({ error_code: code, error_msg: 'text' });
  expect(classify('delete', status, body)).toMatchObject({ answer, status, code, message: 'text' });
  expect(classify('list', status, body)).toMatchObject({ answer, status, code, message: 'text' });
});

describe('the code wins over the status', () => {
  const undocumented = [400, 401, 403, 404, 405, 409, 418, 429, 500, 502, 503];
  test.each([
    ['DCS.3022', 'gone'],
    ['DMS.10240407', 'throttled'],
    ['APIGW.0308', 'throttled'],
    ['DMS.00400017', 'refused'],
    ['APIGW.0301', 'unauthorised'],
    ['DCS.2007', 'forbidden'],
    ['APIGW.0101', 'misaddressed'],
    ['DCS.4070', 'invalid'],
    ['DMS.00500000', 'transient'],
    ['DMS.10250007', 'transient'],
  ] as const)('%s is %s whatever status it is sent with', (code, answer) => {
    for (const status of undocumented) {
      expect(classify('delete', status, JSON.stringify({ error_code: code })).answer).toBe(answer);
    }
  });
});

test('a dedicated gateway’s codes mean what a shared one’s do', () => {
  for (const number of ['0101', '0301', '0302', '0307', '0308', '0601', '0602', '0613', '0802']) {
    expect(meaningOf(`APIG.${number}`)).toBeDefined();
    expect(meaningOf(`APIG.${number}`)).toBe(meaningOf(`APIGW.${number}`));
  }
});

test.each([
  '',
  'DCS.9999',
  'DMS.102500',
  'DMS.10250000X',
  'X.DMS.10250000',
  'EMULATOR.4040',
  'APIGW',
  'toString',
])('of %p nothing is known', (code) => {
  expect(meaningOf(code)).toBeUndefined();
});

test.each([
  ['APIGW.0310', /^The project is not available: check projectId/],
  ['APIG.0310', /^The project is not available: check projectId/],
  ['APIGW.0402', /^This IP address may not call the API/],
  ['APIGW.0802', /^The user may not work in this region/],
  ['DMS.10240306', /^The account is frozen/],
])('a 403 with %s is not about a permission, and has its own advice', (code, advice) => {
  expect(adviceForTarget(code)).toMatch(advice);
});

test.each(['APIGW.0302', 'DCS.2007', 'X.APIG.0310', '', undefined])(
  'a 403 with %p has no advice of its own',
  (code) => {
    expect(adviceForTarget(code)).toBeUndefined();
  },
);
