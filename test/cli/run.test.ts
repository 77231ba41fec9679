import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { cachePolicy } from '../policies.ts';
import { expired, fresh } from '../records.ts';
import { forgetLogSettings } from '../telemetry/log-settings.ts';
import { FakeIo, tooWide, type } from './fake-io.ts';

let emulator: Emulator;
let folder: PolicyFolder;
let policy: string;
let close: () => Promise<void>;
beforeAll(forgetLogSettings);
beforeEach(async () => {
  ({ emulator, folder, policy, close } = await startOnDisk());
});
afterEach(() => close());

function addInstances(): void {
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: [...expired(4), fresh()] });
  emulator.addInstance({ service: 'dcs', name: 'prod-cart', tasks: [...expired(2), fresh()] });
}

const left = () => emulator.instances().map((instance) => instance.tasks().length);

describe('run', () => {
  test('deletes what has expired, and ends with 0', async () => {
    addInstances();
    const { status, stdout, stderr } = await type(`run --policy ${policy}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(left()).toEqual([1, 1]);
    expect(tooWide(stdout)).toEqual([]);
    expect(stdout.replace(/ in \d+\.\d s:/, ' in 0.1 s:')).toBe(
      [
        'cache  (huaweicloud dcs eu-west-101)',
        '  INSTANCE       LISTED  KEPT  DELETED',
        '  prod-sessions       5     1        4',
        '  prod-cart           3     1        2',
        '    kept: 2 within-keep-for',
        '',
        '  TOTAL               8     2        6',
        '',
        'Run complete in 0.1 s: 1 target, 2 instances, 9 requests (0 repeated,',
        '0 throttled).',
        '',
      ].join('\n'),
    );
  });

  test('ends with 1 when something failed, and says what', async () => {
    addInstances();
    emulator.faults.deny = ['delete-task'];
    const { status, stdout } = await type(`run --policy ${policy}`);
    expect(status).toBe(1);
    expect(stdout).toContain('dcs:instance:deleteBackgroundTask');
    expect(tooWide(stdout)).toEqual([]);
    expect(left()).toEqual([5, 3]);
  });

  test('ends with 3 when a limit stopped it, and says which', async () => {
    addInstances();
    const limited = cachePolicy(emulator.url, ['limits: { deletions: 3 }']);
    const file = await folder.write('limited.yml', limited);
    const { status, stdout } = await type(`run --policy ${file}`);
    expect(status).toBe(3);
    expect(left()).toEqual([5, 1]);
    expect(stdout).toContain('    incomplete: stopped by limit\n');
    expect(stdout).toContain('warning: cache: instance prod-sessions: 4 records have expired');
    expect(tooWide(stdout)).toEqual([]);
  });

  test('ends with 3 when --max-duration, counted from the start of the process, is over', async () => {
    addInstances();
    const io = new FakeIo({ begunAt: performance.now() - 3_600_000 });
    const { status, stdout } = await type(`run --policy ${policy} --max-duration PT1H`, io);
    expect(status).toBe(3);
    expect(stdout).toContain('1 target incomplete: the instances could not be listed');
    expect(emulator.journal.count()).toBe(0);
  });

  test('only reports with --dry-run, and deletes with --no-dry-run, whatever the policy says', async () => {
    addInstances();
    const reported = await type(`run --policy ${policy} --dry-run`);
    expect(reported.status).toBe(0);
    expect(reported.stdout).toContain('Nothing was deleted: this was a dry run.');
    expect(left()).toEqual([5, 3]);
    const dry = await folder.write('dry.yml', cachePolicy(emulator.url, [], 'dryRun: true'));
    const unsaid = await type(`run --policy ${dry}`);
    expect(unsaid.stdout.replaceAll(/\s+/g, ' ')).toContain(
      `To delete, write dryRun: false into ${dry}, or add --no-dry-run.`,
    );
    expect(reported.stdout).not.toContain('To delete');
    expect(left()).toEqual([5, 3]);
    await type(`run --policy ${dry} --no-dry-run`);
    expect(left()).toEqual([1, 1]);
  });

  test('can be narrowed to an instance', async () => {
    addInstances();
    expect((await type(`run --policy ${policy} --instance *-cart`)).status).toBe(0);
    expect(left()).toEqual([5, 1]);
  });

  test('can be narrowed to tasks', async () => {
    addInstances();
    const [one, two] = emulator.instances().map((instance) => instance.taskIds().at(-1));
    expect((await type(`run --policy ${policy} --task ${one} --task ${two}`)).status).toBe(0);
    expect(left()).toEqual([4, 2]);
    expect(emulator.journal.deletedIds().sort()).toEqual([one, two].sort());
  });

  test('says that nobody lists a task', async () => {
    addInstances();
    const { status, stdout } = await type(`run --policy ${policy} --task nobody-lists-this`);
    expect(status).toBe(0);
    expect(stdout).toContain(
      'warning: task nobody-lists-this was not found on any instance of this run',
    );
  });

  test('can be told another keepFor', async () => {
    addInstances();
    expect((await type(`run --policy ${policy} --keep-for P100Y`)).status).toBe(0);
    expect(left()).toEqual([5, 3]);
    expect((await type(`run --policy ${policy} --keep-for PT0S`)).status).toBe(0);
    expect(left()).toEqual([0, 0]);
  });

  test('without credentials ends with 1 and names what is looked for', async () => {
    const { status, stdout } = await type(`run --policy ${policy}`, new FakeIo({ env: {} }));
    expect(status).toBe(1);
    expect(stdout).toContain('HUAWEICLOUD_SDK_AK');
    expect(tooWide(stdout)).toEqual([]);
  });

  test('without credentials for two targets says so once', async () => {
    const [head = '', target = ''] = cachePolicy(emulator.url).split(/(?<=targets:\n)/);
    const other = target.replace('name: cache', 'name: queue').replace('dcs', 'kafka');
    const file = await folder.write('both.yml', `${head}${target}${other}`);
    const { stdout } = await type(`run --policy ${file}`, new FakeIo({ env: {} }));
    expect(stdout.match(/no credentials in the environment/g)).toHaveLength(1);
    expect(stdout).toMatch(/^2 targets failed: [\s\S]*\n {4}cache\n {4}queue\n/m);
  });

  test('against a server that cannot be reached ends with 1, and does the others', async () => {
    addInstances();
    const down = await startEmulator();
    await down.close();
    const [head = '', target = ''] = cachePolicy(down.url, ['requests: { attempts: 1 }']).split(
      /(?<=targets:\n)/,
    );
    const other = cachePolicy(emulator.url).split('targets:\n')[1];
    const both = `${head}${target.replace('name: cache', 'name: down')}${other}`;
    const file = await folder.write('both.yml', both);
    const { status, stdout } = await type(`run --policy ${file}`);
    expect(status).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain(`127.0.0.1:${down.port}: nothing listens there`);
    expect(left()).toEqual([1, 1]);
  });
});

describe('run --json', () => {
  test('prints one JSON document, and JSON lines on standard error', async () => {
    addInstances();
    const { status, stdout, stderr } = await type(`run --policy ${policy} --json`);
    expect(status).toBe(0);
    const summary = JSON.parse(stdout) as Summary;
    expect(stdout).toBe(`${JSON.stringify(summary)}\n`);
    expect(summary).toMatchObject({
      schemaVersion: 1,
      trigger: 'cli',
      outcome: 'complete',
      totals: { targets: 1, instances: 2, listed: 8, deleted: 6 },
    });
    const lines = stderr.trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ runId: summary.runId });
    expect(lines).toHaveLength(4);
  });

  test('prints it also when the run failed', async () => {
    addInstances();
    emulator.faults.deny = ['list-instances'];
    const { status, stdout } = await type(`run --policy ${policy} --json`);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'failed',
      targets: [{ error: { code: 'forbidden' } }],
    });
  });

  test('shows no progress, even to somebody who looks', async () => {
    addInstances();
    const io = new FakeIo({ interactive: true });
    const { stdout, stderr } = await type(`run --policy ${policy} --json`, io);
    expect(() => JSON.parse(stdout)).not.toThrow();
    for (const line of stderr.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });
});

describe('--quiet', () => {
  test.each(['run', 'plan', 'plan --verbose'])(
    'prints nothing where all is well: %s',
    async (line) => {
      addInstances();
      const io = new FakeIo({ interactive: true });
      const ended = await type(`${line} --quiet --policy ${policy}`, io);
      expect(ended).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );

  test('prints the summary where something failed, or is a warning', async () => {
    addInstances();
    const warned = await type(`run --quiet --policy ${policy} --task nobody-lists-this`);
    expect(warned).toMatchObject({ status: 0, stdout: expect.stringContaining('warning: ') });
    emulator.faults.deny = ['delete-task'];
    const { status, stdout } = await type(`run --quiet --policy ${policy}`);
    expect(status).toBe(1);
    expect(stdout).toContain('dcs:instance:deleteBackgroundTask');
  });

  test('leaves the summary that --json asks for, without logs', async () => {
    addInstances();
    const { stdout, stderr } = await type(`run --quiet --json --policy ${policy}`);
    expect(JSON.parse(stdout)).toMatchObject({ totals: { deleted: 6 } });
    expect(stderr).toBe('');
  });
});

describe('plan', () => {
  test('shows what would go, and deletes nothing', async () => {
    addInstances();
    const { status, stdout } = await type(`plan --policy ${policy}`);
    expect(status).toBe(0);
    expect(left()).toEqual([5, 3]);
    expect(emulator.journal.deletes()).toEqual([]);
    expect(stdout).toContain('cache / prod-sessions\n  oldest 2026-07-20 03:30 UTC, newest kept ');
    expect(stdout).toMatch(/── keepFor: 30 days \(.* UTC\) ──/);
    expect(stdout).toContain('\n  delete: expired: 4\n');
    expect(stdout).toContain('Nothing was deleted: this was a dry run.');
    expect(tooWide(stdout)).toEqual([]);
  });

  test('shows every record with its reason when asked', async () => {
    addInstances();
    const { stdout } = await type(`plan --policy ${policy} --verbose`);
    for (const instance of emulator.instances()) {
      for (const id of instance.taskIds()) expect(stdout).toContain(id);
    }
    expect(stdout).toContain('  keep: within-keep-for: 1\n');
    expect(tooWide(stdout)).toEqual([]);
  });

  test('has the summary as JSON too', async () => {
    addInstances();
    const { stdout } = await type(`plan --policy ${policy} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, totals: { expired: 6, deleted: 0 } });
  });

  test('cannot be told to delete', async () => {
    expect((await type(`plan --policy ${policy} --no-dry-run`)).status).toBe(2);
  });
});

