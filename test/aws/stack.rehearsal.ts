import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyProject, type Project, serverless } from '../stack/project.ts';
import { ACCOUNT, type Account, openAccount, REGION } from './account.ts';
import { readStack } from './stack.ts';

const run = promisify(execFile);
const STACK = 'task-janitor-prod';

let project: Project;
let account: Account;
beforeAll(async () => {
  project = await copyProject();
  account = await openAccount();
});
afterAll(async () => {
  await account?.close();
  await project?.remove();
});

const framework = (
  command: string,
  stage: string,
  params: readonly string[] = [],
  options: readonly string[] = [],
) =>
  serverless(
    project.folder,
    [command, '--stage', stage, ...params.map((param) => `--param=${param}`), ...options],
    account.env,
  );
const deploy = (...params: string[]) => framework('deploy', 'prod', params);
// biome-ignore lint/suspicious/noExplicitAny: every command of the CLI prints other JSON.
const aws = (...args: string[]): Promise<any> => account.aws(...args);

/** Everything in the account that our stack could have made. */
async function everything() {
  const lists = [
    ['cloudwatch', 'describe-alarms', '--query', 'MetricAlarms[].AlarmName'],
    ['cloudwatch', 'list-dashboards', '--query', 'DashboardEntries[].DashboardName'],
    ['scheduler', 'list-schedules', '--query', 'Schedules[].Name'],
    ['lambda', 'list-functions', '--query', 'Functions[].FunctionName'],
    ['stepfunctions', 'list-state-machines', '--query', 'stateMachines[].name'],
    ['iam', 'list-roles', '--query', 'Roles[].RoleName'],
    ['sns', 'list-topics', '--query', 'Topics[].TopicArn'],
    ['logs', 'describe-log-groups', '--query', 'logGroups[].logGroupName'],
    ['s3api', 'list-buckets', '--query', 'Buckets[].Name'],
    ['cloudformation', 'describe-stacks', '--query', 'Stacks[].StackName'],
  ];
  return (await Promise.all(lists.map((args) => aws(...args)))).flat().sort();
}

const alarmNames = async () =>
  (await aws('cloudwatch', 'describe-alarms', '--query', 'MetricAlarms[].AlarmName')).sort();
const ALWAYS = [
  'limit-tripped',
  'no-run-finished',
  'records-failed',
  'remaining-grows',
  'run-failed',
];
const alarmsWith = (...more: string[]) =>
  [...ALWAYS, ...more].sort().map((name) => `${STACK}-${name}`);

async function schedule() {
  const [name, ...others] = await aws('scheduler', 'list-schedules', '--query', 'Schedules[].Name');
  expect(others).toEqual([]);
  return aws('scheduler', 'get-schedule', '--name', name);
}

async function functions() {
  const found = await aws('lambda', 'list-functions', '--query', 'Functions[]');
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  return new Map<string, any>(found.map((one: any) => [one.FunctionName, one] as const));
}

/** Leaves something in a bucket, as a run does. */
const putObject = (bucket = '') =>
  aws('s3api', 'put-object', '--bucket', bucket, '--key', 'runs/one/summary-0.json');

