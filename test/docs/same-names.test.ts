import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { policyJsonSchema } from '../../lib/policy/schema.ts';
import { tooWide, type } from '../cli/fake-io.ts';
import { commandsIn } from './markdown.ts';

const readme = await readFile('README.md', 'utf8');
const operating = await readFile('docs/operating.md', 'utf8');
const reference = await readFile('docs/policy.md', 'utf8');
const pages = await Promise.all(
  (await readdir('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => readFile(`docs/${name}`, 'utf8')),
);
const { stdout: help } = await type('--help');
const commands = [...help.matchAll(/^ {2}([a-z]+)(?: [[<].*?)? {2,}/gm)]
  .map(([, name]) => name as string)
  .filter((name) => name !== 'help');
const helps = new Map(
  await Promise.all(
    commands.map(async (name) => [name, (await type(`${name} --help`)).stdout] as const),
  ),
);

function optionsIn(text: string): string[] {
  return [...text.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option);
}

/** Every key that a policy can have. */
function keysOf(node: { properties?: object; items?: object }): string[] {
  const inner = Object.entries(node.properties ?? {}).flatMap(([key, value]) => [
    key,
    ...keysOf(value),
  ]);
  return [...inner, ...(node.items ? keysOf(node.items) : [])];
}

describe('commands', () => {
  test('are those of the page about operating', () => {
    const [, table = ''] = /^## Commands\n([\s\S]*?)^## /m.exec(operating) ?? [];
    const named = [...table.matchAll(/^\| `([a-z]+)/gm)].map(([, name]) => name);
    expect(named).toEqual(commands);
    expect(commands).toEqual(expect.arrayContaining(['run', 'plan', 'test', 'schema', 'doctor']));
  });

  test.each(commands)('%s ends its help with an example that it understands', (name) => {
    const text = helps.get(name) as string;
    expect(tooWide(text)).toEqual([]);
    const [, lines = ''] = /\nExamples?:\n([\s\S]*)$/.exec(text) ?? [];
    expect(lines).not.toBe('');
    const options = optionsIn(text.slice(0, -lines.length));
    for (const line of lines.trimEnd().split('\n')) {
      expect(line).toMatch(new RegExp(`^  task-janitor ${name}( |$)`));
      expect(options).toEqual(expect.arrayContaining(optionsIn(line)));
    }
  });

  test.each(commands)('%s has no option that the page does not name', (name) => {
    const options = optionsIn(helps.get(name) as string).filter((option) => option !== '--help');
    expect(optionsIn(operating)).toEqual(expect.arrayContaining(options));
  });

  test('are used with their own options in README and docs', () => {
    const used = [readme, ...pages].flatMap(commandsIn);
    expect(used.length).toBeGreaterThan(10);
    for (const line of used) {
      const text = helps.get(line.split(' ')[0] as string) ?? '';
      expect(optionsIn(text)).toEqual(expect.arrayContaining(optionsIn(line)));
    }
  });
});

describe('the keys of the schema', () => {
  const keys = [...new Set(keysOf(policyJsonSchema()))];

  test.each(keys)('%s is in the text about the policy and in its reference', (key) => {
    const [before, , after] = reference.split(/<!-- \/?reference -->/);
    expect(`${before}${after}`).toMatch(new RegExp(`\\b${key}\\b`));
    expect(reference).toContain(`| \`${key}\` |`);
  });

  test('are all that the reference lists', () => {
    const [, listed = ''] = reference.split(/<!-- \/?reference -->/);
    const named = [...listed.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key as string);
    expect(new Set(named)).toEqual(new Set(keys));
  });
});
