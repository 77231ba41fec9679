import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketStore, type ObjectStore } from '../../lib/fleet/object-store.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';

const KEY = 'runs/a/lanes/0/000000.json';

let s3: FakeS3;
let store: ObjectStore;
beforeEach(async () => {
  s3 = await startFakeS3(2);
  const options = {
    endpoint: s3.url,
    forcePathStyle: true,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIAFAKE', secretAccessKey: 'hidden' },
  };
  store = bucketStore('fleet', options, 100);
});
afterEach(() => s3.close());

describe('a bucket', () => {
  test('gives back what was written, and lists it in order, page by page', async () => {
    for (const n of [3, 1, 2, 5, 4]) {
      expect(await store.create(`runs/a/${n}`, { names: ['ü', n] })).toBe(true);
    }
    await store.create('runs/b/1', 1);
    expect(await store.read('runs/a/3')).toEqual({ names: ['ü', 3] });
    expect(await store.list('runs/a/')).toEqual([1, 2, 3, 4, 5].map((n) => `runs/a/${n}`));
    expect(await store.list('runs/c/')).toEqual([]);
  });

  test('takes one document under a key, whoever writes another', async () => {
    const wrote = await Promise.all(['x', 'y', 'z'].map((text) => store.create(KEY, text)));
    expect(wrote.filter(Boolean)).toHaveLength(1);
    expect(await store.create(KEY, 'other')).toBe(false);
    expect(['x', 'y', 'z'].indexOf((await store.read(KEY)) as string)).toBe(wrote.indexOf(true));
  });

  test('that may not be used is an error with the object’s name, and never nothing', async () => {
    s3.forbidden = 'fleet';
    const name = `s3://fleet/${KEY}`;
    await expect(store.read(KEY)).rejects.toThrow(`${name} could not be read: AccessDenied`);
    await expect(store.create(KEY, 1)).rejects.toThrow(`${name} could not be written: AccessDen`);
    await expect(store.list(KEY)).rejects.toThrow(`${name} could not be listed: AccessDenied`);
  });

  test.each([['{"cut o'], ['']])('whose object is no JSON (%p) is an error', async (text) => {
    s3.objects.set(`fleet/${KEY}`, text);
    await expect(store.read(KEY)).rejects.toThrow(`s3://fleet/${KEY} could not be read`);
  });

  test('whose object is not UTF-8 is an error: an id in it would be another one', async () => {
    await store.create(KEY, { id: 'ü' });
    s3.troubles.push('in Latin-1');
    await expect(store.read(KEY)).rejects.toThrow(
      `s3://fleet/${KEY} could not be read: TypeError: it is not UTF-8`,
    );
  });

  test('whose object a terminal would obey is an error that shows nothing of the kind', async () => {
    s3.objects.set(`fleet/${KEY}`, '\u202etxt');
    await expect(store.read(KEY)).rejects.toThrow(/could not be read: [^\u202e]+\?txt/);
  });

  test('without the object is an error', async () => {
    await expect(store.read(KEY)).rejects.toThrow(`${KEY} could not be read: NoSuchKey`);
  });

  test('that stores, and then says 500, has stored: it is no other document', async () => {
    s3.troubles.push('stored, then 500');
    expect(await store.create(KEY, 'mine')).toBe(true);
    s3.troubles.push('500');
    expect(await store.create(KEY, 'another')).toBe(false);
  });

  test('that is told to write by two at once is asked again', async () => {
    s3.troubles.push('conflict', 'conflict');
    expect(await store.create(KEY, 'mine')).toBe(true);
  });

  test('that says nothing is asked again, and does not take the function’s time away', async () => {
    s3.troubles.push('hang');
    expect(await store.create(KEY, 'mine')).toBe(true);
    s3.troubles.push('hang', 'hang', 'hang');
    await expect(store.create(`${KEY}2`, 1)).rejects.toThrow('could not be written: TimeoutError');
  });

  test('that sends half an object and then nothing is an error', async () => {
    await store.create(KEY, { long: 'x'.repeat(100_000) });
    s3.troubles.push('stalled');
    await expect(store.read(KEY)).rejects.toThrow(`s3://fleet/${KEY} could not be read`);
  });

  test('that cuts an object short is an error', async () => {
    await store.create(KEY, { long: 'x'.repeat(100_000) });
    s3.troubles.push('cut short');
    await expect(store.read(KEY)).rejects.toThrow(`s3://fleet/${KEY} could not be read`);
  });
});
