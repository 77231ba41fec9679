import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyProject, type Packaged, type Project, type Resource } from './project.ts';

let project: Project;
// Compiling its rules takes seconds.
const engine = new RegoEngine();
const packaged: Record<string, Packaged> = {};
beforeAll(async () => {
  project = await copyProject();
  for (const stage of ['dev', 'prod']) packaged[stage] = await project.package(stage);
  packaged.full = await project.package(
    'prod',
    'alarmEmail=oncall@example.com',
    'reportEmail=team@example.com',
    'secretsKey=arn:aws:kms:eu-central-1:123456789012:key/0e1f',
    'secrets=task-janitor/otc,arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf',
  );
  packaged.fleet = await project.package('prod', 'fleet=true');
  packaged['dev fleet'] = await project.package(
    'dev',
    'fleet=true',
    'reportEmail=team@example.com',
  );
}, 120_000);
afterAll(async () => {
  engine.free();
  await project.remove();
});

const resources = (stage = 'prod') => Object.entries(packaged[stage]?.template.Resources ?? {});
const resource = (id: string, stage = 'prod') =>
  packaged[stage]?.template.Resources[id] as Resource;
const ofType = (type: string, stage = 'prod') =>
  resources(stage).flatMap(([, one]) => (one.Type === type ? [one.Properties] : []));

/** Actions that know no resources, so that AWS takes nothing but * for them. */
const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];

describe.each(['dev', 'prod', 'full', 'dev fleet', 'fleet'])('the template of %s', (stage) => {
  test('passes the resource schemas and rules of CloudFormation, without a warning', () => {
    for (const kind of ['create', 'update']) {
      const name = `cloudformation-template-${kind}-stack.json`;
      const file = new TemplateFile(join((packaged[stage] as Packaged).folder, name));
      const serious = engine
        .validateStandard(file)
        .diagnostics.filter(({ severity }) => !['INFO', 'DEBUG'].includes(severity));
      expect(serious).toEqual([]);
    }
  }, 30_000);

  test('allows no action on everything', () => {
    const statements = ofType('AWS::IAM::Role', stage).flatMap(({ Policies }) =>
      Policies.flatMap(
        (policy: { PolicyDocument: { Statement: object[] } }) => policy.PolicyDocument.Statement,
      ),
    );
    const more = ofType('AWS::IAM::Policy', stage).flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    );
    expect(statements.length).toBeGreaterThan(3);
    for (const { Action, Resource } of [...statements, ...more]) {
      const text = JSON.stringify([Action, Resource]);
      // The names of a run's objects are not known before the run.
      const known = text
        .replaceAll('FleetBucket.Arn}/runs/*/', '')
        .replaceAll(/(lanes|archived)\/\*"|(summary|reported)-\*\.json"/g, '');
      if (known.includes('*')) expect([].concat(Action)).toEqual(LOG_DELIVERY);
    }
  });
});

describe('the function', () => {
  test('runs alone, and nothing repeats it', () => {
    expect(resource('CleanupLambdaFunction').Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      ReservedConcurrentExecutions: 1,
      Timeout: 900,
    });
    expect(resource('CleanupLambdaEvConf').Properties).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 1800,
      DestinationConfig: { OnFailure: { Destination: { Ref: 'AlarmTopic' } } },
    });
  });

  test('may read its secrets, write its log and report failures, and nothing else', () => {
    const allowed = (stage: string) =>
      resource('CleanupRole', stage).Properties.Policies.flatMap(
        (policy: { PolicyDocument: { Statement: { Action: string }[] } }) =>
          policy.PolicyDocument.Statement,
      );
    const account = `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}`;
    const otc = { 'Fn::Sub': `${account}:secret:task-janitor/otc-??????` };
    const rest = [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': ['CleanupLogGroup', 'Arn'] },
      },
      { Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: 'AlarmTopic' } },
    ];
    const read = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue' };
    expect(allowed('prod')).toEqual([{ ...read, Resource: [otc] }, ...rest]);
    const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf';
    expect(allowed('full')).toEqual([
      { ...read, Resource: [otc, arn] },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: 'arn:aws:kms:eu-central-1:123456789012:key/0e1f',
        Condition: {
          StringEquals: {
            'kms:ViaService': [
              { 'Fn::Sub': `secretsmanager.\${AWS::Region}.amazonaws.com` },
              'secretsmanager.eu-central-1.amazonaws.com',
            ],
          },
        },
      },
      ...rest,
    ]);
  });

  test('is invoked by a schedule whose role can do nothing else', () => {
    expect(resource('CleanupSchedulerSchedule1').Properties).toMatchObject({
      ScheduleExpression: 'cron(30 3 * * ? *)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      State: 'ENABLED',
      Target: {
        RoleArn: { 'Fn::GetAtt': ['SchedulerRole', 'Arn'] },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 300 },
      },
    });
    const [policy, ...others] = resource('SchedulerRole').Properties.Policies;
    expect(others).toEqual([]);
    expect(policy.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: { 'Fn::GetAtt': ['CleanupLambdaFunction', 'Arn'] },
      },
    ]);
    expect(JSON.stringify(resource('CleanupRole'))).not.toContain('scheduler');
  });

  test('keeps its log for as long as the stage says', () => {
    expect(resource('CleanupLogGroup').Properties.RetentionInDays).toBe(90);
    expect(resource('CleanupLogGroup', 'dev').Properties.RetentionInDays).toBe(7);
  });

  test('deletes nothing on dev, and has no schedule there', () => {
    const environmentOf = (stage: string) =>
      resource('CleanupLambdaFunction', stage).Properties.Environment.Variables;
    expect(environmentOf('dev')).toMatchObject({ STAGE: 'dev', DRY_RUN: 'true' });
    expect(environmentOf('prod')).toMatchObject({ STAGE: 'prod', DRY_RUN: 'false' });
    expect(resource('CleanupSchedulerSchedule1', 'dev').Properties.State).toBe('DISABLED');
    expect(resource('NoRunFinishedAlarm', 'dev').Properties.ActionsEnabled).toBe(false);
  });
});

