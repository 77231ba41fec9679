import { setTimeout } from 'node:timers/promises';
import { openAccount } from './account.ts';
import type { Recorder } from './calls.ts';
import type { LambdaOptions } from './lambda.ts';

const POLL_MS = 500;
/** Two minutes and more, since asking takes its time too. */
const MAX_POLLS = 240;

/** The end of an execution. */
export interface Execution {
  readonly name: string;
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
  readonly output?: string;
}

/**
 * Runs a state machine as it was deployed, by moto's interpreter, from its start to its end.
 * @param functions the URL of Lambda.
 * @param roles in the template: of whom starts it, and its own.
 */
export async function runMachine(
  { account, recorder }: { account: LambdaOptions['account']; recorder: Recorder },
  arn: string,
  { name, input, functions }: { name: string; input: string; functions: string },
  roles: { starter: string; machine: string },
): Promise<Execution> {
  const deployed = await account.aws<{ name: string; definition: string; roleArn: string }>(
    ...['stepfunctions', 'describe-state-machine', '--state-machine-arn', arn],
  );
  // Machines of CloudFormation are not run by moto, and no machine a second time.
  const interpreter = await openAccount({
    functions: await recorder.through(roles.machine, functions),
    services: await recorder.through(roles.machine, account.url),
  });
  try {
    await interpreter.aws(
      ...['stepfunctions', 'create-state-machine', '--name', deployed.name],
      ...['--definition', deployed.definition, '--role-arn', deployed.roleArn],
    );
    const { executionArn } = await interpreter.aws<{ executionArn: string }>(
      ...['stepfunctions', 'start-execution', '--state-machine-arn', arn],
      ...['--name', name, '--input', input],
      ...['--endpoint-url', await recorder.through(roles.starter, interpreter.url)],
    );
    for (let polls = 0; polls < MAX_POLLS; polls += 1) {
      const execution = await interpreter.aws<Execution>(
        ...['stepfunctions', 'describe-execution', '--execution-arn', executionArn],
      );
      if (execution.status !== 'RUNNING') return execution;
      await setTimeout(POLL_MS);
    }
    throw new Error(`the execution ${name} is still under way`);
  } finally {
    await interpreter.close();
  }
}
