import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AccessKey,
  DEMO_ACCESS_KEY,
  DEMO_USER,
  type Emulator,
  startEmulator,
} from '../../lib/emulator/index.ts';
import { call } from './signed-client.ts';

const PATH = '/v3.0/OS-CREDENTIAL/securitytokens';
const GUEST = { accessKey: 'HCGUESTACCESSKEY0002', secretKey: 'guest', domain: 'guest' };
const PROJECT = '0b01fbb53600d4671fa8c00673c71262';

let emulator: Emulator;
let now: number;
beforeEach(async () => {
  now = Date.UTC(2026, 2, 1);
  emulator = await startEmulator({
    now: () => now,
    accessKeys: [DEMO_ACCESS_KEY, GUEST],
    projects: [{ id: PROJECT, name: 'eu-de', domain: 'acme' }],
    agencies: [{ domain: 'acme', name: 'janitor', trusts: DEMO_USER.domain }],
  });
});
afterEach(() => emulator.close());

interface Body {
  readonly credential: Record<string, string>;
  readonly error: { message: string };
}

async function assume(role: object, key: AccessKey = DEMO_ACCESS_KEY) {
  const auth = { identity: { methods: ['assume_role'], assume_role: role } };
  const body = JSON.stringify({ auth });
  const { status, json } = await call(emulator, 'POST', PATH, { key, at: now, body });
  return { status, body: json as Body };
}
const get = (path: string, key: AccessKey) => call(emulator, 'GET', path, { key, at: now });
const JANITOR = { agency_name: 'janitor', domain_name: 'acme', duration_seconds: 3600 };

test('an agency gives temporary keys of its account, until they end', async () => {
  const { status, body } = await assume(JANITOR);
  expect(status).toBe(201);
  const { access = '', secret = '', securitytoken = '', expires_at } = body.credential;
  expect(expires_at).toBe('2026-03-01T01:00:00.000000Z');
  const key = { accessKey: access, secretKey: secret, securityToken: securitytoken };
  const list = () => get(`/v2/${PROJECT}/instances`, key);
  expect((await list()).status).toBe(200);
  const projects = await get('/v3/auth/projects', key);
  expect(projects.json).toMatchObject({ projects: [{ id: PROJECT }] });
  now += 3_600_000;
  expect((await list()).status).toBe(401);
});

test('an account enters no project of another one', async () => {
  const list = await get(`/v2/${PROJECT}/instances`, DEMO_ACCESS_KEY);
  expect(list).toMatchObject({ status: 401, json: { error_code: 'DCS.1004' } });
  const projects = await get('/v3/auth/projects', DEMO_ACCESS_KEY);
  expect(projects.json).toMatchObject({ projects: [] });
});

describe('an agency is refused', () => {
  test.each([
    ['that is not there', { ...JANITOR, agency_name: 'other' }, DEMO_ACCESS_KEY, 404],
    ['that is of another account', { ...JANITOR, domain_name: 'other' }, DEMO_ACCESS_KEY, 404],
    ['that is delegated to another account', JANITOR, GUEST, 403],
    ['without its account', { agency_name: 'janitor' }, DEMO_ACCESS_KEY, 400],
    ['for too short a time', { ...JANITOR, duration_seconds: 899 }, DEMO_ACCESS_KEY, 400],
  ])('%s', async (_, role, key, status) => {
    expect((await assume(role, key)).status).toBe(status);
  });

  test('to a user who may assume none', async () => {
    emulator.accessKeys.push({
      ...GUEST,
      accessKey: 'HCNOBODY',
      domain: DEMO_USER.domain,
      mayAssume: false,
    });
    const { status, body } = await assume(JANITOR, { ...GUEST, accessKey: 'HCNOBODY' });
    expect(status).toBe(403);
    expect(body.error.message).toMatch(/^Policy doesn't allow/);
  });
});
