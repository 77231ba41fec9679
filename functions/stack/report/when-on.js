// Adds the letter after each run to the stack, for ${file(…)} in serverless.yml, where the param reportEmail is set.

const isOn = async ({ resolveVariable }) => Boolean(await resolveVariable('param:reportEmail'));

export const resources = async (variables) =>
  (await isOn(variables)) ? `\${file(functions/stack/report/resources.yml)}` : {};

/** Where the functions send it; empty where nobody reads it. */
export const topic = async (variables) => ((await isOn(variables)) ? { Ref: 'ReportTopic' } : '');

/** The roles of the functions that send it. `--param` gives text. */
export const roles = async ({ resolveVariable }) => [
  { Ref: 'CleanupRole' },
  ...(String(await resolveVariable('param:fleet')) === 'true'
    ? [{ Ref: 'FleetSummariseRole' }]
    : []),
];
