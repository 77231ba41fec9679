import type { Call } from './calls.ts';

/** Actions on the delivery of a machine's log, which know no resources. */
const LOG_DELIVERY = [
  ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery'],
  ...['ListLogDeliveries', 'PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups'],
];

/**
 * The calls that AWS says Step Functions makes in the name of a machine's role, and that moto's
 * interpreter does not make. Nobody has seen them: they are from
 * docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html.
 */
export function serviceCalls(): Call[] {
  return LOG_DELIVERY.map((name) => ({ action: `logs:${name}`, resource: '*' }));
}
