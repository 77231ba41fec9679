import { seededRandom } from '../../lib/emulator/demo-random.ts';
import type {
  AccessKey,
  EmulatedInstance,
  Emulator,
  Interception,
  JournalEntry,
} from '../../lib/emulator/index.ts';
import type { FakeClock } from '../fake-clock.ts';
import { idOf, newRow } from './estate.ts';
import type { Event, Misbehaviour, Scenario, Trouble } from './scenario.ts';
import { allHaveNoticed, EXCHANGE_HEADER, type Exchange, type Wire } from './wire.ts';

/** Changes that others made during a run; the judge needs them. */
export interface Deeds {
  /** Ids that were taken away by somebody else, their instance included. */
  readonly vanished: Set<string>;
  readonly goneInstances: Set<string>;
  /** Records that have appeared. */
  born: number;
  oldOnesAppeared: boolean;
  /** The key that is valid now. */
  key: AccessKey;
  /** After each change to the table of an instance. */
  changed: (instance: EmulatedInstance) => void;
}

/** Makes the emulator misbehave as the scenario says. */
export function misbehave(
  { misbehaviour, switches }: Scenario,
  emulator: Emulator,
  clock: FakeClock,
  wire: Wire,
  deeds: Deeds,
): void {
  const { perSecond, retryAfter, shortPages, ignoresPaging, count } = misbehaviour;
  Object.assign(emulator.switches, switches);
  Object.assign(emulator.faults, {
    ...(perSecond && { rateLimit: { perSecond, ...waitOf(retryAfter) } }),
    ...(shortPages && { shortPages }),
    ...(ignoresPaging && { ignorePaging: ['list-tasks'] }),
    ...(count !== 'true' && { taskCount: claimOf(misbehaviour, emulator) }),
  });
  const tries = new Map<string, number>();
  emulator.intercept = async (entry) => {
    const ordinal = Number(entry.headers[EXCHANGE_HEADER]);
    const what = `${entry.operation} ${entry.path} ${JSON.stringify(entry.query)}`;
    tries.set(what, (tries.get(what) ?? 0) + 1);
    // By what is asked for, not by when: then one request more or less does not change all others.
    const random = seededRandom(hash(`${misbehaviour.seed} ${what} ${tries.get(what)}`));
    random();
    const [from, to] = misbehaviour.latency;
    const latency = Math.round(from + random() * random() * (to - from));
    if (latency > 0) await wire.delay(ordinal, latency);
    const { share, troubles } = planOf(misbehaviour, entry);
    if (random() >= share) return undefined;
    const trouble = troubles[Math.floor(random() * troubles.length)] as Trouble;
    const struck = strike(trouble, entry, emulator, misbehaviour);
    if (struck?.hang) wire.hold(ordinal);
    return struck;
  };
  wire.beforeSending = async ({ ordinal }: Exchange) => {
    for (const event of misbehaviour.events) {
      if (event.at === ordinal) happen(event, emulator, clock, deeds);
    }
    const { down } = misbehaviour;
    if (down?.at !== ordinal) return;
    const severed = wire.sever();
    await emulator.suspend();
    await allHaveNoticed();
    await severed;
    if (down.ms === 0) await emulator.resume();
    else
      clock.sleep(down.ms).then(
        () => emulator.resume(),
        () => {},
      );
  };
}

function planOf(misbehaviour: Misbehaviour, { operation }: JournalEntry) {
  if (operation === 'delete-task') return misbehaviour.deletes;
  const isList = operation === 'list-tasks' || operation === 'list-instances';
  return isList ? misbehaviour.lists : misbehaviour.iam;
}

