import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketStore, type ObjectStore } from '../../lib/fleet/object-store.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';
import { FakeClock } from '../fake-clock.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';

const TOKEN = 'FwoGZXIvYXdzEHcaDGZha2U';
const KEY = 'runs/a/lanes/0/000000.json';

let s3: FakeS3;
let options: NonNullable<Parameters<typeof bucketStore>[1]>;
let store: ObjectStore;
/** Milliseconds that the store has waited for answers that did not come. */
let waited: number;
beforeEach(async () => {
  s3 = await startFakeS3(2);
  options = {
    endpoint: s3.url,
    forcePathStyle: true,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIAFAKE', secretAccessKey: 'hidden', sessionToken: TOKEN },
  };
  const clock = new FakeClock();
  store = bucketStore('fleet', options, clock);
  waited = 0;
  s3.onHang = () => {
    waited += 5_000;
    void clock.advance(5_000);
  };
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

  test.each(['{"cut o', '', '\u202etxt'])(
    'whose object is no JSON (%j) is an error',
    async (text) => {
      s3.objects.set(`fleet/${KEY}`, text);
      await expect(store.read(KEY)).rejects.toThrow(
        `s3://fleet/${KEY} could not be read: StoreError: it is not JSON`,
      );
    },
  );

  test('whose object is not UTF-8 is an error: an id in it would be another one', async () => {
    await store.create(KEY, { id: 'ü' });
    s3.troubles.push('in Latin-1');
    await expect(store.read(KEY)).rejects.toThrow(
      `s3://fleet/${KEY} could not be read: StoreError: it is not UTF-8`,
    );
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
    expect(waited).toBe(20_000);
  });

  test.each(['stalled', 'cut short'] as const)(
    'whose object is %s is asked again, and is an error where it stays so',
    async (trouble) => {
      const value = { long: 'x'.repeat(100_000) };
      await store.create(KEY, value);
      s3.troubles.push(trouble);
      expect(await store.read(KEY)).toEqual(value);
      s3.troubles.push(trouble, trouble, trouble);
      await expect(store.read(KEY)).rejects.toThrow(`s3://fleet/${KEY} could not be read`);
    },
  );

  test.each([
    ['202', 'HTTP 202'],
    ['no ETag', 'HTTP 200 without an ETag'],
  ] as const)(
    'whose answer to a document is %s has not taken it, as far as is known',
    async (trouble, why) => {
      s3.troubles.push(trouble);
      await expect(store.create(KEY, 'mine')).rejects.toThrow(
        `s3://fleet/${KEY} could not be written: StoreError: the answer does not say that it is: ${why}`,
      );
      expect(await store.create(KEY, 'mine')).toBe(true);
    },
  );

  test.each([
    ['same token', 'the list does not go on after a page'],
    ['no token', 'the list does not go on after a page'],
    ['no list', 'the answer is no list'],
  ] as const)('whose list has %s has not listed all', async (trouble, why) => {
    s3.troubles.push(trouble, trouble, trouble);
    await expect(store.list('runs/')).rejects.toThrow(
      `s3://fleet/runs/ could not be listed: StoreError: ${why}`,
    );
    expect(s3.troubles).toHaveLength(trouble === 'same token' ? 1 : 2);
  });

  test('whose list is a web page has not listed all', async () => {
    s3.troubles.push('web page');
    await expect(store.list('runs/')).rejects.toThrow(
      's3://fleet/runs/ could not be listed: UnexpectedBodyError: HTTP 200 with a web page',
    );
  });

  test('that repeats the keys it was asked with shows none of them', async () => {
    s3.troubles.push('repeats what it was asked with');
    const error = await store.list('runs/').catch((reason: Error) => reason);
    expect(inspect(error)).toContain('s3://fleet/runs/ could not be listed: Odd[secret]');
    expect(inspect(error)).not.toContain(TOKEN);
  });

  test('that repeats a secret of the run shows none of it', async () => {
    s3.troubles.push('repeats what it was asked with');
    const secrets = new RunSecrets();
    secrets.add('Odd');
    const hiding = bucketStore('fleet', options, new FakeClock(), () => secrets);
    await expect(hiding.list('runs/')).rejects.toThrow('listed: [secret][secret]');
  });

  test('takes no document that is too large to be read back', async () => {
    await expect(store.create(KEY, 'x'.repeat(64 * 2 ** 20))).rejects.toThrow(
      'it is longer than 64 MB, so it could not be read back',
    );
    expect(s3.objects.size).toBe(0);
  });
});
