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
import { foreignCalls } from './foreign-calls.ts';
import { type Invocation, type Lambda, startLambda } from './lambda.ts';
import { runMachine } from './machine.ts';
import { isAllowed, superfluous } from './permissions.ts';
import { serviceCalls } from './service-calls.ts';
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
/** Its statements without the fleet. */
let cleanupRole: unknown;

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

/** Deploys, and replaces the functions of the deployment before. */
async function deploy(slow: string, ...params: string[]): Promise<void> {
  const options = [`secretsKey=${key}`, ...params].map((param) => `--param=${param}`);
  await serverless(project.folder, ['deploy', '--stage', 'prod', ...options], account.env);
  await lambda?.close();
  stack = await readStack(account, STACK);
  const folder = join(project.folder, randomUUID());
  lambda = await startLambda({ account, stack, recorder, folder, slow });
}

/** Does what the schedule does when it fires, with the rights of its role: calls its target with its input. */
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
async function logLines(): Promise<{ summary?: object }[]> {
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
  const buckets = ['FleetBucket', 'ArchiveBucket'].flatMap((id) => stack.names.get(id) ?? []);
  const policies = await Promise.all(
    buckets.map(async (bucket) => {
      const { Policy } = await aws('s3api', 'get-bucket-policy', '--bucket', bucket);
      return [`arn:aws:s3:::${bucket}`, JSON.parse(Policy)] as const;
    }),
  );
  return ({ action, resource }) => {
    if (resource === key) return JSON.parse(keyPolicy.Policy);
    if (!action.startsWith('s3:')) return undefined;
    return policies.find(([bucket]) => resource.startsWith(bucket))?.[1];
  };
}

