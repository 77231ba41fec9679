import type { IncomingMessage } from 'node:http';
import type { Cloud, IncomingCall } from './cloud.ts';
import { DEMO_ACCESS_KEY, DEMO_PROJECT_ID, DEMO_REGION, DEMO_USER } from './demo-identity.ts';
import type { Emulator, EmulatorOptions } from './emulator.ts';
import { Estate } from './estate.ts';
import type { Faults } from './faults.ts';
import { type Outcome, serve } from './gateway.ts';
import { Issued } from './issued.ts';
import { Journal, type JournalEntry } from './journal.ts';
import { readCall } from './reading.ts';
import { listen, type Respond } from './server.ts';
import { DEFAULT_SWITCHES } from './switches.ts';

export { demoEstate } from './demo-estate.ts';
export * from './demo-identity.ts';
export type { Emulator, EmulatorOptions, Intercept } from './emulator.ts';
export { NO_PROGRESS_CODE, TASK_NOT_FOUND_CODE } from './errors.ts';
export type { EmulatedInstance, InstanceSeed } from './estate.ts';
export type { Faults } from './faults.ts';
export type { Interception } from './interception.ts';
export type { Journal, JournalEntry, JournalFilter, Operation } from './journal.ts';
export type { RateLimit } from './rate-limit.ts';
export type { Selection } from './selection.ts';
export type { ServiceName } from './services.ts';
export { DEFAULT_SWITCHES, type Switches } from './switches.ts';
export { type TaskRow, task, taskId, taskOf } from './task-row.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Starts an HTTP server on the loopback address that speaks the background-task API of every
 * service, and IAM's, over an estate that is empty at first.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const now = options.now ?? Date.now;
  const faults: Faults = { ...options.faults };
  const cloud: Cloud = {
    estate: new Estate(DEMO_PROJECT_ID, now),
    switches: { ...DEFAULT_SWITCHES, ...options.switches },
    faults,
    accessKeys: [...(options.accessKeys ?? [DEMO_ACCESS_KEY])],
    users: [...(options.users ?? [DEMO_USER])],
    projects: [...(options.projects ?? [{ id: DEMO_PROJECT_ID, name: DEMO_REGION }])],
    agencies: [...(options.agencies ?? [])],
    tokens: new Issued(now),
    tokenLifetimeMs: options.tokenLifetimeMs ?? DAY_MS,
    temporaryKeys: new Issued(now),
    now,
    verify: options.verify ?? true,
    defaultFamily: options.host ?? 'dcs',
  };
  const journal = new Journal(options.journalCapacity);
  let served = 0;

  const respond: Respond = async (message: IncomingMessage, body: Buffer) => {
    served += 1;
    const requestId = served.toString(16).padStart(32, '0');
    const call = readCall(cloud, message, body, requestId);
    const entry = entryOf(call, now());
    const settle = journal.open(entry);
    message.socket.once('close', settle);
    let outcome: Outcome | undefined;
    try {
      outcome = await serve(cloud, call, entry, {
        intercept: (seen) => emulator.intercept?.(seen, emulator),
        sleep: options.sleep ?? server.sleep,
      });
    } finally {
      // A request that is never answered stays in flight until its connection goes.
      if (outcome?.connection !== 'hang') {
        message.socket.off('close', settle);
        settle();
      }
    }
    outcome.answer.headers = {
      ...outcome.answer.headers,
      // By its own clock, as a real server: a client can tell how far apart the two are.
      date: new Date(now()).toUTCString(),
      'x-request-id': requestId,
    };
    return outcome;
  };

  const server = await listen(options.port ?? 0, respond);
  const emulator: Emulator = {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    journal,
    switches: cloud.switches,
    faults,
    accessKeys: cloud.accessKeys,
    users: cloud.users,
    projects: cloud.projects,
    agencies: cloud.agencies,
    intercept: options.intercept,
    addInstance: (seed) => cloud.estate.add(seed),
    removeInstance: (id) => cloud.estate.remove(id),
    instances: () => cloud.estate.all(),
    expireTokens: () => cloud.tokens.expireAll(),
    expireTemporaryKeys: () => cloud.temporaryKeys.expireAll(),
    suspend: server.close,
    resume: server.reopen,
    close: server.close,
  };
  return emulator;
}

function entryOf({ wire, route, query, body, service }: IncomingCall, at: number): JournalEntry {
  const { operation, projectId, instanceId, taskId } = route;
  return {
    method: wire.method,
    path: wire.path,
    query,
    headers: wire.headers as Record<string, string>,
    body,
    operation,
    service,
    projectId,
    instanceId,
    taskId,
    at,
    status: 0,
    deleted: false,
  };
}
