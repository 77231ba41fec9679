import { describe, expect, test } from '@jest/globals';
import { CredentialsError } from '../../lib/identity/credentials.ts';
import { RunSecrets } from '../../lib/identity/run-secrets.ts';

describe('the secrets of a run', () => {
  const fill = (secrets: RunSecrets, length: number, most = 100_000) => {
    for (let n = 0; n < most; n += 1) secrets.add(String(n).padStart(length, 'x'));
  };

  test.each([12, 12_000])('of %i characters are given up before they fill the memory', (length) => {
    const secrets = new RunSecrets(120_000);
    const filling = () => fill(secrets, length);
    expect(filling).toThrow(CredentialsError);
    expect(filling).toThrow(
      `the run was given more tokens and keys than it has memory for (it holds ${secrets.values.size}): use an access key, which needs no tokens, or clean fewer targets at once (--target)`,
    );
    expect(secrets.values.size).toBeLessThan(1_100);
    expect(() => secrets.addAccessKey('HC'.repeat(12_000))).toThrow(CredentialsError);
  });

  test('may be a token of 4,000 characters for each of 1,000 projects, once however often it comes', () => {
    const secrets = new RunSecrets();
    fill(secrets, 4_000, 1_000);
    expect(() => fill(secrets, 4_000, 1_000)).not.toThrow();
    expect(secrets.values.size).toBe(1_000);
  });
});

test('secrets of two sets are hidden together, wherever a text is cut', () => {
  const run = new RunSecrets();
  run.add('kJ8xQ2mZ4vB7');
  const keys = new RunSecrets();
  keys.add('a token of AWS');
  keys.addAccessKey('AKIATESTACCESSKEY042');
  for (const blanks of [2_000, 2_029, 2_035, 2_040, 2_048, 2_060]) {
    const text = `${'\n'.repeat(blanks)}kJ8xQ2mZ4vB7, a token of AWS`;
    expect('[secret], [secret]'.startsWith(run.conceal(text, keys).trim())).toBe(true);
  }
  expect(run.conceal('AKIATESTACCESSKEY042, a token of AWS', keys)).toBe('AKIA…42, [secret]');
  expect(run.conceal('a token of AWS')).toBe('a token of AWS');
  keys.add('kJ8xQ2mZ4vB7 and more');
  // It might be the beginning of the other one, of which the rest came in an encoded form.
  expect(run.conceal('a kJ8xQ2mZ4vB7, AKIATESTACCESSKEY042', keys)).toMatch(/^\[left out/);
  const atTheEnd = `${'x'.repeat(2_030)}AKIATESTACCESSKEY042`;
  expect(run.conceal(atTheEnd, keys)).toBe(`${'x'.repeat(2_030)}AKIA…42`);
});

describe('a name', () => {
  test.each([
    ['HCTESTACCESSKEY00042', true],
    ['prod-HCTESTACCESSKEY00042-1', true],
    ['prod-HCTESTACCESSKEY0004', false],
    ['HCOTHERKEY', true],
    ['HCOTHERKE', false],
    ['a password 0123456789', true],
    ['EXTEND', false],
  ])('such as %s shows a secret or an access key: %j', (name, isShown) => {
    const secrets = new RunSecrets();
    secrets.addAccessKey('HCTESTACCESSKEY00042');
    const reveals = secrets.revealer();
    secrets.addAccessKey('HCOTHERKEY');
    secrets.add('password 0123456789');
    expect(reveals(name)).toBe(isShown);
  });

  test('may hold an access key that is too short to be told from other texts', () => {
    const secrets = new RunSecrets();
    secrets.addAccessKey('prod-ak1');
    expect(secrets.revealer()('prod-ak1-cache')).toBe(false);
  });
});
