import { expect, test } from '@jest/globals';
import { readFleetSettings } from '../../lib/fleet/settings.ts';

test('the settings of a fleet are read', () => {
  expect(readFleetSettings({ FLEET_BUCKET: 'b', DRY_RUN: 'true' })).toMatchObject({
    bucket: 'b',
    dryRun: true,
    policyFile: 'retention.yml',
  });
});

test.each([
  [{}, 'FLEET_BUCKET: expected the name of a bucket'],

  [{ FLEET_BUCKET: 'b', DRY_RUN: 'yes' }, 'DRY_RUN'],
])('%p is refused', (env, message) => {
  expect(() => readFleetSettings(env)).toThrow(message);
});
