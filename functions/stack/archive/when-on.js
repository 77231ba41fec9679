// Adds the archive of the stage to the stack, for ${file(…)} in serverless.yml, where the param archive is on.

import { isOn } from '../from-params.js';

export const resources = async (variables) =>
  (await isOn('archive', variables)) ? `\${file(functions/stack/archive/resources.yml)}` : {};

/** Where the functions archive; empty if the policy decides. */
export const place = async (variables) =>
  (await isOn('archive', variables)) ? { 'Fn::Sub': `s3://\${ArchiveBucket}` } : '';

/** The roles of the functions that delete. */
export const roles = async (variables) => [
  { Ref: 'CleanupRole' },
  ...((await isOn('fleet', variables)) ? [{ Ref: 'FleetCleanRole' }] : []),
];
