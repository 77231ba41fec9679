import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError, TargetError } from '../../lib/answers/api-error.ts';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  DEMO_REGION,
  DEMO_USER,
  type Emulator,
  type Interception,
} from '../../lib/emulator/index.ts';
import { Endpoint } from '../../lib/http/endpoint.ts';
import type { Transport } from '../../lib/http/transport.ts';
import { Access } from '../../lib/identity/access.ts';
import { CredentialsError } from '../../lib/identity/credentials.ts';
import { CredentialsStore } from '../../lib/identity/credentials-store.ts';
import { Iam } from '../../lib/identity/iam.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import type { RequestCounts } from '../../lib/model/summary.ts';
import type { FakeClock } from '../fake-clock.ts';
import { rejectionOf } from '../rejection.ts';
import { startWorld } from '../run/world.ts';

let clock: FakeClock;
let emulator: Emulator;
let transport: Transport;
let close: () => Promise<void>;
let stop: AbortController;
let counts: RequestCounts;
let secrets: RunSecrets;
let iam: Iam;
beforeEach(async () => {
  ({ clock, emulator, transport, close } = await startWorld());
  stop = new AbortController();
  counts = { sent: 0, retried: 0, throttled: 0 };
  secrets = new RunSecrets();
  secrets.add(DEMO_USER.password);
  iam = iamUntil(Number.POSITIVE_INFINITY);
});
afterEach(() => close());

function iamUntil(end: number): Iam {
  const endpoint = new Endpoint({
    origin: emulator.url,
    concurrency: 2,
    transport,
    clock,
    random: () => 0.5,
  });
  const window = { deleteUntil: end, end, stop: stop.signal };
  return new Iam({ endpoint, clock, window, counts, secrets });
}

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  clock.settle(rejectionOf(promise, Error));

function answers(status: number, body: unknown, headers?: Record<string, string>): void {
  emulator.intercept = (): Interception => ({ status, body, ...(headers && { headers }) });
}

describe('a token', () => {
  test('is for the project with the region’s name, and says which that is', async () => {
    const token = await clock.settle(iam.token(DEMO_USER, { name: DEMO_REGION }));
    expect(token).toEqual({
      value: expect.stringMatching(/^MII/),
      issuedAt: clock.now(),
      expiresAt: clock.now() + 24 * 3_600_000,
      project: { id: DEMO_PROJECT_ID, name: DEMO_REGION, enabled: true },
    });
    const [entry] = emulator.journal.all();
    expect(entry).toMatchObject({ operation: 'token', query: { nocatalog: 'true' } });
    expect(entry?.headers['content-type']).toBe('application/json;charset=utf8');
    expect(JSON.parse(entry?.body ?? '')).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: {
            user: {
              name: DEMO_USER.username,
              password: DEMO_USER.password,
              domain: { name: DEMO_USER.domain },
            },
          },
        },
        scope: { project: { name: DEMO_REGION } },
      },
    });
  });

  test('is for the project with the id', async () => {
    const token = await clock.settle(iam.token(DEMO_USER, { id: DEMO_PROJECT_ID }));
    expect(token.project).toMatchObject({ id: DEMO_PROJECT_ID });
  });

  test('lives as long as IAM says by its own clock, whatever this machine’s says', async () => {
    const expires_at = '2015-11-09T01:42:57.527363Z';
    const issued_at = '2015-11-08T01:42:57.527363Z';
    answers(201, { token: { expires_at, issued_at } }, { 'x-subject-token': 'T' });
    const { expiresAt } = await clock.settle(iam.token(DEMO_USER, { name: DEMO_REGION }));
    expect(expiresAt - clock.now()).toBe(24 * 3_600_000);
  });

  test.each([
    ['no times', { token: {} }],
    ['unreadable times', { token: { expires_at: 'soon', issued_at: 5 } }],
    [
      'times in disorder',
      { token: { expires_at: '2015-11-08T00:00:00Z', issued_at: '2015-11-09T00:00:00Z' } },
    ],
    ['no token', {}],
    ['no object', 'null'],
    ['no JSON', '<html>'],
  ])('with %s lives an hour', async (_, body) => {
    answers(201, body, { 'x-subject-token': 'T' });
    const token = await clock.settle(iam.token(DEMO_USER, { name: DEMO_REGION }));
    expect(token).toMatchObject({ value: 'T', project: undefined });
    expect(token.expiresAt - clock.now()).toBe(3_600_000);
  });

  test('that is said to live a second lives a minute, lest each request asks for one', async () => {
    const token = { issued_at: '2015-11-08T01:42:57Z', expires_at: '2015-11-08T01:42:58Z' };
    answers(201, { token }, { 'x-subject-token': 'T' });
    const { expiresAt } = await clock.settle(iam.token(DEMO_USER, { name: DEMO_REGION }));
    expect(expiresAt - clock.now()).toBe(60_000);
  });

  test('is asked for again when IAM fails for a moment', async () => {
    let requests = 0;
    emulator.intercept = () => {
      requests += 1;
      return requests < 4 ? { status: 503, body: '' } : undefined;
    };
    await clock.settle(iam.token(DEMO_USER, { name: DEMO_REGION }));
    expect(counts).toEqual({ sent: 4, retried: 3, throttled: 0 });
  });
});

