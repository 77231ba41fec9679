import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEMO_PROJECT_ID,
  DEMO_REGION,
  DEMO_USER,
  type Emulator,
  startEmulator,
} from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import type { Policy } from '../../lib/policy/schema.ts';
import { useFolder } from '../on-disk.ts';
import { expired } from '../records.ts';
import { startSecretsManager } from '../secrets-manager.ts';
import { DEMO_ENV, type Ended, FakeIo, tooWide, type, typeWords } from './fake-io.ts';

const TEAM = { id: '0b01fbb53600d4671fa8c00673c71262', name: `${DEMO_REGION}_team` };

let emulator: Emulator;
const folder = useFolder();
let output: string;
beforeEach(async () => {
  emulator = await startEmulator();
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(20) });
  emulator.addInstance({ service: 'kafka', name: 'orders', tasks: expired(20) });
  output = join(folder.path, 'first.yml');
});
afterEach(() => emulator.close());

/** `init` for the emulator; its words are those of the options that are not about that. */
const init = (words = '--service dcs', io = new FakeIo()): Promise<Ended> =>
  type(`init ${words} ${where()}`, io);
const where = (region = DEMO_REGION) =>
  `--cloud huaweicloud --region ${region} --endpoint ${emulator.url} --output ${output}`;

const written = async (): Promise<Policy> => loadPolicy(await readFile(output, 'utf8'), output);
const isWritten = () =>
  access(output).then(
    () => true,
    () => false,
  );

test('writes a policy that only reports, with limits; then plan, and run of that plan', async () => {
  const { status, stdout, stderr } = await init();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(
    '  ok    projects: eu-west-101\n  ok    dcs: 1 instance in eu-west-101\n',
  );
  expect(stdout).toContain(`  task-janitor plan --policy ${output}\n`);
  expect(tooWide(stdout.replaceAll(output, 'first.yml'))).toEqual([]);
  expect(await written()).toMatchObject({
    dryRun: true,
    defaults: { keepLast: 10, limits: { deletions: 5000, deletePercent: 95 } },
    targets: [
      {
        name: 'dcs-eu-west-101',
        service: 'dcs',
        region: DEMO_REGION,
        projectId: DEMO_PROJECT_ID,
        endpoint: emulator.url,
      },
    ],
  });
  const text = await readFile(output, 'utf8');
  expect(text).toMatch(/^# Written by "task-janitor init"\. It only reports until dryRun is false/);
  expect(text).toContain('# 1 instance: prod-sessions\n');

  const plan = join(folder.path, 'plan.jsonl');
  expect((await type(`validate --policy ${output}`)).status).toBe(0);
  expect((await type(`plan --policy ${output} --records ${plan}`)).status).toBe(0);
  expect(emulator.journal.deletes()).toEqual([]);
  const ran = await type(`run --policy ${output} --plan ${plan} --no-dry-run --json`);
  expect((JSON.parse(ran.stdout) as Summary).totals).toMatchObject({ listed: 20, deleted: 10 });
});

test('credentials with a prefix, or of a profile, are used and written', async () => {
  const { HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK } = DEMO_ENV;
  const prefixed = {
    PROD_HUAWEICLOUD_SDK_AK: HUAWEICLOUD_SDK_AK,
    PROD_HUAWEICLOUD_SDK_SK: HUAWEICLOUD_SDK_SK,
  };
  const { status } = await init('--service dcs --env PROD', new FakeIo({ env: prefixed }));
  expect(status).toBe(0);
  expect((await written()).targets).toMatchObject([{ credentials: { env: 'PROD' } }]);
  const both = await type(
    `init --cloud otc --region eu-de --service dcs --env A --profile b --output ${output}.yml`,
  );
  expect(both).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--env and --profile: credentials come from one place'),
  });
});

