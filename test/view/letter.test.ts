import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StoppedBy } from '../../lib/model/outcome.ts';
import type { Summary, TargetSummary } from '../../lib/model/summary.ts';
import { endpointWarning } from '../../lib/run/failing-warnings.ts';
import { letterOf } from '../../lib/view/letter.ts';
import { instance, summaryOf as summaryOfRun, target } from '../summaries.ts';

const SENDER = {
  stage: 'prod',
  dashboard: 'https://eu-central-1.console.aws.amazon.com/dashboard',
  runbook: 'docs/runbook.md',
};

const summaryOf = (targets: readonly TargetSummary[], fields: Partial<Summary> = {}) =>
  summaryOfRun(targets, { runId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', ...fields });

const locked = (id: string) => ({
  taskId: id,
  status: 500,
  code: 'DMS.00500000',
  message: `Task ${id} is locked.`,
  attempts: 5,
});

describe('nobody gets a letter', () => {
  test.each([
    ['where nothing had expired', summaryOf([target('a', [instance('i', { kept: 4 })])])],
    ['of a dry run', summaryOf([target('a', [instance('i', { remaining: 4 })])], { dryRun: true })],
    [
      'where a limit held everything back, of which an alarm tells',
      summaryOf([
        target('a', [instance('i', { remaining: 4, stoppedBy: 'limit', outcome: 'incomplete' })], {
          outcome: 'incomplete',
        }),
      ]),
    ],
  ])('%s', (_case, summary) => {
    expect(letterOf(summary, SENDER)).toBeUndefined();
  });
});

test('the letter of three targets, of which one failed and one had nothing to do', () => {
  const ids = ['ff808081000000000000000000000001', 'ff808081000000000000000000000002'];
  const summary = summaryOf([
    target('events', [
      instance('orders-events', { kept: 44, deleted: 93, failed: 2, errors: ids.map(locked) }),
      instance('payments-events', { kept: 30, deleted: 52 }),
      instance('audit', {
        kept: 10,
        remaining: 40,
        stoppedBy: 'limit',
        outcome: 'incomplete',
      }),
    ]),
    target('mail', [], {
      service: 'rabbitmq',
      outcome: 'failed',
      error: {
        code: 'unauthorised',
        message: 'https://dms.eu-de.otc.t-systems.com refused the access key HCDE…01',
      },
    }),
    target('prod-cache', [instance('prod-sessions', { kept: 57 })], {
      cloud: 'huaweicloud',
      service: 'dcs',
      region: 'eu-west-101',
    }),
  ]);
  expect(letterOf(summary, SENDER)).toEqual({
    subject: 'task-janitor prod: 145 records deleted, 2 failed',
    text: `task-janitor (prod) has deleted 145 of 328 records of background tasks; 2 more could not be deleted.
Such records are the history of cloud instances (Redis, Kafka, RabbitMQ, RocketMQ); no instance was changed.
The run began at 2026-09-01 03:30 UTC, took 4.2 s and failed.

What went
- events (otc kafka, eu-de): 145 deleted, on orders-events (93), payments-events (52)
- Nothing had expired in prod-cache (huaweicloud dcs, eu-west-101)

What failed
- 1 target failed (mail): https://dms.eu-de.otc.t-systems.com refused the access key HCDE…01 (unauthorised)
- 2 records failed (events / orders-events (2)): Task … is locked. (HTTP 500, DMS.00500000, 5 attempts)

What is left
- 40 records held back, since more had expired than a limit of the policy allows: events / audit

What to do
- Correct the problem that is named above for mail; the next run does the rest.
- Wait for the next run: it tries again what failed. If it fails again, look it up in the runbook.
- If the records that are held back may go, raise the limit in the policy, or delete them once by hand. If not, correct the policy.
- How, step by step: docs/runbook.md

Dashboard: https://eu-central-1.console.aws.amazon.com/dashboard
To find this run in the log, search for its id: c6af9ac6-7b61-11e6-9a41-93e8deadbeef
`,
  });
});

test('a run in which all went well says that nothing is to be done', () => {
  const letter = letterOf(summaryOf([target('a', [instance('i', { deleted: 4 })])]), SENDER);
  expect(letter?.subject).toBe('task-janitor prod: 4 records deleted');
  expect(letter?.text).toContain('What to do\n- Nothing.\n');
  expect(letter?.text).not.toContain('What failed');
});

test.each([
  [
    'instances that are not there',
    ['unknown instance "nosuch"; known instances: a-1'],
    'unknown instance "nosuch"; known instances: a-1',
    'Correct the names of the instances that are not there, and start a new run.',
  ],
  [
    'a part of the fleet of which nothing is known',
    ['the clock is off', endpointWarning(0, 'nothing is known about it; redrive the execution')],
    'endpoint 1 of the run: nothing is known about it; redrive the execution',
    'For each endpoint above, do what its reason says.',
  ],
])(
  'a run that failed for nothing but %s says so, and what to do',
  (_, warnings, reason, advice) => {
    const went = target('a', [instance('i', { deleted: 4 })]);
    const letter = letterOf(summaryOf([went], { outcome: 'failed', warnings }), SENDER);
    expect(letter?.subject).toBe('task-janitor prod: 4 records deleted, run failed');
    expect(letter?.text).toContain(`What failed\n- ${reason}\n`);
    expect(letter?.text).toContain(`What to do\n- ${advice}\n- How, step by step`);
    expect(letter?.text).not.toContain('the clock');
  },
);

test('other warnings are no reason why a run failed', () => {
  const warnings = ['the clock is off', 'unknown instance "nosuch"; there are no instances'];
  const error = { code: 'x', message: 'no answer' };
  const targets = [target('a', [], { outcome: 'failed', error })];
  const letter = letterOf(summaryOf(targets, { warnings }), SENDER);
  expect(letter?.text).toContain(
    'What failed\n- unknown instance "nosuch"; there are no instances\n- 1 target failed (a): no answer (x)\n',
  );
  expect(letter?.text).not.toContain('clock');
  const withGap = [...warnings, endpointWarning(1, 'nothing is known about it')];
  expect(letterOf(summaryOf(targets, { warnings: withGap }), SENDER)?.text).toContain(
    'no instances\n- endpoint 2 of the run: nothing is known about it\n- 1 target failed',
  );
  const complete = summaryOf([target('a', [instance('i', { deleted: 4 })])], { warnings });
  expect(letterOf(complete, SENDER)?.text).not.toContain('What failed');
});

test('failures of which nobody knows more are counted', () => {
  const failing = instance('i', { failed: 21, errors: [locked('one')], errorsOmitted: 20 });
  const letter = letterOf(summaryOf([target('a', [failing])]), SENDER);
  expect(letter?.subject).toBe('task-janitor prod: 0 records deleted, 21 failed');
  expect(letter?.text).toContain('- 20 more records failed, for these reasons or others\n');
});

test('a long reason keeps its end, where what to do stands', () => {
  const problem = `nothing is known about it: ${'s3://bucket/runs '.repeat(60)}; redrive the execution`;
  const warnings = [endpointWarning(0, problem)];
  const { text = '' } = letterOf(summaryOf([], { outcome: 'failed', warnings }), SENDER) ?? {};
  const [line = ''] = /^- endpoint.*$/m.exec(text) ?? [];
  expect(line).toMatch(/^- endpoint 1 of the run: nothing is .* … .*; redrive the execution$/);
  expect(line.length).toBeLessThan(310);
});

test('a warning about a target that is named like an endpoint is no reason', () => {
  const warnings = ['endpoint 1: "zzz*" under instances matches no instance'];
  const error = { code: 'x', message: 'no answer' };
  const failed = summaryOf([target('a', [], { outcome: 'failed', error })], { warnings });
  expect(letterOf(failed, SENDER)?.text).not.toMatch(/endpoint|zzz/);
});

test('a dry run that failed says that it was one', () => {
  const error = { code: 'x', message: 'no answer' };
  const failed = summaryOf([target('a', [], { outcome: 'failed', error })], { dryRun: true });
  const letter = letterOf(failed, SENDER);
  expect(letter?.subject).toBe('task-janitor prod: dry run, run failed');
  expect(letter?.text).toContain('made a dry run, which deletes nothing');
});

test('any letter has 40 lines at most, a subject that SNS takes, and nothing that is obeyed', () => {
  const count = fc.nat({ max: 3_000 });
  const text = fc.string({ unit: 'grapheme', maxLength: 400 });
  const stops = fc.constantFrom<StoppedBy | undefined>(
    ...([undefined, 'deadline', 'limit', 'listing', 'archive', 'forbidden', 'overlap'] as const),
  );
  const instances = fc
    .record({
      name: text,
      kept: count,
      deleted: count,
      failed: count,
      remaining: count,
      stops,
      text,
    })
    .map(({ name, stops: stoppedBy, text: message, ...counts }) =>
      instance(name, {
        ...counts,
        ...(stoppedBy && { stoppedBy }),
        errorsOmitted: counts.failed,
        errors: counts.failed > 0 ? [{ taskId: 'x', message }, { message: `${message}!` }] : [],
      }),
    );
  const error = fc.option(fc.record({ code: text, message: text }), { nil: undefined });
  const targets = fc
    .record({ name: text, list: fc.array(instances, { maxLength: 6 }), error })
    .map(({ name, list, error: each }) =>
      target(name, list, each ? { error: each, outcome: 'failed' } : {}),
    );
  const reason = fc.oneof(
    fc.constant('unknown instance "a"'),
    text.map((problem) => endpointWarning(0, problem)),
  );
  const warnings = fc.option(
    fc.record({
      outcome: fc.constant('failed' as const),
      warnings: fc
        .tuple(reason, fc.array(fc.oneof(text, reason), { maxLength: 8 }))
        .map(([one, others]) => [...others, one]),
    }),
    { nil: {} },
  );
  fc.assert(
    fc.property(
      fc.array(targets, { maxLength: 30 }),
      warnings,
      fc.string(),
      (list, said, stage) => {
        const summary = summaryOf(list, said);
        const letter = letterOf(summary, { ...SENDER, stage: stage.replace(/\s/g, '') });
        if (!letter) return;
        expect(letter.text.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
        expect(letter.subject).toMatch(/^[\x20-\x7e]{1,100}$/);
        expect(letter.text).not.toMatch(/[^\P{C}\n]/u);
        if (summary.outcome === 'failed') expect(letter.text).not.toContain('Nothing.\n');
      },
    ),
  );
});
