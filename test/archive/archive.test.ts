import { createHash } from 'node:crypto';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import {
  ArchiveError,
  type ArchiveOrigin,
  archiveLines,
  objectName,
} from '../../lib/archive/archive.ts';
import { folderArchive } from '../../lib/archive/folder-archive.ts';
import { s3Archive } from '../../lib/archive/s3-archive.ts';
import { archiveOnce } from '../../lib/fleet/archive-once.ts';
import type { ObjectStore } from '../../lib/fleet/object-store.ts';
import { awsRequestHandler } from '../../lib/http/aws-handler.ts';
import { type Clock, systemClock } from '../../lib/http/clock.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import { keepEnvironment } from '../environment.ts';
import { FakeClock } from '../fake-clock.ts';
import { useFolder } from '../on-disk.ts';
import { type Served, serve } from '../serve.ts';

const ORIGIN: ArchiveOrigin = {
  runId: 'run-1',
  startedAt: Date.UTC(2026, 10, 26, 23, 59),
  target: 'prod/cache ü',
  cloud: 'otc',
  service: 'dcs',
  region: 'eu-de',
  projectId: 'p',
};
const INSTANCE = { id: 'i-1', name: '', status: '' };
const NAME = ['2026', '11', '26', 'run-1', 'prod-cache', 'i-1'];

const linesIn = (gzipped: Uint8Array) => gunzipSync(gzipped).toString().split('\n');

describe('an object', () => {
  test('is named after day, run, target and instance, each of them encoded', () => {
    expect(objectName(ORIGIN, INSTANCE)).toEqual([
      '2026',
      '11',
      '26',
      'run-1',
      'prod%2Fcache%20%C3%BC',
      'i-1',
    ]);
  });

  test.each(['.', '..', '...', '../../etc', 'a/b', '\u0000', '\uD800'])(
    'of an instance %j is in its folder',
    (id) => {
      const name = objectName({ ...ORIGIN, target: id }, { ...INSTANCE, id });
      for (const part of name) expect(part).toMatch(/^(?!\.+$)[\w%.-]+$/);
      expect(join('/archive', ...name).split('/')).toHaveLength(8);
    },
  );

  test('says of each row whose it was, and holds the row as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.string(), (rows, name) => {
        const lines = [...archiveLines(ORIGIN, { ...INSTANCE, name }, rows)];
        expect(lines.map((line) => JSON.parse(line))).toEqual(
          rows.map((row) => ({
            runId: 'run-1',
            target: 'prod/cache ü',
            cloud: 'otc',
            service: 'dcs',
            region: 'eu-de',
            projectId: 'p',
            instance: 'i-1',
            instanceName: name || null,
            task: JSON.parse(row),
          })),
        );
      }),
    );
  });
});

