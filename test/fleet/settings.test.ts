import { expect, test } from '@jest/globals';
import { readFleetSettings } from '../../lib/fleet/settings.ts';

test('the settings of a fleet are read', () => {
  expect(
    readFleetSettings({ FLEET_BUCKET: 'b', FLEET_CONCURRENCY: '12', DRY_RUN: 'true' }),
  ).toMatchObject({
    bucket: 'b',
    instancesAtOnce: 12,
    dryRun: true,
    policyFile: 'retention.yml',
  });
});

test.each([
  [{ FLEET_CONCURRENCY: '4' }, 'FLEET_BUCKET: expected the name of a bucket'],
  [{ FLEET_BUCKET: 'b' }, 'FLEET_CONCURRENCY: expected a whole number from 1 to 99999, found ""'],
  [{ FLEET_BUCKET: 'b', FLEET_CONCURRENCY: '0' }, 'found "0"'],
  [{ FLEET_BUCKET: 'b', FLEET_CONCURRENCY: '1.5' }, 'found "1.5"'],
  [{ FLEET_BUCKET: 'b', FLEET_CONCURRENCY: '4', DRY_RUN: 'yes' }, 'DRY_RUN'],
])('%p is refused', (env, message) => {
  expect(() => readFleetSettings(env)).toThrow(message);
});
