import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AWS_KEYS } from '../environment.ts';
import { serve } from '../serve.ts';
import { copyProject, type Project, serverless } from './project.ts';

let project: Project;
beforeAll(async () => {
  project = await copyProject();
});
afterAll(() => project.remove());

/** The output of packaging when it refuses. */
const refusal = async (stage: string, ...params: string[]): Promise<string> => {
  const result = await project.package(stage, ...params).catch((error: Error) => error.message);
  return typeof result === 'string' ? result : 'packaged';
};

const policyNaming = (credentials: string) => `version: 1
defaults: { keepFor: 30d }
targets:
  - { name: cache, cloud: otc, service: dcs, region: eu-de${credentials} }
`;

describe('packaging is refused', () => {
  test('with every value that could not work, at once', async () => {
    const said = await refusal(
      'prod',
      'policy=none.yml',
      'alarmEmail=you',
      'reportEmail=everybody',
      'timezone=Mars/Base',
      'stopBeforeEnd=soon',
      'logLevel=LOUD',
      'secretsKey=alias/mine',
      'schedule=rate(2 days)',
      'fleet=maybe',
    );
    expect(said).toContain('Stage prod is not deployed, since it could not run');
    for (const problem of [
      'policy: there is no file none.yml in this folder',
      "alarmEmail: expected an address or '', found you",
      "reportEmail: expected an address or '', found everybody",
      'timezone: Mars/Base is not an IANA name',
      'STOP_BEFORE_END: "soon" is not a duration',
      'logLevel: expected DEBUG, INFO, WARN, ERROR, found LOUD',
      'secretsKey: expected the ARN of a KMS key',
      'period: rate(2 days) runs every 172800 seconds, but period says 86400',
      'fleet: expected true or false, found maybe',
    ]) {
      expect(said).toContain(problem);
    }
  }, 60_000);

  test('15: where the time-out leaves no time to delete anything', async () => {
    const said = await refusal('prod', 'timeout=60', 'stopBeforeEnd=2m');
    expect(said).toContain('stopBeforeEnd: 2m of a timeout of 60 seconds leaves no time to delete');
    expect(await refusal('prod', 'timeout=60', 'stopBeforeEnd=55s')).toBe('packaged');
  }, 60_000);

  test('where the policy is wrong, with its line and column', async () => {
    await project.write('bad.yml', 'version: 1\ndefaults: { keepfor: 30d }\ntargets: []\n');
    const said = await refusal('dev', 'policy=bad.yml');
    expect(said).toContain('bad.yml:2:13: defaults.keepfor: unknown key; did you mean keepFor?');
    expect(said).toContain('bad.yml:3:');
  }, 60_000);

  test('where the policy is not UTF-8, or a folder', async () => {
    await project.write('latin-1.yml', Buffer.from(`# für\n${policyNaming('')}`, 'latin1'));
    expect(await refusal('dev', 'policy=latin-1.yml')).toContain(
      'latin-1.yml: it is not UTF-8 (Latin-1 or Windows-1252, perhaps); save it as UTF-8',
    );
    expect(await refusal('dev', 'policy=functions')).toContain(
      'policy: functions cannot be read (EISDIR); correct params.policy',
    );
  }, 60_000);

  test('where the policy names a secret that may not be read', async () => {
    const said = await refusal('prod', 'secrets=task-janitor/huawei');
    expect(said).toContain(
      'secrets: retention.yml names task-janitor/otc for target prod-cache; add it to params.secrets',
    );
  }, 60_000);

  test('where a target names no secret', async () => {
    await project.write('none-named.yml', policyNaming(''));
    const said = await refusal('prod', 'policy=none-named.yml');
    expect(said).toContain('target cache names no secret');
  }, 60_000);
});

test('a secret may be named in the policy and listed by its ARN', async () => {
  await project.write('named.yml', policyNaming(', credentials: { secret: team/otc }'));
  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:team/otc-AbCdEf';
  expect(await refusal('prod', 'policy=named.yml', `secrets=${arn}`)).toBe('packaged');
}, 60_000);

test('a secret that does not exist stops the deployment before anything is sent to CloudFormation', async () => {
  const asked: string[] = [];
  const aws = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(String(request.headers['x-amz-target'] ?? new URLSearchParams(body).get('Action')));
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: 'ResourceNotFoundException', Message: 'none' }));
  });
  try {
    const deployed = serverless(project.folder, ['deploy', '--stage', 'prod'], {
      AWS_ENDPOINT_URL: aws.url,
      ...AWS_KEYS,
    });
    await expect(deployed).rejects.toThrow(
      'secrets: task-janitor/otc does not exist in eu-central-1; create it first',
    );
    expect(asked).toContain('secretsmanager.DescribeSecret');
    expect(asked.filter((operation) => /Stack|ChangeSet/.test(operation))).toEqual([]);
  } finally {
    await aws.close();
  }
}, 60_000);
