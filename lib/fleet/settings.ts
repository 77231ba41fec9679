import { readSettings, type Settings, SettingsError } from '../run/settings.ts';

/** The deployment's settings for every run of a fleet, in environment variables (see serverless.yml). */
export interface FleetSettings extends Settings {
  /** The S3 bucket in which the functions of a run leave each other what they know. */
  readonly bucket: string;
}

/**
 * Reads `FLEET_BUCKET`, and what every run reads.
 * @throws {SettingsError} that names the variable.
 */
export function readFleetSettings(
  env: Readonly<Record<string, string | undefined>>,
): FleetSettings {
  const { FLEET_BUCKET: bucket } = env;
  if (!bucket) throw new SettingsError('FLEET_BUCKET: expected the name of a bucket');
  return { ...readSettings(env), bucket };
}
