import { readTask } from '../../../lib/model/task.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { loadPolicy } from '../../../lib/policy/load.ts';
import { retentionOf } from '../../../lib/policy/retention.ts';
import type { Target } from '../../../lib/policy/schema.ts';
import { NAMES, recordsOf, USERS } from '../records.ts';
import { median } from '../statistics.ts';
import type { Measure } from './measure.ts';

const RULES = 20;
const RECORDS = 10_000;

/** Decisions a second, with rules that match by name, user and status. */
export const measureDeciding: Measure = async ({ quick, say }) => {
  say('deciding');
  const policy = loadPolicy(policyWithRules(), 'bench.yml');
  const retention = retentionOf(policy, policy.targets[0] as Target);
  const now = Date.now();
  const tasks = recordsOf(RECORDS, 0.5, now).map(readTask);
  const instances = quick ? 10 : 50;
  const speeds: number[] = [];
  // The first round warms up, and is not counted.
  for (let round = 0; round <= 9; round += 1) {
    const begin = performance.now();
    for (let instance = 0; instance < instances; instance += 1) decide(tasks, retention, now);
    const seconds = (performance.now() - begin) / 1_000;
    if (round > 0) speeds.push((instances * RECORDS) / seconds);
  }
  const detail = `${RULES} rules, ${instances} instances of ${RECORDS.toLocaleString('en')} records, 9 rounds`;
  return [{ figure: 'deciding', value: median(speeds), detail }];
};

/** Two thirds of the rules match some records; one in three of them names a user, one a status. */
function policyWithRules(): string {
  const rules = Array.from({ length: RULES }, (_, place) => {
    const task = place < NAMES.length ? `${NAMES[place]?.slice(0, 6)}*` : `Migrate${place}*`;
    const user = place % 3 === 1 ? `, users: ['${USERS[place % USERS.length]}']` : '';
    const status = place % 3 === 2 ? ', statuses: [FAILED]' : '';
    return `      - match: { tasks: ['${task}']${user}${status} }\n        keepFor: ${20 + place}d`;
  });
  return `version: 1
targets:
  - name: bench
    cloud: otc
    service: dcs
    region: eu-de
    keepFor: P30D
    keepLast: 10
    rules:
${rules.join('\n')}
`;
}
