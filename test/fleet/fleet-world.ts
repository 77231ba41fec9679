import { expect } from '@jest/globals';
import { openArchive } from '../../lib/archive/open-archive.ts';
import {
  DEMO_ACCESS_KEY,
  type Emulator,
  type JournalEntry,
  startEmulator,
} from '../../lib/emulator/index.ts';
import { cleanStep } from '../../lib/fleet/clean-step.ts';
import { prepareStep } from '../../lib/fleet/prepare-step.ts';
import type { StepDependencies } from '../../lib/fleet/step.ts';
import { summariseStep } from '../../lib/fleet/summarise-step.ts';
import type { Clock } from '../../lib/http/clock.ts';
import type { HttpRequest } from '../../lib/http/transport.ts';
import type { Credentials } from '../../lib/identity/credentials.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { type Observer, observeAll } from '../../lib/run/observer.ts';
import type { Measurements } from '../../lib/telemetry/metrics.ts';
import { metricsObserver } from '../../lib/telemetry/metrics-observer.ts';
import { EXCHANGE_HEADER, Wire } from '../chaos/wire.ts';
import { FakeClock } from '../fake-clock.ts';
import { policyOf, targetOf } from '../policies.ts';
import { expectToAddUp } from '../run/world.ts';
import { Bucket } from './bucket.ts';
import { type Execution, named, readDefinition, Walker } from './walker.ts';

const definition = await readDefinition();

type Step = 'Prepare' | 'Clean' | 'Summarise';
const STEPS = { Prepare: prepareStep, Clean: cleanStep, Summarise: summariseStep };

/** Milliseconds, as functions/stack/fleet/functions.yml has them. */
const OTHER_TIMEOUTS = { Prepare: 30_000, Summarise: 600_000 };

/** One call of a function, for those who want to do something to it. */
export interface Call {
  readonly step: Step;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the machine sends.
  readonly message: any;
  /** Its place among all calls, from 0. */
  readonly ordinal: number;
  /** Ends the call where it stands: nothing of it goes on, but what is on its way. */
  kill(error?: string): void;
}

/** A fleet in simulated time: an emulator over real sockets, a bucket, and functions that can be killed. */
export interface FleetWorld {
  readonly emulator: Emulator;
  readonly clock: FakeClock;
  readonly bucket: Bucket;
  readonly calls: Call[];
  readonly published: { readonly target: string; readonly values: Measurements }[];
  /** Outcomes of the runs that people were told about. */
  readonly letters: string[];
  /** Milliseconds that one call may take. */
  timeout: number;
  settings: Partial<StepDependencies['settings']>;
  policyText: string;
  openArchive: StepDependencies['openArchive'];
  /** Called before and after everything that a call does to the outside: requests, and objects. */
  onEffect: ((call: Call, effect: string, when: 'before' | 'after') => void) | undefined;
  /** What the log says of each instance that ended: target, name and outcome. */
  readonly lines: string[];
  /** Called with each call before it begins. What it throws, Lambda answers. */
  onCall: ((call: Call) => void) | undefined;
  /** Answers as Secrets Manager. */
  readSecret: (call: Call) => Promise<Credentials>;
  /** Milliseconds after which a message comes a second time, where it does. */
  twice: ((call: Call) => number | undefined) | undefined;
  /** Whether Lambda says of a call that was carried out that it was not. */
  disowned: ((call: Call) => boolean) | undefined;
  /** Calls a function once, as the machine would. */
  invoke(step: Step, message: unknown): Promise<unknown>;
  /** Walks the machine from its start, or from where it failed. */
  execute(input?: object, from?: Execution['failedAt']): Promise<Execution>;
  /** The summary of a round, of the last one unless told; it has been checked to add up. */
  summary(round?: number): Summary;
  /** Lets so much time pass on the service's side. */
  delay(entry: JournalEntry, ms: number): Promise<void>;
  settle<T>(promise: Promise<T>): Promise<T>;
  close(): Promise<void>;
  walker: Walker;
}

export const RUN = 'nightly';