describe('in a folder', () => {
  const folder = useFolder();

  test('the file is whole and for its owner alone', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"n":${index},"text":"ü"}`);
    const file = await folderArchive(folder.path).write(NAME, lines);
    expect(file).toBe(join(folder.path, '2026/11/26/run-1/prod-cache/i-1-1.jsonl.gz'));
    expect(linesIn(await readFile(file))).toEqual([...lines, '']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(file, '..'))).toEqual(['i-1-1.jsonl.gz']);
  });

  test('nothing is written over, whoever writes at once', async () => {
    const archive = folderArchive(folder.path);
    const texts = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const files = await Promise.all(texts.map((text) => archive.write(NAME, [text])));
    expect(new Set(files).size).toBe(20);
    const found = await Promise.all(files.map((file) => readFile(file)));
    expect(found.map((bytes) => linesIn(bytes)[0])).toEqual(texts);
  });

  test('a file that was cut short before is left as it is', async () => {
    const place = join(folder.path, ...NAME.slice(0, -1));
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'i-1-1.jsonl.gz.partial'), 'half');
    const file = await folderArchive(folder.path).write(NAME, ['a']);
    expect(file).toBe(join(place, 'i-1-2.jsonl.gz'));
    expect(await readFile(join(place, 'i-1-1.jsonl.gz.partial'), 'utf8')).toBe('half');
  });

  test('what cannot be written is an error that says where and what to do', async () => {
    const path = await folder.write('file', '');
    await expect(folderArchive(path).write(NAME, ['a'])).rejects.toMatchObject({
      name: 'ArchiveError',
      message: `archive ${path}: a part of its path is a file; name another folder under archive`,
    });
    const full = folderArchive('/dev/full');
    await expect(full.write(NAME, ['a'])).rejects.toMatchObject({ name: 'ArchiveError' });
  });

  test('a place that takes no folder is an error, although the one above it is there', async () => {
    await expect(folderArchive('/proc/x').write(NAME, ['a'])).rejects.toMatchObject({
      name: 'ArchiveError',
      code: 'ENOENT',
      message:
        'archive /proc/x: its folder cannot be made: the one above it is gone, or takes none; name another folder under archive',
    });
  });

  test.each([
    [
      'a link that leads in a circle',
      'circle',
      ['i-1'],
      'a part of its path is a link that leads in a circle; mend that, or name another folder under archive',
    ],
    [
      'a name that is too long',
      '',
      ['%E7%BC%93'.repeat(30), 'i-1'],
      'a part of its path is too long (each letter that is not ASCII takes 6 or more there); give the target a shorter name, or archive to S3',
    ],
    [
      'a path that the system does not take',
      '\0',
      ['i-1'],
      expect.stringMatching(/null bytes.*; mend that, or name another folder under archive$/),
    ],
  ])('%s is an error that says what to do', async (_, below, name, reason) => {
    await symlink('circle', join(folder.path, 'circle'));
    const path = join(folder.path, below);
    const error = await folderArchive(path)
      .write(name, ['a'])
      .catch((caught: unknown) => caught as ArchiveError);
    expect(error).toBeInstanceOf(ArchiveError);
    expect((error as ArchiveError).message.replace(`archive ${path}: `, '')).toEqual(reason);
  });

  test('every folder that holds a new name is on the disk, up to the first that was there', async () => {
    const synced: string[] = [];
    const probe = await open(folder.path);
    const sync = jest
      .spyOn(Object.getPrototypeOf(probe), 'sync')
      .mockImplementation(async function (this: unknown) {
        synced.push(await readlink(`/proc/self/fd/${(this as FileHandle).fd}`));
      });
    await probe.close();
    const archive = folderArchive(join(folder.path, 'new/archive'));
    await archive.write(NAME, ['a']);
    const above = ['', 'new', 'new/archive'];
    const within = [
      '2026',
      '2026/11',
      '2026/11/26',
      '2026/11/26/run-1',
      '2026/11/26/run-1/prod-cache',
    ];
    const all = [...above, ...within.map((path) => join('new/archive', path))];
    const folders = () =>
      [...new Set(synced.splice(0))].filter((path) => !path.endsWith('.partial'));
    expect(folders().sort()).toEqual(all.map((path) => join(folder.path, path)));
    // Another run of the same day cannot know whether the first one's names are on the disk already.
    await folderArchive(join(folder.path, 'new/archive')).write(NAME, ['a']);
    expect(folders().sort()).toEqual(all.slice(2).map((path) => join(folder.path, path)));
    sync.mockRestore();
  });

  test('a row that cannot be given leaves no file', async () => {
    const lines = function* () {
      yield 'a';
      throw new Error('no more');
    };
    await expect(folderArchive(folder.path).write(NAME, lines())).rejects.toThrow('no more');
    expect(await readdir(join(folder.path, ...NAME.slice(0, -1)))).toEqual([]);
  });
});

describe('in S3', () => {
  let server: Served;
  let client: S3Client;
  let objects: Map<string, Buffer>;
  /**
   * Statuses of the next answers, instead of the ordinary ones; 201 stores the object and then answers 500. One with a
   * minus is that of an error without a body.
   */
  let answers: number[];
  beforeEach(async () => {
    objects = new Map();
    answers = [];
    server = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const end = (status: number, code = '') => {
        response.writeHead(status, { 'content-type': 'application/xml' });
        response.end(code && `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
      };
      const key = decodeURIComponent(new URL(request.url ?? '', 'http://s3').pathname.slice(1));
      const { headers, method } = request;
      const checksum = createHash('sha256').update(body).digest('base64');
      if (method !== 'PUT' || headers['if-none-match'] !== '*') return end(405, 'MethodNotAllowed');
      if (headers['x-amz-checksum-sha256'] !== checksum) return end(400, 'BadDigest');
      const answer = answers.shift() ?? 200;
      if (answer === 403) return end(403, 'AccessDenied');
      if (answer === 500) return end(500, 'InternalError');
      if (answer < 0) return end(-answer);
      if (answer === 400) return end(400, 'Odd\u202eerror');
      if (answer === 409) return end(409, 'ConditionalRequestConflict');
      if (objects.has(key)) return end(412, 'PreconditionFailed');
      objects.set(key, body);
      if (answer === 201) return end(500, 'InternalError');
      response.setHeader('etag', '"1"');
      return end(200);
    });
    client = new S3Client({
      endpoint: server.url,
      region: 'eu-central-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'fake' },
      requestHandler: awsRequestHandler(),
    });
  });
  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  test('the object is under the prefix, and S3 can check it', async () => {
    const place = await s3Archive('bucket', 'a/b', client).write(NAME, ['{"id":1}', '{"id":2}']);
    expect(place).toBe('s3://bucket/a/b/2026/11/26/run-1/prod-cache/i-1-1.jsonl.gz');
    const [[key, bytes]] = [...objects] as [[string, Buffer]];
    expect(`s3://${key}`).toBe(place);
    expect(linesIn(bytes)).toEqual(['{"id":1}', '{"id":2}', '']);
  });

  test('nothing is written over', async () => {
    const archive = s3Archive('bucket', '', client);
    expect(await archive.write(NAME, ['a'])).toMatch(/i-1-1\.jsonl\.gz$/);
    expect(await archive.write(NAME, ['b'])).toMatch(/i-1-2\.jsonl\.gz$/);
    expect([...objects.values()].map((bytes) => linesIn(bytes)[0])).toEqual(['a', 'b']);
  });

  /** Half a second passes at once. */
  const impatient: Pick<Clock, 'sleep'> = {
    sleep: (ms, signal) => systemClock.sleep(ms === 500 ? 0 : ms, signal),
  };

  test('a write that meets another one is repeated under the same name', async () => {
    answers = [409, 409];
    const place = await s3Archive('bucket', '', client, impatient).write(NAME, ['a']);
    expect(place).toMatch(/i-1-1\.jsonl\.gz$/);
    answers = Array(9).fill(409);
    await expect(
      s3Archive('bucket', '', client, impatient).write(NAME, ['b']),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/ConditionalRequestConflict; run again$/),
    });
    expect(objects.size).toBe(1);
  });

  test('an error that passes is got over', async () => {
    answers = [500];
    await s3Archive('bucket', '', client).write(NAME, ['a']);
    expect(objects.size).toBe(1);
  });

  test('an answer that was lost leaves another object, and none without an answer counts', async () => {
    answers = [201];
    const place = await s3Archive('bucket', '', client).write(NAME, ['a']);
    expect(place).toMatch(/i-1-2\.jsonl\.gz$/);
    expect([...objects.values()].map((bytes) => linesIn(bytes)[0])).toEqual(['a', 'a']);
  });

  test.each([
    [
      'a refusal',
      [403],
      'archive s3://bucket: AccessDenied: AccessDenied; grant s3:PutObject there',
    ],
    ['a refusal without a word', [-403], 'archive s3://bucket: HTTP 403; grant s3:PutObject there'],
    [
      'another region without a word',
      [-301],
      'archive s3://bucket: HTTP 301; set AWS_REGION to the region of the bucket',
    ],
    [
      'what has to wait',
      [-429, -429, -429, -429],
      'archive s3://bucket: HTTP 429; run again when the store is well',
    ],
    [
      'a failure that stays',
      [500, 500, 500, 500],
      'archive s3://bucket: InternalError: InternalError; run again when the store is well',
    ],
    [
      'one that a terminal would obey',
      [400],
      'archive s3://bucket: HTTP 400: Odd?error; mend that, or name another place under archive',
    ],
  ])('%s is an error that says where and what to do', async (_, statuses, message) => {
    answers = statuses;
    await expect(s3Archive('bucket', '', client).write(NAME, ['a'])).rejects.toMatchObject({
      name: 'ArchiveError',
      message: expect.stringContaining(message),
    });
    expect(objects.size).toBe(0);
  });

  test('an endpoint that is no URL is an error that does not show its password', async () => {
    const { region, credentials } = client.config;
    const odd = new S3Client({ endpoint: 'minio:Sommerregen@host:9000', region, credentials });
    await expect(s3Archive('bucket', '', odd).write(NAME, ['a'])).rejects.toMatchObject({
      message:
        'archive s3://bucket: AWS_ENDPOINT_URL is neither http://host nor https://host, or AWS_REGION is no region; see where AWS_ENDPOINT_URL and HTTPS_PROXY lead to',
    });
  });

  test('without a region is an error that says what to set', async () => {
    const environment = keepEnvironment();
    delete process.env.AWS_REGION;
    process.env.AWS_CONFIG_FILE = '/dev/null';
    const { credentials } = client.config;
    const nowhere = new S3Client({ credentials });
    await expect(s3Archive('bucket', '', nowhere).write(NAME, ['a'])).rejects.toMatchObject({
      message: expect.stringMatching(
        /^archive s3:\/\/bucket: there is no AWS region: set AWS_REGION;/,
      ),
    });
    environment.restore();
  });

  test('a store that nobody answers for is an error', async () => {
    await server.close();
    await expect(s3Archive('bucket', '', client).write(NAME, ['a'])).rejects.toMatchObject({
      name: 'ArchiveError',
      message: expect.stringMatching(
        /nothing listens there \(ECONNREFUSED\); see where AWS_ENDPOINT_URL and HTTPS_PROXY lead to$/,
      ),
    });
    server = await serve(() => {});
  });
});

