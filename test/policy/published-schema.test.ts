import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { demoPolicy } from '../../lib/cli/demo-policy.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { type } from '../cli/fake-io.ts';
import { blocks } from '../docs/markdown.ts';
import { problemsOf } from '../policies.ts';

const BAD = 'test/policy/bad';
const published = await readFile('retention.schema.json', 'utf8');
const validate = new Ajv2020({ strict: false, allErrors: true }).compile(JSON.parse(published));

/** The problems that an editor marks in a policy. */
function complaints(text: string): ErrorObject[] {
  return validate(parse(text)) ? [] : (validate.errors ?? []);
}

async function textsIn(folder: string): Promise<[name: string, text: string][]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yml'));
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [name, await readFile(join(folder, name), 'utf8')],
    ),
  );
}

const examples = (await textsIn('examples')).filter(([name]) => !name.endsWith('.test.yml'));
const [inReadme = ''] = blocks(await readFile('README.md', 'utf8'), 'yaml');
const good: [name: string, text: string][] = [
  ...examples,
  ['retention.yml', await readFile('retention.yml', 'utf8')],
  ['the policy in the README', inReadme],
  ["the demo's", demoPolicy('http://127.0.0.1:3456')],
];
const bad = await textsIn(BAD);

test('retention.schema.json is what "task-janitor schema" prints', async () => {
  const { status, stdout } = await type('schema');
  expect(status).toBe(0);
  // Mend it with: task-janitor schema > retention.schema.json
  expect(published).toBe(stdout);
});

test.each(good)('%s is valid, for the schema and for the program', (name, text) => {
  expect(complaints(text)).toEqual([]);
  expect(loadPolicy(text, name).targets.length).toBeGreaterThan(0);
});

test.each([...examples, ['retention.yml', good.find(([name]) => name === 'retention.yml')?.[1]]])(
  '%s tells editors where the schema is',
  (name, text) => {
    const path = name === 'retention.yml' ? '.' : '..';
    expect(text).toMatch(
      new RegExp(`^# yaml-language-server: \\$schema=${path}/retention\\.schema\\.json\n`),
    );
  },
);

describe('a bad policy', () => {
  test.each(bad)('%s is refused, by the schema too where it can tell', (_, text) => {
    const [, expected = ''] = /^# expected: (.*)$/m.exec(text) ?? [];
    expect(expected).not.toBe('');
    expect(problemsOf(text)).toContainEqual(expect.stringContaining(expected));
    expect(complaints(text).length > 0).toBe(!text.includes('The JSON Schema cannot tell'));
  });
});
