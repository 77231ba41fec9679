import { execFileSync } from 'node:child_process';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Emulator } from '../../lib/emulator/index.ts';
import { rewriteInstances } from '../instance-list.ts';
import { type OnDisk, type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { cachePolicy } from '../policies.ts';
import { expired, fresh } from '../records.ts';
import { FakeIo, type } from './fake-io.ts';

let emulator: Emulator;
let folder: PolicyFolder;
let policy: string;
let close: OnDisk['close'];
let planFile: string;
beforeEach(async () => {
  ({ emulator, folder, policy, close } = await startOnDisk());
  emulator.addInstance({ service: 'dcs', name: 'prod', tasks: [...expired(4), fresh()] });
  emulator.addInstance({ service: 'dcs', name: 'test', tasks: [...expired(2), fresh()] });
  planFile = join(folder.path, 'plan.jsonl');
});
afterEach(() => close());

type Line = Readonly<Record<string, unknown>>;

async function linesOf(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const left = () => emulator.instances().map((instance) => instance.tasks().length);
const plan = (more = '') => type(`plan --policy ${policy} --records ${planFile} ${more}`.trim());
const approve = (more = '') => type(`run --policy ${policy} --plan ${planFile} ${more}`.trim());

describe('--records', () => {
  test('of a plan says what would go, and leaves standard output to the plan', async () => {
    const { status, stdout } = await plan();
    expect(status).toBe(0);
    expect(stdout).toContain('6 of 8 records would be deleted, 2 kept.\n');
    const lines = await linesOf(planFile);
    expect(lines[0]).toMatchObject({ records: 1, trigger: 'cli', dryRun: true });
    expect(lines.at(-1)).toEqual({ end: true, records: 8 });
    const outcomes = lines.slice(1, -1).map(({ outcome, decision }) => [decision, outcome]);
    expect(outcomes.filter(([decision]) => decision === 'delete')).toEqual(
      Array.from({ length: 6 }, () => ['delete', 'remaining']),
    );
    expect(outcomes.filter(([, outcome]) => outcome === 'kept')).toHaveLength(2);
  });

  test('of a run says what became of each record', async () => {
    const doomed = emulator.instances()[0]?.taskIds().at(-1);
    emulator.intercept = ({ operation, taskId }) => {
      return operation === 'delete-task' && taskId === doomed
        ? { status: 400, body: { error_code: 'DCS.4999', error_msg: 'not now' } }
        : undefined;
    };
    const file = join(folder.path, 'done.jsonl');
    const { status, stdout } = await type(`run --policy ${policy} --records ${file} --json`);
    expect(status).toBe(1);
    const summary = JSON.parse(stdout);
    const lines = await linesOf(file);
    expect(lines[0]).toMatchObject({ runId: summary.runId, startedAt: summary.startedAt });
    const counts = { deleted: 0, kept: 0, failed: 0 } as Record<string, number>;
    for (const { outcome } of lines.slice(1, -1))
      counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1;
    const { deleted, kept, failed, listed } = summary.totals;
    expect(counts).toEqual({ deleted, kept, failed });
    expect(lines.at(-1)).toEqual({ end: true, records: listed });
    expect(lines.find(({ outcome }) => outcome === 'failed')).toMatchObject({
      error: { status: 400, code: 'DCS.4999', message: 'not now' },
    });
  });

  test('is whole when the run is interrupted, and when a target fails', async () => {
    const io = new FakeIo();
    emulator.addInstance({ service: 'dcs', name: 'more', tasks: expired(50) });
    emulator.intercept = ({ operation }) => {
      if (operation === 'delete-task') io.signal();
      return undefined;
    };
    const file = join(folder.path, 'done.jsonl');
    const run = `run --policy ${policy} --records ${file} --instance more`;
    expect((await type(run, io)).status).toBe(130);
    const lines = await linesOf(file);
    expect(lines.at(-1)).toMatchObject({ end: true });
    expect(lines.some(({ outcome }) => outcome === 'remaining')).toBe(true);
    emulator.intercept = undefined;
    emulator.faults.deny = ['list-instances'];
    expect((await type(`run --policy ${policy} --records ${file}`)).status).toBe(1);
    expect((await linesOf(file)).at(-1)).toEqual({ end: true, records: 0 });
  });

  test('leaves nothing behind where the run does not begin', async () => {
    const { status } = await type(`run --policy ${policy} --records ${planFile} --target none`);
    expect(status).toBe(2);
    expect(await readdir(folder.path)).toEqual(['retention.yml']);
  });

  test('on a full disk costs the run nothing but its status', async () => {
    const { status, stdout, stderr } = await type(`run --policy ${policy} --records /dev/full`);
    expect(status).toBe(1);
    expect(stderr).toBe('--records /dev/full: the disk is full, so it was not written\n');
    expect(stdout).toContain('Run complete');
    expect(left()).toEqual([1, 1]);
  });

  test('to standard output sends everything else to standard error', async () => {
    const { stdout, stderr } = await type(`plan --policy ${policy} --records -`);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toHaveLength(10);
    expect(stderr).toContain('6 of 8 records would be deleted');
  });

  test('holds no secret', async () => {
    const io = new FakeIo();
    await type(`plan --policy ${policy} --records ${planFile}`, io);
    const text = await readFile(planFile, 'utf8');
    for (const secret of Object.values(io.env)) expect(text).not.toContain(secret);
  });
});

describe('--plan', () => {
  test('deletes what was approved, and nothing that has expired since', async () => {
    await plan();
    const [one] = emulator.instances();
    const since = expired(3);
    for (const row of since) one?.addTask(row);
    const file = join(folder.path, 'done.jsonl');
    const { status, stdout } = await approve(`--records ${file}`);
    expect(status).toBe(0);
    expect(stdout).toContain('3 not-in-plan');
    expect(left()).toEqual([4, 1]);
    const reasons = (await linesOf(file)).flatMap(({ id, reason }) =>
      since.some((row) => row.id === id) ? [reason] : [],
    );
    expect(reasons).toEqual(['not-in-plan', 'not-in-plan', 'not-in-plan']);
  });

  test('keeps what the policy keeps by now, whatever the plan says', async () => {
    await plan();
    for (const row of emulator.instances()[0]?.tasks() ?? []) row.status = 'EXECUTING';
    expect((await approve()).stdout).toContain('5 running');
    expect(left()).toEqual([5, 1]);
  });

  test('counts what is not listed any more, records and whole instances', async () => {
    await plan();
    const [one, two] = emulator.instances();
    one?.removeTask(one.taskIds().at(-1) ?? '');
    emulator.removeInstance(two?.id ?? '');
    const { stdout } = await approve();
    expect(stdout).toContain('warning: 3 records of the approved plan are not listed any more');
    expect(left()).toEqual([1]);
  });

  test('counts what is not listed any more also where another record is listed twice', async () => {
    await plan();
    const [one] = emulator.instances();
    const [first, , last] = one?.tasks() ?? [];
    one?.removeTask(last?.id ?? '');
    one?.addTask({ ...(first as object) } as never);
    const { stdout } = await approve();
    expect(stdout).toContain('warning: 1 record of the approved plan is not listed any more');
  });

  test('does not count the records of an instance that is left alone now', async () => {
    await plan();
    rewriteInstances(emulator, (row) => [{ ...row, status: 'FROZEN' }]);
    expect((await approve()).stdout).not.toContain('not listed any more');
  });

  test.each([
    ['--instance prod', [1, 3]],
    ['--target cache', [1, 1]],
  ])('is narrowed further by %s', async (narrowing, rest) => {
    await plan();
    const { stdout } = await approve(narrowing);
    expect(stdout).not.toContain('not listed any more');
    expect(left()).toEqual(rest);
  });

  test('of one record deletes that one', async () => {
    await plan();
    const id = emulator.instances()[0]?.taskIds().at(-1);
    await approve(`--task ${id}`);
    expect(left()).toEqual([4, 3]);
    expect(emulator.journal.deletedIds()).toEqual([id]);
  });

  test('does not approve what a limit held back, whatever the limit says later', async () => {
    const limited = await folder.write(
      'limited.yml',
      cachePolicy(emulator.url, ['limits: { deletions: 3 }']),
    );
    const made = await type(`plan --policy ${limited} --records ${planFile}`);
    expect(made.status).toBe(3);
    expect(made.stdout).toContain('held back by a limit: nothing would be deleted here');
    expect(made.stdout.replaceAll('\n', ' ')).toContain(
      '2 of 8 records would be deleted, 2 kept; 4 more have expired but are held back by limits on 1 instance.',
    );
    const outcomes = (await linesOf(planFile)).map(({ outcome }) => outcome);
    expect(outcomes.filter((each) => each === 'held-back')).toHaveLength(4);
    // Three have gone meanwhile, so the limit would not trip any more.
    const [one] = emulator.instances();
    for (const id of one?.taskIds().slice(-2) ?? []) one?.removeTask(id);
    const { status } = await type(`run --policy ${limited} --plan ${planFile}`);
    expect(status).toBe(0);
    expect(left()).toEqual([3, 1]);
  });

  test('may be tried as a dry run', async () => {
    await plan();
    expect((await approve('--dry-run')).stdout).toContain('6 of 8 records would be deleted');
    expect(left()).toEqual([5, 3]);
  });

  test('is the plan of a policy, whatever its layout and dryRun say', async () => {
    await plan();
    const text = await readFile(policy, 'utf8');
    await writeFile(policy, `# a comment\n${text.replace('dryRun: false', 'dryRun: true')}`);
    expect((await approve('--no-dry-run')).status).toBe(0);
    expect(left()).toEqual([1, 1]);
  });

  test('of another policy is refused', async () => {
    await plan();
    await writeFile(policy, (await readFile(policy, 'utf8')).replace('30d', '31d'));
    const { status, stderr } = await approve();
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `--plan ${planFile}:1: it was made with another policy; make the plan again with this one\n`,
    });
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('needs --no-dry-run where the policy only reports, and says so', async () => {
    await plan();
    await writeFile(
      policy,
      (await readFile(policy, 'utf8')).replace('dryRun: false', 'dryRun: true'),
    );
    const { status, stderr } = await approve();
    expect(status).toBe(2);
    expect(stderr).toContain('says dryRun: true, so nothing would be deleted; add --no-dry-run');
  });

  test('older than --plan-max-age is refused', async () => {
    await plan();
    const [header = '', ...rest] = (await readFile(planFile, 'utf8')).split('\n');
    const tenDaysAgo = new Date(Date.now() - 10 * 86_400_000).toISOString();
    const old = JSON.stringify({ ...JSON.parse(header), startedAt: tenDaysAgo });
    await writeFile(planFile, [old, ...rest].join('\n'));
    const { status, stderr } = await approve();
    expect(status).toBe(2);
    expect(stderr).toContain('it is 10 days old, and may be 7 days old');
    expect((await approve('--plan-max-age 14d')).status).toBe(0);
    expect(left()).toEqual([1, 1]);
  });
});

describe('contradictions are refused before anything is sent:', () => {
  test.each([
    ['run --dry-run --no-dry-run', '--dry-run and --no-dry-run contradict each other'],
    ['run --plan p.jsonl --keep-for 7d', '--plan and --keep-for'],
    ['run --plan-max-age 7d', '--plan-max-age is for --plan; add --plan, or leave it out'],
    ['run --plan p.jsonl --plan-max-age soon', '--plan-max-age: "soon" is not a duration'],
    ['run --plan p.jsonl --records ./p.jsonl', '--records ./p.jsonl: --plan names the same file'],
    ['plan --records - --json', '--json and --records - both write to standard output'],
    ['plan --html - --json', '--json and --html - both write to standard output'],
    ['plan --html - --records -', '--html - and --records - both write to standard output'],
    ['plan --html a --records a', '--records a: --html names the same file'],
  ])('%s', async (line, message) => {
    const { status, stdout, stderr } = await type(`${line} --policy ${policy}`);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(emulator.journal.count()).toBe(0);
  });

  test('the policy is no records file', async () => {
    const { status, stderr } = await type(`plan --policy ${policy} --records ${policy}`);
    expect(status).toBe(2);
    expect(stderr).toContain('--policy names the same file; name another one');
  });
});

test('a file is the same by any name of its folder, also before it is made', async () => {
  await symlink(folder.path, join(folder.path, 'alias'), 'dir');
  const [one, other] = [join(folder.path, 'x'), join(folder.path, 'alias', 'x')];
  const line = `plan --policy ${policy} --html ${one} --records`;
  const { status, stderr } = await type(`${line} ${other}`);
  expect(status).toBe(2);
  expect(stderr).toContain(`--records ${other}: --html names the same file`);
  expect(emulator.journal.count()).toBe(0);
  expect((await type(`${line} ${join(folder.path, 'alias', 'y')}`)).status).toBe(0);
});

test('--exit-code tells that something would go', async () => {
  expect((await type(`plan --policy ${policy} --exit-code`)).status).toBe(4);
  expect((await type(`plan --policy ${policy} --exit-code --keep-for 99y`)).status).toBe(2);
  expect((await type(`plan --policy ${policy} --exit-code --keep-for P99Y`)).status).toBe(0);
  emulator.faults.deny = ['list-instances'];
  expect((await type(`plan --policy ${policy} --exit-code`)).status).toBe(1);
});

test('--html to a pipe is refused, since nobody may ever read it', async () => {
  const pipe = join(folder.path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const { status, stderr } = await type(`plan --policy ${policy} --html ${pipe}`);
  expect(status).toBe(2);
  expect(stderr).toContain('it is a pipe; write - for standard output, and send that there');
});

test('--html - writes the report to standard output', async () => {
  const { status, stdout, stderr } = await type(`plan --policy ${policy} --html -`);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
  expect(stderr).toContain('6 of 8 records would be deleted');
});

describe('a policy', () => {
  test.each([
    ['in UTF-16', Buffer.from('\uFEFFversion: 1', 'utf16le'), 'it is UTF-16; save it as UTF-8'],
    ['in Latin-1', Buffer.from('# für\nversion: 1', 'latin1'), 'it is not UTF-8 (Latin-1'],
  ])('%s is told so, with its name', async (_, bytes, message) => {
    await writeFile(policy, bytes);
    const { status, stderr } = await type(`validate --policy ${policy}`);
    expect(status).toBe(2);
    expect(stderr).toContain(`${policy}: ${message}`);
  });

  test('that is not there is not far from one that is', async () => {
    await folder.write('prod.yaml', '');
    const { stderr } = await type(`validate --policy ${join(folder.path, 'prod.yml')}`);
    expect(stderr).toContain(`did you mean --policy ${join(folder.path, 'prod.yaml')}?`);
  });

  test('with service: redis gets a hint', async () => {
    await writeFile(
      policy,
      (await readFile(policy, 'utf8')).replace('service: dcs', 'service: redis'),
    );
    expect((await type(`validate --policy ${policy}`)).stderr).toContain('did you mean dcs?');
  });
});
