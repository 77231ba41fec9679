import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readZip } from '../zip.ts';
import { copyProject, type Packaged, type Project } from './project.ts';

/** It has no types. */
const validate = createRequire(import.meta.url)('asl-validator') as (definition: object) => {
  readonly errors: readonly unknown[];
};

let project: Project;
let off: Packaged;
let on: Packaged;
beforeAll(async () => {
  project = await copyProject();
  off = await project.package('prod');
  on = await project.package('prod', 'fleet=true', 'fleetToleratedFailurePercentage=25');
}, 120_000);
afterAll(() => project.remove());

// biome-ignore lint/suspicious/noExplicitAny: each type of resource has other properties
const properties = (id: string): any => on.template.Resources[id]?.Properties;

/** What a role allows, without what every statement has. */
function allowedTo(role: string): unknown[] {
  return properties(role).Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: { Effect: string }[] } }) =>
      PolicyDocument.Statement.map(({ Effect, ...rest }) => {
        expect(Effect).toBe('Allow');
        return rest;
      }),
  );
}

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const objects = (path: string) => ({ 'Fn::Sub': `\${FleetBucket.Arn}/runs/*/${path}` });
const states = (path: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:${path}`,
});

describe('where the fleet is off', () => {
  test('the stack has nothing of it', () => {
    expect(JSON.stringify(off.template)).not.toMatch(/fleet|StepFunctions/i);
    expect(off.files.filter((name) => name.endsWith('.zip'))).toEqual(['cleanup.zip']);
  });

  test('switching it on takes nothing away', () => {
    for (const [id, { Type }] of Object.entries(off.template.Resources)) {
      expect([id, on.template.Resources[id]?.Type]).toEqual([id, Type]);
    }
    expect(properties('CleanupLambdaFunction')).toMatchObject({ ReservedConcurrentExecutions: 1 });
  });
});

describe('the state machine', () => {
  const definition = (): string => {
    const { DefinitionString, DefinitionSubstitutions } = properties('FleetMachine');
    const lambda = 'arn:aws:lambda:eu-central-1:123456789012:function';
    return Object.keys(DefinitionSubstitutions).reduce(
      (text, name) =>
        text.replaceAll(`\${${name}}`, name === 'Partition' ? 'aws' : `${lambda}:${name}`),
      DefinitionString,
    );
  };

  test('is complete, and valid', () => {
    expect(definition()).not.toMatch(/\$\{/);
    expect(validate(JSON.parse(definition()))).toMatchObject({ errors: [] });
  });

  test('gets no substitution that it does not use', () => {
    const { DefinitionString, DefinitionSubstitutions } = properties('FleetMachine');
    for (const name of Object.keys(DefinitionSubstitutions)) {
      expect(DefinitionString).toContain(`\${${name}}`);
    }
  });

  test('tolerates the failures that the stage says, as a number', () => {
    const { CleanEndpoints } = JSON.parse(definition()).States;
    const { CleanInstances } = CleanEndpoints.ItemProcessor.States;
    expect(CleanInstances).toMatchObject({ ToleratedFailurePercentage: 25, Label: 'Instances' });
  });

  test('is a standard one, and logs failures without data', () => {
    expect(properties('FleetMachine')).toMatchObject({
      StateMachineName: 'task-janitor-prod-fleet',
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
    });
    expect(properties('FleetLogGroup').RetentionInDays).toBe(90);
  });

  test('is started by the schedule, whose role can do nothing else', () => {
    const schedules = Object.values(on.template.Resources).filter(
      ({ Type }) => Type === 'AWS::Scheduler::Schedule',
    );
    expect(schedules).toHaveLength(1);
    const was = off.template.Resources.CleanupSchedulerSchedule1?.Properties;
    expect(schedules[0]?.Properties).toEqual({
      ...was,
      Target: { ...was?.Target, Arn: arnOf('FleetMachine'), Input: '{}' },
    });
    expect(allowedTo('SchedulerRole')).toEqual([
      { Action: 'states:StartExecution', Resource: arnOf('FleetMachine') },
    ]);
  });
});

describe('permissions', () => {
  const secrets = {
    Action: 'secretsmanager:GetSecretValue',
    Resource: [expect.objectContaining({ 'Fn::Sub': expect.stringContaining('task-janitor/otc') })],
  };
  const log = {
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: arnOf('CleanupLogGroup'),
  };
  const tellMissing = { Action: 's3:ListBucket', Resource: arnOf('FleetBucket') };

  test('preparing writes the worklist and the instances', () => {
    expect(allowedTo('FleetPrepareRole')).toEqual([
      secrets,
      log,
      { Action: 's3:PutObject', Resource: [objects('worklist.json'), objects('items/*')] },
    ]);
  });

  test('cleaning keeps results and failures', () => {
    expect(allowedTo('FleetCleanRole')).toEqual([
      secrets,
      log,
      {
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: [objects('results/*'), objects('failures/*')],
      },
      tellMissing,
    ]);
  });

  test('summing up reads no secret', () => {
    expect(allowedTo('FleetSummariseRole')).toEqual([
      log,
      {
        Action: 's3:GetObject',
        Resource: ['worklist.json', 'results/*', 'summary-*.json', 'requests-*.json'].map(objects),
      },
      tellMissing,
      {
        Action: 's3:PutObject',
        Resource: ['summary-*.json', 'requests-*.json', 'items/*'].map(objects),
      },
    ]);
  });

  test('the machine calls its functions and itself', () => {
    const self = 'task-janitor-prod-fleet';
    const children = states(`execution:${self}/Instances:*`);
    expect(allowedTo('FleetMachineRole').slice(0, -1)).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        Resource: ['FleetPrepare', 'FleetClean', 'FleetSummarise'].map((name) =>
          arnOf(`${name}LambdaFunction`),
        ),
      },
      { Action: 'states:StartExecution', Resource: states(`stateMachine:${self}`) },
      {
        Action: ['states:DescribeExecution', 'states:StopExecution'],
        Resource: [states(`execution:${self}:*`), children],
      },
      { Action: 'states:RedriveExecution', Resource: children },
      { Action: 's3:GetObject', Resource: objects('items/*') },
      {
        Action: [
          's3:PutObject',
          's3:GetObject',
          's3:ListMultipartUploadParts',
          's3:AbortMultipartUpload',
        ],
        Resource: { 'Fn::Sub': `\${FleetBucket.Arn}/map/*` },
      },
    ]);
  });
});

describe('the functions', () => {
  const NAMES = ['Prepare', 'Clean', 'Summarise'];

  test.each(NAMES)('%s has the settings of cleanup, and those of the fleet', (name) => {
    expect(properties(`Fleet${name}LambdaFunction`)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Role: { 'Fn::Sub': `\${Fleet${name}Role.Arn}` },
      Environment: {
        Variables: {
          ...properties('CleanupLambdaFunction').Environment.Variables,
          FLEET_BUCKET: { Ref: 'FleetBucket' },
          FLEET_CONCURRENCY: '4',
        },
      },
      LoggingConfig: { LogGroup: properties('CleanupLogGroup').LogGroupName },
    });
    expect(on.template.Resources[`Fleet${name}LogGroup`]).toBeUndefined();
  });

  test.each(NAMES)('the zip of %s has the policy, and stays below 400 KB', async (name) => {
    const entries = readZip(await readFile(join(on.folder, `fleet${name}.zip`)));
    const handler = `functions/fleet/${name.toLowerCase()}.cjs`;
    const names = entries.map((entry) => entry.name).sort();
    expect(names).toEqual([handler, `${handler}.map`, 'retention.yml']);
    const sizes = entries.filter((entry) => !entry.name.endsWith('.map'));
    expect(sizes.reduce((sum, { packedSize }) => sum + packedSize, 0)).toBeLessThan(400_000);
  });
});

test('the bucket is closed, encrypted, and forgets runs once none of them can be redriven', () => {
  expect(properties('FleetBucket')).toMatchObject({
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    BucketEncryption: { ServerSideEncryptionConfiguration: [expect.anything()] },
  });
  const [rule] = properties('FleetBucket').LifecycleConfiguration.Rules;
  expect(rule).toMatchObject({ Status: 'Enabled' });
  expect(rule.ExpirationInDays).toBeGreaterThan(14);
  expect(properties('FleetBucketPolicy').PolicyDocument.Statement).toEqual([
    expect.objectContaining({
      Effect: 'Deny',
      Action: 's3:*',
      Resource: [arnOf('FleetBucket'), { 'Fn::Sub': `\${FleetBucket.Arn}/*` }],
      Condition: { Bool: { 'aws:SecureTransport': false } },
    }),
  ]);
});
