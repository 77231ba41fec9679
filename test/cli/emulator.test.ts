import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Summary } from '../../lib/model/summary.ts';
import { useFolder } from '../on-disk.ts';
import { FakeIo, tooWide, type } from './fake-io.ts';

const folder = useFolder();

describe('emulate', () => {
  test('serves an estate and writes a policy that fits it: plan, then run', async () => {
    const file = join(folder.path, 'emulator.yml');
    const io = new FakeIo();
    const serving = type(`emulate --write-policy ${file}`, io);
    await io.printed('plan --policy');
    expect(tooWide(io.stdout)).toEqual([]);
    expect(io.stdout).toMatch(
      /^The emulator listens on http:\/\/127\.0\.0\.1:\d+ with 13 instances/,
    );
    // The keys are those that a shell can take over.
    const env = Object.fromEntries(
      [...io.stdout.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    );

    const planned = await type(`plan --policy ${file} --json`, new FakeIo({ env }));
    expect(planned.status).toBe(0);
    const plan = JSON.parse(planned.stdout) as Summary;
    expect(plan.totals).toMatchObject({ targets: 5, deleted: 0 });
    const ran = await type(`run --policy ${file} --json`, new FakeIo({ env }));
    expect(ran.status).toBe(0);
    const { totals } = JSON.parse(ran.stdout) as Summary;
    expect(totals.deleted).toBeGreaterThanOrEqual(plan.totals.expired);
    expect(totals.expired).toBe(totals.deleted);

    io.signal();
    expect((await serving).status).toBe(0);
  });

  test('tells editors about the schema where that lies beside the policy', async () => {
    const write = async (name: string) => {
      const io = new FakeIo();
      const serving = type(`emulate --write-policy ${join(folder.path, name)}`, io);
      await io.printed('plan --policy');
      io.signal();
      await serving;
      return readFile(join(folder.path, name), 'utf8');
    };
    expect(await write('without.yml')).not.toContain('yaml-language-server');
    await folder.write('retention.schema.json', '{}');
    expect(await write('with.yml')).toMatch(
      /^# yaml-language-server: \$schema=\.\/retention\.schema\.json\n/,
    );
  });

  test('shows the policy when it is not to write it', async () => {
    const io = new FakeIo();
    const serving = type('emulate', io);
    await io.printed('service: rocketmq');
    expect(tooWide(io.stdout)).toEqual([]);
    io.signal();
    expect((await serving).status).toBe(0);
  });

  test('does not write over a file that is there', async () => {
    const file = await folder.write('mine.yml', 'mine');
    const { status, stderr } = await type(`emulate --write-policy ${file}`);
    expect(status).toBe(2);
    expect(stderr).toContain(`${file} exists already, and is not written over`);
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  test('says that a port is taken', async () => {
    const io = new FakeIo();
    const serving = type('emulate', io);
    await io.printed('service: rocketmq');
    const port = /127\.0\.0\.1:(\d+)/.exec(io.stdout)?.[1];
    const { status, stderr } = await type(`emulate --port ${port}`);
    expect(status).toBe(2);
    expect(stderr).toContain(
      `the emulator cannot listen on port ${port} (EADDRINUSE); choose another one with --port`,
    );
    io.signal();
    await serving;
  });
});

test('demo cleans an estate up for real, shows it, and ends with 0', async () => {
  const { status, stdout, stderr } = await type('demo');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(tooWide(stdout)).toEqual([]);
  // Columns that are 0 throughout are not there: nothing failed, nothing is left.
  const total = /^ {2}TOTAL +(\d+) +(\d+) +(\d+)$/m.exec(stdout);
  const [listed, kept, deleted] = (total ?? []).slice(1).map(Number);
  expect(listed).toBeGreaterThan(500);
  expect(deleted).toBeGreaterThan(200);
  expect(kept).toBe((listed ?? 0) - (deleted ?? 0));
  expect(stdout).toContain('task-janitor validate');
}, 20_000);
