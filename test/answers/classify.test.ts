import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type AnswerReading,
  classify,
  describeReading,
  describeResponse,
  readAnswer,
} from '../../lib/answers/classify.ts';
import { type HttpResponse, TransportError } from '../../lib/http/transport.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import { concealer } from './secrecy.ts';

const asIs = (text: string) => text;

const NOW = Date.UTC(2026, 8, 1, 3, 30);

function response(status: number, body = '', headers: Record<string, string> = {}): HttpResponse {
  return { status, body, header: (name) => headers[name] };
}

function error(code: string, message = ''): string {
  return JSON.stringify({ error_code: code, error_msg: message });
}

describe('success', () => {
  test.each([
    [200, '{"message":""}'],
    [200, ''],
    [201, ''],
    [204, ''],
    [200, ' \n'],
    [200, '[]'],
    [200, '{"error_code":""}'],
    [200, '{"error_code":0}'],
    [200, '{"error_code":null}'],
    [200, '{"error":{"code":"DCS.5000"}}'],
  ])('is every 2xx on a DELETE but 202: %i %p', (status, body) => {
    expect(classify('delete', status, body)).toEqual({ answer: 'deleted', status });
  });

  test.each([
    '<html>',
    'OK',
    '{"error_co',
    '{"',
    '\ufeff{"error\\u005fcode":"DCS.4957"}',
    '{"error_code":"DCS.4957"}'.split('').join('\0'),
    '{"error_code":123456789}',
    '{"id":1,"id":2}',
  ])('is not known to be one where the body of a 200 on a DELETE is %p', (body) => {
    const { answer, message } = classify('delete', 200, body);
    expect(answer).toBe('doubtful');
    expect(message).not.toBeUndefined();
  });

  test('is not one where a list is only a part of it', () => {
    expect(classify('list', 206, '{"tasks":[]}')).toMatchObject({
      answer: 'transient',
      trouble: 'transient',
      status: 206,
      code: 'HTTP 206',
      message: 'the answer is only a part of the list',
    });
    expect(classify('list', 206, '{"error_code":"DCS.4001"}').message).toBe('');
    expect(classify('delete', 206, '').answer).toBe('deleted');
  });

  test('is not known to be one where a DELETE was only accepted', () => {
    expect(classify('delete', 202, '{}')).toEqual({
      answer: 'accepted',
      status: 202,
      message: 'accepted, but the service has not confirmed that it is done',
    });
  });

  test.each([
    ['DCS.5000', 'transient', 'transient'],
    ['DMS.10240407', 'throttled', 'throttled'],
    ['DCS.4957', 'refused', 'refused'],
    ['DCS.3022', 'gone', 'gone'],
    ['NEW.0001', 'doubtful', 'transient'],
    ['no code', 'doubtful', 'transient'],
  ] as const)('is none where the body has the code %s', (code, onDelete, onList) => {
    for (const status of [200, 202, 204]) {
      expect(classify('delete', status, error(code)).answer).toBe(onDelete);
      expect(classify('list', status, error(code)).answer).toBe(onList);
    }
    const escaped = error(code).replace('error_code', 'error\\u005fcode');
    expect(classify('delete', 200, escaped).answer).toBe(onDelete);
    expect(classify('delete', 200, error(code).slice(0, -1)).answer).toBe('doubtful');
  });

  test('is `ok` on a list', () => {
    expect(classify('list', 200, '{"tasks":[]}')).toEqual({ answer: 'ok', status: 200 });
  });
});

