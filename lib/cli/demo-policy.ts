import { DEMO_LEGACY_PROJECT_ID, DEMO_PROJECT_ID } from '../emulator/index.ts';

/** A policy for the emulator's estate: what the demo cleans up by. */
export function demoPolicy(url: string): string {
  const target = (
    name: string,
    service: string,
    more: readonly string[] = [],
    projectId = DEMO_PROJECT_ID,
  ) => [
    `  - name: ${name}`,
    '    cloud: huaweicloud',
    `    service: ${service}`,
    '    region: eu-west-101',
    `    projectId: ${projectId}`,
    `    endpoint: ${url}`,
    ...more.map((line) => `    ${line}`),
  ];
  return [
    '# For the emulator. A real policy has',
    '# no endpoint, and its own projectId.',
    'version: 1',
    'dryRun: false',
    'defaults:',
    '  keepFor: 30d',
    '  keepLast: 5',
    'targets:',
    ...target('redis', 'dcs', [
      'rules:',
      '  - name: failures-stay-longer',
      '    match: { statuses: [FAILED] }',
      '    keepFor: 90d',
      '  - name: failovers-stay',
      '    match: { tasks: [masterStandbySwapJob] }',
      '    keep: forever',
    ]),
    ...target('redis-legacy', 'dcs-v1', [], DEMO_LEGACY_PROJECT_ID),
    ...target('kafka', 'kafka', [
      'statuses: [SUCCESS, FAILED, CANCELLED]',
      'limits: { deletePercent: 95 }',
    ]),
    ...target('rabbitmq', 'rabbitmq', ['instances: { exclude: [invoice-*] }']),
    ...target('rocketmq', 'rocketmq', ['keepFor: 14d']),
    '',
  ].join('\n');
}
