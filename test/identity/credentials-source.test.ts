import { expect, test } from '@jest/globals';
import { credentialsSource } from '../../lib/identity/credentials-source.ts';

test('without a secret, credentials come from the environment that is passed', async () => {
  const env = { HUAWEICLOUD_SDK_AK: 'AK', HUAWEICLOUD_SDK_SK: 'SK' };
  const source = credentialsSource(undefined, env);
  expect(source.name).toBe('the environment');
  expect(await source.read()).toEqual({ accessKey: 'AK', secretKey: 'SK' });
  await expect(credentialsSource(undefined, {}).read()).rejects.toThrow('no credentials in');
});

test('a secret is named, and nothing is asked for before it is read', () => {
  const source = credentialsSource({ secret: 'task-janitor/huawei' }, {});
  expect(source.name).toBe('secret task-janitor/huawei');
});

test('a prefix stands before the names of the variables', async () => {
  const env = { PROD_HUAWEICLOUD_SDK_AK: 'AK', PROD_HUAWEICLOUD_SDK_SK: 'SK' };
  const source = credentialsSource({ env: 'PROD' }, env);
  expect(source.name).toBe('the environment (PROD_…)');
  expect(await source.read()).toEqual({ accessKey: 'AK', secretKey: 'SK' });
  await expect(credentialsSource({ env: 'TEST' }, env).read()).rejects.toThrow(
    'no credentials in the environment (TEST_…): expected TEST_HUAWEICLOUD_SDK_AK and TEST_HUAWEICLOUD_SDK_SK, or TEST_HUAWEICLOUD_USERNAME, TEST_HUAWEICLOUD_PASSWORD and TEST_HUAWEICLOUD_DOMAIN',
  );
});
