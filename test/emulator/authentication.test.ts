import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  DEMO_REGION,
  DEMO_USER,
  type Emulator,
  startEmulator,
  type User,
} from '../../lib/emulator/index.ts';
import { call } from './signed-client.ts';

const start = Date.parse('2025-03-01T00:00:00.000Z');
const minute = 60_000;

let time: number;
let emulator: Emulator;
beforeEach(async () => {
  time = start;
  emulator = await startEmulator({ now: () => time });
  emulator.addInstance({ service: 'dcs' });
  emulator.addInstance({ service: 'kafka' });
});
afterEach(() => emulator.close());

const instances = `/v2/${DEMO_PROJECT_ID}/instances`;
const kafkaInstances = `${instances}?engine=kafka`;

interface TokenRequest {
  user?: User;
  scope?: object;
  query?: string;
}

async function requestToken({
  user = DEMO_USER,
  scope = { project: { name: DEMO_REGION } },
  query = '?nocatalog=true',
}: TokenRequest = {}): Promise<Response> {
  const { username: name, password, domain } = user;
  const identity = {
    methods: ['password'],
    password: { user: { name, password, domain: { name: domain } } },
  };
  return fetch(`${emulator.url}/v3/auth/tokens${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json;charset=utf8' },
    body: JSON.stringify({ auth: { identity, scope } }),
  });
}

async function tokenFor(request: TokenRequest = {}): Promise<string> {
  const response = await requestToken(request);
  await response.text();
  return response.headers.get('x-subject-token') ?? '';
}

async function withToken(token: string, path = instances) {
  const response = await fetch(`${emulator.url}${path}`, { headers: { 'x-auth-token': token } });
  const json = (await response.json()) as { error_code?: string; error_msg?: string };
  return { status: response.status, json };
}

describe('a signed request', () => {
  test('is served within 15 minutes by the emulator’s clock', async () => {
    expect((await call(emulator, 'GET', instances, { at: start - 15 * minute })).status).toBe(200);
    const late = await call(emulator, 'GET', instances, { at: start - 15 * minute - 1000 });
    expect(late).toMatchObject({ status: 401, json: { error_code: 'APIGW.0301' } });
    expect(late.text).toContain(
      'Incorrect IAM authentication information: calc aksk signature fail:signature expired, signature time:20250228T234459Z,server time:20250301T000000Z',
    );
  });

  test('with a wrong secret is 401 with the server’s canonical request', async () => {
    const key = { ...DEMO_ACCESS_KEY, secretKey: 'wrong' };
    const reply = await call(emulator, 'GET', `${instances}?limit=5`, { at: time, key });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('server')).toBe('api-gateway');
    expect(reply.json).toEqual({
      error_code: 'APIGW.0301',
      error_msg: `Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:GET|${instances}/|limit=5|host:127.0.0.1:${emulator.port}|x-sdk-date:20250301T000000Z||host;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`,
      request_id: reply.headers.get('x-request-id'),
    });
  });

  test('follows a rotation of keys', async () => {
    const next = { accessKey: 'NEXT', secretKey: 'next-secret' };
    emulator.accessKeys.splice(0, 1, next);
    expect((await call(emulator, 'GET', instances, { at: time })).status).toBe(401);
    expect((await call(emulator, 'GET', instances, { at: time, key: next })).status).toBe(200);
  });

  test('with temporary keys needs their security token', async () => {
    const temporary = { ...DEMO_ACCESS_KEY, securityToken: 'temporary' };
    emulator.accessKeys.splice(0, 1, temporary);
    const own = await call(emulator, 'GET', instances, { at: time, key: temporary });
    expect(own.status).toBe(200);
    expect((await call(emulator, 'GET', instances, { at: time })).status).toBe(401);
  });

  test('is refused where only tokens are accepted', async () => {
    emulator.switches.authentication = 'token';
    expect((await call(emulator, 'GET', instances, { at: time })).status).toBe(401);
    expect((await withToken(await tokenFor())).status).toBe(200);
  });

  test('is refused under the prefix of a dedicated gateway when it is one', async () => {
    emulator.switches.gatewayPrefix = 'APIG';
    const reply = await call(emulator, 'GET', instances);
    expect(reply.json).toMatchObject({ error_code: 'APIG.0301' });
  });
});

test('a request without any credentials is 401 APIGW.0301', async () => {
  const response = await fetch(`${emulator.url}${instances}`);
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error_code: 'APIGW.0301' });
});

test('anything goes when verification is off', async () => {
  await emulator.close();
  emulator = await startEmulator({ verify: false });
  expect((await fetch(`${emulator.url}${instances}`)).status).toBe(200);
  expect((await withToken('never issued')).status).toBe(200);
  expect(await tokenFor({ user: { username: 'x', password: 'y', domain: 'z' } })).not.toBe('');
});

describe('a token', () => {
  test('is issued for the right password, in a header, for 24 hours', async () => {
    const response = await requestToken();
    expect(response.status).toBe(201);
    expect(response.headers.get('x-subject-token')).toMatch(/^MII/);
    expect(await response.json()).toMatchObject({
      token: {
        methods: ['password'],
        issued_at: '2025-03-01T00:00:00.000000Z',
        expires_at: '2025-03-02T00:00:00.000000Z',
        project: { id: DEMO_PROJECT_ID, name: DEMO_REGION },
      },
    });
  });

  test.each([
    ['password', { ...DEMO_USER, password: 'wrong' }],
    ['user', { ...DEMO_USER, username: 'nobody' }],
    ['account', { ...DEMO_USER, domain: 'other' }],
  ])('is not issued for a wrong %s', async (_, user) => {
    const response = await requestToken({ user });
    expect(response.status).toBe(401);
    expect(response.headers.get('x-subject-token')).toBeNull();
    expect(await response.json()).toMatchObject({ error: { code: 'IAM.0062' } });
  });

  test('is not issued for a project that does not exist', async () => {
    expect((await requestToken({ scope: { project: { name: 'mars-1' } } })).status).toBe(404);
  });

  test.each(['', 'null', '{}', '{"auth":{"identity":{"methods":["token"]}}}', '[1'])(
    'is not issued for the body %j',
    async (body) => {
      const response = await fetch(`${emulator.url}/v3/auth/tokens`, { method: 'POST', body });
      expect(response.status).toBe(400);
      await response.text();
    },
  );

  test('opens its project, by name or by id', async () => {
    expect((await withToken(await tokenFor())).status).toBe(200);
    const byId = await tokenFor({ scope: { project: { id: DEMO_PROJECT_ID } } });
    expect((await withToken(byId, kafkaInstances)).status).toBe(200);
  });

  test('does not open another project', async () => {
    emulator.projects.push({ id: 'b'.repeat(32), name: 'eu-de' });
    const other = await tokenFor({ scope: { project: { name: 'eu-de' } } });
    expect(await withToken(other)).toMatchObject({ status: 401, json: { error_code: 'DCS.1004' } });
    expect((await withToken(other, kafkaInstances)).json.error_code).toBe('DMS.10240104');
    const unscoped = await tokenFor({ scope: { domain: { name: DEMO_USER.domain } } });
    expect((await withToken(unscoped)).status).toBe(401);
  });

  test('that was never issued is 401', async () => {
    const { status, json } = await withToken('MIIforged');
    expect(status).toBe(401);
    expect(json).toMatchObject({
      error_code: 'APIGW.0301',
      error_msg: 'Incorrect IAM authentication information: decrypt token fail',
    });
  });

  test('ends after its life by the emulator’s clock; a new one works', async () => {
    const token = await tokenFor();
    time += 24 * 60 * minute - 1;
    expect((await withToken(token)).status).toBe(200);
    time += 1;
    expect(await withToken(token)).toMatchObject({
      status: 401,
      json: { error_code: 'APIGW.0307' },
    });
    expect((await withToken(await tokenFor())).status).toBe(200);
  });

  test('does not end when another is issued, but when all are expired', async () => {
    const first = await tokenFor();
    const second = await tokenFor();
    expect(first).not.toBe(second);
    expect((await withToken(first)).status).toBe(200);
    emulator.expireTokens();
    expect((await withToken(first)).status).toBe(401);
    expect((await withToken(second)).status).toBe(401);
    expect((await withToken(await tokenFor())).status).toBe(200);
  });

  test('that expired can be refused in three ways', async () => {
    const token = await tokenFor();
    emulator.expireTokens();
    emulator.switches.expiredToken = 'decrypt-token-fail';
    expect((await withToken(token)).json.error_code).toBe('APIGW.0301');
    emulator.switches.expiredToken = 'service';
    expect((await withToken(token)).json.error_code).toBe('DCS.1002');
    expect((await withToken(token, kafkaInstances)).json.error_code).toBe('DMS.10240102');
  });

  test('is refused where only signatures are accepted', async () => {
    emulator.switches.authentication = 'signature';
    expect((await withToken(await tokenFor())).status).toBe(401);
  });

  test('does not let a DELETE with a body through either', async () => {
    const headers = { 'x-auth-token': await tokenFor() };
    const [instance] = emulator.instances();
    const url = `${emulator.url}${instances}/${instance?.id}/tasks/${'0'.repeat(32)}`;
    const response = await fetch(url, { method: 'DELETE', headers, body: '{}' });
    expect(response.status).toBe(400);
    await response.text();
  });
});

describe('the body of a token', () => {
  interface TokenBody {
    token: Record<'user' | 'project' | 'domain' | 'catalog' | 'roles', unknown>;
  }

  const domain = { id: expect.stringMatching(/^[0-9a-f]{32}$/), name: DEMO_USER.domain };

  test('has every field that the vendor calls mandatory', async () => {
    const { token } = (await (await requestToken()).json()) as TokenBody;
    expect(token).toEqual({
      methods: ['password'],
      issued_at: expect.any(String),
      expires_at: expect.any(String),
      user: {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: DEMO_USER.username,
        password_expires_at: '',
        domain,
      },
      project: { id: DEMO_PROJECT_ID, name: DEMO_REGION, domain },
      roles: [{ id: expect.any(String), name: expect.any(String) }],
      catalog: [],
    });
  });

  test('of an account has the account, and no project', async () => {
    const scope = { domain: { name: DEMO_USER.domain } };
    const { token } = (await (await requestToken({ scope })).json()) as TokenBody;
    expect(token).toMatchObject({ domain, user: { password_expires_at: '' } });
    expect(token.project).toBeUndefined();
  });

  test('has the catalogue, unless nocatalog is asked for', async () => {
    const { token } = (await (await requestToken({ query: '' })).json()) as TokenBody;
    expect(token.catalog).toEqual(
      [
        ['identity', '*', '/v3'],
        ['dcsv1', DEMO_REGION, `/v1.0/${DEMO_PROJECT_ID}`],
        ['dmsv2', DEMO_REGION, `/v2/${DEMO_PROJECT_ID}`],
      ].map(([type, region, path]) => ({
        type,
        id: expect.any(String),
        name: expect.any(String),
        endpoints: [
          {
            id: expect.any(String),
            url: `${emulator.url}${path}`,
            interface: 'public',
            region,
            region_id: region,
          },
        ],
      })),
    );
  });
});

describe('errors of IAM', () => {
  test('about an expired token are its own, where the service words them', async () => {
    const token = await tokenFor();
    emulator.expireTokens();
    emulator.switches.expiredToken = 'service';
    expect(await withToken(token, '/v3/projects')).toMatchObject({
      status: 401,
      json: { error: { code: 'IAM.0066', title: 'Unauthorized' } },
    });
  });

  test('about a missing permission are its own', async () => {
    emulator.faults.deny = ['projects'];
    expect(await call(emulator, 'GET', '/v3/projects', { at: time })).toMatchObject({
      status: 403,
      json: { error: { code: 'IAM.0002', title: 'Forbidden' } },
    });
  });

  test('about a wrong method are the gateway’s', async () => {
    expect(await call(emulator, 'DELETE', '/v3/projects', { at: time })).toMatchObject({
      status: 404,
      json: { error_code: 'APIGW.0101' },
    });
  });

  test('are the gateway’s where it throttles, whatever the queues would say', async () => {
    emulator.switches.throttleAnswer = 'dms-404';
    emulator.faults.rateLimit = { perSecond: 0 };
    expect(await call(emulator, 'GET', '/v3/projects', { at: time })).toMatchObject({
      status: 429,
      json: { error_code: 'APIGW.0308' },
    });
  });
});

describe('the projects list', () => {
  const region = { id: 'a'.repeat(32), name: 'eu-de' };
  const team = { id: 'b'.repeat(32), name: 'eu-de_team' };

  async function projects(path: string) {
    const { json } = await call(emulator, 'GET', path, { at: time });
    return json as { projects: Record<string, unknown>[]; links: unknown };
  }

  test.each(['/v3/projects', '/v3/auth/projects'])(
    '%s has every documented field',
    async (path) => {
      const account = expect.stringMatching(/^[0-9a-f]{32}$/);
      expect(await projects(path)).toEqual({
        projects: [
          {
            id: DEMO_PROJECT_ID,
            name: DEMO_REGION,
            domain_id: account,
            parent_id: account,
            description: '',
            enabled: true,
            is_domain: false,
            links: { self: `${emulator.url}/v3/projects/${DEMO_PROJECT_ID}` },
          },
        ],
        links: { self: `${emulator.url}${path}`, previous: null, next: null },
      });
    },
  );

  test('has a region’s project under the account, a user’s project under the region’s', async () => {
    emulator.projects.splice(0, 1, region, team);
    const [first, second] = (await projects('/v3/projects')).projects;
    expect(first?.parent_id).toBe(first?.domain_id);
    expect(second).toMatchObject({ parent_id: region.id, domain_id: first?.domain_id });
  });

  test('can be narrowed by parent, account and state, where auth/projects cannot', async () => {
    emulator.projects.splice(0, 1, region, team);
    const names = async (path: string) => (await projects(path)).projects.map(({ name }) => name);
    expect(await names(`/v3/projects?parent_id=${region.id}`)).toEqual(['eu-de_team']);
    expect(await names('/v3/projects?domain_id=another')).toEqual([]);
    expect(await names('/v3/projects?enabled=false')).toEqual([]);
    expect(await names('/v3/projects?enabled=true')).toEqual(['eu-de', 'eu-de_team']);
    expect(await names('/v3/auth/projects?name=eu-de')).toEqual(['eu-de', 'eu-de_team']);
  });

  test('is paged by page and per_page, only together', async () => {
    emulator.projects.splice(0, 1, region, team);
    const second = await projects('/v3/projects?page=2&per_page=1');
    expect(second.projects).toMatchObject([{ name: 'eu-de_team' }]);
    for (const query of ['page=1', 'per_page=5', 'page=0&per_page=5', 'page=1&per_page=5001']) {
      expect(await call(emulator, 'GET', `/v3/projects?${query}`, { at: time })).toMatchObject({
        status: 400,
        json: { error: { code: 'IAM.0007' } },
      });
    }
  });

  test('gives the id of a region’s project, signed or with a token', async () => {
    const path = `/v3/projects?name=${DEMO_REGION}`;
    const project = { id: DEMO_PROJECT_ID, name: DEMO_REGION };
    const signed = await call(emulator, 'GET', path, { at: time });
    expect(signed).toMatchObject({ status: 200, json: { projects: [project] } });
    expect((await withToken(await tokenFor(), path)).json).toMatchObject({ projects: [project] });
    expect(emulator.journal.count({ operation: 'projects' })).toBe(2);
  });

  test('is empty for a region without one, and closed to strangers', async () => {
    const reply = await call(emulator, 'GET', '/v3/projects?name=mars-1', { at: time });
    expect(reply.json).toMatchObject({ projects: [] });
    expect((await fetch(`${emulator.url}/v3/projects`)).status).toBe(401);
  });
});
