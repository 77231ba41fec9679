import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketStore } from '../../lib/fleet/object-store.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';

let s3: FakeS3;
let client: S3Client;
beforeEach(async () => {
  s3 = await startFakeS3();
  client = new S3Client({
    endpoint: s3.env.AWS_ENDPOINT_URL_S3 as string,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIAFAKE', secretAccessKey: 'hidden' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await s3.close();
});

describe('a bucket', () => {
  test('gives back what was written', async () => {
    const store = bucketStore('fleet', client);
    await store.write('runs/a/worklist.json', { names: ['ü', 'a/b'] });
    expect(await store.read('runs/a/worklist.json')).toEqual({ names: ['ü', 'a/b'] });
    expect([...s3.objects.keys()]).toEqual(['fleet/runs/a/worklist.json']);
  });

  test('has nothing where nothing was written', async () => {
    expect(await bucketStore('fleet', client).read('runs/b')).toBeUndefined();
  });

  test('that may not be used is an error with the object’s name, and never nothing', async () => {
    s3.forbidden = 'fleet';
    const store = bucketStore('fleet', client);
    await expect(store.read('runs/b')).rejects.toThrow(
      's3://fleet/runs/b could not be read: AccessDenied',
    );
    await expect(store.write('runs/b', 1)).rejects.toThrow(
      's3://fleet/runs/b could not be written: AccessDenied',
    );
  });

  test('whose object is no JSON is an error', async () => {
    s3.objects.set('fleet/runs/b', '{"cut o');
    await expect(bucketStore('fleet', client).read('runs/b')).rejects.toThrow(
      's3://fleet/runs/b could not be read',
    );
  });
});
