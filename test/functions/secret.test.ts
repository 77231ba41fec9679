import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { handler } from '../../functions/cleanup.ts';
import { DEMO_ACCESS_KEY, DEMO_USER, type Emulator } from '../../lib/emulator/index.ts';
import { FakeIo, type } from '../cli/fake-io.ts';
import { keepEnvironment } from '../environment.ts';
import { startOnDisk } from '../on-disk.ts';
import { captureOutput } from '../output.ts';
import { expired } from '../records.ts';
import { type FakeSecretsManager, startSecretsManager } from '../secrets-manager.ts';

const environment = keepEnvironment();
const CONTEXT = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 900_000 } as Context;
let emulator: Emulator;
let manager: FakeSecretsManager;
let policy: string;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ emulator, policy, close } = await startOnDisk(({ url }) => [
    'credentials: { secret: task-janitor/huawei }',
    `iamEndpoint: ${url}`,
  ]));
  emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(3) });
  manager = await startSecretsManager();
  Object.assign(process.env, manager.env, { POLICY_FILE: policy });
  captureOutput();
});
afterEach(async () => {
  jest.restoreAllMocks();
  environment.restore();
  await Promise.all([close(), manager.close()]);
});

test.each([
  ['an access key', DEMO_ACCESS_KEY],
  ['a user', DEMO_USER],
])('the handler reads %s from the secret, once, and cleans', async (_kind, credentials) => {
  manager.secrets['task-janitor/huawei'] = JSON.stringify(credentials);
  const summary = await handler({}, CONTEXT);
  expect(summary.totals).toMatchObject({ expired: 3, deleted: 3 });
  expect(manager.asked).toHaveLength(1);
});

test('each run reads the secret anew, so a rotation needs no deployment', async () => {
  manager.secrets['task-janitor/huawei'] = JSON.stringify(DEMO_ACCESS_KEY);
  await handler({}, CONTEXT);
  const rotated = {
    accessKey: 'HCROTATEDACCESSKEY01',
    secretKey: 'rotatedSecretKey0000000000000000000000001',
  };
  emulator.accessKeys.splice(0, 1, rotated);
  manager.secrets['task-janitor/huawei'] = JSON.stringify(rotated);
  const summary = await handler({}, CONTEXT);
  expect(summary.outcome).toBe('complete');
  expect(manager.asked).toHaveLength(2);
});

test('the command line reads the secret and cleans', async () => {
  manager.secrets['task-janitor/huawei'] = JSON.stringify(DEMO_ACCESS_KEY);
  const { status, stdout } = await type(
    `run --policy ${policy} --json`,
    new FakeIo({ env: manager.env }),
  );
  expect(status).toBe(0);
  expect(JSON.parse(stdout).totals).toMatchObject({ deleted: 3 });
});

test('a secret that is not there fails the run, and says what to do', async () => {
  await expect(handler({}, CONTEXT)).rejects.toThrow(
    /secret task-janitor\/huawei in eu-central-1 does not exist: create it/,
  );
  expect(emulator.journal.all()).toEqual([]);
});
