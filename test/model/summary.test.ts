import { describe, expect, test } from '@jest/globals';
import { worstOutcome } from '../../lib/model/outcome.ts';
import { addCounts, describeTotals, NO_RECORDS } from '../../lib/model/summary.ts';
import { endpointWarning } from '../../lib/run/failing-warnings.ts';
import { missingInstances } from '../../lib/run/request.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { instance, summaryOf, target } from '../summaries.ts';

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
  const summary = summaryOf([target('cache', [instance('a', { kept: 2, deleted: 2, failed: 1 })])]);
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
    const { message } = new RunFailedError(summaryOf([target('cache', failed)]));
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

  test('says first which instances are missing, whatever else went wrong', () => {
    const [missing] = missingInstances(['late'], [{ open: {}, allowed: [], unmatched: ['late'] }]);
    const warnings = [...Array(6).fill('something else'), missing];
    const { message } = new RunFailedError(summaryOf([], { warnings }));
    expect(message).toContain('. unknown instance "late"; known instances: none. The log lines');
    const error = { code: 'forbidden', message: 'not permitted' } as const;
    const both = new RunFailedError(summaryOf([target('cache', [], { error })], { warnings }));
    expect(both.message).toContain(`. ${missing}; cache: not permitted. The log lines`);
  });

  test('says of which endpoints nothing is known, whatever else went wrong', () => {
    const gap = endpointWarning(1, 'nothing is known about it: its log is gone; start a new run');
    const error = { code: 'forbidden', message: 'not permitted' } as const;
    const warnings = ['something else', gap];
    const { message } = new RunFailedError(summaryOf([target('a', [], { error })], { warnings }));
    expect(message).toContain(
      '. endpoint 2 of the run: nothing is known about it: its log is gone; start',
    );
    expect(message).toContain('start a new run; a: not permitted. The log lines');
    expect(message).not.toContain('something else');
  });

  test('names a target that failed itself', () => {
    const error = { code: 'forbidden', message: 'not permitted' } as const;
    const summary = summaryOf([target('cache', [], { error })]);
    expect(new RunFailedError(summary).message).toContain('cache: not permitted');
  });
});
