import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, type Emulator, startEmulator } from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { policyOf, targetOf } from '../policies.ts';
import { expired, fresh } from '../records.ts';
import { expectToAddUp } from '../run/world.ts';
import { copyProject, type Project, serverless } from '../stack/project.ts';
import { ACCOUNT, type Account, openAccount, REGION } from './account.ts';
import { type Call, type Recorder, startRecorder } from './calls.ts';
import { type Lambda, startLambda } from './lambda.ts';
import { runMachine } from './machine.ts';
import { isAllowed, superfluous } from './permissions.ts';
import { readStack, type Stack } from './stack.ts';

const STACK = 'task-janitor-prod';
const SECRET = 'task-janitor/otc';

let project: Project;
let account: Account;
let recorder: Recorder;
let emulator: Emulator;
/** The other service, which is down at times. */
let other: Emulator;
let key: string;
let stack: Stack;
let lambda: Lambda;

beforeAll(async () => {
  [project, account, emulator, other] = await Promise.all([
    copyProject(),
    openAccount(),
    startEmulator(),
    startEmulator(),
  ]);
  recorder = startRecorder();
  const credentials = { secret: SECRET };
  const policy = policyOf([
    targetOf(emulator, { credentials }),
    targetOf(emulator, { name: 'events', service: 'kafka', credentials }),
    targetOf(other, { name: 'other', service: 'rabbitmq', credentials }),
  ]);
  await project.write('retention.yml', JSON.stringify(policy));
  key = await aws('kms', 'create-key', '--query', 'KeyMetadata.Arn');
  await aws(
    ...['secretsmanager', 'create-secret', '--name', SECRET, '--kms-key-id', key],
    ...['--secret-string', JSON.stringify(DEMO_ACCESS_KEY)],
  );
});
afterAll(async () => {
  await lambda?.close();
  await Promise.all([recorder, account, emulator, other].map((one) => one?.close()));
  await project?.remove();
});

// biome-ignore lint/suspicious/noExplicitAny: every command of the CLI prints other JSON.
const aws = (...args: string[]): Promise<any> => account.aws(...args);

/** Deploys, and has the functions of before make way for those that are there now. */
async function deploy(slow: string, ...params: string[]): Promise<void> {
  const options = [`secretsKey=${key}`, ...params].map((param) => `--param=${param}`);
  await serverless(project.folder, ['deploy', '--stage', 'prod', ...options], account.env);
  await lambda?.close();
  stack = await readStack(account, STACK);
  const folder = join(project.folder, randomUUID());
  lambda = await startLambda({ account, stack, recorder, folder, slow });
}

/** What the schedule's role may do, it does: calls its target with its input. */
async function fire(): Promise<void> {
  const [name] = await aws('scheduler', 'list-schedules', '--query', 'Schedules[].Name');
  const { Target: target } = await aws('scheduler', 'get-schedule', '--name', name);
  expect(target.RoleArn).toBe(`arn:aws:iam::${ACCOUNT}:role/${stack.names.get('SchedulerRole')}`);
  const url = await recorder.through('SchedulerRole', lambda.url);
  const place = `/2015-03-31/functions/${encodeURIComponent(target.Arn)}/invocations`;
  const event = { 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: '{}' };
  await fetch(`${url}${place}`, {
    method: 'POST',
    headers: { 'x-amz-invocation-type': 'Event' },
    body: target.Input ?? JSON.stringify(event),
  });
  await lambda.settle();
}

/** The lines of the function's log, which all functions share. */
async function logLines(): Promise<{ summary?: Summary; level: string }[]> {
  const messages: string[] = await aws(
    ...['logs', 'filter-log-events', '--log-group-name', `/aws/lambda/${STACK}-cleanup`],
    ...['--query', 'events[].message'],
  );
  // Node prints warnings among them, which are no JSON.
  return messages
    .filter((message) => message.startsWith('{'))
    .map((message) => JSON.parse(message));
}

/** Records that the services have deleted. */
const deleted = () =>
  emulator.journal.count({ deleted: true }) + other.journal.count({ deleted: true });

/** Policies of the resources themselves, which have a say too. */
async function resourcePolicies(): Promise<(call: Call) => object | undefined> {
  const keyPolicy = await aws('kms', 'get-key-policy', '--key-id', key, '--policy-name', 'default');
  const bucket = stack.names.get('FleetBucket');
  const bucketPolicy = bucket && (await aws('s3api', 'get-bucket-policy', '--bucket', bucket));
  return ({ action, resource }) => {
    if (resource === key) return JSON.parse(keyPolicy.Policy);
    const inBucket = action.startsWith('s3:') && resource.startsWith(`arn:aws:s3:::${bucket}`);
    return inBucket ? JSON.parse(bucketPolicy.Policy) : undefined;
  };
}

