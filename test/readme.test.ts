import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { KEEP_REASONS } from '../lib/policy/decide.ts';
import { loadPolicy } from '../lib/policy/load.ts';
import { parseEvent } from '../lib/run/event.ts';
import { FakeIo, type } from './cli/fake-io.ts';
import { blocks } from './docs/markdown.ts';
import { policyFolder } from './on-disk.ts';

const readme = await readFile('README.md', 'utf8');
const policyPage = await readFile('docs/policy.md', 'utf8');
const operating = await readFile('docs/operating.md', 'utf8');

/** The sentences of a Markdown text; those of code, of tables and of addresses are not prose. */
function sentencesOf(markdown: string): string[] {
  return markdown
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/^\|.*$/gm, '')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .split(/\n\s*\n|^(?:- |#+ |\d+\. )/m)
    .flatMap((paragraph) => paragraph.split(/(?<=[.?!]["*)]*)\s+/))
    .map((sentence) => sentence.trim())
    .filter(Boolean);
}

const words = (sentence: string) => sentence.split(/\s+/).filter((word) => /\w/.test(word));

test('the README has at most 180 lines', () => {
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(180);
});

test('no sentence of the README has more than 30 words', () => {
  const sentences = sentencesOf(readme);
  expect(sentences.length).toBeGreaterThan(40);
  expect(sentences.filter((sentence) => words(sentence).length > 30)).toEqual([]);
});

test('the README has the two commands of the set-up', () => {
  const lines = blocks(readme, 'sh').flatMap((block) => block.trimEnd().split('\n'));
  expect(lines).toEqual(expect.arrayContaining(['npm ci && npm start', 'npm ci && npm test']));
});

test('the plan in the README is what plan prints', async () => {
  const folder = await policyFolder();
  const policy = join(folder.path, 'emulator.yml');
  const io = new FakeIo();
  const serving = type(`emulate --write-policy ${policy}`, io);
  await io.printed('plan --policy');
  const { stdout } = await type(`plan --policy ${policy} --target redis --instance prod-cart`);
  io.signal();
  expect((await serving).status).toBe(0);
  await folder.remove();
  const [shown] = blocks(readme, 'text');
  const table = stdout.slice(stdout.indexOf('redis  ('));
  expect(table.replace(/ in [\d.]+ s/, ' in 0.1 s')).toBe(shown);
});

test('the policy in the README is valid', () => {
  const [policy] = blocks(readme, 'yaml');
  expect(loadPolicy(policy as string, 'README.md').targets).toHaveLength(1);
});

test('the policy that is deployed unless changed is valid, and only reports', async () => {
  const policy = loadPolicy(await readFile('retention.yml', 'utf8'), 'retention.yml');
  expect(policy.dryRun).toBe(true);
});

test('the event that is documented and the example events are understood', async () => {
  const [event] = blocks(operating, 'json');
  expect(parseEvent(JSON.parse(event as string)).trigger).toBe('manual');
  for (const name of ['everything', 'dry-run', 'one-instance']) {
    const text = await readFile(`functions/events/${name}.json`, 'utf8');
    expect(parseEvent(JSON.parse(text)).trigger).toBe('manual');
  }
});

test('the one table of decisions explains every reason, and the README leads to it', async () => {
  for (const reason of KEEP_REASONS) expect(policyPage).toContain(`keep, \`${reason}\``);
  expect(readme).toContain('(docs/policy.md#how-it-is-decided)');
  const pages = await readdir('docs');
  for (const name of pages.filter((page) => page.endsWith('.md') && page !== 'policy.md')) {
    expect([name, await readFile(`docs/${name}`, 'utf8')]).toEqual([
      name,
      expect.not.stringContaining('| the record | decision |'),
    ]);
  }
  expect(readme).not.toContain('| the record | decision |');
});

test('every option that the README uses is one of its command', async () => {
  const used = blocks(readme, 'sh').flatMap((block) => [
    ...block.matchAll(/^task-janitor (\w+)([^#\n]*)/gm),
  ]);
  expect(used.length).toBeGreaterThan(5);
  for (const [, command, rest] of used) {
    const { stdout: help } = await type(`${command} --help`);
    for (const [option] of (rest as string).matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
  }
});
