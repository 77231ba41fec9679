// Adds the letter after each run to the stack, for ${file(…)} in serverless.yml, where the param reportEmail is set.

import { isOn } from '../from-params.js';

const hasReader = async ({ resolveVariable }) =>
  Boolean(await resolveVariable('param:reportEmail'));

export const resources = async (variables) =>
  (await hasReader(variables)) ? `\${file(functions/stack/report/resources.yml)}` : {};

/** Where the functions send it; empty where nobody reads it. */
export const topic = async (variables) =>
  (await hasReader(variables)) ? { Ref: 'ReportTopic' } : '';

/** The roles of the functions that send it. */
export const roles = async (variables) => [
  { Ref: 'CleanupRole' },
  ...((await isOn('fleet', variables)) ? [{ Ref: 'FleetSummariseRole' }] : []),
];
