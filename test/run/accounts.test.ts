import { chmod } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID, DEMO_USER } from '../../lib/emulator/index.ts';
import { credentialsSource } from '../../lib/identity/credentials-source.ts';
import type { Summary } from '../../lib/model/summary.ts';
import type { RunDependencies } from '../../lib/run/run-context.ts';
import { FAKE_NOW } from '../fake-clock.ts';
import { useFolder } from '../on-disk.ts';
import { policyOf, targetOf } from '../policies.ts';
import { expired } from '../records.ts';
import { startWorld, useWorld } from './world.ts';

const OTHER_PROJECT_ID = '0b01fbb53600d4671fa8c00673c71262';
const OTHER_KEY = { accessKey: 'HCOTHERACCESSKEY0002', secretKey: 'other secret key' };

const world = useWorld({ accessKeys: [DEMO_ACCESS_KEY, OTHER_KEY] });
const folder = useFolder();

/** The key that each request for a list of instances was signed with, by project. */
function keysUsed(): Record<string, string | undefined> {
  const lists = world.emulator.journal.filter({ operation: 'list-instances' });
  return Object.fromEntries(
    lists.map(({ projectId, headers }) => [
      projectId,
      /Access=([^,]+)/.exec(headers.authorization ?? '')?.[1],
    ]),
  );
}

test('two accounts in one policy, by prefix and by profile, each with its own key', async () => {
  const { emulator } = world;
  const clouds = await folder.write(
    'clouds.yaml',
    `clouds: { other: { auth: { ak: ${OTHER_KEY.accessKey}, sk: ${OTHER_KEY.secretKey}, auth_url: ${emulator.url}/v3 } } }`,
  );
  await chmod(clouds, 0o644);
  const env = {
    PROD_HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
    PROD_HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
    OS_CLIENT_CONFIG_FILE: clouds,
  };
  emulator.addInstance({ service: 'dcs', tasks: expired(2) });
  emulator.addInstance({ service: 'dcs', projectId: OTHER_PROJECT_ID, tasks: expired(3) });
  const targets = [
    targetOf(emulator, { credentials: { env: 'PROD' } }),
    targetOf(emulator, {
      name: 'other',
      projectId: OTHER_PROJECT_ID,
      credentials: { profile: 'other' },
    }),
  ];
  const { outcome, totals, warnings } = await world.run(
    policyOf(targets),
    {},
    { credentials: (reference) => credentialsSource(reference, env) },
  );
  expect(outcome).toBe('complete');
  expect(totals.deleted).toBe(5);
  expect(keysUsed()).toEqual({
    [DEMO_PROJECT_ID]: DEMO_ACCESS_KEY.accessKey,
    [OTHER_PROJECT_ID]: OTHER_KEY.accessKey,
  });
  expect(warnings).toEqual([
    `${clouds} holds credentials and can be read by others: chmod 600 ${clouds}`,
  ]);
});

describe('an access key that a server repeats is shown in part', () => {
  const said = (summary: Summary) => summary.targets.map(({ error }) => error?.message);

  test.each(['list-instances', 'projects'])('by the answer to %s', async (operation) => {
    const { accessKey } = DEMO_ACCESS_KEY;
    const error_msg = `AK access key ${accessKey} not found, "${accessKey}"`;
    world.emulator.intercept = (entry) =>
      entry.operation === operation
        ? { status: 401, body: { error_code: 'APIGW.0301', error_msg } }
        : undefined;
    const target = targetOf(world.emulator, { projectId: undefined });
    const [message] = said(await world.run(policyOf([target])));
    expect(message).toContain('APIGW.0301: AK access key HCDE…01 not found, "HCDE…01"');
    expect(message).not.toContain(accessKey);
  });

  test('where it is that of another target', async () => {
    const { emulator } = world;
    emulator.addInstance({ service: 'dcs', tasks: expired(2) });
    emulator.intercept = ({ operation, headers }) =>
      operation === 'list-instances' && headers.authorization?.includes(OTHER_KEY.accessKey)
        ? { status: 400, body: { error_msg: `not ${DEMO_ACCESS_KEY.accessKey}` } }
        : undefined;
    const targets = [
      targetOf(emulator),
      targetOf(emulator, {
        name: 'other',
        projectId: OTHER_PROJECT_ID,
        credentials: { env: 'OTHER' },
      }),
    ];
    const credentials: RunDependencies['credentials'] = (reference) => ({
      name: `the test ${reference?.env}`,
      read: async () => (reference?.env ? OTHER_KEY : DEMO_ACCESS_KEY),
    });
    const [first, second] = said(await world.run(policyOf(targets), {}, { credentials }));
    expect(first).toBeUndefined();
    expect(second).toContain('400: not HCDE…01');
  });
});