describe('a token that is not given', () => {
  const failure = (body: unknown, status = 401) => {
    answers(status, body);
    return failureOf(iam.token(DEMO_USER, { name: DEMO_REGION }));
  };
  const refusal = (code: string, message = 'text') => ({ error: { code, message, title: 'x' } });

  test.each([
    ['IAM.0061', 'the user is locked: wait, or have an administrator unlock it'],
    ['IAM.0062', 'the user name or password is wrong'],
    ['IAM.0066', 'the password has expired: set a new one and put it into the secret'],
    ['IAM.0067', 'the user name, password or account is not valid'],
  ])('with %s says what is to be done: %s', async (code, advice) => {
    const error = await failure(refusal(code));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.message).toBe(
      `${emulator.url} gave no token to user demo-janitor of account demo-account: 401 ${code}: text (${advice})`,
    );
    expect(counts.sent).toBe(1);
  });

  test.each(['MFA is required', 'virtual mfa', 'TOTP code missing', 'verification code is wrong'])(
    'because of a second factor says so: %s',
    async (message) => {
      const error = await failure(refusal('IAM.0099', message));
      expect(error.message).toContain('use a user without one, or an access key');
    },
  );

  test('for another reason passes on what IAM says', async () => {
    const { message } = await failure(refusal('IAM.0004', 'Could not find project.'), 404);
    expect(message).toMatch(/: 404 IAM\.0004: Could not find project\.$/);
  });

  test('does not show the password that IAM sends back', async () => {
    const { message } = await failure(refusal('IAM.0062', `wrong: ${DEMO_USER.password}!`));
    expect(message).toContain('wrong: [secret]!');
    expect(message).not.toContain(DEMO_USER.password);
  });

  test.each([401, 502])(
    'with status %i does not show the token that came with it all the same',
    async (status) => {
      const token = 'MIIFzQYJKoZIhvcNAQcCoIIFvjCCBboCAQExDTALBglghkgBZQMEAgEw';
      emulator.intercept = () => ({
        status,
        body: `cannot store ${token}, or ${token.slice(8)}`,
        headers: { 'X-Subject-Token': token },
      });
      const { message } = await failureOf(iam.token(DEMO_USER, { name: DEMO_REGION }));
      expect(message).toMatch(/left out, as it may hold a secret/);
      emulator.intercept = () => ({
        status,
        body: `cannot store ${token}!`,
        headers: { 'X-Subject-Token': token },
      });
      const other = await failureOf(iam.token(DEMO_USER, { name: DEMO_REGION }));
      expect(other.message).toContain('cannot store [secret]!');
    },
  );

  test('because IAM is down is asked for five times', async () => {
    emulator.intercept = () => ({ status: 502, body: '' });
    const error = await failureOf(iam.token(DEMO_USER, { name: DEMO_REGION }));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.message).toMatch(/: 502 \(5 attempts\)$/);
  });

  test.each([
    [200, undefined],
    [201, undefined],
    [201, 'two tokens'],
    [202, 'MIItoken,MIItoken'],
  ])(
    'although the answer is %i, with the header %p, says what is missing',
    async (status, value) => {
      emulator.intercept = () => ({
        status,
        body: '{"token":{}}',
        ...(value !== undefined && { headers: { 'X-Subject-Token': value } }),
      });
      const error = await failureOf(iam.token(DEMO_USER, { name: DEMO_REGION }));
      expect(error).toBeInstanceOf(CredentialsError);
      expect(error.message).toMatch(
        /demo-account: its answer holds no token that can be used; see where iamEndpoint and HTTPS_PROXY lead to$/,
      );
    },
  );

  test('because the run ends is nobody’s fault', async () => {
    stop.abort();
    const stopped = await failureOf(iam.token(DEMO_USER, { name: DEMO_REGION }));
    expect(stopped).toBeInstanceOf(ApiError);
    expect(stopped).toMatchObject({ gaveUp: 'stopped' });
  });
});