const subscriptions = () =>
  aws('sns', 'list-subscriptions', '--query', 'Subscriptions[].[Protocol,Endpoint,TopicArn]');
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${STACK}-cleanup`;
const FLEET_LOG = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/vendedlogs/states/${STACK}-fleet`;
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:${STACK}-alarms`;

/** All of them, by their ARNs. */
async function expectAlarmsOnDashboard(): Promise<void> {
  const { DashboardBody } = await aws('cloudwatch', 'get-dashboard', '--dashboard-name', STACK);
  const { widgets } = JSON.parse(DashboardBody) as {
    widgets: { type: string; properties: { alarms: string[] } }[];
  };
  const shown = widgets.flatMap(({ type, properties }) =>
    type === 'alarm' ? properties.alarms : [],
  );
  const existing: string[] = await aws(
    ...['cloudwatch', 'describe-alarms', '--query', 'MetricAlarms[].AlarmArn'],
  );
  expect(shown.sort()).toEqual(existing.sort());
}

describe.each([
  ['dev', 'dev', []],
  ['prod', 'prod', []],
  ['prod with the fleet', 'prod', ['fleet=true', 'alarmEmail=oncall@example.com']],
  [
    'prod with fleet, archive and letter',
    'prod',
    ['fleet=true', 'archive=true', 'reportEmail=a@example.com'],
  ],
])('the package of %s', (_, stage, params) => {
  test('passes the original cfn-lint without a finding', async () => {
    const { folder } = await project.package(stage, ...params);
    const templates = ['create', 'update'].map((kind) =>
      join(folder, `cloudformation-template-${kind}-stack.json`),
    );
    const { stdout } = await run('cfn-lint', ['--regions', REGION, '--', ...templates]);
    expect(stdout).toBe('');
  });
});

describe('a stage, from its first deployment to its removal', () => {
  /** All of it before it got the fleet. */
  let before: string[];

  test('is refused while its secret does not exist, and nothing of it is there', async () => {
    await expect(deploy()).rejects.toThrow('task-janitor/otc does not exist in eu-central-1');
    const functionNames = await aws('lambda', 'list-functions', '--query', 'Functions[]');
    expect(functionNames).toEqual([]);
  });

  test('is refused where its policy names a secret that the stage does not', async () => {
    await expect(deploy('secrets=task-janitor/other')).rejects.toThrow(
      'retention.yml names task-janitor/otc',
    );
  });

  test('is refused while its secret is about to be deleted', async () => {
    const secret = ['--secret-id', 'task-janitor/otc'];
    await aws(
      ...['secretsmanager', 'create-secret', '--name', 'task-janitor/otc', '--secret-string', '{}'],
    );
    await aws('secretsmanager', 'delete-secret', ...secret);
    await expect(deploy()).rejects.toThrow('task-janitor/otc is scheduled for deletion');
    await aws('secretsmanager', 'restore-secret', ...secret);
  });

  test('is deployed', async () => {
    expect(await deploy()).toContain('Service deployed to stack task-janitor-prod');
    expect(await alarmNames()).toEqual(alarmsWith('close-to-timeout'));
    expect(await subscriptions()).toEqual([]);
  });

  test('has a schedule in its zone, with a role of its own, which is not repeated', async () => {
    const { names, roles } = await readStack(account, STACK);
    const found = await schedule();
    const roleArn = (id: string) => `arn:aws:iam::${ACCOUNT}:role/${names.get(id)}`;
    expect(found).toMatchObject({
      ScheduleExpression: 'cron(30 3 * * ? *)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      State: 'ENABLED',
      Target: {
        Arn: FUNCTION,
        RoleArn: roleArn('SchedulerRole'),
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 300 },
      },
    });
    expect(roles.get('SchedulerRole')).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: FUNCTION },
    ]);
    expect([...roles.keys()]).toEqual(['CleanupRole', 'SchedulerRole']);
  });

  test('has roles that only their service may take on', async () => {
    const { names } = await readStack(account, STACK);
    const trusted = async (id: string) => {
      const role = await aws('iam', 'get-role', '--role-name', names.get(id) ?? '');
      return role.Role.AssumeRolePolicyDocument.Statement;
    };
    const byService = (Service: string) =>
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service },
        Action: 'sts:AssumeRole',
      });
    expect(await trusted('CleanupRole')).toEqual([byService('lambda.amazonaws.com')]);
    expect(await trusted('SchedulerRole')).toEqual([
      {
        ...{ Effect: 'Allow', Action: 'sts:AssumeRole' },
        Principal: { Service: 'scheduler.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      },
    ]);
  });

  test('has one function that runs alone, and is not repeated', async () => {
    const found = await functions();
    expect([...found.keys()]).toEqual([`${STACK}-cleanup`]);
    expect(found.get(`${STACK}-cleanup`)).toMatchObject({
      Runtime: 'nodejs24.x',
      Timeout: 900,
      MemorySize: 512,
      Handler: 'functions/cleanup.handler',
      Environment: { Variables: { STAGE: 'prod', DRY_RUN: 'false', POLICY_FILE: 'retention.yml' } },
    });
    const of = ['--function-name', `${STACK}-cleanup`];
    expect(await aws('lambda', 'get-function-concurrency', ...of)).toEqual({
      ReservedConcurrentExecutions: 1,
    });
    expect(await aws('lambda', 'get-function-event-invoke-config', ...of)).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 1800,
      DestinationConfig: { OnFailure: { Destination: TOPIC } },
    });
  });

  test('has a dashboard that shows its alarms', () => expectAlarmsOnDashboard());

  test('is left as it is by another deployment', async () => {
    const before = await schedule();
    expect(await deploy()).toContain('No changes to deploy');
    expect(await schedule()).toEqual(before);
  });

  test('gets another schedule, another zone and an address for its alarms', async () => {
    await deploy(
      ...['schedule=cron(0 4 ? * MON *)', 'timezone=Europe/Berlin', 'period=172800'],
      'alarmEmail=oncall@example.com',
    );
    expect(await schedule()).toMatchObject({
      ScheduleExpression: 'cron(0 4 ? * MON *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      State: 'ENABLED',
    });
    expect(await subscriptions()).toEqual([['email', 'oncall@example.com', TOPIC]]);
    const [alarm] = await aws(
      ...['cloudwatch', 'describe-alarms', '--alarm-names', `${STACK}-no-run-finished`],
      ...['--query', 'MetricAlarms'],
    );
    expect(alarm).toMatchObject({ Period: 172_800, AlarmActions: [TOPIC], OKActions: [TOPIC] });
  });

  test('is paused by its schedule alone', async () => {
    await deploy('scheduleEnabled=false');
    expect(await schedule()).toMatchObject({ State: 'DISABLED' });
    const [alarm] = await aws(
      ...['cloudwatch', 'describe-alarms', '--alarm-names', `${STACK}-no-run-finished`],
      ...['--query', 'MetricAlarms'],
    );
    expect(alarm.ActionsEnabled).toBe(false);
    expect(await subscriptions()).toEqual([]);
  });

  test('goes back to its first deployment', async () => {
    const deployments = await framework('rollback', 'prod');
    const [, first = ''] = /Timestamp: (\d+)/.exec(deployments) ?? [];
    await framework('rollback', 'prod', [], ['--timestamp', first]);
    expect(await schedule()).toMatchObject({
      ScheduleExpression: 'cron(30 3 * * ? *)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      State: 'ENABLED',
    });
  });

  test('gets the fleet, whose machine is what the schedule starts then', async () => {
    before = await everything();
    await deploy('fleet=true');
    expect(await alarmNames()).toEqual(alarmsWith('close-to-next-run', 'run-stopped'));
    await expectAlarmsOnDashboard();
    const { names, roles } = await readStack(account, STACK);
    const found = await schedule();
    expect(found).toMatchObject({
      State: 'ENABLED',
      Target: {
        Arn: names.get('FleetMachine'),
        Input: '{}',
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 300 },
      },
    });
    expect(roles.get('SchedulerRole')).toEqual([
      { Effect: 'Allow', Action: 'states:StartExecution', Resource: names.get('FleetMachine') },
    ]);
  });

  test('has a machine that knows its functions, and logs what failed without its data', async () => {
    const { names } = await readStack(account, STACK);
    const machine = await aws(
      ...['stepfunctions', 'describe-state-machine'],
      ...['--state-machine-arn', names.get('FleetMachine') ?? ''],
    );
    expect(machine).toMatchObject({
      status: 'ACTIVE',
      type: 'STANDARD',
      roleArn: `arn:aws:iam::${ACCOUNT}:role/${names.get('FleetMachineRole')}`,
      loggingConfiguration: {
        level: 'ERROR',
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: `${FLEET_LOG}:*` } }],
      },
    });
    for (const [name] of await functions()) {
      const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
      expect([name, machine.definition.includes(arn)]).toEqual([name, name.includes('fleet')]);
    }
    const groups = await aws('logs', 'describe-log-groups', '--query', 'logGroups[]');
    expect(groups).toContainEqual(
      expect.objectContaining({ arn: `${FLEET_LOG}:*`, retentionInDays: 90 }),
    );
  });

  test('has functions that differ from the one by their handlers and what the fleet needs', async () => {
    const { names } = await readStack(account, STACK);
    const found = await functions();
    const { Runtime, Timeout, Environment } = found.get(`${STACK}-cleanup`);
    const fleet = [...found].filter(([name]) => name.includes('fleet'));
    expect(fleet.length).toBeGreaterThan(1);
    for (const [name, one] of fleet) {
      expect(one.Runtime).toBe(Runtime);
      expect(one.Timeout).toBeLessThanOrEqual(Timeout);
      expect(one.Environment.Variables).toMatchObject({
        ...Environment.Variables,
        FLEET_BUCKET: names.get('FleetBucket'),
      });
      const concurrency = await aws('lambda', 'get-function-concurrency', '--function-name', name);
      // The CLI prints nothing where nothing is reserved.
      expect(concurrency).toBeUndefined();
    }
    const roles = [...found.values()].map(({ Role }) => Role);
    expect(new Set(roles).size).toBe(roles.length);
  });

  test('has a bucket that is private, encrypted, and forgets', async () => {
    const bucket = (await readStack(account, STACK)).names.get('FleetBucket') ?? '';
    const look = (what: string) => aws('s3api', what, '--bucket', bucket);
    expect((await look('get-public-access-block')).PublicAccessBlockConfiguration).toEqual({
      ...{ BlockPublicAcls: true, BlockPublicPolicy: true },
      ...{ IgnorePublicAcls: true, RestrictPublicBuckets: true },
    });
    expect((await look('get-bucket-ownership-controls')).OwnershipControls.Rules).toEqual([
      { ObjectOwnership: 'BucketOwnerEnforced' },
    ]);
    const encryption = await look('get-bucket-encryption');
    expect(encryption.ServerSideEncryptionConfiguration.Rules).toMatchObject([
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
    ]);
    expect((await look('get-bucket-lifecycle-configuration')).Rules).toMatchObject([
      {
        ...{ Status: 'Enabled', Expiration: { Days: 30 } },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ]);
    const { Policy } = await look('get-bucket-policy');
    expect(JSON.parse(Policy).Statement).toMatchObject([
      {
        ...{ Effect: 'Deny', Principal: '*', Action: 's3:*' },
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
        Condition: { Bool: { 'aws:SecureTransport': false } },
      },
    ]);
  });

  test('stands beside another stage, which is removed with all that its fleet left', async () => {
    const alone = await everything();
    await framework('deploy', 'dev', ['fleet=true']);
    const { names } = await readStack(account, 'task-janitor-dev');
    await putObject(names.get('FleetBucket'));
    const dev = await functions();
    expect(dev.get('task-janitor-dev-cleanup')).toMatchObject({
      Environment: { Variables: { STAGE: 'dev', DRY_RUN: 'true' } },
    });
    const schedules = await aws('scheduler', 'list-schedules', '--query', 'Schedules[].State');
    expect(schedules.sort()).toEqual(['DISABLED', 'ENABLED']);
    await framework('remove', 'dev');
    expect(await everything()).toEqual(alone);
  });

  test('gives the fleet back, with all that its runs left', async () => {
    const { names } = await readStack(account, STACK);
    await putObject(names.get('FleetBucket'));
    expect(await deploy()).toContain('Service deployed to stack');
    expect(await everything()).toEqual(before);
    expect((await schedule()).Target.Arn).toBe(FUNCTION);
  });

  test('is removed, and leaves nothing but its secret', async () => {
    await framework('remove', 'prod');
    expect(await everything()).toEqual([]);
    const secrets = await aws('secretsmanager', 'list-secrets', '--query', 'SecretList[].Name');
    expect(secrets).toEqual(['task-janitor/otc']);
  });
});