/** The other endpoint. Nothing listens on that port. */
const ELSEWHERE = 'http://127.0.0.1:1';

/** A request to the other endpoint, sent to the emulator. */
function toEmulator(request: HttpRequest, url: string): HttpRequest {
  if (!request.url.startsWith(`${ELSEWHERE}/`)) return request;
  // The signature holds for the host that was meant.
  const headers = { ...request.headers, host: new URL(ELSEWHERE).host };
  return { ...request, url: request.url.replace(ELSEWHERE, url), headers };
}

/** @param targets on the emulator, or, with `elsewhere`, on another endpoint that leads there too. */
export async function startFleet(
  targets: readonly { readonly elsewhere?: boolean; readonly [key: string]: unknown }[] = [{}],
): Promise<FleetWorld> {
  const clock = new FakeClock();
  const wire = new Wire(clock);
  const transport = wire.transport(0);
  const emulator = await startEmulator({ now: clock.now, sleep: clock.sleep });
  const bucket = new Bucket(clock);

  const functionOf = (step: Step) => async (message: unknown) => {
    let die = (_: Error): void => {};
    const death = new Promise<never>((_, reject) => {
      die = reject;
    });
    let dead = false;
    const kill = (error = 'Runtime.ExitError') => {
      dead = true;
      die(named(error, 'the function was killed'));
    };
    const call: Call = { step, message, ordinal: world.calls.length, kill };
    world.calls.push(call);
    world.onCall?.(call);
    const never = new Promise<never>(() => {});
    const effect = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      if (!dead) world.onEffect?.(call, name, 'before');
      if (dead) return never;
      const [done] = await Promise.allSettled([work()]);
      if (!dead) world.onEffect?.(call, name, 'after');
      // Nothing is answered to the dead.
      if (dead) return never;
      if (done.status === 'rejected') throw done.reason;
      return done.value;
    };
    const ownClock: Clock = {
      now: clock.now,
      monotonic: clock.monotonic,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal as AbortSignal);
        // Where only the event loop turns, something that all calls share may be waiting.
        if (dead && ms > 0) await never;
      },
    };
    const lines: Observer = {
      instanceDone: (target, { name, outcome }) => {
        if (!dead) world.lines.push(`${target.name}: ${name}: ${outcome}`);
      },
    };
    const over = new AbortController();
    const timeout = step === 'Clean' ? world.timeout : OTHER_TIMEOUTS[step];
    void clock.sleep(timeout, over.signal).then(() => {
      if (!over.signal.aborted) kill('Sandbox.Timedout');
    });
    const dependencies: StepDependencies = {
      settings: {
        policyFile: 'retention.yml',
        stopBeforeEnd: undefined,
        maxConcurrency: undefined,
        dryRun: undefined,
        bucket: 'fleet',
        ...world.settings,
      },
      policyText: world.policyText,
      store: {
        create: (key, value) => effect(`create ${key}`, () => bucket.create(key, value)),
        read: (key) => effect(`read ${key}`, () => bucket.read(key)),
        list: (key) => effect(`list ${key}`, () => bucket.list(key)),
      },
      clock: ownClock,
      random: () => 0.5,
      transport: {
        close: () => {},
        send: (request, timeoutMs, signal) =>
          effect(`${request.method} ${request.url}`, () =>
            transport.send(toEmulator(request, emulator.url), timeoutMs, signal),
          ),
      },
      openArchive: world.openArchive,
      credentials: () => ({ name: 'the test', read: () => world.readSecret(call) }),
      callId: `call-${call.ordinal}`,
      deadline: clock.monotonic() + timeout,
      observe: () => lines,
      sendLetter: async ({ outcome }) => {
        if (!dead) world.letters.push(outcome);
      },
      observeSummary: (_, options) => {
        const metrics = metricsObserver(({ target = 'all' }, values) => {
          if (!dead) world.published.push({ target, values });
        }, options);
        return observeAll([lines, metrics]);
      },
    };
    try {
      return await Promise.race([STEPS[step](message, dependencies), death]);
    } finally {
      over.abort();
    }
  };

  /** As the machine calls it: Lambda may deliver a message twice, or lose an answer. */
  const called = (step: Step) => async (message: unknown) => {
    const call = { step, message, ordinal: world.calls.length, kill: () => {} };
    const [twice, disowned] = [world.twice?.(call), world.disowned?.(call)];
    const work = functionOf(step);
    const again = async (delay: number) => {
      await clock.sleep(delay);
      await work(message).catch(() => {});
    };
    const other = twice === undefined ? undefined : again(twice);
    const answer = await work(message);
    await other;
    if (disowned) throw named('Lambda.ServiceException');
    return answer;
  };
  const functions = {
    Prepare: called('Prepare'),
    Clean: called('Clean'),
    Summarise: called('Summarise'),
  };
  const world: FleetWorld = {
    emulator,
    clock,
    bucket,
    calls: [],
    lines: [],
    published: [],
    letters: [],
    timeout: 900_000,
    settings: {},
    openArchive,
    policyText: JSON.stringify(
      policyOf(
        targets.map(({ elsewhere, ...fields }, index) =>
          targetOf(emulator, {
            name: `target-${index}`,
            ...(elsewhere && { endpoint: ELSEWHERE }),
            ...fields,
          }),
        ),
      ),
    ),
    onEffect: undefined,
    readSecret: async () => DEMO_ACCESS_KEY,
    onCall: undefined,
    twice: undefined,
    disowned: undefined,
    delay: ({ headers }, ms) => wire.delay(Number(headers[EXCHANGE_HEADER]), ms),
    walker: new Walker(definition, functions, clock),
    invoke: (step, message) => functions[step](JSON.parse(JSON.stringify(message))),
    execute: (input = {}, from) => clock.settle(world.walker.run(RUN, input, from), wire.quiet),
    settle: (promise) => clock.settle(promise, wire.quiet),
    summary: (round) => {
      const keys = [...bucket.objects.keys()].filter((key) => key.includes('/summary-')).sort();
      const key = round === undefined ? keys.at(-1) : `runs/${RUN}/summary-${round}.json`;
      const text = bucket.objects.get(key ?? '');
      if (text === undefined) throw new Error('there is no summary');
      const summary = JSON.parse(text) as Summary;
      expectToAddUp({ ...summary, outcome: expectedOutcome(summary) });
      return summary;
    },
    close: async () => {
      transport.close();
      await emulator.close();
    },
  };
  return world;
}

