import net from 'node:net';
import type { Wire } from '../chaos/wire.ts';
import {
  Dice,
  type Operation,
  PROJECT,
  REGION,
  type Story,
  TOKEN,
  type TrueInstance,
} from './estate.ts';
import {
  addTwin,
  type Circumstances,
  lieAboutInstance,
  lieAboutPage,
  lieAboutTask,
  lieAboutValue,
  lieInAnswer,
  lieInBody,
  lieInHeaders,
  lieOnTheWire,
  nastyText,
  type Page,
  type Reply,
  redirect,
  waysFor,
  write,
} from './lies.ts';

/** A server that lies, and what is known of it. */
export interface Liar {
  readonly url: string;
  /** Ids of the records that are really there, by instance. */
  readonly left: ReadonlyMap<string, ReadonlySet<string>>;
  /** Requests that no client of the API has a reason to send, hits of redirects among them. */
  readonly absurd: readonly string[];
  /** The `Date` of each answer, by the exchange's ordinal. */
  readonly dates: ReadonlyMap<number, string | undefined>;
  /** Those that were used, and so are known to be secret. */
  readonly tokens: ReadonlySet<string>;
  /** The lies that were told, in order. */
  readonly told: readonly string[];
  /** Connections that are open. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** A request as it came over the wire. */
interface Asked {
  readonly method: string;
  /** Nothing of it has been folded or decoded. */
  readonly target: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
}

/** Names and limits of each service's API. */
const DIALECTS = {
  dcs: { version: 'v2', start: 'offset', first: 0, limit: 1_000, engine: undefined },
  'dcs-v1': { version: 'v1.0', start: 'start', first: 1, limit: 100, engine: undefined },
  kafka: { version: 'v2', start: 'start', first: 1, limit: 100, engine: 'kafka' },
  rabbitmq: { version: 'v2', start: 'start', first: 1, limit: 100, engine: 'rabbitmq' },
  rocketmq: { version: 'v2', start: 'start', first: 1, limit: 100, engine: 'reliability' },
} as const;

/** Serves a story's estate, and its lies, on a free port. */
export async function startLiar(story: Story, wire: Wire, now: () => number): Promise<Liar> {
  const dice = new Dice(story.seed);
  const left = new Map(
    story.instances.map(({ id, rows }) => [id, new Set(rows.map((row) => row.id))]),
  );
  const absurd: string[] = [];
  const dates = new Map<number, string | undefined>();
  const told: string[] = [];
  const firstPages = new Map<string, Page>();
  const tokens = new Set<string>();
  let issued = 0;
  const elsewhere = await listen((socket) => {
    absurd.push('a redirect was followed');
    socket.destroy();
  });
  const server = await listen((socket) => serve(socket, answer));

  return {
    url: server.url,
    left,
    absurd,
    dates,
    tokens,
    told,
    connections: server.connections,
    close: async () => {
      await Promise.all([server.close(), elsewhere.close()]);
    },
  };

  async function answer(asked: Asked, socket: net.Socket): Promise<void> {
    const ordinal = Number(asked.headers.get('x-exchange') ?? Number.NaN);
    const operation = operationOf(asked);
    const token = asked.headers.get('x-auth-token');
    if (token !== undefined) tokens.add(token);
    const reply: Reply = {
      status: 200,
      reason: 'OK',
      headers: [['content-type', 'application/json']],
      body: Buffer.alloc(0),
      manner: 'plain',
    };
    if (story.clockOff !== undefined) {
      reply.headers.push(['date', new Date(now() + story.clockOff).toUTCString()]);
    }
    if (!operation || Number.isNaN(ordinal)) {
      absurd.push(`${asked.method} ${asked.target}`);
      reply.status = 404;
    } else {
      const lies = dice.chance(story.shares[operation]);
      const way = lies ? dice.pick(waysFor(operation, story)) : undefined;
      if (way) told.push(`${ordinal} ${operation}: ${way}`);
      if (operation === 'delete') answerDelete(asked, reply, lies);
      else if (operation === 'token') answerToken(reply, way === 'answer' && dice.chance(0.5));
      else if (operation === 'projects') {
        const value = { projects: [{ id: PROJECT, name: REGION }] };
        const lied = way === 'answer' && dice.chance(0.5) ? lieAboutValue(value, dice) : value;
        reply.body = Buffer.from(write(lied));
      } else answerList(operation, asked, reply, way);
      if (way === 'answer') {
        if (dice.chance(0.2)) redirect(reply, dice, elsewhere.url, asked.target);
        else if (!['token', 'projects'].includes(operation)) lieInAnswer(reply, dice);
        else if (dice.chance(0.5)) lieInAnswer(reply, dice);
      }
      if (way === 'body') lieInBody(reply, dice);
      if (way === 'headers') lieInHeaders(reply, dice);
      if (way === 'wire') {
        lieOnTheWire(reply, dice);
        told.push(`${ordinal} ${reply.manner}`);
      }
    }
    dates.set(ordinal, reply.headers.find(([name]) => name === 'date')?.[1]);
    await send(socket, reply, ordinal, wire);
  }

  function answerDelete({ path }: Asked, reply: Reply, lies: boolean): void {
    const [instanceId, taskId] = [decode(path[3]), decode(path[5])];
    const records = left.get(instanceId);
    const there = records?.has(taskId) ?? false;
    // A lie says nothing about whether the record was deleted: half of the time it was.
    if (!lies || dice.chance(0.5)) records?.delete(taskId);
    reply.status = there ? 204 : 404;
    if (!there) reply.body = Buffer.from('{"error_code":"X.404","error_msg":"no such task"}');
    if (!lies) return;
    reply.status = dice.pick([204, 200, 404, 410, 500, 202, 400]);
    reply.body = Buffer.from(
      dice.pick([
        '',
        '{}',
        '{"error_code":"DCS.3022"}',
        JSON.stringify({ error_msg: nastyText(dice) }),
      ]),
    );
  }

  function answerToken(reply: Reply, lies: boolean): void {
    issued += 1;
    const value = {
      token: {
        issued_at: new Date(now()).toISOString(),
        expires_at: new Date(now() + 86_400_000).toISOString(),
        project: { id: PROJECT, name: REGION },
      },
    };
    reply.status = 201;
    reply.body = Buffer.from(write(lies ? lieAboutValue(value, dice) : value));
    reply.headers.push(['x-subject-token', `${TOKEN}${issued}`]);
  }

  function answerList(
    operation: Operation,
    { path, query }: Asked,
    reply: Reply,
    way: string | undefined,
  ): void {
    const [version, , , instanceId] = path;
    const listed = story.instances.filter(
      ({ service }) =>
        DIALECTS[service].version === version &&
        DIALECTS[service].engine === (engineOf(query.get('engine')) ?? DIALECTS[service].engine) &&
        (query.has('engine') || DIALECTS[service].engine === undefined),
    );
    const instance = story.instances.find(({ id }) => id === decode(instanceId ?? ''));
    if (operation === 'tasks' && !instance) {
      reply.status = 404;
      reply.body = Buffer.from('{"error_code":"X.404","error_msg":"no such instance"}');
      return;
    }
    const all = operation === 'tasks' ? rowsOf(instance as TrueInstance) : listed.map(describe);
    const limit = Number(query.get('limit') ?? 10);
    const start = query.get('start') ?? query.get('offset') ?? '0';
    const skip = Number(start) - (query.has('start') ? 1 : 0);
    if (skip > 0 && skip >= all.length && story.pastTheEnd === 'refused') {
      reply.status = 400;
      reply.body = Buffer.from('{"error_code":"DMS.40050010","error_msg":"past the end"}');
      return;
    }
    const rows: unknown[] = all.slice(skip, skip + limit);
    const counted = story.hides && instance ? (left.get(instance.id)?.size ?? 0) : all.length;
    const page: Page = { rows, count: counted, more: {} };
    const key = path.join('/');
    const first = firstPages.get(key) ?? { ...page };
    firstPages.set(key, first);
    const about: Circumstances = {
      mayLookNewer: story.retention.keepLast === 0,
      beforeAll: '2025-01-01T00:00:00Z',
      limit,
    };
    if (operation === 'tasks') page.rows = rows.map((row) => show(row as never, way, about));
    else if (way === 'rows') {
      page.rows = rows.map((row) =>
        dice.chance(0.4) ? lieAboutInstance(row as never, dice) : row,
      );
    }
    if (way === 'twins' && rows.length > 0) page.rows = addTwin(rows as never, dice, about);
    if (way === 'page') lieAboutPage(page, first, dice, about);
    const [rowsKey, countKey] =
      operation === 'tasks' ? ['tasks', 'task_count'] : ['instances', 'instance_num'];
    const count = typeof page.count === 'number' && dice.chance(0.3) ? `${page.count}` : page.count;
    reply.body = Buffer.from(write({ ...page.more, [countKey]: count, [rowsKey]: page.rows }));
  }

  function rowsOf({ id, rows }: TrueInstance): unknown[] {
    const there = rows.filter((row) => left.get(id)?.has(row.id));
    return story.hides ? there.filter((row) => !/[05a]$/.test(row.id)) : there;
  }

  /** A row that is lied about is so in the same way each time, where one of two would count as another record. */
  function show(
    row: TrueInstance['rows'][number],
    way: string | undefined,
    about: Circumstances,
  ): unknown {
    if (about.mayLookNewer) {
      return way === 'rows' && dice.chance(0.5) ? lieAboutTask(row, dice, about) : row;
    }
    if (!story.ways.includes('rows') || story.shares.tasks === 0) return row;
    const own = new Dice(story.seed ^ Number.parseInt(row.id.slice(4, 8) + row.id.slice(-4), 16));
    return own.chance(0.4) ? lieAboutTask(row, own, about) : row;
  }
}

function describe({ id, name, service }: TrueInstance): Record<string, unknown> {
  const { engine } = DIALECTS[service];
  return { instance_id: id, name, status: 'RUNNING', ...(engine && { engine }) };
}

function engineOf(asked: string | null): string | undefined {
  if (asked === null) return undefined;
  return asked === 'rocketmq' ? 'reliability' : asked;
}

function operationOf({ method, path }: Asked): Operation | undefined {
  const shape = `${method} ${path.join('/')}`;
  if (shape === 'POST v3/auth/tokens') return 'token';
  if (shape === 'GET v3/projects') return 'projects';
  const isPlain = path.every((part) => part !== '' && !['.', '..'].includes(decode(part)));
  if (!isPlain || path[2] !== 'instances') return undefined;
  if (method === 'GET' && path.length === 3) return 'instances';
  if (path[4] !== 'tasks') return undefined;
  if (method === 'GET' && path.length === 5) return 'tasks';
  return method === 'DELETE' && path.length === 6 ? 'delete' : undefined;
}

function decode(part = ''): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '..';
  }
}