/** Secrets Manager decrypts with the permissions of the role that reads a secret. */
function withDecryption(calls: readonly Call[]): Call[] {
  const context = { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com` };
  const reads = calls.some(({ action }) => action === 'secretsmanager:GetSecretValue');
  return reads ? [...calls, { action: 'kms:Decrypt', resource: key, context }] : [...calls];
}

/**
 * Every call that a role made is allowed, none of its permissions is one too many, and all else is
 * denied: calls that nobody may make, and those that only other roles made.
 */
async function expectRoles(made: ReadonlyMap<string, readonly Call[]>): Promise<void> {
  const { ARN: secret } = await aws('secretsmanager', 'describe-secret', '--secret-id', SECRET);
  const policyOfResource = await resourcePolicies();
  const calls = new Map([...made].map(([role, own]) => [role, withDecryption(own)] as const));
  const all = [...calls.values()].flat();
  const foreign = [...foreignCalls(stack, { secret, key }, all), ...all];
  expect(foreign.length).toBeGreaterThan(50);
  const problems: string[] = [];
  for (const [role, own] of calls) {
    const statements = stack.roles.get(role) ?? [];
    const allowed = (call: Call) => isAllowed(statements, call, policyOfResource(call));
    const text = ({ action, resource, context }: Call) =>
      [action, 'on', resource, ...Object.entries(context ?? {}).flat()].join(' ');
    for (const call of own) {
      if (!(await allowed(call))) problems.push(`${role} may not call ${text(call)}`);
    }
    for (const permission of await superfluous(statements, own, policyOfResource)) {
      problems.push(`${role} does not need ${permission}`);
    }
    // One call more or less alike: runs, rounds and streams of the log are numbered.
    const shape = (call: Call) => text(call).replaceAll(/\d+/g, 'N');
    const ownShapes = new Set(own.map(shape));
    for (const call of foreign.filter((one) => !ownShapes.has(shape(one)))) {
      if (await allowed(call)) problems.push(`${role} may call ${text(call)}`);
    }
  }
  expect(problems).toEqual([]);
}

describe('the function, as it is deployed', () => {
  test('is called by its schedule, cleans up and logs what it did', async () => {
    emulator.addInstance({ service: 'dcs', name: 'first', tasks: [...expired(3), fresh()] });
    await deploy('', 'archive=true');
    await fire();
    expect(lambda.invocations).toMatchObject([{ value: { outcome: 'complete' } }]);
    expect(deleted()).toBe(3);
    const summaries = (await logLines()).flatMap(({ summary }) => summary ?? []);
    expect(summaries).toContainEqual(
      expect.objectContaining({ name: 'first', deleted: 3, kept: 1 }),
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
    cleanupRole = stack.roles.get('CleanupRole');
    const calls = recorder.take();
    expect([...calls.keys()].sort()).toEqual([...stack.roles.keys()].sort());
    await expectRoles(calls);
  });
});

describe('the fleet, on another interpreter', () => {
  const INSTANCES = 60;
  const LARGE = 40;
  /** Records of a target whose credentials may delete nothing. */
  const DENIED = 2;
  /** Records of the service that comes back. */
  const BACK = 4;
  const NOT_PERMITTED = { error_code: 'APIGW.0310', error_msg: 'not available' };
  const CANNOT_BE_DELETED = { error_code: 'DCS.4026', error_msg: 'cannot be deleted' };
  let failing: string;
  let large: string;
  /** The last call of the execution that failed. */
  let failed: Invocation;

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
    await deploy(large, 'fleet=true', 'archive=true');
    await other.suspend();
    emulator.addInstance({ service: 'kafka', name: 'denied', tasks: expired(DENIED, 'kafka') });
    emulator.intercept = ({ operation, instanceId, service }) => {
      if (operation !== 'delete-task') return undefined;
      if (service === 'kafka') return { status: 403, body: NOT_PERMITTED };
      return instanceId === failing ? { status: 400, body: CANNOT_BE_DELETED } : undefined;
    };
    const before = deleted();

    const { status, summary } = await run('run-1');
    expect(status).toBe('FAILED');
    expect(summary).toMatchObject({ runId: 'run-1', trigger: 'fleet', outcome: 'failed' });
    const target = (name: string) => summary.targets.find((one) => one.name === name);
    expect(target('other')).toMatchObject({ outcome: 'failed', error: {}, instances: [] });
    expect(summary.totals).toMatchObject({
      // With the one of before, which has nothing left to delete, and the one that is denied.
      instances: INSTANCES + 2,
      listed: (INSTANCES - 2) * 3 + 3 + LARGE + 1 + DENIED,
      kept: INSTANCES - 2 + 1,
      deleted: deleted() - before,
      failed: 3,
      remaining: DENIED,
    });
    expect(deleted() - before).toBe((INSTANCES - 2) * 2 + LARGE);
    failed = lambda.invocations.at(-1) as Invocation;
    expect(failed).toMatchObject({ error: { errorType: 'RunFailedError' } });
    expect(lambda.invocations.filter(({ slowed }) => slowed > 0).length).toBeGreaterThan(1);
    expect(lambda.invocations.reduce((sum, { slowed }) => sum + slowed, 0)).toBe(LARGE);
  });

  test('cleans the rest in a new execution, once the cause is mended', async () => {
    emulator.intercept = undefined;
    await other.resume();
    other.addInstance({ service: 'rabbitmq', name: 'back', tasks: expired(BACK, 'rabbitmq') });
    const rest = 3 + DENIED + BACK;
    const before = deleted();
    const asked = () => emulator.journal.all().length + other.journal.all().length;
    const askedBefore = asked();
    const { status, summary } = await run('run-2');
    expect(status).toBe('SUCCEEDED');
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { instances: INSTANCES + 3, deleted: rest, failed: 0, remaining: 0 },
      requests: { sent: asked() - askedBefore },
    });
    expect(deleted() - before).toBe(rest);
  });

  test('loses no record where a function is killed in mid-run', async () => {
    const KILLED = 60;
    emulator.addInstance({ service: 'dcs', name: 'killed', tasks: expired(KILLED) });
    // Until its time-out, nobody knows that it is not there any more.
    await deploy('', 'fleet=true', 'archive=true', 'timeout=20');
    let sent = 0;
    emulator.intercept = ({ operation }) => {
      if (operation !== 'delete-task') return undefined;
      sent += 1;
      if (sent !== KILLED / 2) return undefined;
      lambda.kill();
      return { reset: true, afterwards: true };
    };
    const before = deleted();
    const { status, summary } = await run('run-3');
    expect(status).toBe('SUCCEEDED');
    expect(lambda.invocations.some(({ error }) => error?.errorType === 'LaneBusyError')).toBe(true);
    expect(summary.totals).toMatchObject({ deleted: KILLED, alreadyGone: 0, remaining: 0 });
    expect(deleted() - before).toBe(KILLED);
    emulator.intercept = undefined;
  });

  test('needs every permission that its roles have, and is denied all else', async () => {
    // A redrive begins with the call that failed: what is only needed then is called by it.
    await lambda.invoke(failed.name, failed.event);
    const calls = new Map(recorder.take());
    expect(stack.roles.get('CleanupRole')).toEqual(cleanupRole);
    expect([...calls.keys(), 'CleanupRole'].sort()).toEqual([...stack.roles.keys()].sort());
    const own = calls.get('FleetMachineRole') ?? [];
    calls.set('FleetMachineRole', [...own, ...serviceCalls()]);
    await expectRoles(calls);
  });
});
