import type { Instance } from '../../lib/model/instance.ts';
import { worstOutcome } from '../../lib/model/outcome.ts';
import {
  addCounts,
  type InstanceSummary,
  NO_RECORDS,
  type Summary,
  type TargetSummary,
} from '../../lib/model/summary.ts';
import type { Task } from '../../lib/model/task.ts';
import { decide } from '../../lib/policy/decide.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { retentionOf } from '../../lib/policy/retention.ts';
import { collectDecisions } from '../../lib/view/decisions.ts';
import type { Report } from '../../lib/view/html/report.ts';
import { NOW } from '../records.ts';
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

/** What a report on records is made of, decided by the real policy. */
export interface SampleOptions {
  /** Records for each instance name of a target. */
  readonly estate?: Readonly<Record<string, Readonly<Record<string, number | readonly Task[]>>>>;
  readonly policy?: string;
  readonly dryRun?: boolean;
  readonly options?: readonly string[];
  /** Changes the summary of an instance, by its name, before it is added up. */
  readonly change?: (name: string, summary: InstanceSummary) => void;
}

/** A report as a run hands it over, without the run. */
export function sampleReport({
  estate = SAMPLE_ESTATE,
  policy: text = SAMPLE_POLICY,
  dryRun = true,
  options = [],
  change = () => {},
}: SampleOptions = {}): Report {
  const policy = loadPolicy(text, 'retention.yml');
  const records = collectDecisions();
  const targets = policy.targets
    .filter(({ name }) => estate[name])
    .map((target): TargetSummary => {
      const instances = Object.entries(estate[target.name] ?? {}).map(([name, given], i) => {
        const instance: Instance = { id: `${target.name}-${i}`, name, status: 'RUNNING' };
        const tasks = typeof given === 'number' ? sampleTasks(given, target.service) : given;
        const decisions = decide(tasks, retentionOf(policy, target), NOW);
        records.observer.decided?.(target.name, instance, tasks, decisions);
        const keptBecause: Record<string, number> = {};
        for (const { action, reason } of decisions) {
          if (action === 'keep') keptBecause[reason] = (keptBecause[reason] ?? 0) + 1;
        }
        const expired = decisions.filter(({ action }) => action === 'delete').length;
        const summary: InstanceSummary = {
          id: instance.id,
          name,
          outcome: 'complete',
          ...NO_RECORDS,
          listed: tasks.length,
          kept: tasks.length - expired,
          expired,
          deleted: dryRun ? 0 : expired,
          remaining: dryRun ? expired : 0,
          keptBecause,
          errors: [],
          errorsOmitted: 0,
        };
        change(name, summary);
        return summary;
      });
      const { name, cloud, service, region } = target;
      const outcome = worstOutcome(instances.map((instance) => instance.outcome));
      return { name, cloud, service, region, outcome, instances };
    });
  const instances = targets.flatMap((target) => target.instances);
  const summary: Summary = {
    schemaVersion: 1,
    runId: '5c0f6d0e-4f5e-4d1f-9d1c-3b3a1b7f2a10',
    trigger: 'cli',
    dryRun,
    startedAt: new Date(NOW).toISOString(),
    finishedAt: new Date(NOW + 4200).toISOString(),
    durationMs: 4200,
    outcome: worstOutcome(targets.map(({ outcome }) => outcome)),
    totals: { targets: targets.length, instances: instances.length, ...addCounts(instances) },
    requests: { sent: 2210, retried: 14, throttled: 3 },
    warnings: [],
    targets,
  };
  return { summary, records, policy, policyFile: { name: 'retention.yml', text }, options };
}
