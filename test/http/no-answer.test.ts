import { expect, test } from '@jest/globals';
import { whyNoAnswer } from '../../lib/http/no-answer.ts';

test.each([
  [{ code: 'ECONNREFUSED' }, 'nothing listens there (ECONNREFUSED)'],
  [
    { code: 'HPE_INVALID_CONSTANT' },
    'what answers there does not speak HTTP (HPE_INVALID_CONSTANT)',
  ],
  [
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    'its certificate is not trusted (ERR_TLS_CERT_ALTNAME_INVALID); behind an inspecting proxy, set NODE_EXTRA_CA_CERTS',
  ],
  [{ code: 'EMFILE' }, 'EMFILE'],
  [{ type: 'cut-off' }, 'the answer was cut off (cut-off)'],
  [{ name: 'TimeoutError' }, 'no connection in time (TimeoutError)'],
  [{ code: 'hunter2 hunter2' }, 'Error'],
  [{ code: 42 }, 'Error'],
  [{}, 'Error'],
])('an error %j that came in the place of an answer is told without its own text', (parts, why) => {
  expect(whyNoAnswer(Object.assign(new Error('hunter2'), parts))).toBe(why);
});