async function listen(connected: (socket: net.Socket) => void) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client may hang up on a lie; that is no failure of the server.
    socket.on('error', () => {});
    connected(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    connections: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads requests off a connection, one after the other, by hand: a real server would not let us lie like this. */
function serve(
  socket: net.Socket,
  answer: (asked: Asked, socket: net.Socket) => Promise<void>,
): void {
  let buffered = Buffer.alloc(0);
  let answering = Promise.resolve();
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const end = buffered.indexOf('\r\n\r\n');
      if (end === -1) return;
      const [line = '', ...lines] = buffered.toString('latin1', 0, end).split('\r\n');
      const headers = new Map(
        lines.map((each) => {
          const colon = each.indexOf(':');
          return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()];
        }),
      );
      const whole = end + 4 + Number(headers.get('content-length') ?? 0);
      if (buffered.length < whole) return;
      buffered = buffered.subarray(whole);
      const [method = '', target = ''] = line.split(' ');
      const [path = '', query = ''] = target.split('?');
      const asked: Asked = {
        method,
        target,
        path: path.split('/').slice(1),
        query: new URLSearchParams(query),
        headers,
      };
      answering = answering.then(() => answer(asked, socket));
    }
  });
  socket.on('end', () => socket.end());
}

/** Writes an answer as its manner wants it. */
async function send(socket: net.Socket, reply: Reply, ordinal: number, wire: Wire): Promise<void> {
  const { status, reason, headers, manner } = reply;
  const body = status === 204 || status === 304 ? Buffer.alloc(0) : reply.body;
  const half = body.length >> 1;
  const lengths: Partial<Record<Reply['manner'], readonly string[]>> = {
    chunked: ['transfer-encoding: chunked'],
    'broken chunk': ['transfer-encoding: chunked'],
    'until the end': ['connection: close'],
    'length too long': [`content-length: ${body.length + 7}`],
    'length too short': [`content-length: ${half}`],
    'two lengths': [`content-length: ${body.length}`, 'transfer-encoding: chunked'],
  };
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(lengths[manner] ?? [`content-length: ${body.length}`]),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const chunks = Buffer.concat([
    Buffer.from(`${body.length.toString(16)}\r\n`),
    body,
    Buffer.from(body.length > 0 ? '\r\n0\r\n\r\n' : '\r\n'),
  ]);
  const whole = Buffer.concat([head, body]);
  const put = (bytes: Buffer | string) => socket.write(bytes as Buffer);
  const manners: Record<Reply['manner'], () => unknown> = {
    plain: () => put(whole),
    chunked: () => put(Buffer.concat([head, chunks])),
    'broken chunk': () => put(Buffer.concat([head, Buffer.from('zz\r\n'), body])),
    'until the end': () => socket.end(whole),
    'length too long': () => socket.end(whole),
    'length too short': () => put(whole),
    'two lengths': () => put(Buffer.concat([head, chunks])),
    cut: () => socket.end(whole.subarray(0, Math.max(1, whole.length - half - 1))),
    'reset in the body': () => {
      socket.write(whole.subarray(0, head.length + half), () => socket.resetAndDestroy());
    },
    'end without an answer': () => socket.end(),
    'reset without an answer': () => socket.resetAndDestroy(),
    silence: () => wire.hold(ordinal),
    'silence in the body': () => {
      put(whole.subarray(0, whole.length - half - 1));
      wire.hold(ordinal);
    },
    'piece by piece': async () => {
      for (let at = 0; at < whole.length; at += (whole.length >> 2) + 1) {
        await wire.delay(ordinal, 100);
        put(whole.subarray(at, at + (whole.length >> 2) + 1));
      }
    },
    late: async () => {
      await wire.delay(ordinal, 2_000);
      put(whole);
    },
    'half closed': () => socket.end(whole.subarray(0, head.length)),
    'informed first': () => {
      const information = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n';
      put(`${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3)}${information}${whole.toString('latin1')}`);
    },
    // Node closes the connection then without an error, so only a time-out notices.
    switched: () => {
      put('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nxyz');
      wire.hold(ordinal);
    },
    'no HTTP': () => put('SSH-2.0-OpenSSH_9.9\r\n'),
    'bare line ends': () => socket.end(whole.toString('latin1').replaceAll('\r\n', '\n')),
    twice: () => put(Buffer.concat([whole, whole])),
  };
  await manners[manner]();
}