/** Secrets Manager decrypts in the name of whoever reads a secret. */
function withDecryption(calls: readonly Call[]): Call[] {
  const context = { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com` };
  const reads = calls.some(({ action }) => action === 'secretsmanager:GetSecretValue');
  return reads ? [...calls, { action: 'kms:Decrypt', resource: key, context }] : [...calls];
}

/** Every call that a role made is allowed, no permission is one too many, and nothing else is allowed. */
async function expectRoles(calls: ReadonlyMap<string, readonly Call[]>): Promise<void> {
  const policyOfResource = await resourcePolicies();
  const problems: string[] = [];
  for (const [role, made] of calls) {
    const statements = stack.roles.get(role) ?? [];
    const wanted = withDecryption(made);
    for (const call of wanted) {
      if (!(await isAllowed(statements, call, policyOfResource(call)))) {
        problems.push(`${role} may not call ${call.action} on ${call.resource}`);
      }
    }
    for (const permission of await superfluous(statements, wanted, policyOfResource)) {
      problems.push(`${role} does not need ${permission}`);
    }
  }
  expect(problems).toEqual([]);
}

describe('the function, as it is deployed', () => {
  test('is called by its schedule, cleans up and logs what it did', async () => {
    emulator.addInstance({ service: 'dcs', name: 'first', tasks: [...expired(3), fresh()] });
    await deploy('');
    await fire();
    expect(lambda.invocations).toMatchObject([{ value: { outcome: 'complete' } }]);
    expect(deleted()).toBe(3);
    const summaries = (await logLines()).flatMap(({ summary }) => summary ?? []);
    expect(summaries).toContainEqual(
      expect.objectContaining({ totals: expect.objectContaining({ deleted: 3, kept: 1 }) }),
    );
  });

  test('tells the topic when a call of its schedule has failed', async () => {
    const queue = await aws('sqs', 'create-queue', '--queue-name', 'on-call');
    const topic = stack.names.get('AlarmTopic') ?? '';
    await aws(
      ...['sns', 'subscribe', '--topic-arn', topic, '--protocol', 'sqs'],
      ...['--notification-endpoint', `arn:aws:sqs:${REGION}:${ACCOUNT}:on-call`],
    );
    await other.suspend();
    await fire();
    const { Messages } = await aws('sqs', 'receive-message', '--queue-url', queue.QueueUrl);
    const { Message } = JSON.parse(Messages[0].Body);
    expect(JSON.parse(Message)).toMatchObject({
      requestPayload: { source: 'aws.scheduler' },
      responsePayload: {
        errorType: 'RunFailedError',
        errorMessage: expect.stringMatching('other'),
      },
    });
    await other.resume();
  });

  test('and its schedule need every permission that they have, and are denied all else', async () => {
    const calls = recorder.take();
    expect([...calls.keys()].sort()).toEqual([...stack.roles.keys()].sort());
    await expectRoles(calls);
  });
});

describe('the fleet, on another interpreter', () => {
  const INSTANCES = 60;
  const LARGE = 40;
  let failing: string;
  let large: string;

  const run = async (name: string): Promise<{ status: string; summary: Summary }> => {
    const machine = stack.names.get('FleetMachine') ?? '';
    const [schedule] = await aws('scheduler', 'list-schedules', '--query', 'Schedules[].Name');
    const { Target: target } = await aws('scheduler', 'get-schedule', '--name', schedule);
    expect(target.Arn).toBe(machine);
    const { status } = await runMachine(
      { account, recorder },
      machine,
      { name, input: target.Input, functions: lambda.url },
      { starter: 'SchedulerRole', machine: 'FleetMachineRole' },
    );
    const place = `s3://${stack.names.get('FleetBucket')}/runs/${name}/summary-0.json`;
    const summary: Summary = await aws('s3', 'cp', place, '-');
    expectToAddUp(summary);
    return { status, summary };
  };

  test('cleans what can be cleaned, and its numbers are those of the services', async () => {
    for (let i = 0; i < INSTANCES - 2; i += 1) {
      emulator.addInstance({ service: 'dcs', name: `cache-${i}`, tasks: [...expired(2), fresh()] });
    }
    failing = emulator.addInstance({ service: 'dcs', name: 'failing', tasks: expired(3) }).id;
    large = emulator.addInstance({ service: 'dcs', name: 'large', tasks: expired(LARGE) }).id;
    await deploy(large, 'fleet=true');
    await other.suspend();
    emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === failing
        ? { status: 400, body: { error_code: 'DCS.4026', error_msg: 'cannot be deleted' } }
        : undefined;
    const before = deleted();

    const { status, summary } = await run('first');
    expect(status).toBe('FAILED');
    expect(summary).toMatchObject({ runId: 'first', trigger: 'fleet', outcome: 'failed' });
    const target = (name: string) => summary.targets.find((one) => one.name === name);
    expect(target('other')).toMatchObject({ outcome: 'failed', error: {}, instances: [] });
    expect(summary.totals).toMatchObject({
      // The one of before has nothing left to delete.
      instances: INSTANCES + 1,
      listed: (INSTANCES - 2) * 3 + 3 + LARGE + 1,
      kept: INSTANCES - 2 + 1,
      deleted: deleted() - before,
      failed: 3,
      remaining: 0,
    });
    expect(deleted() - before).toBe((INSTANCES - 2) * 2 + LARGE);
    expect(lambda.invocations.filter(({ slowed }) => slowed > 0).length).toBeGreaterThan(1);
    expect(lambda.invocations.reduce((sum, { slowed }) => sum + slowed, 0)).toBe(LARGE);
  });

  test('cleans the rest in a new execution, once the cause is mended', async () => {
    emulator.intercept = undefined;
    await other.resume();
    other.addInstance({ service: 'rabbitmq', name: 'back', tasks: expired(4, 'rabbitmq') });
    const before = deleted();
    const asked = () => emulator.journal.all().length + other.journal.all().length;
    const askedBefore = asked();
    const { status, summary } = await run('second');
    expect(status).toBe('SUCCEEDED');
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { instances: INSTANCES + 2, deleted: 7, failed: 0, remaining: 0 },
      requests: { sent: asked() - askedBefore },
    });
    expect(deleted() - before).toBe(7);
  });
});