describe('a store that', () => {
  const TOKEN = 'FwoGZXIvYXdzEHcaDGZha2U';
  let server: Served;
  let clock: FakeClock;
  let client: S3Client;
  let asked: string[];
  let respond: (request: IncomingMessage, response: ServerResponse) => void;
  beforeEach(async () => {
    asked = [];
    clock = new FakeClock();
    server = await serve((request, response) => {
      asked.push((request.url ?? '').replace(/\?.*/, ''));
      request.resume();
      request.on('end', () => respond(request, response));
    });
    client = new S3Client({
      endpoint: server.url,
      region: 'eu-central-1',
      forcePathStyle: true,
      credentials: {
        accessKeyId: 'AKIAFAKE12345678',
        secretAccessKey: 'hidden/hidden/hidden',
        sessionToken: TOKEN,
      },
      requestHandler: awsRequestHandler({}, clock),
    });
  });
  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  const failureOf = (secrets = new RunSecrets()) =>
    s3Archive('bucket', '', client)
      .write(['i-1'], ['a'], { secrets })
      .then(
        (place) => place,
        (error: unknown) => error,
      ) as Promise<ArchiveError>;

  test.each([
    ['202', 202, { etag: '"1"' }, '', 'HTTP 202'],
    ['204', 204, {}, '', 'HTTP 204'],
    ['nothing but 200', 200, {}, '', 'HTTP 200 without an ETag'],
    ['a weak ETag', 200, { etag: 'W/"36"' }, '', 'HTTP 200 with an ETag such as web pages have'],
    ['an empty ETag', 200, { etag: '""' }, '', 'HTTP 200 with an ETag such as web pages have'],
    [
      'another checksum',
      200,
      { etag: '"1"', 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` },
      '',
      'the checksum of something else',
    ],
  ])('answers with %s has acknowledged nothing', async (_, status, headers, body, why) => {
    respond = (_, response) => response.writeHead(status, headers as OutgoingHttpHeaders).end(body);
    const error = await failureOf();
    expect(error).toBeInstanceOf(ArchiveError);
    expect(error.code).toBe('unacknowledged');
    expect(error.message).toBe(
      `archive s3://bucket: what answered did not say that s3://bucket/i-1-1.jsonl.gz is stored (${why}); see what AWS_ENDPOINT_URL and HTTPS_PROXY lead to, or name another place under archive`,
    );
  });

  test.each([
    ['a page to log in', 'text/html', '<html>log in</html>'],
    ['JSON', 'application/json', '{}'],
    ['an error', 'application/xml', '<Error><Code>InternalError</Code></Error>'],
  ])('answers 200 and an ETag with %s has acknowledged nothing', async (_, type, body) => {
    respond = (_request, response) =>
      response.writeHead(200, { etag: '"36"', 'content-type': type }).end(body);
    const error = await failureOf();
    expect(error).toBeInstanceOf(ArchiveError);
    expect(error.message).toBe(
      'archive s3://bucket: UnexpectedBodyError: HTTP 200 with a body, which no store gives for an object that it took; see where AWS_ENDPOINT_URL and HTTPS_PROXY lead to',
    );
    expect(asked).toHaveLength(1);
  });

  test('answers with the checksum of what was sent has acknowledged it', async () => {
    respond = ({ headers }, response) => {
      const checksum = headers['x-amz-checksum-sha256'] as string;
      response.writeHead(200, { etag: '"1"', 'x-amz-checksum-sha256': checksum }).end();
    };
    expect(await failureOf()).toBe('s3://bucket/i-1-1.jsonl.gz');
  });

  test.each([
    ['says nothing', () => {}],
    [
      'sends headers and then nothing',
      (_: unknown, response: ServerResponse) => response.flushHeaders(),
    ],
  ])('%s is an error of the archive', async (_, hang) => {
    respond = (request, response) => {
      hang(request, response);
      void clock.advance(60_000);
    };
    expect(await failureOf()).toMatchObject({
      name: 'ArchiveError',
      code: 'TimeoutError',
      message:
        'archive s3://bucket: TimeoutError: the whole answer did not come within 60 s; see whether the store answers at all, then run again',
    });
    expect(asked).toHaveLength(3);
  });

  test('is behind a gateway whose page says 503 is asked again', async () => {
    respond = (_, response) => {
      if (asked.length > 1) response.setHeader('etag', '"1"').end();
      else response.writeHead(503).end('<!DOCTYPE html><html>no server is available</html>');
    };
    expect(await failureOf()).toBe('s3://bucket/i-1-1.jsonl.gz');
  });

  test('sends an error that an XML parser needs hours for is an error of the archive', async () => {
    respond = (_, response) => {
      response.writeHead(403);
      response.end(`${'<!DOCTYPE>'.repeat(6_000)}<Error><Code>AccessDenied</Code></Error>`);
    };
    expect((await failureOf()).message).toBe(
      'archive s3://bucket: UnexpectedBodyError: HTTP 403 with a web page; see where AWS_ENDPOINT_URL and HTTPS_PROXY lead to',
    );
  });

  test('sends an error without an end is an error of the archive', async () => {
    respond = (_, response) => {
      response.writeHead(403);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
        response.once('drain', more);
      };
      more();
    };
    expect(await failureOf()).toMatchObject({ name: 'ArchiveError', code: 'AnswerTooLarge' });
  });

  test('says of every name that it is taken is given up', async () => {
    respond = (_, response) => response.writeHead(412).end();
    expect((await failureOf()).message).toBe(
      'archive s3://bucket: 20 objects from i-1-1.jsonl.gz on are there already, as the store says; name another prefix under archive',
    );
    expect(asked).toHaveLength(20);
  });

  test('repeats secrets in its error shows none, and not its keys either', async () => {
    respond = ({ headers }, response) => {
      const message = `${headers['x-amz-security-token']} hidden/hidden/hidden AKIAFAKE12345678 hunter2hunter2`;
      response.writeHead(400);
      response.end(`<Error><Code>InvalidToken</Code><Message>${message}</Message></Error>`);
    };
    const secrets = new RunSecrets();
    secrets.add('hunter2hunter2');
    const error = await failureOf(secrets);
    expect(error.message).toBe(
      'archive s3://bucket: InvalidToken: [secret] [secret] AKIA…78 [secret]; get new AWS credentials, then run again',
    );
    expect(inspect(error)).not.toMatch(/hunter2|FwoGZXIv|hidden/);
    expect(secrets.revealer()(TOKEN)).toBe(true);
  });

  test.each(['Ring 0900-1234', 'hunter2hunter2', 'kafka1', `x${'y'.repeat(64)}`, 'constructor'])(
    'has %s for the code of its error has none',
    async (code) => {
      respond = (_, response) => {
        response.writeHead(400);
        response.end(`<Error><Code>${code}</Code><Message>m</Message></Error>`);
      };
      const secrets = new RunSecrets();
      secrets.add('hunter2hunter2');
      secrets.add('kafka1');
      const error = await failureOf(secrets);
      const isCode = code === 'constructor';
      expect(error.code).toBe(isCode ? code : 'archive');
      expect(error.message).toBe(
        `archive s3://bucket: ${isCode ? code : 'HTTP 400'}: m; mend that, or name another place under archive`,
      );
    },
  );

  test('does not know If-None-Match loses nothing to a later call of a fleet', async () => {
    respond = (_, response) => response.writeHead(200, { etag: '"1"' }).end();
    const documents = new Map<string, unknown>();
    const store: ObjectStore = {
      create: async (key, value) => documents.size < documents.set(key, value).size,
      read: async (key) => documents.get(key),
      list: async (prefix) => [...documents.keys()].filter((key) => key.startsWith(prefix)),
    };
    const archive = s3Archive('bucket', '', client);
    for (const lines of [['a'], ['a', 'b'], ['b', 'c']]) {
      await archiveOnce(archive, store, 'runs/1').write(['i-1'], lines);
    }
    expect(asked).toEqual([1, 2, 3].map((number) => `/bucket/i-1-${number}.jsonl.gz`));
  });
});
