import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  DEMO_REGION,
  DEMO_USER,
  type Emulator,
} from '../../lib/emulator/index.ts';
import type { Transport } from '../../lib/http/transport.ts';
import { Accounts } from '../../lib/identity/accounts.ts';
import type { Credentials } from '../../lib/identity/credentials.ts';
import type { FakeClock } from '../fake-clock.ts';
import { startWorld } from '../run/world.ts';

let clock: FakeClock;
let emulator: Emulator;
let transport: Transport;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ clock, emulator, transport, close } = await startWorld());
});
afterEach(() => close());

/** A token's answer that says something else of its project. */
function tokenOf(project: unknown): void {
  emulator.intercept = ({ operation }) =>
    operation === 'token'
      ? {
          rewrite: (body) => ({ token: { ...(body as { token: object }).token, project } }),
        }
      : undefined;
}

async function connected(credentials: Credentials, projectId?: string) {
  const end = Number.POSITIVE_INFINITY;
  const counts = { sent: 0, retried: 0, throttled: 0 };
  const address = {
    cloud: 'huaweicloud',
    region: DEMO_REGION,
    projectId,
    iamEndpoint: emulator.url,
  } as const;
  const accounts = new Accounts({
    sourceOf: () => ({ name: 'secret s', read: async () => credentials }),
    transport,
    clock,
    random: () => 0.5,
    window: { deleteUntil: end, end, stop: new AbortController().signal },
    warn: () => {},
  });
  const { projectId: found } = await clock.settle(accounts.enter(address, counts));
  return { found, operations: emulator.journal.all().map(({ operation }) => operation), counts };
}

describe('the project', () => {
  test('of the policy is taken, and with a key nothing is sent', async () => {
    const { found, operations } = await connected(DEMO_ACCESS_KEY, 'of-the-policy');
    expect(found).toBe('of-the-policy');
    expect(operations).toEqual([]);
  });

  test('is looked up by the region for a key', async () => {
    const { found, operations, counts } = await connected(DEMO_ACCESS_KEY);
    expect(found).toBe(DEMO_PROJECT_ID);
    expect(operations).toEqual(['projects']);
    expect(counts.sent).toBe(1);
  });

  test('comes with a user’s token', async () => {
    const { found, operations } = await connected(DEMO_USER);
    expect(found).toBe(DEMO_PROJECT_ID);
    expect(operations).toEqual(['token']);
  });

  test('of the policy is what a user’s token is for', async () => {
    emulator.projects.push({ id: 'of-the-policy', name: 'another' });
    const { found } = await connected(DEMO_USER, 'of-the-policy');
    expect(found).toBe('of-the-policy');
    const [entry] = emulator.journal.all();
    expect(JSON.parse(entry?.body ?? '').auth.scope).toEqual({ project: { id: 'of-the-policy' } });
  });

  test('that a token does not name is looked up with it', async () => {
    tokenOf(undefined);
    const { found, operations } = await connected(DEMO_USER);
    expect(found).toBe(DEMO_PROJECT_ID);
    expect(operations).toEqual(['token', 'projects']);
  });

  test.each([
    [{ id: 'p1', name: 'cn-north-4' }, 'cn-north-4'],
    [{ id: 'p1' }, 'one whose name cannot be used'],
    [{ id: '../p1', name: DEMO_REGION }, 'one whose id cannot be used'],
    ['p1', 'one whose name cannot be used'],
  ])('that a token names as %j is not the region’s own', async (project, came) => {
    tokenOf(project);
    await expect(connected(DEMO_USER)).rejects.toThrow(
      `${emulator.url} did not give the project of region ${DEMO_REGION}: it was asked for the one named ${DEMO_REGION}, and answered with ${came}. Write projectId in the policy.`,
    );
    expect(emulator.journal.count()).toBe(1);
  });

  test('whose id is the token itself is none, and the token is not shown', async () => {
    emulator.intercept = () => ({
      status: 201,
      headers: { 'x-subject-token': 'MIItoken0123456789' },
      body: { token: { project: { id: 'MIItoken0123456789', name: DEMO_REGION } } },
    });
    await expect(connected(DEMO_USER)).rejects.toThrow(
      /^(?!.*MIItoken).*answered with one whose id cannot be used\. Write projectId/,
    );
  });
});

test('credentials that are refused are an error before anything else is done', async () => {
  const wrong = { ...DEMO_USER, password: 'wrong password' };
  await expect(connected(wrong)).rejects.toThrow(/the user name or password is wrong/);
  expect(emulator.journal.count()).toBe(1);
});