describe('the project of a region', () => {
  function accessOf(credentials = DEMO_ACCESS_KEY): Access {
    const source = { name: 'secret s', read: async () => credentials };
    const store = new CredentialsStore(source, undefined, secrets);
    return new Access(store, (user) => iam.token(user, { name: DEMO_REGION }), clock);
  }

  test('is found by its name', async () => {
    emulator.projects.push({ id: 'another', name: 'eu-de' });
    const found = await clock.settle(iam.ownProject(DEMO_REGION, accessOf()));
    expect(found).toEqual({ id: DEMO_PROJECT_ID, name: DEMO_REGION, enabled: true });
    expect(emulator.journal.all()).toMatchObject([
      { operation: 'projects', query: { name: DEMO_REGION }, status: 200 },
    ]);
  });

  test('is found by its name where IAM gives others, which it was not asked for', async () => {
    const projects = [
      { id: 'a', name: 'eu-de_team' },
      { id: 'b', name: 'eu-de' },
      { id: 'c', name: 5 },
    ];
    answers(200, { projects });
    const { id } = await clock.settle(iam.ownProject('eu-de', accessOf()));
    expect(id).toBe('b');
  });

  test.each([
    [{ enabled: false }, false],
    [{ enabled: 'false' }, false],
    [{ enabled: null }, true],
  ])('with %j is enabled: %j', async (fields, enabled) => {
    answers(200, { projects: [{ id: 'a', name: 'eu-de', ...fields }] });
    expect(await clock.settle(iam.ownProject('eu-de', accessOf()))).toMatchObject({ enabled });
  });

  const own = (...ids: unknown[]) => ids.map((id) => ({ id, name: 'eu-nowhere' }));
  const others = (...names: unknown[]) => names.map((name, i) => ({ id: `p${i}`, name }));
  test.each([
    ['there is none', [], 'none'],
    ['there are two', own('a', 'b'), '2 of that name'],
    ['one comes twice', own('a', 'a'), '2 of that name'],
    ['another one comes', others('eu-de'), 'eu-de'],
    ['many others come', others('a', 'b', 'c', 'd', 'e').reverse(), 'e, d, c and 2 more'],
    ['its name differs in case', others('EU-nowhere'), 'EU-nowhere'],
    ['its name is no text', others(5), 'one whose name cannot be used'],
    ['its name is too long', others('x'.repeat(65)), 'one whose name cannot be used'],
    ['its name would be obeyed', others('eu-\u001b[31m'), 'eu-?[31m'],
    ['its name is a secret', others(DEMO_USER.password), 'one whose name cannot be used'],
    ['its id is no text', own(5), 'one whose id cannot be used'],
    ['its id is a path', own('../x'), 'one whose id cannot be used'],
    ['its id is too long', own('a'.repeat(65)), 'one whose id cannot be used'],
    [
      'its id is a secret in base64',
      own(Buffer.from('user:a-secret-of-words').toString('base64url')),
      'one whose id cannot be used',
    ],
    [
      'its id is also that of another one',
      [...own('p0'), ...others('eu-de')],
      'an id that stands for two projects',
    ],
    ['a row is no object', [null], 'one whose name cannot be used'],
  ])('is to be written in the policy when %s', async (_, projects, came) => {
    secrets.add('a-secret-of-words');
    answers(200, { projects });
    const error = await failureOf(iam.ownProject('eu-nowhere', accessOf()));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({ code: 'project' });
    expect(error.message).toBe(
      `${emulator.url} did not give the project of region eu-nowhere: it was asked for the one named eu-nowhere, and answered with ${came}. Write projectId in the policy.`,
    );
  });

  test.each([
    ['is odd', '<html>'],
    ['goes on', { projects: own('a'), links: { next: 'https://…' } }],
  ])('is to be written in the policy when the answer %s', async (_, body) => {
    answers(200, body);
    const error = await failureOf(iam.ownProject('eu-nowhere', accessOf()));
    expect(error.message).toBe(
      `${emulator.url} did not give the project of region eu-nowhere: its answer is not the whole list. Write projectId in the policy.`,
    );
  });

  test('is to be written in the policy where the key may not ask for it', async () => {
    answers(403, { error: { code: 'IAM.0003', message: 'Policy does not allow it' } });
    const error = await failureOf(iam.ownProject(DEMO_REGION, accessOf()));
    expect(error).toMatchObject({ code: 'project' });
    expect(error.message).toContain('403 IAM.0003: Policy does not allow it. Write projectId');
  });

  test('is not the trouble when the key itself is refused', async () => {
    const wrong = { ...DEMO_ACCESS_KEY, secretKey: 'wrong secret' };
    const error = await failureOf(iam.ownProject(DEMO_REGION, accessOf(wrong)));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({ code: 'unauthorised' });
    expect(error.message).toContain('Check the credentials (access key HCDE…01 from secret s)');
    expect(error.message).not.toContain('wrong secret');
  });

  test('is not given when time is up, which is nobody’s fault', async () => {
    iam = iamUntil(clock.now() - 1);
    const error = await failureOf(iam.ownProject(DEMO_REGION, accessOf()));
    expect(error).not.toBeInstanceOf(TargetError);
    expect(error).toMatchObject({ name: 'ApiError', gaveUp: 'deadline' });
  });
});
