import { expect, test } from '@jest/globals';
import { readSettings, SettingsError } from '../../lib/run/settings.ts';

test('settings that are absent or empty have their defaults', () => {
  const defaults = {
    policyFile: 'retention.yml',
    stopBeforeEnd: undefined,
    maxConcurrency: undefined,
  };
  expect(readSettings({})).toEqual(defaults);
  expect(readSettings({ POLICY_FILE: '', STOP_BEFORE_END: '', CONCURRENCY: '' })).toEqual(defaults);
});

test('settings are read', () => {
  const env = { POLICY_FILE: 'prod.yml', STOP_BEFORE_END: '5s', CONCURRENCY: '32' };
  expect(readSettings(env)).toEqual({
    policyFile: 'prod.yml',
    stopBeforeEnd: 5_000,
    maxConcurrency: 32,
  });
});

test.each(['0', '-1', '1.5', 'many', '1e3', ' 8', '0x10', '99999999999999999999'])(
  'CONCURRENCY %j is an error that says what was expected',
  (text) => {
    const read = () => readSettings({ CONCURRENCY: text });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(`CONCURRENCY: expected a whole number, 1 or more, found "${text}"`);
  },
);

test('STOP_BEFORE_END that is no duration is an error that names it', () => {
  const read = () => readSettings({ STOP_BEFORE_END: '2 seconds' });
  expect(read).toThrow(SettingsError);
  expect(read).toThrow('STOP_BEFORE_END: "2 seconds" is not a duration');
});