test('a secret in the id of a project is not shown where the project is refused', async () => {
  const open = await startWorld({ verify: false });
  const { targets } = await open.run(
    policyOf([targetOf(open.emulator, { projectId: 'id-of-s3cret' })]),
    {},
    {
      credentials: () => ({
        name: 'the test',
        read: async () => ({ accessKey: 'HCEXAMPLEKEY01', secretKey: 's3cret' }),
      }),
    },
  );
  expect(targets[0]?.error?.message).toContain(
    'does not offer this API to project id-of-[secret]: ',
  );
  await open.close();
});

test('a secret of another target is hidden in what IAM says when it gives no token', async () => {
  const { emulator } = world;
  emulator.intercept = ({ operation }) =>
    operation === 'token'
      ? { status: 401, body: { error: { message: `not ${DEMO_ACCESS_KEY.secretKey}` } } }
      : undefined;
  const targets = [
    targetOf(emulator),
    targetOf(emulator, { name: 'other', credentials: { env: 'OTHER' }, service: 'kafka' }),
  ];
  const credentials: RunDependencies['credentials'] = (reference) => ({
    name: `the test ${reference?.env}`,
    read: async () => (reference?.env ? DEMO_USER : DEMO_ACCESS_KEY),
  });
  const { targets: done } = await world.run(policyOf(targets), {}, { credentials });
  expect(done[1]?.error?.message).toMatch(/: 401: not \[secret\]$/);
});

describe('a service that refuses credentials again and again', () => {
  const tokens = () => world.emulator.journal.count(({ operation }) => operation === 'token');
  const asUser = (policy: object) =>
    world.run(
      policy,
      {},
      { credentials: () => ({ name: 'the test', read: async () => DEMO_USER }) },
    );
  const oneByOne = (requests: object = {}) =>
    policyOf([targetOf(world.emulator, { requests: { concurrency: 1, ...requests } })]);

  const acceptTimes = (most: number, durationMs: number) => {
    const used = new Map<string, number>();
    world.emulator.intercept = async ({ operation, headers }) => {
      if (operation !== 'delete-task') return undefined;
      await world.clock.sleep(durationMs);
      const token = headers['x-auth-token'] ?? '';
      const times = used.get(token) ?? 0;
      used.set(token, times + 1);
      return times < most ? undefined : { status: 401, body: { error_code: 'APIGW.0307' } };
    };
  };

  test('has three new tokens, then its target fails', async () => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(40) });
    acceptTimes(1, 0);
    const { targets, totals } = await asUser(oneByOne());
    expect(tokens()).toBe(4);
    expect(totals).toMatchObject({ expired: 40, deleted: 4, remaining: 36 });
    expect(targets[0]?.error).toEqual({
      code: 'unauthorised',
      message: `${world.emulator.url} refused the credentials (token of user demo-janitor from the test, after 3 renewals): 401 APIGW.0307. Check the key, its secret and this machine's clock.`,
    });
  });

  test('may do so in a long run, if it is content for more than ten minutes each time', async () => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(18) });
    acceptTimes(3, 4 * 60_000);
    const summary = await asUser(oneByOne({ timeout: '5m' }));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 18 } });
    expect(tokens()).toBe(6);
  });
});

test('a token that is said to live a second is not asked for with each request', async () => {
  const { emulator, clock } = world;
  emulator.addInstance({ service: 'dcs', tasks: expired(40) });
  emulator.intercept = async ({ operation }) => {
    if (operation === 'delete-task') await clock.sleep(1_000);
    if (operation !== 'token') return undefined;
    return {
      rewrite: (body) => {
        const { token } = body as { token: { issued_at: string } };
        const expires_at = new Date(Date.parse(token.issued_at) + 1_000).toISOString();
        return { token: { ...token, expires_at } };
      },
    };
  };
  const { outcome } = await world.run(
    policyOf([targetOf(emulator)]),
    {},
    { credentials: () => ({ name: 'the test', read: async () => DEMO_USER }) },
  );
  expect(outcome).toBe('complete');
  expect(emulator.journal.count(({ operation }) => operation === 'token')).toBe(1);
});

