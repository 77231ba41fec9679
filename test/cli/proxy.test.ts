import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, DEMO_REGION, type Emulator } from '../../lib/emulator/index.ts';
import { AWS_KEYS } from '../environment.ts';
import { type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { type FakeProxy, startProxy } from '../proxy.ts';
import { expired } from '../records.ts';
import { type FakeSecretsManager, startSecretsManager } from '../secrets-manager.ts';
import { buildCommand, startWith } from './built-command.ts';

// Another process, since only its own environment makes Node trust the certificates behind the proxy.
const IAM = `iam.${DEMO_REGION}.myhuaweicloud.eu:443`;
const DCS = `dcs.${DEMO_REGION}.myhuaweicloud.eu:443`;
const SECRETS = 'secretsmanager.eu-central-1.amazonaws.com:443';

let emulator: Emulator;
let folder: PolicyFolder;
let manager: FakeSecretsManager;
let proxy: FakeProxy;
let policy: string;
let close: () => Promise<void>;
beforeAll(buildCommand, 30_000);
beforeEach(async () => {
  ({ emulator, folder, close } = await startOnDisk());
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(3) });
  manager = await startSecretsManager({ janitor: JSON.stringify(DEMO_ACCESS_KEY) });
  proxy = await startProxy((host) => (host.startsWith('secretsm') ? manager.url : emulator.url));
  policy = await folder.write(
    'account.yml',
    `
version: 1
dryRun: false
targets:
  - name: cache
    cloud: huaweicloud
    service: dcs
    region: ${DEMO_REGION}
    credentials: { secret: janitor }
    keepFor: 30d
`,
  );
});
afterEach(async () => {
  await proxy.close();
  await manager.close();
  await close();
});

function command(...words: string[]) {
  const env = {
    HTTPS_PROXY: proxy.url,
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    AWS_REGION: 'eu-central-1',
    ...AWS_KEYS,
  };
  return startWith({ env }, ...words, '--policy', policy).ended;
}

test('a whole run goes through the proxy: secret, IAM and service, each in few tunnels', async () => {
  const { status } = await command('run');
  expect(status).toBe(0);
  expect(emulator.journal.deletes()).toHaveLength(3);
  expect(new Set(proxy.asked)).toEqual(new Set([SECRETS, IAM, DCS]));
  // Connections are kept: the DELETEs share those that the lists have opened.
  expect(proxy.asked.length).toBeLessThan(emulator.journal.count());
});

test('doctor says which proxy it went through', async () => {
  const { status, stdout } = await command('doctor');
  expect(stdout.replace(/\n {8}/g, ' ')).toContain(
    `ok    endpoint: https://${DCS.replace(':443', '')} answers, through the proxy ${proxy.url}`,
  );
  expect(status).toBe(0);
});

test('doctor explains a proxy that refuses', async () => {
  proxy.status = 403;
  const { status, stdout } = await command('doctor');
  expect(stdout.replace(/\n {8}/g, ' ')).toContain(
    `the proxy ${proxy.url} does not connect to ${DCS.replace(':443', '')}: 403; have that host allowed in the proxy`,
  );
  expect(status).toBe(1);
});
