import { expect, test } from '@jest/globals';
import { loadPolicy } from '../../lib/policy/load.ts';
import { policyWarnings } from '../../lib/policy/warnings.ts';

function warningsOf(cloud: string, service: string, statuses = '[SUCCESS]'): string[] {
  return policyWarnings(
    loadPolicy(
      `version: 1
defaults: { keepFor: 30d, statuses: ${statuses} }
targets:
  - { name: a, cloud: ${cloud}, service: ${service}, region: eu-de }
`,
      'retention.yml',
    ),
  );
}

test.each(['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq'])(
  '%s on Huawei Cloud is documented, and nothing is said of it',
  (service) => {
    expect(warningsOf('huaweicloud', service)).toEqual([]);
  },
);

test.each(['dcs', 'kafka'])('%s on Open Telekom Cloud is documented', (service) => {
  expect(warningsOf('otc', service)).toEqual([]);
});

test.each(['dcs-v1', 'rabbitmq', 'rocketmq'])(
  '%s on Open Telekom Cloud is not documented, which is a warning and no refusal',
  (service) => {
    expect(warningsOf('otc', service)).toEqual([
      `a: otc does not document background tasks of ${service}: they may be missing there`,
    ]);
  },
);

test('statuses of which the service deletes none are a warning', () => {
  expect(warningsOf('otc', 'dcs', '[CANCELLED]')).toEqual([
    'a: none of its statuses may be deleted on dcs, so nothing will be deleted',
  ]);
  expect(warningsOf('otc', 'kafka', '[CANCELLED]')).toEqual([]);
});