test('a target for each service of each project of the region that has instances', async () => {
  emulator.projects.push(TEAM, { id: 'a'.repeat(32), name: 'eu-nl' }, { id: 'b', name: 'MOS' });
  emulator.addInstance({ service: 'dcs', name: 'team', tasks: [], projectId: TEAM.id });
  const { status, stdout } = await init('--service dcs,kafka --service rabbitmq');
  expect(status).toBe(0);
  const targets = (await written()).targets.map(({ name, projectId }) => [name, projectId]);
  expect(targets).toEqual([
    ['dcs-eu-west-101', DEMO_PROJECT_ID],
    ['kafka-eu-west-101', DEMO_PROJECT_ID],
    [`dcs-${TEAM.name}`, TEAM.id],
  ]);
  expect(stdout).toContain('  ok    rabbitmq: no instances in eu-west-101\n');
});

test('a disabled project is left out, and said', async () => {
  emulator.projects.push({ ...TEAM, enabled: false });
  const { status, stdout } = await init();
  expect(status).toBe(0);
  expect(stdout).toContain(`projects: eu-west-101; disabled, and left alone: ${TEAM.name}\n`);
});

test('a service that lists the instances of another one is left out, since both would stop', async () => {
  const { status, stdout } = await init('--service dcs --service dcs-v1');
  expect(status).toBe(0);
  expect(stdout).toContain(
    'skip  dcs-v1: left out in eu-west-101: it lists the same instances as dcs',
  );
  expect((await written()).targets).toHaveLength(1);
});

test('a user gets a token for each project', async () => {
  emulator.projects.push(TEAM);
  emulator.addInstance({ service: 'dcs', name: 'team', tasks: [], projectId: TEAM.id });
  const env = {
    HUAWEICLOUD_USERNAME: DEMO_USER.username,
    HUAWEICLOUD_PASSWORD: DEMO_USER.password,
    HUAWEICLOUD_DOMAIN: DEMO_USER.domain,
  };
  expect((await init('--service dcs', new FakeIo({ env }))).status).toBe(0);
  expect((await written()).targets).toHaveLength(2);
  expect((await type(`plan --policy ${output}`, new FakeIo({ env }))).status).toBe(0);
});

