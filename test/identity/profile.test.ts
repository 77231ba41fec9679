import { execFileSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { credentialsSource } from '../../lib/identity/credentials-source.ts';
import { useFolder } from '../on-disk.ts';

const folder = useFolder();
let env: Record<string, string>;
beforeEach(async () => {
  env = { HOME: folder.path };
  await mkdir(join(folder.path, '.config/openstack'), { recursive: true });
});

const ENTRY = `
clouds:
  prod:
    profile: otc
    auth:
      auth_url: https://iam.eu-de.otc.t-systems.com:443/v3
      username: janitor
      password: hunter2
      user_domain_name: OTC0001
      project_name: eu-de
    region_name: eu-de
  keys: { auth: { ak: AK, sk: SK, username: other, password: hunter3 } }
  app: { auth_type: v3applicationcredential, auth: {} }
`;

async function write(name: string, text: string | Uint8Array, mode = 0o600): Promise<string> {
  const file = await folder.write(name, text);
  await chmod(file, mode);
  return file;
}

async function read(profile: string, warnings: string[] = []) {
  return credentialsSource({ profile }, env).read((message) => warnings.push(message));
}

describe('a profile', () => {
  test('holds a user, the account, and the IAM of both', async () => {
    await write('.config/openstack/clouds.yaml', ENTRY);
    const warnings: string[] = [];
    expect(await read('prod', warnings)).toEqual({
      username: 'janitor',
      password: 'hunter2',
      domain: 'OTC0001',
      iamEndpoint: 'https://iam.eu-de.otc.t-systems.com',
    });
    expect(warnings).toEqual([]);
    expect(credentialsSource({ profile: 'prod' }, env).name).toBe('profile prod');
  });

  test('may hold keys, which win over the user of another client', async () => {
    await write('.config/openstack/clouds.yaml', ENTRY);
    expect(await read('keys')).toEqual({ accessKey: 'AK', secretKey: 'SK' });
  });

  test('may name the account by its id, and merge what others have', async () => {
    await write(
      '.config/openstack/clouds.yml',
      'clouds:\n  a: { auth: &a { username: u, password: p, user_domain_id: d1 } }\n  b: { auth: { <<: *a, username: v } }',
    );
    expect(await read('b')).toEqual({
      username: 'v',
      password: 'p',
      domain: 'd1',
      domainIsId: true,
    });
  });

  test('is completed by secure.yaml, key by key', async () => {
    await write('.config/openstack/clouds.yaml', ENTRY.replace('password: hunter2', ''));
    await write(
      '.config/openstack/secure.yaml',
      'clouds: { prod: { auth: { password: safe } }, more: {} }',
    );
    expect(await read('prod')).toMatchObject({ username: 'janitor', password: 'safe' });
    const other = await write('other.json', '{"clouds":{"prod":{"auth":{"password":"named"}}}}');
    env.OS_CLIENT_SECURE_FILE = other;
    expect(await read('prod')).toMatchObject({ password: 'named' });
  });

  test('comes from the file that the environment names, which wins', async () => {
    await write('.config/openstack/clouds.yaml', ENTRY);
    env.OS_CLIENT_CONFIG_FILE = await write(
      'mine.yaml',
      'clouds: { prod: { auth: { ak: A, sk: S } } }',
    );
    expect(await read('prod')).toEqual({ accessKey: 'A', secretKey: 'S' });
    await expect(read('keys')).rejects.toThrow(
      'mine.yaml: there is no profile keys; the file has: prod',
    );
  });

  test('in a file that others can read is used, with a warning', async () => {
    const file = await write('.config/openstack/clouds.yaml', ENTRY, 0o644);
    const warnings: string[] = [];
    await read('prod', warnings);
    expect(warnings).toEqual([
      `${file} holds credentials and can be read by others: chmod 600 ${file}`,
    ]);
  });
});

describe('a profile that cannot be used', () => {
  const expected = 'expected username, password and user_domain_name under auth, or ak and sk';
  test.each([
    ['missing', ENTRY, ': there is no profile wanted; the file has: prod, keys, app'],
    ['nowhere', 'clouds: {}', ': there is no profile wanted; the file has: none'],
    [
      'without password',
      'clouds:\n  wanted:\n    auth: { username: u, user_domain_name: d }',
      `:3:5: profile wanted lacks password: ${expected}`,
    ],
    ['empty', 'clouds:\n  wanted: {}', ':2:11: profile wanted: expected'],
    [
      'of another kind',
      'clouds:\n  wanted: { auth_type: v3applicationcredential, auth: { application_credential_secret: hunter2 } }',
      `:2:11: profile wanted: its auth_type cannot be used here: ${expected}`,
    ],
    [
      'with a password that is a number',
      'clouds:\n  wanted: { auth: { username: u, password: 1234567, user_domain_name: d } }',
      ':2:11: profile wanted: password is not text: put it in quotes',
    ],
    [
      'whose auth_url is none',
      'clouds:\n  wanted: { auth: { ak: a, sk: s, auth_url: "http://iam.example.com/v3" } }',
      ':2:11: profile wanted: auth_url: http is for loopback addresses only; write https',
    ],
    ['in a file that is no YAML', 'clouds: { wanted: "hunter2', ':1:27: not YAML (MISSING_CHAR)'],
    ['in a file without clouds', 'cloud: 1', ': it has no mapping named clouds'],
  ])('%s is an error that says where', async (_, text, message) => {
    const file = await write('.config/openstack/clouds.yaml', text);
    const error = (await read('wanted').catch((reason: unknown) => reason)) as Error;
    expect(error.name).toBe('CredentialsError');
    expect(error.message).toContain(file);
    expect(error.message).toContain(message);
    expect(error.message).not.toMatch(/hunter|1234567/);
  });

  test('because there is no file names the places', async () => {
    await expect(read('prod')).rejects.toThrow(
      /^there is no clouds.yaml for profile prod: looked for clouds.yaml, .*openstack\/clouds.json, \/etc/,
    );
  });

  test('because its file is not UTF-8 says so: a password in it would be another one', async () => {
    const bytes = Buffer.from(ENTRY.replace('hunter2', 'hünter2'), 'latin1');
    const file = await write('.config/openstack/clouds.yaml', bytes);
    await expect(read('prod')).rejects.toThrow(
      expect.objectContaining({
        name: 'CredentialsError',
        message: `${file}: it is not UTF-8 (Latin-1 or Windows-1252, perhaps); save it as UTF-8`,
      }),
    );
  });

  test('because its file is a pipe or a device says so, and is not waited for', async () => {
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      env.OS_CLIENT_CONFIG_FILE = path;
      await expect(read('prod')).rejects.toThrow(
        `${path} is no regular file, and is not read; name one that is`,
      );
    }
  });

  test('because its file is too large says so', async () => {
    const file = await write('large.yaml', `${ENTRY}#${' '.repeat(1_000_000)}`);
    env.OS_CLIENT_CONFIG_FILE = file;
    await expect(read('prod')).rejects.toThrow(
      `${file} is larger than 1 MB, so it is no clouds.yaml`,
    );
  });

  test('because its password is written like a mapping does not show it', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await write(
      '.config/openstack/clouds.yaml',
      'clouds: { wanted: { auth: { username: u, password: {{hunter2}}, user_domain_name: d } } }',
    );
    await expect(read('wanted')).rejects.toThrow('password is not text: put it in quotes');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('because its file is a folder says so', async () => {
    env.OS_CLIENT_CONFIG_FILE = folder.path;
    await expect(read('prod')).rejects.toThrow(`${folder.path} cannot be read (EISDIR)`);
  });
});
