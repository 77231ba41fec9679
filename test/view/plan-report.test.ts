import { expect, test } from '@jest/globals';
import { byDeletions } from '../../lib/view/deletions.ts';
import type { Report } from '../../lib/view/html/report.ts';
import { planReport } from '../../lib/view/terminal/plan-report.ts';
import { NO_TERMINAL } from '../../lib/view/terminal/terminal.ts';
import { NOW } from '../records.ts';
import { sampleReport } from './sample.ts';

const TARGET = 'prod-cache';

function sampleOf(instances: number): Report {
  const sizes = Array.from({ length: instances }, (_, i) => [`instance-${i}`, 40 + (i % 3) * 10]);
  return sampleReport({ estate: { [TARGET]: Object.fromEntries(sizes) } });
}

/** The text of a plan whose instances end one after the other. */
function textOf(report: Report, { verbose = false, fromLast = false, name = 'EXTEND' } = {}) {
  const { summary, decisions: collected, policy } = report;
  const plan = planReport({ policy, keepFor: undefined, verbose, terminal: NO_TERMINAL });
  const { started, decided, instanceDone } = plan.observer;
  started?.({ runId: 'run-1', trigger: 'cli', dryRun: true, startedAt: NOW });
  for (const target of summary.targets) {
    for (const instance of fromLast ? target.instances.toReversed() : target.instances) {
      const { tasks = [], decisions = [] } = collected.of(target.name, instance.id) ?? {};
      const named = tasks.map((task) => ({ ...task, name }));
      decided?.(target.name, { ...instance, status: 'RUNNING' }, named, decisions);
      instanceDone?.(target, instance);
    }
  }
  return plan.render(summary);
}

test('a plan shows the instances of the first rows of its table, in whichever order they ended', () => {
  const report = sampleOf(330);
  const text = textOf(report);
  const shown = text.match(/^prod-cache \/ .*$/gm);
  const first = byDeletions(report.summary).slice(0, 50);
  expect(shown).toEqual(first.map(({ name }) => `prod-cache / ${name}`));
  expect(text).toContain('Something has expired on 280 more instances;');
  expect(textOf(report, { fromLast: true })).toBe(text);
});

test('a plan with --verbose shows them all', () => {
  const shown = textOf(sampleOf(330), { verbose: true }).match(/^prod-cache \/ .*$/gm);
  expect(shown).toHaveLength(330);
});

test('a name is whole where a pattern may be as long, and no longer than that where it is not', () => {
  const report = sampleOf(1);
  expect(textOf(report, { name: 'x'.repeat(1_000) })).toContain(` ${'x'.repeat(1_000)}\n`);
  const text = textOf(report, { name: 'x'.repeat(1_000_000) });
  expect(text).toContain(` ${'x'.repeat(1_000)}…\n`);
  expect(text.length).toBeLessThan(20_000);
});

test('with --verbose, an instance with more records than the text can hold says where they all are', () => {
  const report = sampleReport({ estate: { [TARGET]: { small: 60, huge: 200_000 } } });
  const text = textOf(report, { verbose: true });
  const [small = '', huge = ''] = text.split('prod-cache / huge').reverse();
  expect(text.match(/--records FILE writes them all into a file/g)?.length).toBeGreaterThan(0);
  expect(small + huge).toContain('prod-cache / small');
  expect(text.length).toBeLessThan(50_000);
});
