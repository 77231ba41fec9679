import { readSettings, type Settings, SettingsError } from '../run/settings.ts';

/** The deployment's settings for every run of a fleet, in environment variables (see serverless.yml). */
export interface FleetSettings extends Settings {
  /** The S3 bucket in which the functions of a run leave each other what they know. */
  readonly bucket: string;
  /** Instances of one endpoint that are cleaned at once. */
  readonly instancesAtOnce: number;
}

/**
 * Reads `FLEET_BUCKET` and `FLEET_CONCURRENCY`, and what every run reads.
 * @throws {SettingsError} that names the variable.
 */
export function readFleetSettings(
  env: Readonly<Record<string, string | undefined>>,
): FleetSettings {
  const { FLEET_BUCKET: bucket, FLEET_CONCURRENCY: instancesAtOnce = '' } = env;
  if (!bucket) throw new SettingsError('FLEET_BUCKET: expected the name of a bucket');
  if (!/^[1-9]\d{0,4}$/.test(instancesAtOnce)) {
    throw new SettingsError(
      `FLEET_CONCURRENCY: expected a whole number from 1 to 99999, found ${JSON.stringify(instancesAtOnce)}`,
    );
  }
  return { ...readSettings(env), bucket, instancesAtOnce: Number(instancesAtOnce) };
}
