import { describe, expect, test } from '@jest/globals';
import { Access, type Grant, type Token } from '../../lib/identity/access.ts';
import { type Credentials, CredentialsError, type User } from '../../lib/identity/credentials.ts';
import { CredentialsStore } from '../../lib/identity/credentials-store.ts';
import { FAKE_NOW, FakeClock } from '../fake-clock.ts';

const DAY = 24 * 3_600_000;
const KEY = { accessKey: 'HCEXAMPLEKEY01', secretKey: 'secret of the key' };
const NEW_KEY = { accessKey: 'HCEXAMPLEKEY02', secretKey: 'new secret' };
const USER = { username: 'ops', password: 'password of ops', domain: 'acme' };
const NEW_USER = { ...USER, password: 'new password' };
const REQUEST = {
  method: 'GET',
  url: 'https://h.test/a',
  headers: { 'X-Project-Id': 'p' },
} as const;

/** Access with credentials that are read one after the other, and an IAM that numbers its tokens. */
function accessWith(
  script: readonly Credentials[],
  refuses: (user: User, issued: number) => boolean = () => false,
  life = DAY,
) {
  const clock = new FakeClock();
  let reads = 0;
  const store = new CredentialsStore({
    name: 'secret s',
    read: async () => {
      reads += 1;
      return script[Math.min(reads, script.length) - 1] as Credentials;
    },
  });
  const asked: User[] = [];
  const issueToken = async (user: User): Promise<Token> => {
    asked.push(user);
    const number = asked.length;
    await clock.sleep(10);
    if (refuses(user, number)) throw new CredentialsError(`IAM refuses ${user.username}`);
    const issuedAt = clock.now();
    return { value: `token ${number}`, issuedAt, expiresAt: issuedAt + life };
  };
  const access = new Access(store, issueToken, clock);
  const headers = async () => (await clock.settle(access.authorise(REQUEST))).headers;
  return { access, clock, asked, headers, reads: () => reads };
}

describe('a request', () => {
  test('is signed with an access key', async () => {
    const { headers, asked } = accessWith([KEY]);
    const { Authorization, ...rest } = await headers();
    expect(Authorization).toMatch(/^SDK-HMAC-SHA256 Access=HCEXAMPLEKEY01, /);
    expect(rest).toEqual({ 'X-Project-Id': 'p', 'X-Sdk-Date': '20260901T033000Z' });
    expect(asked).toEqual([]);
  });

  test('is signed with the time of its sending', async () => {
    const { headers, clock } = accessWith([KEY]);
    await headers();
    await clock.advance(61_000);
    expect((await headers())['X-Sdk-Date']).toBe('20260901T033101Z');
  });

  test('carries a user’s token', async () => {
    const { headers, asked } = accessWith([USER]);
    expect(await headers()).toEqual({ 'X-Project-Id': 'p', 'X-Auth-Token': 'token 1' });
    expect(asked).toEqual([USER]);
  });

  test('shares its token with all others', async () => {
    const { access, clock, asked } = accessWith([USER]);
    await clock.settle(Promise.all(Array.from({ length: 50 }, () => access.authorise(REQUEST))));
    expect(asked).toHaveLength(1);
  });

  test('fails with IAM’s refusal, which is asked for once', async () => {
    const { headers, asked } = accessWith([USER], () => true);
    await expect(headers()).rejects.toThrow('IAM refuses ops');
    await expect(headers()).rejects.toThrow(CredentialsError);
    expect(asked).toHaveLength(1);
  });
});

describe('a token', () => {
  test('is renewed five minutes before its end, once for all', async () => {
    const { access, clock, headers, asked } = accessWith([USER]);
    await headers();
    await clock.advance(DAY - 5 * 60_000);
    expect(await headers()).toMatchObject({ 'X-Auth-Token': 'token 1' });
    await clock.advance(1);
    const all = await clock.settle(
      Promise.all(Array.from({ length: 50 }, () => access.authorise(REQUEST))),
    );
    expect(new Set(all.map((one) => one.headers['X-Auth-Token']))).toEqual(new Set(['token 2']));
    expect(asked).toHaveLength(2);
  });

  test('of a short life is renewed in the last tenth of it', async () => {
    const { clock, headers } = accessWith([USER], undefined, 100_000);
    await headers();
    await clock.advance(90_000);
    expect(await headers()).toMatchObject({ 'X-Auth-Token': 'token 1' });
    await clock.advance(1);
    expect(await headers()).toMatchObject({ 'X-Auth-Token': 'token 2' });
  });

  test('that cannot be renewed in time is used until it is refused', async () => {
    const { clock, headers, asked } = accessWith([USER], (_, issued) => issued === 2);
    await headers();
    await clock.advance(DAY - 1_000);
    expect(await headers()).toMatchObject({ 'X-Auth-Token': 'token 1' });
    expect(await headers()).toMatchObject({ 'X-Auth-Token': 'token 1' });
    expect(asked).toHaveLength(2);
  });
});

