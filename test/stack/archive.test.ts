import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyProject, type Packaged, type Project, type Resource } from './project.ts';

let project: Project;
let packaged: Packaged;
beforeAll(async () => {
  project = await copyProject();
  packaged = await project.package('prod', 'archive=true', 'fleet=true');
}, 60_000);
afterAll(() => project.remove());

const resource = (id: string) =>
  packaged.template.Resources[id] as Resource & Readonly<Record<string, unknown>>;

test('the template passes the resource schemas and rules of CloudFormation, without a warning', () => {
  const engine = new RegoEngine();
  for (const kind of ['create', 'update']) {
    const file = new TemplateFile(
      join(packaged.folder, `cloudformation-template-${kind}-stack.json`),
    );
    const { diagnostics } = engine.validateStandard(file);
    expect(diagnostics.filter(({ severity }) => !['INFO', 'DEBUG'].includes(severity))).toEqual([]);
  }
  engine.free();
}, 60_000);

test('the bucket is closed and encrypted, forgets after archiveDays, and outlives the stack', () => {
  const bucket = resource('ArchiveBucket');
  expect(bucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  expect(bucket.Properties).toMatchObject({
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
      ],
    },
  });
  const [rule] = bucket.Properties.LifecycleConfiguration.Rules;
  expect(rule.ExpirationInDays).toBe(400);
  const policy = resource('ArchiveBucketPolicy');
  expect(policy).toMatchObject({ DeletionPolicy: 'Retain' });
  expect(policy.Properties.PolicyDocument.Statement).toEqual([
    expect.objectContaining({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Condition: { Bool: { 'aws:SecureTransport': false } },
    }),
  ]);
});

test('those that delete may put objects there, and nothing else', () => {
  const { Roles, PolicyDocument } = resource('ArchivePolicy').Properties;
  expect(Roles).toEqual([{ Ref: 'CleanupRole' }, { Ref: 'FleetCleanRole' }]);
  expect(PolicyDocument.Statement).toEqual([
    {
      Effect: 'Allow',
      Action: 's3:PutObject',
      Resource: { 'Fn::Sub': `\${ArchiveBucket.Arn}/*` },
    },
  ]);
});

test('the functions that delete archive there', () => {
  for (const name of ['Cleanup', 'FleetClean']) {
    const { Environment } = resource(`${name}LambdaFunction`).Properties;
    expect(Environment.Variables.ARCHIVE).toEqual({ 'Fn::Sub': `s3://\${ArchiveBucket}` });
  }
});

test.each([
  ['a folder', './gone', [], 'archive is a folder, but a function loses its folders after a run'],
  ['a folder, also beside a bucket', './gone', ['archive=true'], 'archive is a folder'],
  [
    'a bucket that its role may not write to',
    's3://other/x',
    [],
    's3://other, where the functions',
  ],
])(
  'a policy with %s is not deployed',
  async (_, place, params, problem) => {
    await project.write(
      'archive.yml',
      `version: 1
archive: ${place}
defaults: { keepFor: 30d }
targets:
  - name: a
    cloud: otc
    service: dcs
    region: eu-de
    credentials: { secret: task-janitor/otc }
`,
    );
    const refused = project.package('prod', 'policy=archive.yml', ...params);
    await expect(refused).rejects.toThrow(problem);
  },
  60_000,
);

test('values that could not work are refused', async () => {
  const refused = project.package('prod', 'archive=maybe', 'archiveDays=0');
  await expect(refused).rejects.toThrow(
    /archive: expected true or false, found maybe[\s\S]*archiveDays: expected a whole number from 1/,
  );
}, 60_000);

test('with the fleet on, an archive that forgets rows before a redrive deletes them is refused', async () => {
  const refused = project.package('prod', 'archive=true', 'fleet=true', 'archiveDays=14');
  await expect(refused).rejects.toThrow(
    /archiveDays: expected a whole number from 15 to \d+, found 14; a run of the fleet can be redriven for 14 days/,
  );
}, 60_000);