describe('an answer without a known code', () => {
  test.each([
    [300, 'invalid'],
    [301, 'invalid'],
    [308, 'invalid'],
    [400, 'invalid'],
    [401, 'unauthorised'],
    [403, 'forbidden'],
    [404, 'gone'],
    [405, 'invalid'],
    [408, 'transient'],
    [409, 'invalid'],
    [410, 'gone'],
    [413, 'invalid'],
    [418, 'invalid'],
    [429, 'throttled'],
    [500, 'transient'],
    [501, 'invalid'],
    [502, 'transient'],
    [503, 'transient'],
    [504, 'transient'],
    [505, 'invalid'],
    [599, 'invalid'],
  ] as const)('is judged by its status: %i is %s', (status, answer) => {
    const code = { code: `HTTP ${status}` };
    expect(classify('delete', status, '')).toMatchObject({ answer, ...code });
    expect(classify('delete', status, 'plain text')).toMatchObject({ answer, ...code });
    expect(classify('delete', status, '{"a":1}')).toMatchObject({ answer, ...code });
    expect(classify('delete', status, error('NEW.0001'))).toMatchObject({
      answer,
      code: 'NEW.0001',
    });
  });

  test.each([
    'The task does not exist.',
    'task 123 not found',
    'This DMS instance does not exist',
    'Job could not be found',
    'the record no longer exists',
    '任务不存在',
    '该实例不存在。',
  ])('is gone with 400 too when it says so: %p', (message) => {
    expect(classify('delete', 400, error('NEW.0001', message)).answer).toBe('gone');
    expect(classify('delete', 409, error('NEW.0001', message)).answer).toBe('invalid');
  });

  test.each([
    'The parameter does not exist.',
    'Not found',
    'multitask not supported',
    'task failed',
    // Not the instance is missing here, although the text names one.
    'The flavour does not exist: choose another for the instance.',
  ])('is not, when the text speaks of something else: %p', (message) => {
    expect(classify('delete', 400, error('NEW.0001', message)).answer).toBe('invalid');
  });
});

test('only throttled and transient answers may be sent again', () => {
  expect(classify('delete', 429, '').trouble).toBe('throttled');
  expect(classify('delete', 404, error('DMS.10240407')).trouble).toBe('throttled');
  expect(classify('delete', 500, '').trouble).toBe('transient');
  for (const status of [300, 400, 401, 403, 404, 405, 409]) {
    expect(classify('delete', status, '').trouble).toBeUndefined();
  }
});

