import { describe, expect, test } from '@jest/globals';
import { CredentialsError, credentialsFromEnvironment } from '../../lib/identity/credentials.ts';

const KEY = { HUAWEICLOUD_SDK_AK: 'AK', HUAWEICLOUD_SDK_SK: 'SK' };
const USER = {
  HUAWEICLOUD_USERNAME: 'ops',
  HUAWEICLOUD_PASSWORD: 'pw',
  HUAWEICLOUD_DOMAIN: 'acme',
};
const EXPECTED =
  'HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HUAWEICLOUD_USERNAME, HUAWEICLOUD_PASSWORD and HUAWEICLOUD_DOMAIN';

describe('the environment', () => {
  test('can hold an access key', () => {
    expect(credentialsFromEnvironment({ ...KEY, PATH: '/bin' })).toEqual({
      accessKey: 'AK',
      secretKey: 'SK',
    });
  });

  test('can hold a temporary one', () => {
    const env = { ...KEY, HUAWEICLOUD_SDK_SECURITY_TOKEN: 'token' };
    const expected = { accessKey: 'AK', secretKey: 'SK', securityToken: 'token' };
    expect(credentialsFromEnvironment(env)).toEqual(expected);
  });

  test('can hold a user', () => {
    const expected = { username: 'ops', password: 'pw', domain: 'acme' };
    expect(credentialsFromEnvironment(USER)).toEqual(expected);
  });

  test('may hold empty variables, which count as absent', () => {
    const env = { ...KEY, HUAWEICLOUD_SDK_SECURITY_TOKEN: '', HUAWEICLOUD_USERNAME: '' };
    expect(credentialsFromEnvironment(env)).toEqual({ accessKey: 'AK', secretKey: 'SK' });
  });

  test('may have white space around a key, and keeps it in a password', () => {
    const key = { HUAWEICLOUD_SDK_AK: ' AK\n', HUAWEICLOUD_SDK_SK: 'SK\r\n' };
    expect(credentialsFromEnvironment(key)).toEqual({ accessKey: 'AK', secretKey: 'SK' });
    const user = { ...USER, HUAWEICLOUD_PASSWORD: ' pw ' };
    expect(credentialsFromEnvironment(user)).toMatchObject({ password: ' pw ' });
  });

  test.each([
    ['nothing', {}, `no credentials in the environment: expected ${EXPECTED}`],
    [
      'white space',
      { HUAWEICLOUD_SDK_AK: ' ', HUAWEICLOUD_SDK_SK: '\n' },
      `no credentials in the environment: expected ${EXPECTED}`,
    ],
    [
      'half a key',
      { HUAWEICLOUD_SDK_AK: 'AK' },
      `the environment lacks HUAWEICLOUD_SDK_SK: expected ${EXPECTED}`,
    ],
    [
      'a token without a key',
      { HUAWEICLOUD_SDK_SECURITY_TOKEN: 'token' },
      `the environment lacks HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK: expected ${EXPECTED}`,
    ],
    [
      'a user without an account',
      { HUAWEICLOUD_USERNAME: 'ops', HUAWEICLOUD_PASSWORD: 'pw' },
      `the environment lacks HUAWEICLOUD_DOMAIN: expected ${EXPECTED}`,
    ],
    [
      'both kinds',
      { ...KEY, ...USER },
      `the environment holds both an access key and a user: leave one of them out (${EXPECTED})`,
    ],
    [
      'a key and half a user',
      { ...KEY, HUAWEICLOUD_DOMAIN: 'acme' },
      `the environment holds both an access key and a user: leave one of them out (${EXPECTED})`,
    ],
    [
      'a key with a line break',
      { ...KEY, HUAWEICLOUD_SDK_AK: 'AK\nID' },
      'the environment: HUAWEICLOUD_SDK_AK with a character that no key has, such as a line break or a long dash; copy it again',
    ],
    [
      'a token with a long dash and a blank',
      { ...KEY, HUAWEICLOUD_SDK_SECURITY_TOKEN: 'a–b c' },
      'the environment: HUAWEICLOUD_SDK_SECURITY_TOKEN with a character that no key has, such as a line break or a long dash; copy it again',
    ],
  ])('that holds %s is an error that says what is expected', (_, env, message) => {
    expect(() => credentialsFromEnvironment(env)).toThrow(new CredentialsError(message));
  });
});
