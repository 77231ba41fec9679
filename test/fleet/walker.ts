import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Clock } from '../../lib/http/clock.ts';

// biome-ignore lint/suspicious/noExplicitAny: a state is whatever the definition says.
type Json = any;

export interface Definition {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, Json>>;
}

/** The machine, with the names filled in that the stack fills in. */
export async function readDefinition(): Promise<Definition> {
  const text = await readFile('functions/stack/fleet/state-machine.yml', 'utf8');
  const arn = (name: string) =>
    `arn:aws:lambda:eu-central-1:123456789012:function:${name.replace('Function', '')}`;
  return parse(text.replace(/\$\{(\w+)\}/g, (_, name: string) => arn(name)));
}

/** The functions behind the task states, by the last part of their ARN. */
export type Functions = Readonly<Record<string, (message: Json) => Promise<unknown>>>;

/** The end of an execution. */
export interface Execution {
  readonly output?: Json;
  readonly error?: Error;
  /** The state that failed, and what it was given: a redrive goes on there. */
  readonly failedAt?: { readonly state: string; readonly input: Json };
}

interface Next {
  readonly output: Json;
  readonly next?: string | undefined;
}

/** Of AWS, for the input and output of a state. */
const MAX_PAYLOAD = 256 * 1024;
/** Of AWS, for one execution. */
const MAX_EVENTS = 25_000;

/** Walks the machine as Step Functions would: Retry and Catch, the waits between them, and its limits. */
export class Walker {
  /** Events in the history, roughly: two of each state, three more of each call. */
  events = 0;
  largestPayload = 0;
  readonly #definition: Definition;
  readonly #functions: Functions;
  readonly #clock: Clock;
  readonly #random: () => number;
  #redrives = 0;

  constructor(
    definition: Definition,
    functions: Functions,
    clock: Clock,
    random: () => number = () => 0.5,
  ) {
    this.#definition = definition;
    this.#functions = functions;
    this.#clock = clock;
    this.#random = random;
  }

  /** @param from where a redrive goes on. */
  async run(name: string, input: Json, from?: Execution['failedAt']): Promise<Execution> {
    const { StartAt, TimeoutSeconds = Number.POSITIVE_INFINITY } = this.#definition;
    const startedAt = this.#clock.now();
    this.#redrives = from ? this.#redrives + 1 : 0;
    const context = {
      Execution: {
        Name: name,
        StartTime: new Date(startedAt).toISOString(),
        Input: input,
        RedriveCount: this.#redrives,
      },
    };
    const at = from ?? { state: StartAt, input };
    try {
      const output = await this.#walk(this.#definition.States, at.state, at.input, context);
      if (this.#clock.now() - startedAt > TimeoutSeconds * 1_000) throw named('States.Timeout');
      return { output };
    } catch (error) {
      if (!(error instanceof FailedState)) throw error;
      return { error: error.cause as Error, failedAt: error.at };
    }
  }

  async #walk(states: Definition['States'], start: string, given: Json, context: Json) {
    let input = given;
    let name: string | undefined = start;
    while (name !== undefined) {
      const here: string = name;
      const state: Json = states[here];
      if (!state) throw new Error(`the machine has no state ${here}`);
      this.#note(2, input);
      try {
        const next = await this.#enter(state, input, context);
        input = next.output;
        name = next.next;
      } catch (error) {
        if (error instanceof FailedState) {
          // The whole state is what fails, as seen from outside.
          throw new FailedState({ state: here, input }, error.cause);
        }
        throw new FailedState({ state: here, input }, error);
      }
      this.#note(0, input);
    }
    return input;
  }

  async #enter(state: Json, input: Json, context: Json): Promise<Next> {
    const go = (output: Json): Next => ({ output, ...(state.Next && { next: state.Next }) });
    switch (state.Type) {
      case 'Succeed':
        return { output: input };
      case 'Pass':
        return go(state.OutputPath === null ? {} : input);
      case 'Choice': {
        const choice = state.Choices.find(
          (each: Json) => valueAt(each.Variable, input, context) === each.BooleanEquals,
        );
        return { output: input, next: choice?.Next ?? state.Default };
      }
      case 'Map': {
        const items: Json[] = valueAt(state.ItemsPath, input, context);
        const { StartAt, States } = state.ItemProcessor;
        const results = await Promise.all(
          items.map((Value, Index) => {
            const own = { ...context, Map: { Item: { Value, Index } } };
            return this.#walk(States, StartAt, fill(state.ItemSelector, input, own), own);
          }),
        );
        return go(withResult(state, input, results));
      }
      case 'Task':
        return this.#call(state, input, context);
      default:
        throw new Error(`a state of type ${state.Type} is not known here`);
    }
  }

  async #call(state: Json, input: Json, context: Json): Promise<Next> {
    const retried = new Map<Json, number>();
    const work = this.#functions[state.Resource.split(':').at(-1)];
    if (!work) throw new Error(`no function ${state.Resource}`);
    for (;;) {
      try {
        const message = state.Parameters ? fill(state.Parameters, input, context) : input;
        this.#note(3, message);
        const answer = copy((await work(copy(message))) ?? null);
        this.#note(0, answer);
        return { output: withResult(state, input, answer), next: state.Next };
      } catch (error) {
        const { name } = error as Error;
        const matches = ({ ErrorEquals }: Json) =>
          ErrorEquals.includes(name) || ErrorEquals.includes('States.ALL');
        const retrier = (state.Retry ?? []).find(matches);
        const count = retried.get(retrier) ?? 0;
        if (retrier && count < (retrier.MaxAttempts ?? 3)) {
          retried.set(retrier, count + 1);
          const wait = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** count;
          const jitter = retrier.JitterStrategy === 'FULL' ? this.#random() : 1;
          await this.#clock.sleep(1_000 * wait * jitter);
          continue;
        }
        const catcher = (state.Catch ?? []).find(matches);
        if (!catcher) throw error;
        return {
          output: catcher.ResultPath === null ? input : { Error: name },
          next: catcher.Next,
        };
      }
    }
  }

  #note(events: number, payload: Json): void {
    this.events += events;
    this.largestPayload = Math.max(this.largestPayload, JSON.stringify(payload).length);
    if (this.events > MAX_EVENTS) throw named('States.Runtime: too many events');
    if (this.largestPayload > MAX_PAYLOAD) throw named('States.DataLimitExceeded');
  }
}

class FailedState extends Error {
  readonly at: { readonly state: string; readonly input: Json };

  constructor(at: FailedState['at'], cause: unknown) {
    super(`state ${at.state} failed`, { cause });
    this.at = at;
  }
}

export function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name });
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

function withResult({ ResultPath = '$' }: Json, input: Json, result: Json): Json {
  if (ResultPath === null) return input;
  if (ResultPath === '$') return result;
  return { ...input, [ResultPath.slice(2)]: result };
}

function valueAt(path: string, input: Json, context: Json): Json {
  const [root, names] = path.startsWith('$$') ? [context, path.slice(2)] : [input, path.slice(1)];
  return names
    .split('.')
    .filter(Boolean)
    .reduce((value, name) => {
      if (value?.[name] === undefined) throw named('States.Runtime', `${path} is not there`);
      return value[name];
    }, root);
}

function fill(template: Json, input: Json, context: Json): Json {
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$')
        ? [key.slice(0, -2), valueAt(value as string, input, context)]
        : [key, value],
    ),
  );
}
