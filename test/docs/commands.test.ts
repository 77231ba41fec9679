import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { buildCommand } from '../cli/built-command.ts';
import { policyFolder } from '../on-disk.ts';

beforeAll(() => buildCommand());

/** A page without what is different each time: moments, durations, ids of runs, ports; its longest line is cut. */
const lasting = (page: string) =>
  page
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+)?/g, 'MOMENT')
    .replaceAll(/ in [\d.]+ s/g, ' in SOME s')
    .replaceAll(/"runId":"[^"]+"/g, '"runId":"ID"')
    .replaceAll(/"durationMs":\d+/g, '"durationMs":SOME')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/,"warn.*…$/gm, '…')
    .split('\n');

test('every command prints what docs/commands.md shows', async () => {
  const folder = await policyFolder();
  const file = join(folder.path, 'commands.md');
  await promisify(execFile)(process.execPath, ['test/docs/outputs.js', file]);
  const written = await readFile(file, 'utf8');
  await folder.remove();
  // If not: npm run build && node test/docs/outputs.js
  expect(lasting(await readFile('docs/commands.md', 'utf8'))).toEqual(lasting(written));
});