describe('the letter after a run', () => {
  const environment = (id: string, stage: string) =>
    resource(id, stage).Properties.Environment.Variables;

  test('goes nowhere where nobody reads it: no topic, and no leave to publish', () => {
    for (const stage of ['prod', 'fleet']) {
      expect(resource('ReportTopic', stage)).toBeUndefined();
      expect(resource('ReportPolicy', stage)).toBeUndefined();
      expect(environment('CleanupLambdaFunction', stage)).toMatchObject({ REPORT_TOPIC: '' });
    }
  });

  test('goes to an address, through a topic of its own', () => {
    expect(resource('ReportTopic', 'full').Properties).toMatchObject({
      TopicName: 'task-janitor-prod-reports',
      Subscription: [{ Protocol: 'email', Endpoint: 'team@example.com' }],
    });
    expect(environment('CleanupLambdaFunction', 'full')).toMatchObject({
      REPORT_TOPIC: { Ref: 'ReportTopic' },
      DASHBOARD: 'task-janitor-prod',
      RUNBOOK: 'docs/runbook.md',
    });
    expect(environment('FleetSummariseLambdaFunction', 'dev fleet')).toMatchObject({
      REPORT_TOPIC: { Ref: 'ReportTopic' },
    });
  });

  test('may be published there alone, by the function and by the last step of the fleet', () => {
    const publishing = {
      Effect: 'Allow',
      Action: 'sns:Publish',
      Resource: { Ref: 'ReportTopic' },
    };
    for (const [stage, roles] of [
      ['full', ['CleanupRole']],
      ['dev fleet', ['CleanupRole', 'FleetSummariseRole']],
    ] as const) {
      const { Roles, PolicyDocument } = resource('ReportPolicy', stage).Properties;
      expect(Roles).toEqual(roles.map((Ref) => ({ Ref })));
      expect(PolicyDocument.Statement).toEqual([publishing]);
    }
  });
});

describe('the topic', () => {
  test('tells an address, where there is one', () => {
    expect(resource('AlarmTopic').Properties.Subscription).toEqual([]);
    expect(resource('AlarmTopic', 'full').Properties.Subscription).toEqual([
      { Protocol: 'email', Endpoint: 'oncall@example.com' },
    ]);
  });

  test.each([
    ['prod', 6],
    ['fleet', 7],
  ])(
    'is told by every alarm of %s, which says what to do and where to read on',
    async (stage, count) => {
      const alarms = ofType('AWS::CloudWatch::Alarm', stage);
      expect(alarms).toHaveLength(count);
      const runbook = await readFile('docs/runbook.md', 'utf8');
      const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        (heading as string)
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
      for (const { AlarmActions, AlarmDescription } of alarms) {
        expect(AlarmActions).toEqual([{ Ref: 'AlarmTopic' }]);
        const [, anchor] = /What to do: docs\/runbook\.md#(\S+)$/.exec(AlarmDescription) ?? [];
        expect(anchors).toContain(anchor);
      }
    },
  );
});