function strike(
  trouble: Trouble,
  entry: JournalEntry,
  { switches }: Emulator,
  { gossip, retryAfter }: Misbehaviour,
): Interception | undefined {
  const afterwards = trouble.endsWith('after');
  const isDcs = entry.service === 'dcs' || entry.service === 'dcs-v1';
  const family = isDcs ? 'DCS' : 'DMS';
  const { 'x-auth-token': token, 'x-security-token': temporary } = entry.headers;
  // Long enough, at times, to be cut off in the middle of a secret.
  const padding = '.'.repeat((entry.path.length * entry.at) % 300);
  const said = gossip ? `${padding} it was sent ${token ?? temporary} ${entry.body}` : 'no';
  const error = (status: number, code: string): Interception => ({
    status,
    afterwards,
    headers: trouble === 'throttled' && retryAfter ? { 'retry-after': retryAfter } : {},
    body: { error_code: code, error_msg: said },
  });
  switch (trouble) {
    case '500 before':
    case '500 after':
      return error(500, isDcs ? 'DCS.5000' : 'DMS.00500000');
    case '502':
      return { status: 502, body: `<html>${said}</html>` };
    case '503':
      return error(503, 'APIGW.0613');
    case '504 after':
      return error(504, 'APIGW.0203');
    case '408':
      return { status: 408, body: said };
    case 'reset before':
    case 'reset after':
      return { reset: true, afterwards };
    case 'hang before':
    case 'hang after':
      return { hang: true, afterwards };
    case 'cut off':
      return { cutOff: true };
    case 'throttled':
      return !isDcs && switches.throttleAnswer === 'dms-404'
        ? error(404, 'DMS.10240407')
        : error(429, `${switches.gatewayPrefix}.0308`);
    case 'truncated':
      return { rewrite: (body) => JSON.stringify(body ?? { a: 1 }).slice(0, -1) };
    case 'html':
      return { headers: { 'content-type': 'text/html' }, rewrite: () => `<p>${said}</p>` };
    case 'empty':
      return { rewrite: () => '' };
    case 'wrong shape':
      return { rewrite: () => [{ tasks: [] }] };
    case 'busy':
      return error(400, isDcs ? 'DCS.4026' : 'DMS.00400026');
    case 'unknown 404':
      return error(404, `${family}.0815`);
    case 'unauthorised':
      return error(401, `${switches.gatewayPrefix}.0301`);
    case 'forbidden':
      return error(403, `${switches.gatewayPrefix}.0302`);
  }
}

function waitOf(retryAfter: string | undefined): object {
  const seconds = Number(retryAfter);
  return seconds > 0 ? { retryAfter: { seconds, as: 'date' } } : {};
}

function claimOf(
  { count, shortPages = Number.POSITIVE_INFINITY }: Misbehaviour,
  { faults }: Emulator,
): NonNullable<typeof faults.taskCount> {
  return (total, { query }) => {
    switch (count) {
      case 'missing':
        return undefined;
      case 'null':
        return null;
      case 'text':
        return 'many';
      case 'too high':
        return total + 3;
      case 'too low':
        return Math.max(0, total - 3);
      case 'page':
        return Math.min(total, Number(query.limit), shortPages);
      default:
        return total;
    }
  };
}

function happen(event: Event, emulator: Emulator, clock: FakeClock, deeds: Deeds): void {
  const instances = emulator.instances();
  const instance = instances[event.which % Math.max(1, instances.length)];
  if (!instance) return;
  switch (event.kind) {
    case 'vanish': {
      const ids = instance.taskIds();
      for (let n = 0; n < Math.min(event.count, ids.length); n += 1) {
        const id = ids[(event.which + n) % ids.length] as string;
        if (instance.removeTask(id)) deeds.vanished.add(id);
      }
      break;
    }
    case 'appear':
    case 'appear old':
      for (let n = 0; n < event.count; n += 1) {
        deeds.born += 1;
        const old = event.kind === 'appear old';
        deeds.oldOnesAppeared ||= old;
        instance.addTask(newRow(instance.service, idOf(0xffff, deeds.born), clock.now(), old));
      }
      break;
    case 'finish':
    case 'finish unnoticed':
      finish(instance, event, clock.now());
      break;
    case 'instance vanishes':
      for (const id of instance.taskIds()) deeds.vanished.add(id);
      deeds.goneInstances.add(instance.id);
      emulator.removeInstance(instance.id);
      break;
    case 'tokens expire':
      emulator.expireTokens();
      break;
    case 'key is rotated':
      deeds.key = {
        ...deeds.key,
        secretKey: `${deeds.key.secretKey.slice(0, 30)}Rotated${event.at}`,
      };
      emulator.accessKeys.splice(0, 1, deeds.key);
      break;
  }
  deeds.changed(instance);
}

/** Tasks that run come to their end; `unnoticed`: the row's end is not brought up to date. */
function finish(instance: EmulatedInstance, { kind, which }: Event, now: number): void {
  const rows = (instance.tasks() as unknown[]).map((row) => {
    if ((row as { status?: unknown } | null)?.status !== 'EXECUTING') return row;
    const end = kind === 'finish' ? { updated_at: new Date(now).toISOString() } : {};
    return { ...(row as object), ...end, status: which % 2 === 0 ? 'SUCCESS' : 'FAILED' };
  });
  instance.setTasks(rows);
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
