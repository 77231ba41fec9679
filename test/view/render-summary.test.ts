import { expect, test } from '@jest/globals';
import type { InstanceSummary, Summary } from '../../lib/model/summary.ts';
import { visible } from '../../lib/model/text.ts';
import { renderSummary } from '../../lib/view/terminal/render-summary.ts';
import { wrap } from '../../lib/view/terminal/wrap.ts';
import { tooWide } from '../cli/fake-io.ts';

const NAME = 'an-instance-whose-name-is-as-long-as-the-service-allows-it-to-be-64-char';

const instance: InstanceSummary = {
  id: '5560df16-cebf-4473-95c4-d1b573c16e79',
  name: NAME,
  outcome: 'failed',
  stoppedBy: 'unavailable',
  listed: 1_234_567,
  kept: 1_000_000,
  expired: 234_567,
  deleted: 200_000,
  alreadyGone: 34_000,
  failed: 560,
  remaining: 7,
  keptBecause: {
    running: 1,
    'within-keep-for': 900_000,
    'within-keep-last': 10,
    'status-not-selected': 99_900,
    'unknown-status': 5,
    malformed: 84,
  },
  errors: Array.from({ length: 20 }, (_, index) => ({
    taskId: `ff8080818f0a1b01000000000000000${index % 10}`,
    message: `Internal service error number ${index}, with words enough for a second line.`,
  })),
  errorsOmitted: 540,
};

const { id: _id, name: _name, outcome: _outcome, stoppedBy: _by, ...rest } = instance;
const { keptBecause: _because, errors: _errors, errorsOmitted: _omitted, ...counts } = rest;

const summary: Summary = {
  schemaVersion: 1,
  runId: 'run-1',
  trigger: 'cli',
  dryRun: false,
  startedAt: '2026-09-01T03:30:00.000Z',
  finishedAt: '2026-09-01T03:44:00.000Z',
  durationMs: 840_049,
  outcome: 'failed',
  totals: { targets: 2, instances: 1, ...counts },
  requests: { sent: 1_234_567, retried: 12_345, throttled: 6_789 },
  warnings: [`cache: "prod-*" under instances matches no instance, and this is a long warning`],
  targets: [
    {
      name: 'cache',
      cloud: 'huaweicloud',
      service: 'dcs',
      region: 'eu-west-101',
      outcome: 'failed',
      instances: [instance],
    },
    {
      name: 'queues',
      cloud: 'otc',
      service: 'kafka',
      region: 'eu-de',
      outcome: 'incomplete',
      error: { code: 'stopped', message: 'the instances could not be listed: no answer' },
      instances: [],
    },
    {
      name: 'empty',
      cloud: 'otc',
      service: 'kafka',
      region: 'eu-nl',
      outcome: 'complete',
      instances: [],
    },
  ],
};

test('a summary fits 80 columns, whatever is in it', () => {
  const text = renderSummary(summary);
  expect(tooWide(text)).toEqual([]);
  expect(text).toBe(
    `cache  (huaweicloud dcs eu-west-101)
  INSTANCE                LISTED    KEPT EXPIRED DELETED    GONE  FAILED    LEFT
  an-instance-whose-nam… 1234567 1000000  234567  200000   34000     560       7
    kept: 900000 within-keep-for, 99900 status-not-selected, 84 malformed,
          10 within-keep-last, 5 unknown-status, 1 running
    failed: stopped by unavailable
    task ff8080818f0a1b010000000000000000: Internal service error number 0, with
    words enough for a second line.
    task ff8080818f0a1b010000000000000001: Internal service error number 1, with
    words enough for a second line.
    task ff8080818f0a1b010000000000000002: Internal service error number 2, with
    words enough for a second line.
    and 557 more errors

queues  (otc kafka eu-de)
  incomplete: the instances could not be listed: no answer

empty  (otc kafka eu-nl)
  no instances

warning: cache: "prod-*" under instances matches no instance, and this is a long
         warning

  TOTAL                  1234567 1000000  234567  200000   34000     560       7

Run failed in 840.0 s: 2 targets, 1 instance, 1234567 requests (12345 repeated,
6789 throttled).
`,
  );
});

test('text is wrapped between words, and what is one word stays one', () => {
  expect(wrap('- ', 'one two')).toEqual(['- one two']);
  const word = 'x'.repeat(100);
  expect(wrap('- ', `a ${word} b`)).toEqual(['- a', `  ${word}`, '  b']);
  expect(wrap('', ['a b'.repeat(30), 'c d'])).toEqual(['a b'.repeat(30), 'c d']);
});

test('control characters and changes of direction are shown, not obeyed', () => {
  expect(visible('a\u001b[31m\r\n\u202eb')).toBe('a?[31m???b');
});
