import { seededRandom } from '../../lib/emulator/demo-random.ts';
import {
  type AccessKey,
  DEMO_PROJECT_ID,
  type Emulator,
  type ServiceName,
  startEmulator,
} from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { observeAll } from '../../lib/run/observer.ts';
import { run } from '../../lib/run/run.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { FakeClock } from '../fake-clock.ts';
import { policyOf, retentionKeys, targetOf } from '../policies.ts';
import type { WrittenRetention } from '../run/oracle.ts';
import { rowsOf } from './estate.ts';
import { Ledger } from './ledger.ts';
import { type Deeds, misbehave } from './misbehave.ts';
import type { Scenario } from './scenario.ts';
import { type Exchange, Wire } from './wire.ts';
import { openWritten, type Written } from './written.ts';

const KEY: AccessKey = {
  accessKey: 'HCCHAOSACCESSKEY0001',
  secretKey: 'cHaOsSecretKeyThatMustNotBeSeen+/0000001',
  securityToken: 'cHaOsSecurityTokenThatMustNotBeSeen+/00001==',
};
const USER = {
  username: 'janitor',
  password: 'cHaOs"Password\\ThatMustNotBeSeen+/0001',
  domain: 'acme',
};

/** One run of a scenario, and all that there is to judge it by. */
export interface Played {
  readonly summary: Summary;
  readonly ledger: Ledger;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly deadline: number | undefined;
  /** Ordinal of the first exchange after the interrupt. */
  readonly interruptedAt: number | undefined;
  readonly written: Written;
  /** The lines of its records file. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
  /** All that was said to anybody. */
  readonly output: string;
}

export interface Outcome {
  readonly runs: readonly Played[];
  readonly emulator: Emulator;
  readonly deeds: Deeds;
  /** The tables as they were before anything happened. */
  readonly before: ReadonlyMap<string, readonly unknown[]>;
  readonly exchanges: readonly Exchange[];
  readonly secrets: readonly string[];
}

/**
 * Plays a scenario, with as many runs at once as there are delays, and hands the outcome to `judge`
 * while the emulator is still there.
 * @param delays milliseconds after which each run begins.
 */
export async function play(
  scenario: Scenario,
  judge: (outcome: Outcome) => void,
  delays: readonly number[] = [0],
): Promise<void> {
  const clock = new FakeClock();
  const wire = new Wire(clock);
  const emulator = await startEmulator({
    now: clock.now,
    sleep: clock.sleep,
    accessKeys: [KEY],
    users: [USER],
  });
  const transports = delays.map((_, index) => wire.transport(index));
  try {
    scenario.instances.forEach((spec, ordinal) => {
      emulator.addInstance({ service: spec.service, tasks: rowsOf(ordinal, spec) });
    });
    const before = new Map(emulator.instances().map((one) => [one.id, one.tasks() as unknown[]]));
    const ledgers: Ledger[] = [];
    const deeds: Deeds = {
      vanished: new Set(),
      goneInstances: new Set(),
      born: 0,
      oldOnesAppeared: false,
      key: KEY,
      changed: (instance) => {
        for (const ledger of ledgers) ledger?.changed(instance);
      },
    };
    misbehave(scenario, emulator, clock, wire, deeds);
    const { beforeSending } = wire;
    wire.beforeSending = async (exchange) => {
      await beforeSending?.(exchange);
      ledgers[exchange.run]?.sending(exchange);
    };
    wire.ended = (exchange) => ledgers[exchange.run]?.ended(exchange);
    const stop = new AbortController();
    let interruptedAt: number | undefined;
    wire.sent = ({ ordinal }) => {
      if (scenario.interrupt === undefined || ordinal < scenario.interrupt || stop.signal.aborted) {
        return;
      }
      // As a signal comes: never while something of ours is under way.
      setImmediate(() => {
        interruptedAt ??= wire.exchanges.length;
        stop.abort();
      });
    };
    const policy = loadPolicy(JSON.stringify(scenarioPolicy(scenario, emulator)), 'policy');

    const start = async (delay: number, index: number): Promise<Played> => {
      await clock.sleep(delay);
      const startedAt = clock.now();
      const ledger = new Ledger(
        emulator,
        (service) => retentionFor(scenario, service as ServiceName),
        startedAt,
        scenario.misbehaviour.count === 'too low',
      );
      ledgers[index] = ledger;
      const deadline = scenario.deadline === undefined ? undefined : startedAt + scenario.deadline;
      const said: string[] = [];
      const written = openWritten(scenario, clock);
      const summary = await run(
        policy,
        { approved: written.approved },
        {
          runId: `run-${index}`,
          trigger: 'manual',
          clock,
          random: seededRandom(scenario.misbehaviour.seed + index),
          openArchive: written.openArchive,
          transport: transports[index] as (typeof transports)[number],
          credentials: () => ({
            name: 'the test',
            read: async () => (scenario.user ? USER : deeds.key),
          }),
          deadline,
          stopBeforeEnd: scenario.stopBeforeEnd,
          stop: stop.signal,
          observer: observeAll([
            written.observer,
            {
              warning: (message) => said.push(message),
              targetFailed: (target) => said.push(JSON.stringify(target)),
            },
          ]),
        },
      );
      const records = written.records(summary);
      const failure = summary.outcome === 'failed' ? new RunFailedError(summary).message : '';
      return {
        summary,
        ledger,
        startedAt,
        finishedAt: clock.now(),
        deadline,
        interruptedAt,
        written,
        records,
        output: [JSON.stringify(summary), ...said, failure, JSON.stringify(records)].join('\n'),
      };
    };
    const runs = await clock.settle(Promise.all(delays.map(start)), wire.quiet);
    const tokens = emulator.journal.all().flatMap(({ headers }) => headers['x-auth-token'] ?? []);
    const keys = [
      KEY.secretKey,
      KEY.securityToken ?? '',
      deeds.key.secretKey,
      USER.password,
      'ThatMustNotBeSeen+/0001',
    ];
    judge({
      runs,
      emulator,
      deeds,
      before,
      exchanges: wire.exchanges,
      secrets: [...new Set([...keys, ...tokens])],
    });
  } finally {
    for (const transport of transports) transport.close();
    await emulator.close();
  }
}

/** The policy's retention as it holds for one service: DCS deletes no CANCELLED records. */
export function retentionFor({ retention }: Scenario, service: ServiceName): WrittenRetention {
  const isDcs = service === 'dcs' || service === 'dcs-v1';
  const statuses = retention.statuses.filter((status) => !isDcs || status !== 'CANCELLED');
  return { ...retention, statuses: statuses.length > 0 ? statuses : ['SUCCESS'] };
}

function scenarioPolicy(scenario: Scenario, emulator: Emulator): object {
  const { instances, limits, dryRun, requests, looksUpProject, archive } = scenario;
  const services = [...new Set(instances.map(({ service }) => service))];
  const targets = services.map((service) =>
    targetOf(emulator, {
      name: service,
      service,
      projectId: looksUpProject ? undefined : DEMO_PROJECT_ID,
      requests,
      ...retentionKeys(retentionFor(scenario, service)),
      ...(limits && { limits }),
    }),
  );
  return policyOf(targets, { dryRun, ...(archive !== 'none' && { archive: 'anywhere' }) });
}
