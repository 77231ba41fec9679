import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildCommand } from './cli/built-command.ts';
import { type PolicyFolder, policyFolder } from './on-disk.ts';

let folder: PolicyFolder;
beforeAll(async () => {
  await buildCommand();
  folder = await policyFolder();
});
afterAll(() => folder.remove());

/** The files that a package of this folder would have. */
async function packed(cwd: string): Promise<string[]> {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const shell = process.platform === 'win32';
  const { stdout } = await promisify(execFile)('npm', words, { cwd, shell });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path).sort();
}

const filesIn = async (name: string, ending: string) =>
  (await readdir(name)).filter((file) => file.endsWith(ending)).map((file) => `${name}/${file}`);

test('the package has the built command, its documents and examples, and nothing else', async () => {
  const built = await filesIn('dist', '.js');
  expect(built).toContain('dist/task-janitor.js');
  expect(await packed('.')).toEqual(
    [
      ...built,
      ...(await filesIn('docs', '.md')),
      ...(await filesIn('examples', '.yml')),
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
      'retention.schema.json',
    ].sort(),
  );
});

test("a user's own files do not get into it", async () => {
  const own = ['secret.json', 'my-prod.yml', 'retention.yml', 'plan.jsonl', 'docs/notes.txt'];
  const ours = ['package.json', 'README.md', 'LICENSE', 'dist/task-janitor.js'];
  for (const name of [...own, '.env', 'dist/heap.dump', 'examples/secret.json', 'lib/a.ts']) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), 'mine');
  }
  for (const name of ours) await cp(name, join(folder.path, name));
  expect(await packed(folder.path)).toEqual([...ours].sort());
});

test('the page lists every package that comes along, with its licence', async () => {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  const page = await readFile('docs/install.md', 'utf8');
  const listed = [...page.matchAll(/^\| `([^`]+)` \| [\d.]+ \| ([^|]+) \| [^|]+ \|$/gm)];
  expect(listed.map(([, name]) => name)).toEqual(Object.keys(dependencies));
  for (const [, name, licence] of listed) {
    const text = await readFile(`node_modules/${name}/package.json`, 'utf8');
    expect([name, licence]).toEqual([name, JSON.parse(text).license]);
  }
});

test('nothing that is written asks npx to fetch a package of this name', async () => {
  const pages = ['README.md', ...(await filesIn('docs', '.md')), ...(await filesIn('dist', '.js'))];
  for (const page of [...pages, ...(await filesIn('examples', '.yml'))]) {
    const text = await readFile(page, 'utf8');
    expect([page, text.match(/npx (?!--no-install )task-janitor/)]).toEqual([page, null]);
  }
});