describe('code and message', () => {
  test.each([
    ['of a service', error('DCS.4061', 'Bad id.'), 'DCS.4061', 'Bad id.'],
    [
      'of the gateway',
      '{"error_msg":"m","error_code":"APIG.0308","request_id":"1"}',
      'APIG.0308',
      'm',
    ],
    ['of IAM', '{"error":{"code":"IAM.0062","message":"wrong","title":"x"}}', 'IAM.0062', 'wrong'],
    ['of IAM with a number', '{"error":{"code":401,"message":"wrong"}}', '401', 'wrong'],
    ['beside a null', '{"error_code":null,"error":{"code":"A.1","message":"b"}}', 'A.1', 'b'],
    ['of another kind', '{"code":"A.1","message":"b"}', 'A.1', 'b'],
    ['as a number', '{"error_code":111404022,"error_msg":"none"}', '111404022', 'none'],
    ['without a message', '{"error_code":"A.1"}', 'A.1', ''],
    ['with more', '{"error_code":"A.1","error_msg":"b","error_ext_msg":"c"}', 'A.1', 'b c'],
    ['with the same again', '{"error_code":"A.1","error_msg":"b","error_ext_msg":"b"}', 'A.1', 'b'],
    ['with more alone', '{"error_code":"A.1","error_msg":"","error_ext_msg":"c"}', 'A.1', 'c'],
    ['with more of no text', '{"error_code":"A.1","error_msg":"b","error_ext_msg":7}', 'A.1', 'b'],
    ['with an odd code', '{"error_code":{"a":1},"error_msg":"b"}', 'HTTP 418', 'b'],
    ['with a sentence for a code', '{"error_code":"see A.1","error_msg":"b"}', 'HTTP 418', 'b'],
    ['with a code and more', '{"error_code":"A.1 and so on","error_msg":"b"}', 'HTTP 418', 'b'],
    ['that are no object', '"text"', 'HTTP 418', ''],
    ['that are null', 'null', 'HTTP 418', ''],
    [
      'of a proxy',
      '<html>\n  <h1>Bad\tGateway</h1></html>',
      'HTTP 418',
      '<html> <h1>Bad Gateway</h1></html>',
    ],
    ['of nobody', '', 'HTTP 418', ''],
    ['cut off', '{"error_code":"DCS.5', 'HTTP 418', '{"error_code":"DCS.5'],
  ])('%s are read', (_, body, code, message) => {
    expect(classify('delete', 418, body)).toMatchObject({ code, message });
  });

  test('are not taken from the whole request as the gateway saw it: it holds the security token', () => {
    const text =
      'Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:DELETE|/v2/p/||host:h|x-security-token:SECRET||host|abc';
    const expected = 'Incorrect IAM authentication information: verify aksk signature fail';
    expect(classify('delete', 401, error('APIGW.0301', text)).message).toBe(expected);
    expect(classify('delete', 401, text).message).toBe(expected);
    for (const other of [
      ' canonicalRequest',
      'canonicalRequest',
      ',canonicalRequest',
      ',\n canonicalRequest',
    ]) {
      const written = text.replace(', canonicalRequest', other);
      expect(classify('delete', 401, written).message).toBe(expected);
    }
    const lines = text.replaceAll('|', '\n');
    expect(classify('delete', 401, error('APIGW.0301', lines)).message).toBe(expected);
  });

  test('lose a comma at the end alone', () => {
    expect(classify('delete', 500, 'a, b,').message).toBe('a, b');
  });

  test('have no code longer than 64 characters, and none that holds a secret', () => {
    const codeOf = (code: string, secrets: string[] = []) =>
      classify('delete', 500, error(code), concealer(secrets)).code;
    expect(codeOf('x'.repeat(64))).toBe('x'.repeat(64));
    expect(codeOf('x'.repeat(65))).toBe('HTTP 500');
    expect(codeOf('A.Summer2026', ['Summer2026'])).toBe('HTTP 500');
    expect(codeOf('A.Winter2026', ['Summer2026'])).toBe('A.Winter2026');
  });

  test('have a code that is known whatever secrets there are', () => {
    const conceal = concealer(['Dcs@4001', 'DCS', '4001']);
    const { answer, code } = classify('delete', 404, error('DCS.4001'), conceal);
    expect([answer, code]).toEqual(['misaddressed', 'DCS.4001']);
    expect(classify('delete', 404, error('DCS.40019'), conceal).code).toBe('HTTP 404');
  });

  test('have no blanks around them', () => {
    expect(classify('delete', 500, '\n  no backend \r\n').message).toBe('no backend');
  });

  test('are shortened when they are long', () => {
    const { message = '' } = classify('delete', 500, error('A.1', 'x'.repeat(5_000)));
    expect(message).toBe(`${'x'.repeat(1_024)}…`);
    expect(classify('delete', 500, error('A.1', 'x'.repeat(1_024))).message).toHaveLength(1_024);
    expect(classify('delete', 502, '<p>'.repeat(5_000)).message).toHaveLength(1_025);
  });

  // With so many characters, what is not linear would not end.
  test.each([
    ['blanks', ' '],
    ['blanks with controls between', ' \u0001'],
    ['commas', ', '],
    ['escapes', '\\\\u0020'],
    ['percent signs', '%25'],
    ['what a gateway begins its request with', 'canonicalRequest'],
    ['tasks', 'task '],
  ])('are read from a body of nothing but %s', (_, part) => {
    const text = part.repeat(262_144 / part.length);
    for (const body of [text, error('A.1', text)]) {
      for (const status of [200, 400, 403]) {
        const { message = '' } = classify('list', status, body, concealer(['a secret']));
        expect(message.length).toBeLessThanOrEqual(1_025);
      }
    }
  });

  test('are left out when they are so long that to read them would hold a run up', () => {
    const messageOf = (text: string) => classify('delete', 500, text).message;
    expect(messageOf(`task${' '.repeat(262_140)}`)).toBe('task');
    expect(messageOf(`task${' '.repeat(262_141)}`)).toBe('[left out, as it has 262145 characters]');
  });

  test('are read from any body without an error', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((v) => JSON.stringify(v)),
    );
    fc.assert(
      fc.property(body, fc.integer({ min: 100, max: 599 }), (text, status) => {
        const { answer, message } = classify('delete', status, text);
        const success = status >= 200 && status < 300 && status !== 202;
        if (answer === 'deleted') expect(success).toBe(true);
        else if (success) expect(answer).toBe('doubtful');
        expect((message ?? '').length).toBeLessThanOrEqual(1_025);
      }),
    );
  });
});

