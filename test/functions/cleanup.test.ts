import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { Summary } from '../../lib/model/summary.ts';
import { FakeIo, type } from '../cli/fake-io.ts';
import { expired, fresh } from '../records.ts';
import { type Deployed, startHandler } from './handler.ts';

let emulator: Deployed['emulator'];
let folder: Deployed['folder'];
let output: Deployed['output'];
let handler: Deployed['handler'];
let close: Deployed['close'];
beforeEach(async () => {
  ({ emulator, folder, output, handler, close } = await startHandler());
});
afterEach(() => close());

/** The context of a call, as far as the handler reads it. @param remaining milliseconds until Lambda ends the call. */
function contextOf(remaining = 900_000): Context {
  const context: Partial<Context> = {
    awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    functionName: 'task-janitor-prod-cleanup',
    getRemainingTimeInMillis: () => remaining,
  };
  return context as Context;
}

/** Lines of the log; metrics are lines of their own. */
const lines = () =>
  output()
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => !('_aws' in line));

function addInstances(): void {
  emulator.addInstance({ service: 'dcs', name: 'a', tasks: [...expired(3), fresh()] });
  emulator.addInstance({ service: 'dcs', name: 'b', tasks: expired(2) });
}

describe('the handler', () => {
  test('cleans up and returns the summary', async () => {
    addInstances();
    const summary = await handler({}, contextOf());
    expect(summary).toMatchObject({
      runId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      trigger: 'manual',
      outcome: 'complete',
      totals: { listed: 6, kept: 1, deleted: 5 },
    });
    expect(lines()).toHaveLength(4);
    for (const line of lines()) expect(line).toMatchObject({ runId: summary.runId });
    expect(lines().at(-1)).toMatchObject({ totals: summary.totals });
  });

  test('takes a scheduled event for {}', async () => {
    addInstances();
    const event = { 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: '{}' };
    const summary = await handler(event, contextOf());
    expect(summary).toMatchObject({ trigger: 'schedule', totals: { deleted: 5 } });
  });

  test('deletes nothing when the event says dryRun', async () => {
    addInstances();
    const summary = await handler({ dryRun: true }, contextOf());
    expect(summary).toMatchObject({ dryRun: true, totals: { expired: 5, deleted: 0 } });
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('is narrowed by its event', async () => {
    addInstances();
    const summary = await handler({ instances: ['b'], targets: ['cache'] }, contextOf());
    expect(summary.totals).toMatchObject({ instances: 1, deleted: 2 });
  });

  test.each([
    [{ dryrun: true }, /dryrun.*Known keys: dryRun, targets/],
    [{ keepFor: 'a month' }, /keepFor: "a month" is not a duration/],
    [{ targets: ['prod'] }, /unknown target "prod"; known targets: cache/],
    [{ instances: ['prod-['] }, /prod-\[/],
  ])('refuses the event %j, says what is wrong, and does nothing', async (event, words) => {
    await expect(handler(event, contextOf())).rejects.toThrow(words);
    expect(emulator.journal.count()).toBe(0);
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'ERROR',
        message: 'the run could not begin',
        runId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
        error: expect.objectContaining({ message: expect.stringMatching(words) }),
      }),
    ]);
  });

  test('logs the summary of a failed run, then throws', async () => {
    addInstances();
    emulator.faults.deny = ['delete-task'];
    await expect(handler({}, contextOf())).rejects.toThrow(
      /^run failed: 2 instances, .*dcs:instance:deleteBackgroundTask/,
    );
    const written = lines();
    expect(written.filter(({ summary }) => summary)).toHaveLength(2);
    expect(written.at(-1)).toMatchObject({
      level: 'ERROR',
      outcome: 'failed',
      totals: { expired: 5, deleted: 0, remaining: 5 },
    });
  });

  test('does not throw where a run is incomplete: the next one goes on', async () => {
    addInstances();
    process.env.STOP_BEFORE_END = '2h';
    const summary = await handler({}, contextOf(60 * 60_000));
    expect(summary).toMatchObject({
      outcome: 'incomplete',
      totals: { expired: 5, deleted: 0, remaining: 5 },
      targets: [{ instances: [{ stoppedBy: 'deadline' }, { stoppedBy: 'deadline' }] }],
    });
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('takes its deadline from the time that Lambda leaves it', async () => {
    addInstances();
    // Nothing is waited for in the last half second.
    const summary = await handler({}, contextOf(400));
    expect(summary).toMatchObject({ outcome: 'incomplete', targets: [{ instances: [] }] });
    expect(emulator.journal.count()).toBe(0);
  });

  test.each([
    [
      'is missing',
      undefined,
      /none\.yml is not in the function’s package: correct the parameter policy/,
    ],
    ['is wrong', 'version: 1\ntargets: []', /a list with at least one target/],
  ])('throws when the policy %s', async (_, text, words) => {
    process.env.POLICY_FILE =
      text === undefined ? `${folder.path}/none.yml` : await folder.write('bad.yml', text);
    await expect(handler({}, contextOf())).rejects.toThrow(words);
    expect(lines()).toHaveLength(1);
    expect(emulator.journal.count()).toBe(0);
  });

  test('refuses a policy in Latin-1: characters of its patterns would be others, and protect nobody', async () => {
    addInstances();
    const text = await readFile(process.env.POLICY_FILE as string, 'utf8');
    const bytes = Buffer.from(`${text}    instances: { exclude: [caché-*] }\n`, 'latin1');
    process.env.POLICY_FILE = await folder.write('latin-1.yml', bytes);
    await expect(handler({}, contextOf())).rejects.toThrow(
      `${folder.path}/latin-1.yml: it is not UTF-8 (Latin-1 or Windows-1252, perhaps); save it as UTF-8`,
    );
    expect(emulator.journal.count()).toBe(0);
  });

  test('has no more requests in flight than CONCURRENCY says', async () => {
    emulator.addInstance({ service: 'dcs', tasks: expired(30) });
    process.env.CONCURRENCY = '1';
    expect((await handler({}, contextOf())).totals.deleted).toBe(30);
    expect(emulator.journal.peakInFlight).toBe(1);
  });

  test('deletes nothing while DRY_RUN is true, whatever policy and event say', async () => {
    addInstances();
    process.env.DRY_RUN = 'true';
    const summary = await handler({ dryRun: false }, contextOf());
    expect(summary).toMatchObject({ dryRun: true, totals: { expired: 5, deleted: 0 } });
    process.env.DRY_RUN = 'yes';
    await expect(handler({}, contextOf())).rejects.toThrow('DRY_RUN: expected true or false');
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test.each(['0', 'all', '2.5'])('refuses CONCURRENCY %j and does nothing', async (text) => {
    addInstances();
    process.env.CONCURRENCY = text;
    await expect(handler({}, contextOf())).rejects.toThrow(
      `CONCURRENCY: expected a whole number, 1 or more, found "${text}"`,
    );
    expect(emulator.journal.count()).toBe(0);
  });
});

describe('handler and command line', () => {
  /** The keys of an object with the types of their values. */
  function shapeOf(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(shapeOf);
    if (typeof value !== 'object' || value === null) return typeof value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
  }

  test('give summaries of the same shape', async () => {
    addInstances();
    emulator.intercept = ({ operation, instanceId }) =>
      operation === 'delete-task' && instanceId === emulator.instances()[0]?.id
        ? { status: 429, body: { error_code: 'APIGW.0308' }, headers: { 'retry-after': '86400' } }
        : undefined;
    emulator.addInstance({ service: 'dcs', name: 'c', tasks: [...expired(1), null] });
    const handled = await handler({ instances: ['a'] }, contextOf());
    // The same time limit, so that both give up in the same way.
    const io = new FakeIo();
    const policy = process.env.POLICY_FILE;
    const { stdout } = await type(
      `run --policy ${policy} --json --instance a --max-duration 15m`,
      io,
    );
    const typed = JSON.parse(stdout) as Summary;
    expect(handled.outcome).toBe('incomplete');
    expect(shapeOf(typed)).toEqual(shapeOf(handled));
    expect(Object.keys(typed)).toEqual(Object.keys(handled));
    expect({ ...typed.totals }).toEqual(handled.totals);
  });
});
