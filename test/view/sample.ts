import type { Instance } from '../../lib/model/instance.ts';
import { instanceOutcome, worstOutcome } from '../../lib/model/outcome.ts';
import {
  type ExpiredOutcome,
  type InstanceSummary,
  MAX_ERRORS,
  type TargetSummary,
} from '../../lib/model/summary.ts';
import type { Task } from '../../lib/model/task.ts';
import { decide } from '../../lib/policy/decide.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { retentionOf } from '../../lib/policy/retention.ts';
import { collectDecisions } from '../../lib/view/decisions.ts';
import type { Report } from '../../lib/view/html/report.ts';
import { NOW } from '../records.ts';
import { summaryOf } from '../summaries.ts';
import { sampleTasks } from './sample-tasks.ts';

/** Three targets, as a user writes them. */
export const SAMPLE_POLICY = `version: 1
dryRun: false
defaults:
  keepFor: P30D # a month
  keepLast: 5
targets:
  - name: prod-cache
    cloud: huaweicloud
    service: dcs
    region: eu-west-101
    rules:
      - name: failures-stay-longer
        match: { statuses: [FAILED] }
        keepFor: P90D
      - match: { tasks: [EXTEND] }
        keepFor: 45d
      - name: failovers-stay
        match: { tasks: [masterStandbySwapJob] }
        keep: forever
  - name: events
    cloud: otc
    service: kafka
    region: eu-de
    statuses: [SUCCESS, FAILED, CANCELLED]
    keepFor: 14d
  - name: mail
    cloud: otc
    service: rabbitmq
    region: eu-de
    keep: forever
`;

/** Records of each instance of the sample, target by target: 2,000 together. */
export const SAMPLE_ESTATE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'prod-cache': {
    'prod-sessions': 520,
    'prod-cart-with-a-rather-long-name-in-eu-west': 310,
    staging: 1,
  },
  events: { 'orders-events': 640, 'payments-events': 270, clickstream: 0 },
  mail: { 'mail-jobs': 159, 'invoice-jobs': 100 },
};

/** An outcome of every kind: one instance is held back, some records fail in two ways. */
export function everyOutcome(name: string, index: number, { id }: Task): ExpiredOutcome {
  if (name === 'prod-cart-with-a-rather-long-name-in-eu-west') return { outcome: 'held-back' };
  const taskId = id === undefined ? {} : { taskId: id };
  const locked = { status: 500, code: 'DMS.00500000', attempts: 5 };
  const busy = { status: 400, code: 'DCS.4957', attempts: 1 };
  if (index % 9 === 3) {
    const message = `Task ${id} is locked.`;
    return { outcome: 'failed', error: { ...taskId, ...locked, message } };
  }
  if (index % 50 === 7) {
    return { outcome: 'failed', error: { ...taskId, ...busy, message: 'The instance is busy.' } };
  }
  if (index % 20 === 5) return { outcome: 'already-gone' };
  return { outcome: index % 30 === 11 ? 'remaining' : 'deleted' };
}

/** The input of a sample report; the real policy decides. */
export interface SampleOptions {
  /** Bytes that its records may take together. */
  readonly mostBytes?: number;
  /** Records for each instance name of a target. */
  readonly estate?: Readonly<Record<string, Readonly<Record<string, number | readonly Task[]>>>>;
  readonly policy?: string;
  readonly dryRun?: boolean;
  readonly options?: readonly string[];
  /** The outcome of a record that has expired, by the name of its instance and its number there. */
  readonly outcome?: (name: string, index: number, task: Task) => ExpiredOutcome;
  /** Changes the summary of an instance, by its name, before it is added up. */
  readonly change?: (name: string, summary: InstanceSummary) => void;
}

/** A report as a run hands it over, without the run. */
export function sampleReport({
  estate = SAMPLE_ESTATE,
  policy: text = SAMPLE_POLICY,
  dryRun = true,
  options = [],
  outcome: outcomeOf = () => ({ outcome: dryRun ? 'remaining' : 'deleted' }),
  change = () => {},
  mostBytes,
}: SampleOptions = {}): Report {
  const policy = loadPolicy(text, 'retention.yml');
  const collected = collectDecisions(mostBytes);
  const targets = policy.targets
    .filter(({ name }) => estate[name])
    .map((target): TargetSummary => {
      const instances = Object.entries(estate[target.name] ?? {}).map(([name, given], i) => {
        const instance: Instance = { id: `${target.name}-${i}`, name, status: 'RUNNING' };
        const tasks = typeof given === 'number' ? sampleTasks(given, target.service) : given;
        const decisions = decide(tasks, retentionOf(policy, target), NOW);
        collected.observer.decided?.(target.name, instance, tasks, decisions);
        const keptBecause: Record<string, number> = {};
        for (const { action, reason } of decisions) {
          if (action === 'keep') keptBecause[reason] = (keptBecause[reason] ?? 0) + 1;
        }
        const expired = tasks.filter((_, index) => decisions[index]?.action === 'delete');
        const outcomes = expired.map((task, index) => outcomeOf(name, index, task));
        collected.observer.recordsDone?.(target.name, instance, outcomes);
        const count = (...wanted: string[]) =>
          outcomes.filter(({ outcome }) => wanted.includes(outcome)).length;
        const errors = outcomes.flatMap(({ error }) => error ?? []);
        const stoppedBy = count('held-back') > 0 ? 'limit' : undefined;
        const summary: InstanceSummary = {
          id: instance.id,
          name,
          outcome: instanceOutcome({ failed: count('failed'), remaining: 0, stoppedBy }, dryRun),
          ...(stoppedBy && { stoppedBy }),
          listed: tasks.length,
          kept: tasks.length - expired.length,
          expired: expired.length,
          deleted: count('deleted'),
          alreadyGone: count('already-gone'),
          failed: count('failed'),
          remaining: count('remaining', 'held-back'),
          keptBecause,
          errors: errors.slice(0, MAX_ERRORS),
          errorsOmitted: Math.max(0, errors.length - MAX_ERRORS),
        };
        change(name, summary);
        return summary;
      });
      const { name, cloud, service, region } = target;
      const outcome = worstOutcome(instances.map((instance) => instance.outcome));
      return { name, cloud, service, region, outcome, instances };
    });
  const summary = summaryOf(targets, {
    ...{ runId: '5c0f6d0e-4f5e-4d1f-9d1c-3b3a1b7f2a10', trigger: 'cli', dryRun },
    requests: { sent: 2210, retried: 14, throttled: 3 },
  });
  return {
    summary,
    decisions: collected,
    policy,
    policyFile: { name: 'retention.yml', text },
    options,
  };
}

/** A plan of 1,000 instances with 5,000 records together. */
export function manyInstances(): Report {
  const targets = Object.keys(SAMPLE_ESTATE);
  const estate: Record<string, Record<string, number>> = {};
  for (let i = 0; i < 1_000; i += 1) {
    const name = targets[i % targets.length] as string;
    estate[name] = { ...estate[name], [`instance-${i}`]: 3 + (i % 5) };
  }
  return sampleReport({ estate, policy: SAMPLE_POLICY.replace('keepLast: 5', 'keepLast: 1') });
}
