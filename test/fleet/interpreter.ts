import { readFile } from 'node:fs/promises';
import { StateMachine } from 'aws-local-stepfunctions';
import { parse } from 'yaml';

// biome-ignore lint/suspicious/noExplicitAny: a state is whatever the definition says.
type States = Record<string, any>;
export interface Definition {
  StartAt: string;
  States: States;
}

/** What stands behind the task states. */
export interface Tasks {
  Prepare(message: unknown): Promise<unknown>;
  CleanInstance(message: unknown): Promise<unknown>;
  Summarise(message: unknown): Promise<unknown>;
  /** The part of Step Functions that reads the items of a Distributed Map. */
  readItems(key: string): unknown;
}

/** The machine, with the names filled in that the stack fills in. */
export async function readDefinition(): Promise<Definition> {
  const text = await readFile('functions/stack/fleet/state-machine.yml', 'utf8');
  const names: Record<string, string> = {
    Partition: 'aws',
    Bucket: 'fleet-bucket',
    PrepareFunction: arnOf('prepare'),
    CleanFunction: arnOf('clean'),
    SummariseFunction: arnOf('summarise'),
    ToleratedFailurePercentage: '100',
  };
  return parse(
    text.replace(/\$\{(\w+)\}/g, (_, name: string) => names[name] as string),
    {
      merge: false,
    },
  );
}

const arnOf = (name: string) => `arn:aws:lambda:eu-central-1:123456789012:function:${name}`;

/**
 * Runs the machine in an interpreter of the States Language. It takes a Distributed Map for an inline
 * one, so three things are done in its place: the items are read by a state before the map, a child
 * that fails does not end the map (as when all failures are tolerated), and nothing is written about
 * the children. It has no redrive: `from` begins at a later state, with what it was given before.
 */
export async function interpret(
  tasks: Tasks,
  name: string,
  input: unknown,
  from?: { state: string; input: unknown },
): Promise<unknown> {
  const definition = await readDefinition();
  if (from) definition.StartAt = from.state;
  const { CleanEndpoints: endpoints } = definition.States;
  const { CleanInstances: instances } = endpoints.ItemProcessor.States;
  const { ItemReader: reader, ItemProcessor: child } = instances;
  endpoints.ItemProcessor.StartAt = 'ReadItems';
  endpoints.ItemProcessor.States.ReadItems = {
    Type: 'Task',
    Resource: arnOf('read-items'),
    Parameters: { 'Key.$': reader.Parameters['Key.$'] },
    ResultPath: '$.items',
    Next: 'CleanInstances',
  };
  instances.ItemsPath = '$.items';
  delete instances.ItemReader;
  delete instances.ResultWriter;
  instances.ItemProcessor = {
    StartAt: 'Child',
    States: {
      Child: {
        Type: 'Parallel',
        Branches: [{ StartAt: child.StartAt, States: child.States }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Tolerated' }],
        Next: 'Tolerated',
      },
      Tolerated: { Type: 'Pass', End: true },
    },
  };
  const machine = new StateMachine(definition as never, {
    validationOptions: { noValidate: true },
  });
  const execution = machine.run((from ? from.input : input) as never, {
    context: {
      Execution: { Name: name, StartTime: new Date().toISOString(), Input: input },
    } as never,
    overrides: {
      taskResourceLocalHandlers: {
        Prepare: tasks.Prepare,
        CleanInstance: tasks.CleanInstance,
        Summarise: tasks.Summarise,
        ReadItems: async ({ Key }: { Key: string }) => tasks.readItems(Key),
      } as never,
      // No test sleeps.
      retryIntervalOverrides: { Prepare: 0, CleanInstance: 0, Summarise: 0 },
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