test('credentials in a secret: it is read, and the policy names it', async () => {
  const { HUAWEICLOUD_SDK_AK: accessKey, HUAWEICLOUD_SDK_SK: secretKey } = DEMO_ENV;
  const secret = JSON.stringify({ accessKey, secretKey });
  const secrets = await startSecretsManager({ 'task-janitor/first': secret });
  const before = { ...process.env };
  Object.assign(process.env, secrets.env);
  try {
    const words = '--service dcs --secret task-janitor/first';
    const { status, stdout } = await init(words, new FakeIo({ env: secrets.env }));
    expect(status).toBe(0);
    expect(stdout).toContain('an access key, from secret task-janitor/first');
    expect(await readFile(output, 'utf8')).not.toContain(secretKey);
    const [target] = (await written()).targets;
    expect(target?.credentials).toEqual({ secret: 'task-janitor/first' });
  } finally {
    for (const name of Object.keys(secrets.env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    await secrets.close();
  }
});

test('names that come from the service can say nothing in the policy', async () => {
  const evil = 'a\ndryRun: false\n#\u001b[2J: "{[*&!|>%@`';
  const [own] = emulator.projects.splice(0, 1, { id: '0123', name: DEMO_REGION });
  emulator.projects.push({ id: own?.id as string, name: `${DEMO_REGION}_/${evil}` });
  for (const { id } of emulator.instances()) emulator.removeInstance(id);
  emulator.addInstance({ service: 'dcs', name: evil, tasks: [], projectId: '0123' });
  emulator.addInstance({ service: 'dcs', name: 'elsewhere', tasks: [] });
  const { status, stdout } = await init();
  expect(status).toBe(0);
  expect(stdout).not.toContain('\u001b');
  const { dryRun, targets } = await written();
  expect(dryRun).toBe(true);
  expect(targets).toHaveLength(1);
  expect(targets[0]?.projectId).toBe('0123');
});

test('never writes over a file, and asks nothing before it says so', async () => {
  await folder.write('first.yml', 'mine');
  const io = new FakeIo({ answers: [] });
  const { status, stderr } = await type(`init --output ${output}`, io);
  expect(status).toBe(2);
  expect(stderr).toBe(`${output} exists already, and is not written over; name another file\n`);
  expect(await readFile(output, 'utf8')).toBe('mine');
});

test.each([
  ['my first.yml', "'my first.yml'"],
  ["it's $HOME.yml", "'it'\\''s $HOME.yml'"],
  ['first_1.yml', 'first_1.yml'],
])('the next command can be typed as it stands: a policy called %s', async (name, typed) => {
  const where = ['--cloud', 'huaweicloud', '--region', DEMO_REGION, '--service', 'dcs'];
  output = join(folder.path, name);
  const options = [...where, '--endpoint', emulator.url, '--output', output];
  const { status, stdout } = await typeWords(['init', ...options]);
  expect(status).toBe(0);
  const path = `${folder.path}/`;
  const expected = typed.startsWith("'") ? `'${path}${typed.slice(1)}` : `${path}${typed}`;
  expect(stdout).toContain(`  task-janitor plan --policy ${expected}\n`);
  expect(await readFile(output, 'utf8')).toContain(`task-janitor plan --policy ${expected}  `);
});

test('a name with control characters is refused, since a comment of the policy repeats it', async () => {
  const name = join(folder.path, 'a\ntargets: [].yml');
  const { status, stderr } = await typeWords(
    ['init', '--output', name],
    new FakeIo({ answers: [] }),
  );
  expect(status).toBe(2);
  expect(stderr).toContain("a policy's name has no control characters; name another file");
});

test('a folder that is not there', async () => {
  output = join(folder.path, 'none', 'first.yml');
  const { status, stderr } = await init();
  expect(status).toBe(2);
  expect(stderr).toContain('its folder does not exist; make it first');
});

describe('what is wrong is said, and nothing is written', () => {
  afterEach(async () => expect(await isWritten()).toBe(false));

  test('options that are missing where there is no terminal', async () => {
    const { status, stderr } = await type(`init --region eu-de --output ${output}`);
    expect(status).toBe(2);
    expect(stderr).toContain('so add --cloud, --service; for example: task-janitor init --cloud');
  });

  test.each([
    ['--cloud aws --region eu-de --service dcs', '--cloud "aws": expected huaweicloud or otc'],
    ['--cloud otc --region EU! --service dcs', '--region "EU!": expected a region such as eu-de'],
    ['--cloud otc --region eu-de --service redis', '--service "redis": expected one of dcs, '],
    ['--cloud otc --region eu-de --service ,', '--service "": expected one of dcs, '],
    [
      '--cloud otc --region eu-de --service dcs --endpoint http://example.com',
      '--endpoint "http://example.com": http is for loopback addresses only; write https',
    ],
  ])('%s', async (words, message) => {
    const { status, stderr } = await type(`init ${words} --output ${output}`);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  test('credentials that are not there', async () => {
    const { status, stdout } = await init('--service dcs', new FakeIo({ env: {} }));
    expect(status).toBe(1);
    expect(stdout).toContain('FAIL  credentials: no credentials in the environment');
    expect(emulator.journal.count()).toBe(0);
  });

  test('credentials that are refused', async () => {
    const env = { ...DEMO_ENV, HUAWEICLOUD_SDK_SK: 'wrong-secret-key-0123456789' };
    const { status, stdout } = await init('--service dcs', new FakeIo({ env }));
    expect(status).toBe(1);
    expect(stdout).toContain('FAIL  projects: ');
    expect(stdout.replace(/\s+/g, ' ')).toContain('access key HCDE…01 from the environment');
    expect(stdout).not.toContain('wrong-secret-key');
  });

  test('a region in which there is no project', async () => {
    const { status, stdout } = await type(`init --service dcs ${where('eu-de')}`);
    expect(status).toBe(1);
    expect(stdout).toContain('none in eu-de; these credentials have access to: eu-west-101.');
  });

  test('no instance at all', async () => {
    const { status, stdout } = await init('--service rocketmq');
    expect(status).toBe(1);
    expect(stdout).toContain(
      'No instance was found, so no policy was written. Try another region or service.',
    );
  });
});

test('a service that may not be listed is said, and the policy has the rest', async () => {
  emulator.intercept = ({ query }) =>
    query.engine === 'kafka' ? { status: 403, body: {} } : undefined;
  const { status, stdout } = await init('--service dcs --service kafka');
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL  kafka: not listed in eu-west-101: ');
  expect((await written()).targets.map(({ service }) => service)).toEqual(['dcs']);
});

describe('at a terminal', () => {
  test('it asks for what it was not told, again where that is no answer', async () => {
    const answers = ['azure', 'huaweicloud', 'EU', DEMO_REGION, 'redis', 'dcs, kafka'];
    const io = new FakeIo({ answers });
    const { status, stderr } = await type(`init --endpoint ${emulator.url} --output ${output}`, io);
    expect(status).toBe(0);
    expect(stderr).toContain('"azure": expected huaweicloud or otc\nCloud (huaweicloud or otc): ');
    expect(stderr).toContain('"EU": expected a region such as eu-de');
    expect(stderr).toContain('"redis": expected one of dcs, dcs-v1');
    expect((await written()).targets.map(({ service }) => service)).toEqual(['dcs', 'kafka']);
  });

  test('Enter stands for the services that the cloud documents', async () => {
    const io = new FakeIo({ answers: [''] });
    const { stderr } = await type(`init ${where()}`, io);
    expect(stderr).toContain('(Enter for dcs, kafka, rabbitmq, rocketmq; also possible: dcs-v1)');
    expect((await written()).targets).toHaveLength(2);
  });

  test.each([
    ['secret', '{"accessKey":"mine","secretKey":"hunter2"}'],
    ['env', '{"accessKey":"mine","secretKey":"hunter2"}'],
    ['profile', '{"accessKey":"mine","secretKey":"hunter2"}'],
    ['profile', "{'secretKey':'hunter2'}"],
  ])('the value of --%s is not shown: %s', async (source, key) => {
    const options = ['--service', 'dcs', `--${source}`, key];
    const typed = await typeWords(['init', ...where().split(' '), ...options]);
    const io = new FakeIo({ env: {}, answers: ['dcs', `${source} ${key}`, key] });
    const answered = await type(`init ${where()}`, io);
    for (const { status, stdout, stderr } of [typed, answered]) {
      expect(status).toBe(2);
      expect(stderr).toContain('(not shown): ');
      expect(stdout + stderr).not.toContain('hunter2');
    }
    expect(await isWritten()).toBe(false);
  });

  test('it asks where credentials are only where the environment has none', async () => {
    const io = new FakeIo({ env: {}, answers: ['dcs', 'vault x', 'secret'] });
    const { status, stderr } = await type(`init ${where()}`, io);
    expect(status).toBe(2);
    expect(stderr).toContain('no credentials in the environment: expected HUAWEICLOUD_SDK_AK');
    expect(stderr).toContain(
      'Credentials (secret NAME, env PREFIX, or profile NAME of clouds.yaml): ',
    );
    expect(stderr).toContain('expected secret NAME, env PREFIX, or profile NAME');
    expect(stderr).toContain('(not shown): expected the name or ARN of a secret');
    expect(stderr).toContain('no answer came, so nothing was written');
    expect(await isWritten()).toBe(false);
  });
});