describe('after a refusal', () => {
  async function grantOf({ access, clock }: ReturnType<typeof accessWith>): Promise<Grant> {
    return await clock.settle(access.current());
  }

  test('fifty requests have one new token between them', async () => {
    const world = accessWith([USER]);
    const refused = await grantOf(world);
    const renewals = Array.from({ length: 50 }, () => world.access.renew(refused));
    expect(await world.clock.settle(Promise.all(renewals))).toEqual(Array(50).fill(true));
    expect(world.asked).toHaveLength(2);
    expect(await world.headers()).toMatchObject({ 'X-Auth-Token': 'token 2' });
  });

  test('there are three new tokens, and no fourth until ten minutes have passed', async () => {
    const world = accessWith([USER]);
    const renew = async () => await world.clock.settle(world.access.renew(await grantOf(world)));
    for (let n = 0; n < 3; n += 1) {
      expect(world.access.describe(await grantOf(world))).toBe('token of user ops from secret s');
      expect(await renew()).toBe(true);
      await world.clock.advance(9 * 60_000);
    }
    expect(await renew()).toBe(false);
    expect(world.asked).toHaveLength(4);
    expect(world.access.describe(await grantOf(world))).toBe(
      'token of user ops from secret s, after 3 renewals',
    );
    await world.clock.advance(2 * 60_000);
    expect(await renew()).toBe(true);
  });

  test('a key that is another one with each reading is read again three times', async () => {
    const keys = Array.from({ length: 9 }, (_, n) => ({ ...KEY, secretKey: `secret ${n}` }));
    const world = accessWith(keys);
    const renewals = [];
    for (let n = 0; n < 5; n += 1) renewals.push(await world.access.renew(await grantOf(world)));
    expect(renewals).toEqual([true, true, true, false, false]);
    expect(world.reads()).toBe(4);
  });

  test('one that comes late finds the new token there', async () => {
    const world = accessWith([USER]);
    const refused = await grantOf(world);
    await world.clock.settle(world.access.renew(refused));
    expect(await world.access.renew(refused)).toBe(true);
    expect(world.asked).toHaveLength(2);
  });

  test('a password that was changed meanwhile is read again', async () => {
    const refuses = (user: User, issued: number) => issued > 1 && user.password === USER.password;
    const world = accessWith([USER, NEW_USER], refuses);
    const refused = await grantOf(world);
    expect(await world.clock.settle(world.access.renew(refused))).toBe(true);
    expect(world.asked.map(({ password }) => password)).toEqual([
      USER.password,
      USER.password,
      NEW_USER.password,
    ]);
    expect(await world.headers()).toMatchObject({ 'X-Auth-Token': 'token 3' });
  });

  test('IAM’s own refusal is the error when there is no other password', async () => {
    const world = accessWith([USER], (_, issued) => issued > 1);
    const refused = await grantOf(world);
    await expect(world.clock.settle(world.access.renew(refused))).rejects.toThrow(
      'IAM refuses ops',
    );
  });

  test('an access key is read again, and the request worth sending only with another one', async () => {
    const rotated = accessWith([KEY, NEW_KEY]);
    expect(await rotated.access.renew(await grantOf(rotated))).toBe(true);
    expect((await rotated.headers()).Authorization).toContain('HCEXAMPLEKEY02');
    const same = accessWith([KEY]);
    const refused = await grantOf(same);
    expect(await same.access.renew(refused)).toBe(false);
    expect(await same.access.renew(refused)).toBe(false);
    expect(same.reads()).toBe(2);
  });

  test('a key may have become a user', async () => {
    const world = accessWith([KEY, USER]);
    expect(await world.clock.settle(world.access.renew(await grantOf(world)))).toBe(true);
    expect(await world.headers()).toMatchObject({ 'X-Auth-Token': 'token 1' });
  });
});

describe('what is told of credentials', () => {
  test('names a key in part and a user, and nothing secret', async () => {
    const key = accessWith([KEY]);
    expect(key.access.describe(undefined)).toBe('credentials from secret s');
    const keyGrant = await key.access.current();
    expect(key.access.describe(keyGrant)).toBe('access key HCEX…01 from secret s');
    const user = accessWith([USER]);
    const userGrant = await user.clock.settle(user.access.current());
    expect(user.access.describe(userGrant)).toBe('token of user ops from secret s');
    const short = accessWith([{ accessKey: 'short', secretKey: 'x' }]);
    expect(short.access.describe(await short.access.current())).toBe('access key … from secret s');
  });

  test('conceals every secret and every token in a text', async () => {
    const world = accessWith([USER, NEW_USER]);
    const refused = await world.clock.settle(world.access.current());
    await world.clock.settle(world.access.renew(refused));
    const text = `${USER.password}, token 1, token 2, ${USER.password}; ops of acme at ${FAKE_NOW}`;
    expect(world.access.conceal(text)).toBe(
      `[secret], [secret], [secret], [secret]; ops of acme at ${FAKE_NOW}`,
    );
  });

  test('conceals a secret whole that begins with another one', async () => {
    const rotated = [
      { ...KEY, secretKey: 'summer' },
      { ...KEY, secretKey: 'summer25' },
    ];
    const { access } = accessWith(rotated);
    await access.renew(await access.current());
    expect(access.conceal('was summer, is summer25')).toBe('was [secret], is [secret]');
  });
});