test('names that come from the service reach the terminal as plain text', async () => {
  const evil = 'a\u001b]0;owned\u0007\nb\u202e';
  emulator.addInstance({
    service: 'dcs',
    name: evil,
    tasks: [{ ...expired(1)[0], name: evil }],
  });
  const { stdout } = await type(`plan --verbose --policy ${policy}`);
  expect(stdout).toContain('a?]0;owned??b?');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test('somebody who looks sees progress, and nothing of it stays', async () => {
  addInstances();
  const io = new FakeIo({ interactive: true });
  const { stdout, stderr } = await type(`run --policy ${policy}`, io);
  expect(stderr).toContain('listing the instances of 1 target');
  expect(stderr).toContain('of 2 instances');
  expect(stderr.endsWith('\r\u001b[K')).toBe(true);
  expect(stdout).not.toContain('\u001b');
});

describe('Ctrl-C', () => {
  test('lets the DELETEs in flight end, prints the summary, and ends with 130', async () => {
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(50) });
    const io = new FakeIo();
    emulator.intercept = ({ operation }) => {
      if (operation === 'delete-task' && emulator.journal.deletes().length === 5) io.signal();
      return undefined;
    };
    const { status, stdout, stderr } = await type(`run --policy ${policy} --json`, io);
    expect(status).toBe(130);
    expect(stderr).toContain('Stopping: waiting for the requests in flight.');
    const { outcome, totals } = JSON.parse(stdout) as Summary;
    const deleted = emulator.journal.deletedIds().length;
    expect(emulator.journal.deletes()).toHaveLength(deleted);
    expect(deleted).toBeLessThan(50);
    expect(outcome).toBe('incomplete');
    expect(totals).toMatchObject({ deleted, failed: 0, remaining: 50 - deleted });
    expect(io.exits).toEqual([]);
  });

  test('SIGTERM does the same', async () => {
    emulator.addInstance({ service: 'dcs', name: 'a', tasks: expired(20) });
    const io = new FakeIo();
    emulator.intercept = ({ operation }) => {
      if (operation === 'delete-task') io.signal('SIGTERM');
      return undefined;
    };
    expect((await type(`run --policy ${policy}`, io)).status).toBe(130);
  });
});
