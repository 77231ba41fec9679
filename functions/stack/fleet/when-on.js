// Adds every part of the fleet to the stack, for ${file(…)} in serverless.yml, where the param fleet is on.

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { isOn } from '../from-params.js';

const textOf = (name) => readFile(new URL(name, import.meta.url), 'utf8');

/** A file of this folder where the fleet is on, and nothing where it is off. */
const onlyWithFleet = (name) => async (variables) =>
  (await isOn('fleet', variables)) ? `\${file(functions/stack/fleet/${name})}` : {};

export const functions = onlyWithFleet('functions.yml');
export const resources = onlyWithFleet('resources.yml');
export const roles = onlyWithFleet('roles.yml');
export const alarms = onlyWithFleet('alarms.yml');

/** The state machine as JSON. CloudFormation fills in what only it knows (DefinitionSubstitutions). */
export const definition = async () => JSON.stringify(parse(await textOf('state-machine.yml')));

/** The fleet's part of the dashboard, which is text. */
export async function widgets(variables) {
  if (!(await isOn('fleet', variables))) return '';
  const list = parse(await textOf('widgets.yml'));
  return list.map((widget) => `,\n${JSON.stringify(widget)}`).join('');
}

/** The seconds that a run has: until the function's time-out, or until the next start of the fleet. */
export const runLimit = async (variables) =>
  variables.resolveVariable((await isOn('fleet', variables)) ? 'param:period' : 'param:timeout');

export const runLimitName = async (variables) =>
  (await isOn('fleet', variables)) ? 'next scheduled run' : 'time-out';
