import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const { scripts } = JSON.parse(await readFile('package.json', 'utf8'));
/** The spell checker of `npm run lint`, which here also names the files that it reads. */
const [, line = ''] = /&& cspell (.+)$/.exec(scripts.lint) ?? [];
const options = line.split(' ').filter((word) => !['--no-progress', '--quiet'].includes(word));

function spell(words: readonly string[], input?: string) {
  const all = ['node_modules/cspell/bin.mjs', ...options, ...words];
  return spawnSync(process.execPath, all, { encoding: 'utf8', input });
}

test.each([
  ['docs/faq.md', 'It deletes the recrods of one color.', ['recrods', 'color']],
  [
    'lib/run/run.ts',
    "throw new Error('the buket is gone'); // Summarize it.",
    ['buket', 'Summarize'],
  ],
])('mistakes in %s are found: %s', (file, text, mistakes) => {
  const { status, stdout } = spell([`stdin://${file}`], text);
  for (const word of mistakes) expect(stdout).toContain(`(${word})`);
  expect(status).toBe(1);
});

test('each of our own words is used, and every document and source is read', async () => {
  const words = (await readFile('test/spelling/words.txt', 'utf8')).trimEnd().split('\n');
  expect(words).toEqual([...new Set(words)].sort());
  const { stdout, stderr } = spell(['--disable-dictionary', 'words', '--words-only', '--unique']);
  const unknown = stdout.trimEnd().split('\n');
  expect([...new Set(unknown.map((word) => word.toLowerCase()))].sort()).toEqual(words);
  const read = [...stderr.matchAll(/^ *\d+\/\d+ (\S+)/gm)].map(([, file]) => file);
  const folders = ['lib', 'functions', 'docs', 'examples'].map(async (folder) =>
    (await readdir(folder, { recursive: true }))
      .filter((name) => /\.(md|ts|js|yml)$/.test(name))
      .map((name) => join(folder, name)),
  );
  const files = (await Promise.all(folders)).flat();
  expect(files.length).toBeGreaterThan(200);
  const top = ['README.md', 'CHANGELOG.md', 'retention.yml', 'serverless.yml'];
  expect(read).toEqual(expect.arrayContaining([...top, ...files]));
});
