import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { AWS_KEYS } from '../environment.ts';
import { type Served, serve } from '../serve.ts';
import { copyProject, type Project, serverless } from './project.ts';

const BUCKET = 'task-janitor-prod-fleetbucket-1a2b';
/** S3 lists and deletes 1,000 at most. */
const PAGE = 1_000;

let project: Project;
let aws: Served;
let asked: string[];
let objects: Set<string>;
/** Minutes ago. */
let ages: Map<string, number>;
let stack: string[];
let forbidden: boolean;

beforeAll(async () => {
  project = await copyProject();
});
afterAll(() => project.remove());
beforeEach(async () => {
  asked = [];
  objects = new Set();
  ages = new Map();
  stack = ['CleanupLambdaFunction', 'FleetBucket'];
  forbidden = false;
  aws = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const [status, answer] = respond(new URL(request.url ?? '', 'http://aws'), body);
    response.writeHead(status, { 'content-type': 'application/xml' }).end(answer);
  });
});
afterEach(() => aws.close());

/** As much of AWS as a removal needs. */
function respond({ pathname, searchParams }: URL, body: string): [number, string] {
  if (pathname === `/${BUCKET}` || pathname === `/${BUCKET}/`) {
    if (searchParams.has('list-type'))
      return [200, list(searchParams.get('continuation-token') ?? '')];
    if (searchParams.has('delete')) return [200, remove(body)];
  }
  const action = new URLSearchParams(body).get('Action') ?? '';
  asked.push(action);
  if (action === 'ListStackResources' && stack.length > 0) {
    const members = stack.map(
      (id) =>
        `<member><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${BUCKET}</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>`,
    );
    const list = `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`;
    const result = `<ListStackResourcesResult>${list}</ListStackResourcesResult>`;
    return [200, `<ListStackResourcesResponse>${result}</ListStackResourcesResponse>`];
  }
  if (action === 'DeleteStack') return [200, '<DeleteStackResponse/>'];
  if (action === 'GetCallerIdentity') {
    const result =
      '<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/x</Arn><Account>123456789012</Account></GetCallerIdentityResult>';
    return [200, `<GetCallerIdentityResponse>${result}</GetCallerIdentityResponse>`];
  }
  // The registry of container images, which speaks JSON.
  if (action === '') return [400, '{"__type":"RepositoryNotFoundException"}'];
  const what = action === 'DescribeStackResource' ? 'Resource' : 'Stack';
  const error = `<Code>ValidationError</Code><Message>${what} x does not exist</Message>`;
  return [400, `<ErrorResponse><Error>${error}</Error></ErrorResponse>`];
}

/** @param after the last key of the page before. */
function list(after: string): string {
  const rest = [...objects].filter((key) => key > after).sort();
  const keys = rest.slice(0, PAGE);
  const timeOf = (key: string) =>
    new Date(Date.now() - (ages.get(key) ?? 10_000) * 60_000).toISOString();
  const contents = keys
    .map(
      (key) => `<Contents><Key>${key}</Key><LastModified>${timeOf(key)}</LastModified></Contents>`,
    )
    .join('');
  const more = rest.length > PAGE;
  const next = more ? `<NextContinuationToken>${keys.at(-1)}</NextContinuationToken>` : '';
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents}</ListBucketResult>`;
}

function remove(body: string): string {
  asked.push('DeleteObjects');
  const keys = [...body.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key as string);
  expect(keys.length).toBeLessThanOrEqual(PAGE);
  if (forbidden) {
    const error = `<Key>${keys[0]}</Key><Code>AccessDenied</Code><Message>Access Denied</Message>`;
    return `<DeleteResult><Error>${error}</Error></DeleteResult>`;
  }
  for (const key of keys) objects.delete(key);
  return '<DeleteResult/>';
}

function command(...args: string[]): Promise<string> {
  return serverless(project.folder, [...args, '--stage', 'prod'], {
    AWS_ENDPOINT_URL: aws.url,
    ...AWS_KEYS,
    SLS_AWS_MONITORING_FREQUENCY: '10',
  });
}

test('removing the stack empties the bucket of the fleet first, page by page', async () => {
  for (let i = 0; i < 2 * PAGE + 1; i += 1) objects.add(`runs/a/results/cache/${i}.json`);
  expect(await command('remove')).toContain(`Emptied ${BUCKET}`);
  expect(objects.size).toBe(0);
  expect(asked.filter((action) => action === 'DeleteObjects')).toHaveLength(3);
  expect(asked.lastIndexOf('DeleteObjects')).toBeLessThan(asked.indexOf('DeleteStack'));
}, 60_000);

test('removing a stack without a fleet touches no bucket', async () => {
  stack = ['CleanupLambdaFunction'];
  objects.add('of-somebody-else');
  await command('remove');
  expect(asked).toContain('DeleteStack');
  expect(objects.size).toBe(1);
}, 60_000);

test('what cannot be deleted is named, and the stack is left alone', async () => {
  objects.add('runs/a/worklist.json');
  forbidden = true;
  await expect(command('remove')).rejects.toThrow(
    new RegExp(`bucket ${BUCKET} could not be emptied[^]*runs/a/worklist.json: Access Denied`),
  );
  expect(asked).not.toContain('DeleteStack');
}, 60_000);

test('switching the fleet off empties its bucket, and a deployment with the fleet on does not', async () => {
  objects.add('runs/a/worklist.json');
  await command('deploy', '--param=fleet=true').catch(() => {});
  expect(objects.size).toBe(1);
  await command('deploy').catch(() => {});
  expect(objects.size).toBe(0);
}, 60_000);

test.each(['deploy', 'remove'])(
  '19: %s leaves everything alone while a run is under way',
  async (name) => {
    objects.add('runs/old/lanes/0/000007.json');
    objects.add('runs/nightly/lanes/0/000007.json');
    ages.set('runs/nightly/lanes/0/000007.json', 14);
    await expect(command(name)).rejects.toThrow('run nightly is under way');
    expect(objects.size).toBe(2);
    expect(asked).not.toContain('DeleteStack');
    // Its summary is its end.
    objects.add('runs/nightly/summary-0.json');
    ages.set('runs/nightly/summary-0.json', 13);
    await command(name).catch(() => {});
    expect(objects.size).toBe(0);
  },
  60_000,
);
