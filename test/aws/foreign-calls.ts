import { ACCOUNT, REGION } from './account.ts';
import type { Call } from './calls.ts';
import type { Stack } from './stack.ts';

const arn = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const call = (action: string, resource: string, context?: Call['context']): Call => ({
  action,
  resource,
  ...(context && { context }),
});

/**
 * Calls that no role of the stack may make: on what belongs to others, and on its own what only a
 * person may do.
 * @param secret its ARN; `key` is the ARN of the key that it is encrypted with.
 * @param made what was called when the stack ran, in each role's name.
 */
export function foreignCalls(
  { names, functions }: Stack,
  { secret, key }: { readonly secret: string; readonly key: string },
  made: readonly Call[],
): Call[] {
  const viaSecrets = { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com` };
  const otherKey = arn('kms', 'key/00000000-0000-0000-0000-000000000000');
  const ofBuckets = (bucket: string) => [
    ...['GetObject', 'PutObject', 'DeleteObject', 'DeleteObjectVersion', 'PutObjectAcl'].map(
      (name) => call(`s3:${name}`, `arn:aws:s3:::${bucket}/runs/one/results/other`),
    ),
    ...['ListBucket', 'DeleteBucket', 'PutBucketPolicy', 'PutLifecycleConfiguration'].map((name) =>
      call(`s3:${name}`, `arn:aws:s3:::${bucket}`),
    ),
  ];
  return [
    call('secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:another-AbCdEf')),
    call('secretsmanager:GetSecretValue', secret.replace(/-\w{6}$/, '-backup-AbCdEf')),
    ...['PutSecretValue', 'DeleteSecret', 'UpdateSecret'].map((name) =>
      call(`secretsmanager:${name}`, secret),
    ),
    // The key is for reading secrets, and for nothing else.
    call('kms:Decrypt', key),
    call('kms:Decrypt', key, { 'kms:ViaService': `s3.${REGION}.amazonaws.com` }),
    call('kms:Decrypt', otherKey, viaSecrets),
    call('kms:Encrypt', key, viaSecrets),
    ...ofBuckets('somebody-elses'),
    ...ofBuckets(names.get('ServerlessDeploymentBucket') as string),
    // Objects that were written may not be deleted, and may be reached only over TLS.
    ...made
      .filter(({ action }) => action === 's3:PutObject')
      .flatMap(({ resource }) => [
        call('s3:DeleteObject', resource),
        call('s3:PutObject', resource, { 'aws:SecureTransport': 'false' }),
      ]),
    ...[...functions.keys()].flatMap((name) =>
      ['UpdateFunctionCode', 'UpdateFunctionConfiguration', 'DeleteFunction'].map((action) =>
        call(`lambda:${action}`, arn('lambda', `function:${name}`)),
      ),
    ),
    call('lambda:InvokeFunction', arn('lambda', 'function:another')),
    call('states:StartExecution', arn('states', 'stateMachine:another')),
    call('states:StopExecution', arn('states', 'execution:another:one')),
    call('sns:Publish', arn('sns', 'another')),
    ...['Subscribe', 'DeleteTopic'].map((name) =>
      call(`sns:${name}`, names.get('AlarmTopic') as string),
    ),
    ...['CreateLogStream', 'PutLogEvents'].map((name) =>
      call(`logs:${name}`, arn('logs', 'log-group:/aws/lambda/another:log-stream:one')),
    ),
    ...['DeleteLogStream', 'GetLogEvents'].map((name) =>
      call(`logs:${name}`, arn('logs', `log-group:${names.get('CleanupLogGroup')}:log-stream:one`)),
    ),
    ...['UpdateSchedule', 'DeleteSchedule'].map((name) =>
      call(
        `scheduler:${name}`,
        arn('scheduler', `schedule/default/${names.get('CleanupSchedulerSchedule1')}`),
      ),
    ),
    call('cloudwatch:PutMetricData', '*'),
    call('iam:PutRolePolicy', role(names.get('CleanupRole') as string)),
    call('iam:PassRole', role(names.get('SchedulerRole') as string)),
    call('sts:AssumeRole', role(names.get('CleanupRole') as string)),
  ];
}