/** A run may fail where no target of it is known; all else is as in one function. */
function expectedOutcome({ outcome, targets, warnings }: Summary): Summary['outcome'] {
  if (warnings.some((text) => text.startsWith('unknown instance'))) return outcome;
  if (outcome !== 'failed' || targets.some((target) => target.outcome === 'failed')) return outcome;
  const incomplete = targets.some((target) => target.outcome === 'incomplete');
  return incomplete ? 'incomplete' : 'complete';
}

/** Records that the emulator's journal says were deleted. */
export function truthOf({ emulator }: FleetWorld, instanceId?: string): number {
  return emulator.journal.count({ deleted: true, ...(instanceId && { instanceId }) });
}

/** A summary never reports more deletes than the journal has, and fewer only where the run failed. */
export function expectTruth(world: FleetWorld, summary: Summary): void {
  for (const { instances } of summary.targets) {
    for (const { id, deleted, outcome } of instances) {
      const truth = truthOf(world, id);
      expect(deleted).toBeLessThanOrEqual(truth);
      if (outcome !== 'failed') expect([id, deleted]).toEqual([id, truth]);
    }
  }
  if (summary.outcome !== 'failed') expect(summary.totals.deleted).toBe(truthOf(world));
}

/** The most requests to the services that arrived within any second. */
export function busiestSecond({ emulator }: FleetWorld): number {
  const times = emulator.journal
    .filter(({ operation }) => operation !== 'token' && operation !== 'projects')
    .map(({ at }) => at);
  let first = 0;
  return Math.max(
    0,
    ...times.map((at, index) => {
      while ((times[first] as number) <= at - 1_000) first += 1;
      return index - first + 1;
    }),
  );
}
