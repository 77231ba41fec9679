import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/index.ts';
import { expired, fresh } from '../records.ts';
import { type FakeSns, REPORT_TOPIC, startSns } from '../sns.ts';
import { type Deployed, startHandler } from './handler.ts';

let sns: FakeSns;
let emulator: Deployed['emulator'];
let output: Deployed['output'];
let handler: Deployed['handler'];
let close: Deployed['close'];
beforeEach(async () => {
  sns = await startSns();
  ({ emulator, output, handler, close } = await startHandler({
    ...sns.env,
    STAGE: 'prod',
    REPORT_TOPIC,
    DASHBOARD: 'task-janitor-prod',
    RUNBOOK: 'docs/runbook.md',
  }));
});
afterEach(async () => {
  await sns.close();
  await close();
});

/** @param left milliseconds, each time that it is asked: of the last one from then on. */
function contextOf(...left: number[]): Context {
  const context: Partial<Context> = {
    awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    getRemainingTimeInMillis: () => (left.length > 1 ? left.shift() : left[0]) ?? 900_000,
  };
  return context as Context;
}

test('a run that deleted something sends one letter, with its own topic, in plain words', async () => {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: [...expired(3), fresh()] });
  await handler({}, contextOf());
  const [letter, ...others] = sns.published;
  expect(others).toEqual([]);
  expect(letter).toMatchObject({
    topic: REPORT_TOPIC,
    subject: 'task-janitor prod: 3 records deleted',
  });
  expect(letter?.text).toContain('cache (huaweicloud dcs, eu-west-101): 3 deleted');
  expect(letter?.text).toContain(
    'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/task-janitor-prod',
  );
  expect(letter?.text).not.toMatch(/[{}]/);
});

test('a run that failed sends one letter, then throws', async () => {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(3) });
  emulator.faults.deny = ['delete-task'];
  await expect(handler({}, contextOf())).rejects.toThrow(/^run failed/);
  expect(sns.published).toHaveLength(1);
  expect(sns.published[0]?.text).toContain('Grant dcs:instance:deleteBackgroundTask');
});

test('a run in which nothing happened sends none, nor does one whose stage has no reader', async () => {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: [fresh()] });
  await handler({}, contextOf());
  emulator.addInstance({ service: 'dcs', name: 'prod-cart', tasks: expired(2) });
  process.env.REPORT_TOPIC = '';
  expect((await handler({}, contextOf())).totals.deleted).toBe(2);
  expect(sns.published).toEqual([]);
});

test.each([
  ['refuses', [900_000]],
  ['hangs', [900_000, 310]],
  ['answers with a page', [900_000]],
  ['says nothing', [900_000]],
] as const)('a topic that %s is asked once, and costs nobody the summary', async (mode, left) => {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(3) });
  sns.mode = mode;
  expect((await handler({}, contextOf(...left))).totals.deleted).toBe(3);
  expect(sns.published.length).toBeLessThanOrEqual(1);
  expect(output()).toContain('the letter about the run could not be sent');
  expect(output()).not.toContain('hidden field');
});

test('a letter is sent also where a fraction of a millisecond is left', async () => {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(3) });
  await handler({}, contextOf(900_000, 4_000.5));
  expect(sns.published).toHaveLength(1);
});

test('what answers in the place of the topic shows no secret of the run in the log', async () => {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(3) });
  const { secretKey } = DEMO_ACCESS_KEY;
  sns.mode = 'refuses';
  const said = 'may not have got it: InternalErrorException, HTTP 500: ';
  sns.says = `last seen ${secretKey}`;
  await handler({}, contextOf());
  expect(output()).toContain(`${said}last seen [secret]`);
  sns.says = `last seen ${Buffer.from(secretKey).toString('base64')}`;
  emulator.addInstance({ service: 'dcs', name: 'prod-cart', tasks: expired(3) });
  await handler({}, contextOf());
  expect(output()).toContain(`${said}[left out, as it may hold a secret in an encoded form]`);
  expect(output()).not.toContain(secretKey);
  expect(output()).not.toContain(Buffer.from(secretKey).toString('base64').slice(0, 20));
});

test('a topic that repeats the keys it was asked with shows none of them in the log', async () => {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(3) });
  process.env.AWS_ACCESS_KEY_ID = 'AKIAFAKE12345678';
  process.env.AWS_SESSION_TOKEN = 'FwoGZXIvYXdzEHcaDGZha2U';
  sns.mode = 'repeats its keys';
  await handler({}, contextOf());
  expect(output()).toContain(
    `${REPORT_TOPIC} may not have got it: InternalErrorException, HTTP 500: ?[31m[secret]`,
  );
  expect(output()).toContain(
    '; grant sns:Publish there, and see where AWS_ENDPOINT_URL and HTTPS_PROXY lead to',
  );
  expect(output()).not.toMatch(/FwoGZXIv|AKIAFAKE1|\\u001b/);
});
