import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { KEEP_REASONS } from '../lib/policy/decide.ts';
import { loadPolicy } from '../lib/policy/load.ts';
import { parseEvent } from '../lib/run/event.ts';
import { blocks } from './docs/markdown.ts';

const readme = await readFile('README.md', 'utf8');
const policyPage = await readFile('docs/policy.md', 'utf8');

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

test('the policy that is deployed unless changed is valid, and only reports', async () => {
  const policy = loadPolicy(await readFile('retention.yml', 'utf8'), 'retention.yml');
  expect(policy.dryRun).toBe(true);
});

test('the example events are understood', async () => {
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
