import { ACCOUNT, REGION } from './account.ts';
import type { Call } from './calls.ts';

/** Actions on the delivery of a machine's log, which know no resources. */
const LOG_DELIVERY = [
  ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery'],
  ...['ListLogDeliveries', 'PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups'],
];

/**
 * The calls that AWS says Step Functions makes in the name of a machine's role, and that moto's
 * interpreter does not make. Nobody has seen them: they are from
 * docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and …/dg/iam-policies-eg-dist-map.html.
 * @param definition of the machine.
 * @param written an object that its map's ResultWriter has written, where there is one.
 */
export function serviceCalls(
  machine: string,
  definition: string,
  written: string | undefined,
): Call[] {
  const call = (action: string, resource: string): Call => ({ action, resource });
  const states = (name: string) => `arn:aws:states:${REGION}:${ACCOUNT}:${name}`;
  const calls = LOG_DELIVERY.map((name) => call(`logs:${name}`, '*'));
  if (definition.includes('"DISTRIBUTED"')) {
    const [, label] = /"Label":"(\w+)"/.exec(definition) ?? [];
    const child = states(`execution:${machine}/${label}:one`);
    calls.push(call('states:StartExecution', states(`stateMachine:${machine}`)));
    for (const execution of [states(`execution:${machine}:one`), child]) {
      calls.push(call('states:DescribeExecution', execution));
      calls.push(call('states:StopExecution', execution));
    }
    calls.push(call('states:RedriveExecution', child));
  }
  if (written) {
    for (const name of ['GetObject', 'ListMultipartUploadParts', 'AbortMultipartUpload']) {
      calls.push(call(`s3:${name}`, written));
    }
  }
  return calls;
}
