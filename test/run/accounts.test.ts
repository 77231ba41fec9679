import { chmod } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID } from '../../lib/emulator/index.ts';
import { credentialsSource } from '../../lib/identity/credentials-source.ts';
import { type PolicyFolder, policyFolder } from '../on-disk.ts';
import { policyOf, targetOf } from '../policies.ts';
import { expired } from '../records.ts';
import { startWorld, type World } from './world.ts';

const OTHER_PROJECT_ID = '0b01fbb53600d4671fa8c00673c71262';
const OTHER_KEY = { accessKey: 'HCOTHERACCESSKEY0002', secretKey: 'other secret key' };

let world: World;
let folder: PolicyFolder;
beforeEach(async () => {
  world = await startWorld({ accessKeys: [DEMO_ACCESS_KEY, OTHER_KEY] });
  folder = await policyFolder();
});
afterEach(async () => {
  await world.close();
  await folder.remove();
});

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