describe('an agency', () => {
  const ACME = '0b01fbb53600d4671fa8c00673c71263';
  const AGENCY = { domain: 'acme', name: 'janitor' };
  const USER = { username: 'u', password: 'p', domain: DEMO_USER.domain };

  beforeEach(() => {
    const { emulator } = world;
    emulator.agencies.push({ ...AGENCY, trusts: DEMO_USER.domain });
    emulator.users.push(USER);
    emulator.projects.push(
      { id: ACME, name: 'eu-de', domain: 'acme' },
      { id: OTHER_PROJECT_ID, name: 'eu-de_team', domain: 'acme' },
    );
    for (const projectId of [ACME, OTHER_PROJECT_ID]) {
      emulator.addInstance({ service: 'dcs', projectId, tasks: expired(40) });
      emulator.addInstance({ service: 'kafka', projectId, tasks: expired(40) });
    }
  });

  const acme = (fields: object = {}) => {
    const { projectId: _, ...target } = targetOf(world.emulator, {
      name: 'acme',
      region: 'eu-de',
      service: ['dcs', 'kafka'],
      projects: ['*'],
      credentials: { agency: AGENCY },
      requests: { concurrency: 50 },
      ...fields,
    }) as { projectId: string };
    return target;
  };
  /** IAM gives keys that differ from its own, and each DELETE takes a second. */
  const rewriteKeys = (fields: object) => {
    world.emulator.intercept = async ({ operation }) => {
      if (operation === 'delete-task') await world.clock.sleep(1_000);
      if (operation !== 'agency') return undefined;
      return {
        rewrite: (body) => ({
          credential: { ...(body as { credential: object }).credential, ...fields },
        }),
      };
    };
  };
  const assumed = () => world.emulator.journal.filter({ operation: 'agency' });

  test('acts in the account that gave it, beside targets of the own one', async () => {
    world.emulator.addInstance({ service: 'dcs', tasks: expired(2) });
    const summary = await world.run(policyOf([targetOf(world.emulator), acme()]));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { targets: 5, deleted: 162 } });
    expect(assumed()).toHaveLength(1);
    expect(JSON.parse(assumed()[0]?.body ?? '').auth.identity.assume_role).toEqual({
      agency_name: 'janitor',
      domain_name: 'acme',
      duration_seconds: 3600,
    });
    expect(summary.requests.sent).toBe(world.emulator.journal.count());
  });

  test('is not taken for another one where their names read alike in a sentence', async () => {
    const { emulator } = world;
    const agencies = [
      { domain: 'c', name: 'a of account b' },
      { domain: 'b of account c', name: 'a' },
    ];
    for (const [i, agency] of agencies.entries()) {
      emulator.agencies.push({ ...agency, trusts: DEMO_USER.domain });
      emulator.projects.push({ id: `project-${i}`, name: 'eu-nl', domain: agency.domain });
      emulator.addInstance({ service: 'dcs', projectId: `project-${i}`, tasks: expired(2) });
    }
    const targets = agencies.map((agency, i) =>
      acme({
        name: `target-${i}`,
        region: 'eu-nl',
        service: 'dcs',
        projects: undefined,
        credentials: { agency },
      }),
    );
    const summary = await world.run(policyOf(targets));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { targets: 2, deleted: 4 } });
    expect(assumed()).toHaveLength(2);
    const [one, other] = Object.values(keysUsed());
    expect(one).not.toBe(other);
  });

  test('is assumed with a token of the account where there is a password', async () => {
    const { outcome } = await world.run(
      policyOf([acme()]),
      {},
      { credentials: () => ({ name: 'the test', read: async () => USER }) },
    );
    expect(outcome).toBe('complete');
    const tokens = world.emulator.journal.filter({ operation: 'token' });
    expect(tokens.map(({ body }) => JSON.parse(body).auth.scope)).toEqual([
      { domain: { name: USER.domain } },
    ]);
    expect(assumed()).toHaveLength(1);
    expect(assumed()[0]?.headers['x-auth-token']).toBeDefined();
  });

  test('whose keys end with 50 requests in flight is assumed once more', async () => {
    const { emulator } = world;
    let inFlight = 0;
    let release = () => {};
    const ended = new Promise<void>((resolve) => {
      release = resolve;
    });
    emulator.intercept = async ({ operation }) => {
      if (operation !== 'delete-task') return undefined;
      inFlight += 1;
      if (inFlight === 50) {
        emulator.expireTemporaryKeys();
        release();
      }
      if (inFlight > 50) return undefined;
      await ended;
      return { status: 401, body: { error_code: 'APIGW.0301', error_msg: 'expired' } };
    };
    const summary = await world.run(policyOf([acme()]));
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 160, failed: 0 } });
    expect(assumed()).toHaveLength(2);
  });

  test('whose keys are refused again and again is assumed three times more', async () => {
    const used = new Set<string>();
    world.emulator.intercept = ({ operation, headers }) => {
      const key = headers['x-security-token'] ?? '';
      if (operation !== 'delete-task') return undefined;
      if (used.has(key)) return { status: 401, body: { error_code: 'APIGW.0301' } };
      used.add(key);
      return undefined;
    };
    const single = { service: 'dcs', projects: ['eu-de'], requests: { concurrency: 1 } };
    const { targets, totals } = await world.run(policyOf([acme(single)]));
    expect(assumed()).toHaveLength(4);
    expect(totals.deleted).toBe(4);
    expect(targets[0]?.error).toMatchObject({ code: 'unauthorised' });
    expect(targets[0]?.error?.message).toContain('assumed with the test, after 3 renewals)');
  });

  test('whose keys are said to end in a second is not assumed with each request', async () => {
    rewriteKeys({ expires_at: new Date(FAKE_NOW + 1_000).toISOString() });
    const { outcome } = await world.run(policyOf([acme()]));
    expect(outcome).toBe('complete');
    expect(assumed()).toHaveLength(1);
  });

  test('whose keys are longer than any header fails its targets', async () => {
    rewriteKeys({ securitytoken: 'x'.repeat(65_537) });
    const { targets } = await world.run(policyOf([acme()]));
    expect(targets[0]?.error?.message).toMatch(/gave no keys .*: its answer holds no keys$/);
  });

  test('is assumed again before its keys end', async () => {
    const { emulator, clock } = world;
    let deletes = 0;
    emulator.intercept = async ({ operation }) => {
      if (operation !== 'delete-task') return undefined;
      deletes += 1;
      if (deletes === 60) await clock.sleep(56 * 60_000);
      return undefined;
    };
    const summary = await world.run(
      policyOf([acme({ requests: { concurrency: 1, timeout: '5m' } })]),
    );
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 160 } });
    expect(assumed()).toHaveLength(2);
    expect(emulator.journal.count(({ status }) => status === 401)).toBe(0);
  });

  test('is used until its keys are refused where it cannot be assumed again', async () => {
    const { emulator, clock } = world;
    let deletes = 0;
    emulator.intercept = async ({ operation }) => {
      if (operation !== 'delete-task') return undefined;
      deletes += 1;
      if (deletes !== 60) return undefined;
      emulator.agencies.length = 0;
      await clock.sleep(56 * 60_000);
      return undefined;
    };
    const summary = await world.run(
      policyOf([acme({ requests: { concurrency: 1, timeout: '5m' } })]),
    );
    // Once for the keys, once before their end.
    expect(assumed().map(({ status }) => status)).toEqual([201, 404]);
    expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 160 } });
  });

  test.each([
    [
      'is not there',
      () => world.emulator.agencies.splice(0),
      /account acme: 404 IAM.0004: Could not find agency: janitor. \(that account has no agency of this name/,
    ],
    [
      'is not delegated to this account',
      () => world.emulator.agencies.splice(0, 1, { ...AGENCY, trusts: 'else' }),
      /403 .* \(the agency is not delegated to the account of these credentials/,
    ],
    [
      'may not be assumed by this user',
      () => world.emulator.accessKeys.splice(0, 1, { ...DEMO_ACCESS_KEY, mayAssume: false }),
      /403 .* \(the user may not assume agencies: grant the user the role Agent Operator\)/,
    ],
  ])('that %s fails its targets, and no others', async (_, change, message) => {
    change();
    world.emulator.addInstance({ service: 'dcs', tasks: expired(2) });
    const summary = await world.run(policyOf([targetOf(world.emulator), acme()]));
    expect(summary.totals.deleted).toBe(2);
    expect(summary.targets.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['cache', 'complete'],
      ['acme/dcs', 'failed'],
      ['acme/kafka', 'failed'],
    ]);
    for (const { error } of summary.targets.slice(1)) {
      expect(error?.message).toMatch(message);
    }
    expect(assumed()).toHaveLength(1);
  });

  test('shows none of its keys, whatever a server says', async () => {
    const secrets: string[] = [];
    world.emulator.intercept = ({ operation, headers }) => {
      if (operation === 'agency') {
        return {
          rewrite: (body) => {
            const { credential } = body as { credential: Record<string, string> };
            const { access = '', secret = '', securitytoken = '' } = credential;
            secrets.push(access, secret, securitytoken);
            return body;
          },
        };
      }
      if (operation !== 'list-tasks') return undefined;
      const said = [...secrets, headers.authorization].join(' ');
      return { status: 401, body: { error_code: 'APIGW.0301', error_msg: said } };
    };
    const summary = await world.run(policyOf([acme()]));
    expect(summary.outcome).toBe('failed');
    expect(secrets.length).toBeGreaterThan(3);
    for (const secret of secrets) expect(JSON.stringify(summary)).not.toContain(secret);
    expect(JSON.stringify(summary)).toContain(
      'temporary key from agency janitor of account acme, assumed with the test',
    );
  });
});
