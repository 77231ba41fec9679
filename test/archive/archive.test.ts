import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ArchiveOrigin, archiveLines, objectName } from '../../lib/archive/archive.ts';
import { folderArchive } from '../../lib/archive/folder-archive.ts';
import { s3Archive } from '../../lib/archive/s3-archive.ts';
import { type PolicyFolder, policyFolder } from '../on-disk.ts';
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
  let folder: PolicyFolder;
  beforeEach(async () => {
    folder = await policyFolder();
  });
  afterEach(() => folder.remove());

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
  /** Statuses of the next answers, instead of the ordinary ones; 201 stores the object and then answers 500. */
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
      if (answer === 400) return end(400, 'Odd\u202eerror');
      if (objects.has(key)) return end(412, 'PreconditionFailed');
      objects.set(key, body);
      return answer === 201 ? end(500, 'InternalError') : end(200);
    });
    client = new S3Client({
      endpoint: server.url,
      region: 'eu-central-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'fake' },
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
    ['a failure that stays', [500, 500, 500, 500], 'archive s3://bucket: InternalError'],
    ['one that a terminal would obey', [400], 'archive s3://bucket: Odd?error: Odd?error'],
  ])('%s is an error that says where and what to do', async (_, statuses, message) => {
    answers = statuses;
    await expect(s3Archive('bucket', '', client).write(NAME, ['a'])).rejects.toMatchObject({
      name: 'ArchiveError',
      message: expect.stringContaining(message),
    });
    expect(objects.size).toBe(0);
  });

  test('a store that nobody answers for is an error', async () => {
    await server.close();
    await expect(s3Archive('bucket', '', client).write(NAME, ['a'])).rejects.toMatchObject({
      name: 'ArchiveError',
    });
    server = await serve(() => {});
  });
});
