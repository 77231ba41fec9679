import { StateMachine } from 'aws-local-stepfunctions';
import { readDefinition } from './walker.ts';

/** The functions behind the task states. */
export interface Tasks {
  Prepare(message: unknown): Promise<unknown>;
  CleanEndpoint(message: unknown): Promise<unknown>;
  Summarise(message: unknown): Promise<unknown>;
}

/**
 * Runs the machine in an interpreter of the States Language that is not ours. It has no redrive: `from`
 * begins at a later state, with what it was given before.
 */
export async function interpret(
  tasks: Tasks,
  name: string,
  input: unknown,
  from?: { state: string; input: unknown },
): Promise<unknown> {
  const definition = { ...(await readDefinition()), ...(from && { StartAt: from.state }) };
  const machine = new StateMachine(definition as never, {
    validationOptions: { noValidate: true },
  });
  const execution = machine.run((from ? from.input : input) as never, {
    context: {
      Execution: {
        Name: name,
        StartTime: new Date().toISOString(),
        Input: input,
        RedriveCount: from ? 1 : 0,
      },
    } as never,
    overrides: {
      taskResourceLocalHandlers: { ...tasks } as never,
      // No test sleeps.
      retryIntervalOverrides: { Prepare: 0, CleanEndpoint: 0, Summarise: 0 },
    },
  });
  return execution.result;
}

// The interpreter is written for Node 22, and needs no more of it than this.
(Promise as { withResolvers?: unknown }).withResolvers ??= function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
};
