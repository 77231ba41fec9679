import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Emulator, type Intercept, startEmulator } from '../../lib/emulator/index.ts';
import type { Credentials } from '../../lib/identity/credentials.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { observeAll } from '../../lib/run/observer.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { logObserver } from '../../lib/telemetry/log-observer.ts';
import { createLogger } from '../../lib/telemetry/logger.ts';
import { collectDecisions } from '../../lib/view/decisions.ts';
import { renderHtml } from '../../lib/view/html/html.ts';
import { letterOf } from '../../lib/view/letter.ts';
import { renderSummary } from '../../lib/view/terminal/render-summary.ts';
import { NO_TERMINAL } from '../../lib/view/terminal/terminal.ts';
import { onlyTarget } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { useWorld } from '../run/world.ts';
import { forgetLogSettings } from './log-settings.ts';

const KEY = {
  accessKey: 'HCTESTACCESSKEY00042',
  secretKey: 'secretKeyThatMustNotBeSeen/+42',
  securityToken: 'securityTokenThatMustNotBeSeen42==',
};
const USER = { username: 'janitor', password: 'pass"word\\ThatMustNotBeSeen/+42', domain: 'acme' };

const world = useWorld({ accessKeys: [KEY], users: [USER] });
beforeEach(() => {
  forgetLogSettings();
  process.env.POWERTOOLS_LOG_LEVEL = 'DEBUG';
});

/** All that a run says to anybody. */
async function allOutput(credentials: Credentials, fields: object = {}): Promise<string> {
  const { emulator } = world;
  emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
  let output = '';
  const logger = createLogger((line) => {
    output += line;
  });
  logger.debug('the level is DEBUG');
  const policy = onlyTarget(emulator, { requests: { attempts: 2 }, ...fields });
  const decisions = collectDecisions();
  const summary = await world.run(
    policy,
    {},
    {
      credentials: () => ({ name: 'the test', read: async () => credentials }),
      observer: observeAll([logObserver(logger, 'run-1'), decisions.observer]),
    },
  );
  const error = new RunFailedError(summary);
  logger.error('the run failed', { error });
  output +=
    JSON.stringify(summary) + renderSummary(summary, { terminal: NO_TERMINAL }) + error.stack;
  const sender = { stage: 'prod', dashboard: 'https://dashboard', runbook: 'docs/runbook.md' };
  output += letterOf(summary, sender)?.text;
  const policyFile = { name: 'retention.json', text: JSON.stringify(policy) };
  const read = loadPolicy(policyFile.text, policyFile.name);
  output += renderHtml({ summary, decisions, policy: read, policyFile, options: [] });
  expect(output).toContain('the level is DEBUG');
  return output;
}

/** Secrets as they are, and as they stand inside of JSON. */
function expectNoSecrets(output: string): void {
  const tokens = world.emulator.journal
    .all()
    .flatMap(({ headers }) => headers['x-auth-token'] ?? []);
  const secrets = [
    KEY.secretKey,
    KEY.securityToken,
    USER.password,
    'ThatMustNotBeSeen/+42',
    ...tokens,
  ];
  for (const secret of secrets.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)])) {
    expect(output).not.toContain(secret);
  }
  expect(output).not.toMatch(/Authorization: |Signature=|x-security-token|X-Auth-Token/i);
}

/** A service that tells everybody what it was sent. */
const gossip =
  (status: number, when: (operation: string) => boolean): Intercept =>
  ({ operation, headers, body }) =>
    when(operation)
      ? {
          status,
          body: {
            error_code: 'DCS.4999',
            error_msg: `refused ${headers['x-security-token'] ?? headers['x-auth-token']} ${body}`,
          },
        }
      : undefined;

const FAILURES: readonly (readonly [string, (emulator: Emulator) => void])[] = [
  ['nothing', () => {}],
  ['no permission to list', (emulator) => Object.assign(emulator.faults, { deny: ['list-tasks'] })],
  ['no permission to delete', (one) => Object.assign(one.faults, { deny: ['delete-task'] })],
  [
    'every DELETE failing',
    (one) => Object.assign(one.faults, { deleteFails: { every: 1, once: false } }),
  ],
  ['every connection reset', (one) => Object.assign(one.faults, { resets: { every: 1 } })],
  [
    'bodies that are no JSON',
    (one) => Object.assign(one.faults, { badBodies: { every: 1, kind: 'html' } }),
  ],
  [
    'a 400 that repeats what was sent',
    (one) => Object.assign(one, { intercept: gossip(400, (name) => name === 'delete-task') }),
  ],
  [
    'a 500 that repeats what was sent',
    (one) => Object.assign(one, { intercept: gossip(500, () => true) }),
  ],
  [
    'a 403 that repeats what was sent',
    (one) => Object.assign(one, { intercept: gossip(403, () => true) }),
  ],
  [
    'a 401 that repeats what was sent',
    (one) => Object.assign(one, { intercept: gossip(401, () => true) }),
  ],
];

describe.each(FAILURES)('no secret is shown with %s', (_, misbehave) => {
  test('when an access key signs', async () => {
    misbehave(world.emulator);
    expectNoSecrets(await allOutput(KEY));
  });

  test('when a user has a token', async () => {
    misbehave(world.emulator);
    expectNoSecrets(await allOutput(USER));
  });
});

describe('no secret is shown', () => {
  test('when the secret key is wrong, and the service repeats the whole request', async () => {
    const output = await allOutput({ ...KEY, secretKey: 'wrongSecretThatMustNotBeSeen' });
    expect(output).toContain('unauthorised');
    expect(output).not.toContain('wrongSecretThatMustNotBeSeen');
    expectNoSecrets(output);
  });

  test('when the security token is wrong', async () => {
    const output = await allOutput({ ...KEY, securityToken: 'wrongTokenThatMustNotBeSeen' });
    expect(output).not.toContain('wrongTokenThatMustNotBeSeen');
    expectNoSecrets(output);
  });

  test('when the password is wrong', async () => {
    const output = await allOutput({ ...USER, password: 'wrongPasswordThatMustNotBeSeen' });
    expect(output).toContain('the user name or password is wrong');
    expect(output).not.toContain('wrongPasswordThatMustNotBeSeen');
    expectNoSecrets(output);
  });

  test('when the server cannot be reached', async () => {
    const down = await startEmulator();
    await down.close();
    for (const credentials of [KEY, USER]) {
      const output = await allOutput(credentials, { endpoint: down.url, iamEndpoint: down.url });
      expect(output).toContain('nothing listens there');
      expectNoSecrets(output);
    }
  });
});

test('no access key is shown in full that a service repeats in names', async () => {
  const { accessKey } = KEY;
  world.emulator.addInstance({
    service: 'dcs',
    name: `prod-${accessKey}`,
    tasks: [
      aged(40, { name: `rotate ${accessKey}` }),
      aged(41, { user_name: accessKey }),
      aged(42, { name: `rotate ${accessKey.slice(0, -1)}` }),
    ],
  });
  const output = await allOutput(KEY);
  expect(output).not.toContain(accessKey);
  expect(output).toContain(`rotate ${accessKey.slice(0, -1)}`);
  // They stay, as all that cannot be read does.
  expect(world.emulator.journal.count(({ operation }) => operation === 'delete-task')).toBe(4);
});
