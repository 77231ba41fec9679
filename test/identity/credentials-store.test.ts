import { describe, expect, test } from '@jest/globals';
import { type Credentials, CredentialsError } from '../../lib/identity/credentials.ts';
import { CredentialsStore } from '../../lib/identity/credentials-store.ts';

const A = { accessKey: 'A', secretKey: 'secret A' };
const B = { accessKey: 'B', secretKey: 'secret B', securityToken: 'token B' };
const USER = { username: 'ops', password: 'secret of ops', domain: 'acme' };

/** A store over a source that gives one after the other; the last one stays. */
function storeOf(...script: readonly (Credentials | Error)[]) {
  let reads = 0;
  const source = {
    name: 'secret s',
    read: async () => {
      const next = script[Math.min(reads, script.length - 1)];
      reads += 1;
      if (next instanceof Error) throw next;
      return { ...(next as Credentials) };
    },
  };
  return { store: new CredentialsStore(source), reads: () => reads };
}

describe('credentials', () => {
  test('are read once, however many ask at the same time or later', async () => {
    const { store, reads } = storeOf(A, B);
    const all = await Promise.all(Array.from({ length: 50 }, () => store.get()));
    expect(new Set(all).size).toBe(1);
    expect(await store.get()).toEqual(A);
    expect(reads()).toBe(1);
    expect(store.name).toBe('secret s');
  });

  test('that cannot be read are asked for once, and everybody gets the error', async () => {
    const { store, reads } = storeOf(new CredentialsError('not there'), A);
    await expect(store.get()).rejects.toThrow('not there');
    await expect(store.get()).rejects.toThrow('not there');
    expect(reads()).toBe(1);
  });
});

describe('refused credentials', () => {
  test('are replaced by what is there now', async () => {
    const { store, reads } = storeOf(A, B);
    const refused = await store.get();
    expect(await store.replacementFor(refused)).toEqual(B);
    expect(await store.get()).toEqual(B);
    expect(reads()).toBe(2);
  });

  test('have one replacement for all who were refused with them', async () => {
    const { store, reads } = storeOf(A, B, USER);
    const refused = await store.get();
    const all = await Promise.all(Array.from({ length: 50 }, () => store.replacementFor(refused)));
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toEqual(B);
    expect(await store.replacementFor(refused)).toBe(all[0]);
    expect(reads()).toBe(2);
  });

  test('have none when the same are there still, and are read again only once', async () => {
    const { store, reads } = storeOf(A);
    const refused = await store.get();
    expect(await store.replacementFor(refused)).toBeUndefined();
    expect(await store.replacementFor(refused)).toBeUndefined();
    expect(await store.get()).toBe(refused);
    expect(reads()).toBe(2);
  });

  test('are what remains when they cannot be read again', async () => {
    const { store } = storeOf(A, new CredentialsError('not permitted'));
    const refused = await store.get();
    expect(await store.replacementFor(refused)).toBeUndefined();
    expect(await store.get()).toBe(refused);
  });

  test('pass on a defect', async () => {
    const { store } = storeOf(A, new RangeError('a defect'));
    await expect(store.replacementFor(await store.get())).rejects.toThrow(RangeError);
  });

  test('can be rotated twice in one run', async () => {
    const { store, reads } = storeOf(A, B, USER);
    const first = await store.get();
    const second = (await store.replacementFor(first)) as Credentials;
    expect(await store.replacementFor(second)).toEqual(USER);
    expect(reads()).toBe(3);
  });
});

test('every secret that was ever read is known, and nothing else', async () => {
  const { store } = storeOf(A, B, USER);
  expect([...store.secrets.values]).toEqual([]);
  const first = await store.get();
  expect([...store.secrets.values]).toEqual(['secret A']);
  const second = (await store.replacementFor(first)) as Credentials;
  await store.replacementFor(second);
  expect([...store.secrets.values]).toEqual(['secret A', 'secret B', 'token B', 'secret of ops']);
});

describe('credentials that end', () => {
  const lifetime = { issuedAt: 0, expiresAt: 3_600_000 };
  const FIRST = { ...B, lifetime };
  const SECOND = { ...B, accessKey: 'C', lifetime };

  test('are followed by others, which are asked for once', async () => {
    const { store, reads } = storeOf(FIRST, SECOND, A);
    const ending = await store.get();
    const all = await Promise.all(Array.from({ length: 50 }, () => store.successorOf(ending)));
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toEqual(SECOND);
    expect(await store.get()).toBe(all[0]);
    expect(reads()).toBe(2);
  });

  test('hold on where there are none to follow, which is not asked again', async () => {
    const { store, reads } = storeOf(FIRST, new CredentialsError('no'), SECOND);
    const ending = await store.get();
    expect(await store.successorOf(ending)).toBe(ending);
    expect(await store.successorOf(ending)).toBe(ending);
    expect(reads()).toBe(2);
    // Once they are refused there is one more try.
    expect(await store.replacementFor(ending)).toEqual(SECOND);
  });

  test('fail with the reason why there are no others, once they are refused', async () => {
    const { store } = storeOf(FIRST, new CredentialsError('the agency is gone'));
    const refused = await store.get();
    await expect(store.replacementFor(refused)).rejects.toThrow('the agency is gone');
  });

  test('are secret, all of them', async () => {
    const { store } = storeOf(FIRST);
    await store.get();
    expect([...store.secrets.values].sort()).toEqual(['B', 'secret B', 'token B']);
  });
});