describe('what a transport returns', () => {
  test.each(['timeout', 'aborted', 'connection'] as const)(
    'is transient without an answer: %s',
    (kind) => {
      expect(readAnswer('delete', new TransportError(kind, 'host: why'), NOW, asIs)).toEqual({
        answer: 'transient',
        code: kind,
        message: 'host: why',
        trouble: 'transient',
      });
    },
  );

  test('leaves open what became of a record where the answer of a success cannot be read', () => {
    for (const kind of ['unreadable', 'too-large'] as const) {
      const failure = new TransportError(kind, 'host: why');
      expect(readAnswer('delete', failure, NOW, asIs).answer).toBe('doubtful');
      expect(readAnswer('list', failure, NOW, asIs).answer).toBe('transient');
    }
  });

  test.each(['certificate', 'proxy'] as const)(
    'is nothing that a retry mends where the way there is wrong: %s',
    (code) => {
      const reading = readAnswer('delete', new TransportError(code, 'host: why'), NOW, asIs);
      expect(reading).toEqual({ answer: 'misaddressed', code, message: 'host: why' });
    },
  );

  test('has the time of the server’s clock, where it tells one', () => {
    const at = (date?: string) =>
      readAnswer('list', response(200, '', date ? { date } : {}), NOW, asIs).serverTime;
    expect(at('Tue, 01 Sep 2026 03:31:00 GMT')).toBe(NOW + 60_000);
    expect(at('yesterday')).toBeUndefined();
    expect(at()).toBeUndefined();
  });

  test('has the server’s wish to wait where it may be sent again', () => {
    const header = { 'retry-after': '7' };
    expect(readAnswer('delete', response(429, '', header), NOW, asIs).retryAfter).toBe(7_000);
    expect(readAnswer('delete', response(503, '', header), NOW, asIs).retryAfter).toBe(7_000);
    expect(
      readAnswer('list', response(404, error('DMS.10240407'), header), NOW, asIs),
    ).toMatchObject({
      answer: 'throttled',
      retryAfter: 7_000,
    });
    const date = { 'retry-after': 'Tue, 01 Sep 2026 03:31:00 GMT' };
    expect(readAnswer('delete', response(429, '', date), NOW, asIs).retryAfter).toBe(60_000);
    expect(readAnswer('delete', response(400, '', header), NOW, asIs).retryAfter).toBeUndefined();
    expect(readAnswer('delete', response(429), NOW, asIs).retryAfter).toBeUndefined();
  });

  test('is read as it is when it is neither of them', () => {
    expect(readAnswer('delete', response(204), NOW, asIs)).toEqual({
      answer: 'deleted',
      status: 204,
    });
    expect(readAnswer('list', response(400, error('A.1', 'why')), NOW, asIs).message).toBe('why');
  });

  test('says where a redirect led', () => {
    const redirect = response(302, '', { location: 'https://login.test/' });
    expect(readAnswer('list', redirect, NOW, asIs)).toMatchObject({
      answer: 'invalid',
      status: 302,
      message: 'redirected to https://login.test/; redirects are not followed',
    });
    for (const status of [300, 304, 399]) {
      expect(readAnswer('list', response(status), NOW, asIs).message).toBe(
        'redirected to nowhere; redirects are not followed',
      );
    }
    const long = response(302, '', { location: `https://login.test/${'x'.repeat(9_000)}` });
    expect((readAnswer('list', long, NOW, asIs).message ?? '').length).toBeLessThan(1_100);
  });
});

test('a secret is concealed as it is, as JSON has it, and where another one is a part of it', () => {
  const conceal = concealer(['summer', 'summer25', 'a"b\\c']);
  expect(conceal('summer25, summer')).toBe('[secret], [secret]');
  expect(conceal('a"b\\c')).toBe('[secret]');
  expect(conceal(JSON.stringify({ key: 'a"b\\c!' }))).toBe('{"key":"[secret]!"}');
});

