import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readZip } from '../zip.ts';
import { copyProject, type Packaged, type Project, type Resource } from './project.ts';

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
  on = await project.package('prod', 'fleet=true');
}, 120_000);
afterAll(() => project.remove());

// biome-ignore lint/suspicious/noExplicitAny: each type of resource has other properties
const properties = (id: string): any => on.template.Resources[id]?.Properties;

/** The statements of a role, without their Effect, which is always Allow. */
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
      (text, name) => text.replaceAll(`\${${name}}`, `${lambda}:${name}`),
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

  test('ends, whatever happens: by itself, and each call by the time-out of its function', () => {
    const { TimeoutSeconds } = JSON.parse(definition());
    expect(TimeoutSeconds).toBeGreaterThan(300 * 900);
    for (const name of ['Prepare', 'Clean', 'Summarise']) {
      expect(properties(`Fleet${name}LambdaFunction`).Timeout).toBeLessThanOrEqual(900);
    }
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
  const listing = (objects: string) => ({
    Action: 's3:ListBucket',
    Resource: arnOf('FleetBucket'),
    Condition: { StringLike: { 's3:prefix': `runs/*/${objects}/*` } },
  });
  const listLogs = listing('lanes');

  test('preparing may do nothing but write to the log', () => {
    expect(allowedTo('FleetPrepareRole')).toEqual([log]);
  });

  test('cleaning reads secrets, and keeps the logs of the endpoints', () => {
    expect(allowedTo('FleetCleanRole')).toEqual([
      secrets,
      log,
      { Action: ['s3:GetObject', 's3:PutObject'], Resource: objects('lanes/*') },
      { Action: ['s3:GetObject', 's3:PutObject'], Resource: objects('archived/*') },
      listing('archived'),
      listLogs,
    ]);
  });

  test('17: a key may be used by Secrets Manager in the region of each secret', async () => {
    const { template } = await project.package(
      'prod',
      'fleet=true',
      'secretsKey=arn:aws:kms:eu-west-1:123456789012:key/1234',
      'secrets=task-janitor/otc,arn:aws:secretsmanager:eu-west-1:123456789012:secret:other-a1b2c3',
    );
    const services = [
      { 'Fn::Sub': `secretsmanager.\${AWS::Region}.amazonaws.com` },
      'secretsmanager.eu-west-1.amazonaws.com',
    ];
    for (const role of ['FleetCleanRole', 'CleanupRole']) {
      const [{ PolicyDocument }] = (template.Resources[role] as Resource).Properties.Policies;
      expect(PolicyDocument.Statement[1]).toMatchObject({
        Action: 'kms:Decrypt',
        Condition: { StringEquals: { 'kms:ViaService': services } },
      });
    }
  }, 60_000);

  test('summing up reads no secret', () => {
    expect(allowedTo('FleetSummariseRole')).toEqual([
      log,
      {
        Action: 's3:GetObject',
        Resource: ['lanes/*', 'summary-*.json', 'reported-*.json'].map(objects),
      },
      listLogs,
      { Action: 's3:PutObject', Resource: ['summary-*.json', 'reported-*.json'].map(objects) },
    ]);
  });

  test('the machine calls its functions', () => {
    expect(allowedTo('FleetMachineRole').slice(0, -1)).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        Resource: ['FleetPrepare', 'FleetClean', 'FleetSummarise'].map((name) =>
          arnOf(`${name}LambdaFunction`),
        ),
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
