// What the stack has only where the param fleet is on, for ${file(…)} in serverless.yml and this folder.
// CommonJS, since the framework loads it with require.

const { readFile } = require('node:fs/promises');
const { join } = require('node:path');
const { parse } = require('yaml');

/** `--param` gives text. */
const isOn = async ({ resolveVariable }) => String(await resolveVariable('param:fleet')) === 'true';

const fileOf = (name) => readFile(join(__dirname, name), 'utf8');

/** A file of this folder where the fleet is on, and nothing where it is off. */
const onlyWithFleet = (name) => async (variables) =>
  (await isOn(variables)) ? `\${file(functions/stack/${name})}` : {};

/**
 * The state machine as JSON. What CloudFormation knows it fills in itself (DefinitionSubstitutions),
 * but only as text, and this has to be a number.
 */
async function definition({ resolveVariable }) {
  const percentage = await resolveVariable('param:fleetToleratedFailurePercentage');
  const text = await fileOf('fleet-machine.yml');
  return JSON.stringify(parse(text.replace(`\${ToleratedFailurePercentage}`, Number(percentage))));
}

/** The fleet's part of the dashboard, which is text. */
async function widgets(variables) {
  if (!(await isOn(variables))) return '';
  const list = JSON.parse(await fileOf('fleet-widgets.json'));
  return list.map((widget) => `,\n${JSON.stringify(widget)}`).join('');
}

/** Seconds in which a run has to end: the function's time-out, or the next start of the fleet. */
const runLimit = async (variables) =>
  variables.resolveVariable((await isOn(variables)) ? 'param:period' : 'param:timeout');

const runLimitName = async (variables) =>
  (await isOn(variables)) ? 'next scheduled run' : 'time-out';

module.exports = {
  functions: onlyWithFleet('fleet-functions.yml'),
  machine: onlyWithFleet('fleet.yml'),
  roles: onlyWithFleet('fleet-roles.yml'),
  alarms: onlyWithFleet('fleet-alarms.yml'),
  definition,
  widgets,
  runLimit,
  runLimitName,
};
