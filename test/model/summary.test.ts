import { describe, expect, test } from '@jest/globals';
import { worstOutcome } from '../../lib/model/outcome.ts';
import {
  addCounts,
  describeTotals,
  type InstanceSummary,
  NO_RECORDS,
  type Summary,
} from '../../lib/model/summary.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';

function instance(name: string, fields: Partial<InstanceSummary> = {}): InstanceSummary {
  return {
    id: `id-of-${name}`,
    name,
    outcome: 'complete',
    ...NO_RECORDS,
    keptBecause: {},
    errors: [],
    errorsOmitted: 0,
    ...fields,
  };
}

function summaryOf(instances: InstanceSummary[], fields: Partial<Summary> = {}): Summary {
  return {
    schemaVersion: 1,
    runId: 'run-1',
    trigger: 'schedule',
    dryRun: false,
    startedAt: '2026-09-01T03:30:00.000Z',
    finishedAt: '2026-09-01T03:30:01.000Z',
    durationMs: 1_000,
    outcome: worstOutcome(instances.map(({ outcome }) => outcome)),
    totals: { targets: 1, instances: instances.length, ...addCounts(instances) },
    requests: { sent: 1, retried: 0, throttled: 0 },
    warnings: [],
    targets: [
      {
        name: 'cache',
        cloud: 'otc',
        service: 'dcs',
        region: 'eu-de',
        outcome: worstOutcome(instances.map(({ outcome }) => outcome)),
        instances,
      },
    ],
    ...fields,
  };
}

test('counts are added up key by key', () => {
  const one = { ...NO_RECORDS, listed: 5, kept: 2, expired: 3, deleted: 3 };
  const two = { ...NO_RECORDS, listed: 4, expired: 4, failed: 1, remaining: 3 };
  expect(addCounts([one, two])).toEqual({
    listed: 9,
    kept: 2,
    expired: 7,
    deleted: 3,
    alreadyGone: 0,
    failed: 1,
    remaining: 3,
  });
  expect(addCounts([])).toEqual(NO_RECORDS);
});

test('the worst of several outcomes counts', () => {
  expect(worstOutcome([])).toBe('complete');
  expect(worstOutcome(['complete', 'incomplete'])).toBe('incomplete');
  expect(worstOutcome(['incomplete', 'failed', 'complete'])).toBe('failed');
});

test('the totals are one sentence', () => {
  const counts = { listed: 5, kept: 2, expired: 3, deleted: 2, failed: 1 };
  const summary = summaryOf([instance('a', { ...counts, outcome: 'failed' })]);
  expect(describeTotals(summary)).toBe(
    'run failed: 1 instance, 5 records listed, 3 expired; 2 deleted, 0 already gone, 1 failed, 0 remaining',
  );
  expect(describeTotals(summaryOf([], { dryRun: true }))).toBe(
    'dry run complete: 0 instances, 0 records listed, 0 expired; nothing deleted (dry run)',
  );
});

describe('the error of a failed run', () => {
  test('says what failed, and where the rest is', () => {
    const failed = Array.from({ length: 7 }, (_, index) =>
      instance(`i${index}`, {
        outcome: 'failed',
        errors: [{ taskId: 't', message: 'Internal service error.' }],
      }),
    );
    const { message } = new RunFailedError(summaryOf(failed));
    expect(message).toContain('run failed: 7 instances');
    expect(message).toContain('cache: i0: Internal service error.; cache: i1: ');
    expect(message).toContain('; and 2 more. The log lines with runId run-1 have the rest.');
    expect(message).not.toContain('i5:');
  });

  test('says what is missing where nothing else has failed', () => {
    const warnings = ['unknown instance "late"; known instances: none'];
    const { message } = new RunFailedError(summaryOf([], { warnings }));
    expect(message).toContain('. unknown instance "late"; known instances: none. The log lines');
  });

  test('names a target that failed itself', () => {
    const summary = summaryOf([]);
    const [target] = summary.targets;
    if (target) target.error = { code: 'forbidden', message: 'not permitted' };
    expect(new RunFailedError(summary).message).toContain('cache: not permitted');
  });
});
