import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import type { Emulator } from '../../lib/emulator/index.ts';
import { FakeIo, type } from '../cli/fake-io.ts';
import { type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { expired, fresh } from '../records.ts';

let emulator: Emulator;
let folder: PolicyFolder;
let policy: string;
let close: () => Promise<void>;
let file: string;
beforeEach(async () => {
  ({ emulator, folder, policy, close } = await startOnDisk());
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: [...expired(4), fresh()] });
  file = join(folder.path, 'report.html');
});
afterEach(() => close());

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('--html', () => {
  test('writes a report of a plan, beside what a plan prints', async () => {
    const { status, stdout, stderr } = await type(`plan --policy ${policy} --html ${file}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Nothing was deleted: this was a dry run.');
    const html = await readFile(file, 'utf8');
    expect(html).toContain('task-janitor: dry run');
    expect(html).toContain('prod-sessions');
    for (const id of emulator.instances()[0]?.taskIds() ?? []) expect(html).toContain(id);
    expect(html).toContain('keepFor: 30d');
  });

  test('writes a report of a run, over the one before, and leaves standard output to JSON', async () => {
    await writeFile(file, 'x'.repeat(1_000_000));
    const { status, stdout } = await type(
      `run --policy ${policy} --json --html ${file} --keep-for 7d`,
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ totals: { deleted: 4 } });
    const html = await readFile(file, 'utf8');
    expect(html).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
    expect(html).toContain('7 days');
    expect(html).toContain('--keep-for 7d');
    expect(html).toContain('["deleted","expired",""]');
    expect(html).not.toContain('xxxx');
  });

  test('holds no secret', async () => {
    const io = new FakeIo();
    await type(`run --policy ${policy} --html ${file}`, io);
    const html = await readFile(file, 'utf8');
    for (const secret of Object.values(io.env)) expect(html).not.toContain(secret);
  });

  test.each([
    ['whose folder is missing', 'nowhere/report.html', /its folder does not exist/],
    ['that is a folder', '.', /is a folder/],
    ['that is the policy', 'retention.yml', /--policy names the same file/],
  ])('refuses a file %s before anything is sent', async (_case, name, message) => {
    const { status, stderr } = await type(
      `run --policy ${policy} --html ${join(folder.path, name)}`,
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(emulator.journal.count()).toBe(0);
    expect(await readFile(policy, 'utf8')).toContain('keepFor');
  });

  // Root may write anywhere.
  (process.getuid?.() === 0 ? test.skip : test)(
    'refuses a file that may not be written',
    async () => {
      const closed = join(folder.path, 'closed');
      await mkdir(closed);
      await chmod(closed, 0o500);
      const { status, stderr } = await type(`run --policy ${policy} --html ${closed}/report.html`);
      expect(status).toBe(2);
      expect(stderr).toContain('no permission');
    },
  );

  test('ends with 1 when the file cannot be written after all, and prints the summary first', async () => {
    const below = join(folder.path, 'below');
    await mkdir(below);
    emulator.intercept = async () => {
      await rm(below, { recursive: true, force: true });
      return undefined;
    };
    const { status, stdout, stderr } = await type(
      `run --policy ${policy} --html ${below}/report.html`,
    );
    expect(status).toBe(1);
    expect(stdout).toContain('Run complete');
    expect(stderr).toContain('The HTML report could not be written');
    expect(emulator.journal.deletedIds()).toHaveLength(4);
  });

  test('leaves no empty file behind when the run is refused', async () => {
    const { status } = await type(`run --policy ${policy} --target nope-such --html ${file}`);
    expect(status).toBe(2);
    expect(await exists(file)).toBe(false);
  });
});

test('the deployed function holds nothing of the report, nor of its library', async () => {
  const { metafile } = await build({
    entryPoints: ['functions/cleanup.ts'],
    bundle: true,
    platform: 'node',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain('lib/run/run.ts');
  expect(inputs.filter((name) => /lib\/view\/(?:html|terminal)|\/d3-/.test(name))).toEqual([]);
});
