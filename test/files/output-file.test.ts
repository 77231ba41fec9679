import { chmod, chown, link, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { platform } from 'node:process';
import { beforeEach, expect, test } from '@jest/globals';
import { describeWriteError, openOutputFile } from '../../lib/files/output-file.ts';
import { useFolder } from '../on-disk.ts';

const folder = useFolder();
let file: string;
beforeEach(async () => {
  file = await folder.write('report.html', 'old');
});
const content = () => readFile(file, 'utf8');

test('what is there stays until the new file is whole, and has its permissions then', async () => {
  await chmod(file, 0o640);
  const output = openOutputFile(file);
  output.write('new ');
  expect(await content()).toBe('old');
  output.write('and whole');
  output.finish();
  output.close();
  expect(await content()).toBe('new and whole');
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect(await readdir(folder.path)).toEqual(['report.html']);
});

// Only root may give files away, mount, and write where others may not.
const asRoot = process.getuid?.() === 0 && platform === 'linux' ? test : test.skip;

asRoot('the file keeps its owner', async () => {
  await chown(file, 33, 33);
  const output = openOutputFile(file);
  output.write('new');
  output.finish();
  expect(await stat(file)).toMatchObject({ uid: 33, gid: 33 });
});

asRoot('a file that may be written is, where its folder may not', async () => {
  await chmod(file, 0o666);
  await chmod(folder.path, 0o755);
  const own = process.geteuid?.() as number;
  process.seteuid?.(65_534);
  try {
    const output = openOutputFile(file);
    output.write('new');
    output.finish();
  } finally {
    process.seteuid?.(own);
  }
  expect(await content()).toBe('new');
  expect(await readdir(folder.path)).toEqual(['report.html']);
});

test('what is not finished leaves nothing behind', async () => {
  const output = openOutputFile(file);
  output.write('half');
  output.close();
  expect(await content()).toBe('old');
  expect(await readdir(folder.path)).toEqual(['report.html']);
});

test('another name of the same file keeps what it has', async () => {
  const policy = join(folder.path, 'retention.yml');
  await link(file, policy);
  const output = openOutputFile(file);
  output.write('new');
  output.finish();
  expect(await content()).toBe('new');
  expect(await readFile(policy, 'utf8')).toBe('old');
});

test.each([
  ['report.html/x', 'a part of its path is a file'],
  ['a'.repeat(300), 'its name is too long'],
  ['none/x', 'its folder does not exist; make it first'],
  ['none/', 'it is a folder; name a file in it'],
])('what is wrong with a name is said: %s', (name, problem) => {
  let said = '';
  try {
    openOutputFile(join(folder.path, name));
  } catch (error) {
    said = describeWriteError(error);
  }
  expect(said).toContain(problem);
});