test.each(['Strasse12ß', 'Öl-Tank-77', 'Garage à 2', 'Sofía2024'])(
  'a secret such as %s is concealed where its UTF-8 is read as Latin-1, of which half is invisible',
  (secret) => {
    const conceal = concealer([secret]);
    const misread = Buffer.from(secret).toString('latin1');
    const body = JSON.stringify({ error_msg: `wrong password${'\x85'.repeat(5_000)} ${misread}` });
    expect(classify('list', 400, body, conceal).message).toMatch(/^\[left out/);
  },
);

test.each(['\0', '\x85', '\u200b'])(
  'an access key behind many characters %j is shown in part, wherever a text is cut',
  (invisible) => {
    const secrets = new RunSecrets();
    secrets.addAccessKey('HPUAQWERTYUIOP123456');
    secrets.add('kJ8xQ2mZ4vB7nW9pLtR3yU6c');
    for (const before of [929, 940, 948, 949]) {
      const body = `${'a'.repeat(before)}${invisible.repeat(1_100)}HPUAQWERTYUIOP123456 is unknown`;
      const { message } = classify('list', 401, body, (text) => secrets.conceal(text));
      expect(message).toBe(`${'a'.repeat(before)}HPUA…56 is unknown`);
    }
  },
);

test('a secret that the server repeats is concealed before the message is cut', () => {
  const secret = `${'s'.repeat(40)}"quoted"`;
  const body = JSON.stringify({ error_msg: `${'x'.repeat(290)}${secret}` });
  const result = { status: 401, header: () => undefined, body };
  const { message } = readAnswer('list', result, 0, concealer([secret]));
  expect(message).not.toContain('sss');
  expect(message).toContain('[secret]'.slice(0, 8));
});

describe('in words', () => {
  test.each<[AnswerReading, string]>([
    [{ answer: 'deleted', status: 204 }, '204'],
    [{ answer: 'invalid', status: 400, code: 'DMS.00400062' }, '400 DMS.00400062'],
    [{ answer: 'invalid', status: 400, code: 'DCS.4061', message: 'why' }, '400 DCS.4061: why'],
    // A code that only says the status again.
    [{ answer: 'invalid', status: 418, code: 'HTTP 418', message: 'why' }, '418: why'],
    [{ answer: 'unauthorised', status: 401, code: '401', message: 'why' }, '401: why'],
    [{ answer: 'transient', code: 'timeout', message: 'host: why' }, 'timeout: host: why'],
    [{ answer: 'accepted', status: 202, message: 'accepted' }, '202: accepted'],
    [{ answer: 'throttled', status: 429, code: 'HTTP 429', message: '' }, '429: too many requests'],
  ])('an answer is its status, its code and its message: %j', (reading, text) => {
    expect(describeReading(reading)).toBe(text);
    expect(describeResponse({ reading, attempts: 1 })).toBe(text);
    expect(describeResponse({ reading, attempts: 5 })).toBe(`${text} (5 attempts)`);
  });

  test('a request that was never answered says so', () => {
    expect(describeResponse({ attempts: 0 })).toBe('nothing was sent');
    expect(describeResponse({ attempts: 0, gaveUp: 'deadline' })).toBe(
      'nothing was sent, since no time was left',
    );
    expect(describeResponse({ attempts: 0, gaveUp: 'unavailable' })).toBe(
      'nothing was sent, since the service had failed too often',
    );
    expect(describeResponse({ attempts: 2 })).toBe('no answer (2 attempts)');
  });

  test('a wait that the server asked for is told where it ended the request', () => {
    const reading: AnswerReading = {
      answer: 'throttled',
      status: 429,
      code: 'HTTP 429',
      retryAfter: 3 * 3_600_000,
    };
    expect(describeResponse({ reading, attempts: 1, gaveUp: 'deadline' })).toBe(
      '429: too many requests; the server asked to wait 3 hours',
    );
    const tried = '429: too many requests (2 attempts)';
    expect(describeResponse({ reading, attempts: 2 })).toBe(tried);
    expect(describeResponse({ reading, attempts: 2, gaveUp: 'attempts' })).toBe(tried);
    const short = { ...reading, retryAfter: 1_000 };
    expect(describeResponse({ reading: short, attempts: 2, gaveUp: 'stopped' })).toBe(
      `${tried}; the server asked to wait 1 second`,
    );
    expect(describeResponse({ attempts: 2, gaveUp: 'deadline' })).toBe('no answer (2 attempts)');
    const failing = { answer: 'transient', status: 500 } as const;
    expect(describeResponse({ reading: failing, attempts: 5, gaveUp: 'unavailable' })).toBe(
      '500 (5 attempts); it had failed too often',
    );
  });
});

test.each([
  '{"error_code":"DCS.4957","error_code":""}',
  '{"error_code":"DCS.4957","error_code":null}',
  '{"error_code":"","error\\u005fcode":""}',
])('a success in which a key comes twice is none: %s', (body) => {
  const message = 'the answer has a key twice';
  expect(classify('delete', 200, body)).toMatchObject({ answer: 'doubtful', message });
  expect(classify('list', 200, body)).toMatchObject({ answer: 'transient', message });
});
