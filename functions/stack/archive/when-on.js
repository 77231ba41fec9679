// Adds the archive of the stage to the stack, for ${file(…)} in serverless.yml, where the param archive is on.

/** `--param` gives text. */
const isOn = async ({ resolveVariable }, param) =>
  String(await resolveVariable(`param:${param}`)) === 'true';

export const resources = async (variables) =>
  (await isOn(variables, 'archive')) ? `\${file(functions/stack/archive/resources.yml)}` : {};

/** Where the functions archive; empty where the policy decides it. */
export const place = async (variables) =>
  (await isOn(variables, 'archive')) ? { 'Fn::Sub': `s3://\${ArchiveBucket}` } : '';

/** The roles of the functions that delete. */
export const roles = async (variables) => [
  { Ref: 'CleanupRole' },
  ...((await isOn(variables, 'fleet')) ? [{ Ref: 'FleetCleanRole' }] : []),
];
