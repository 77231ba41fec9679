import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Emulator } from '../../lib/emulator/index.ts';
import { type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { cachePolicy, policyText } from '../policies.ts';
import { expired } from '../records.ts';
import { type Ended, tooWide, type, typeWords } from './fake-io.ts';
import { options } from './help.ts';

let emulator: Emulator;
let folder: PolicyFolder;
let policy: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ emulator, folder, policy, close } = await startOnDisk());
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(2) });
});
afterAll(() => close());

/** Nothing on standard output, so that a pipe gets nothing; the reason on standard error. */
function expectUsageError({ status, stdout, stderr }: Ended, ...words: string[]): void {
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  for (const word of words) expect(stderr).toContain(word);
  expect(stderr).not.toContain('    at ');
  expect(stderr).not.toContain('internal error');
}

describe('a policy', () => {
  const commands = ['run', 'plan', 'validate', 'run --json'];

  test.each(commands)('that is missing ends %s with 2', async (command) => {
    const ended = await type(`${command} --policy ${folder.path}/none.yml`);
    const missing = `policy ${folder.path}/none.yml: there is no such file`;
    expectUsageError(ended, missing, '--policy', '"task-janitor init"');
  });

  test.each(commands)('that is a folder ends %s with 2', async (command) => {
    const ended = await type(`${command} --policy ${folder.path}`);
    expectUsageError(ended, 'it is a folder');
  });

  test.each([
    ['empty', '', ':1:1: the policy is empty'],
    ['of comments alone', '# nothing\n', 'the policy is empty'],
    ['not YAML', 'version: 1\ntargets: [', ':2:11: '],
    ['a list', '- version: 1', 'expected a mapping with version and targets, found a list'],
    ['of version 2', 'version: 2\ntargets: []', ':1:10: version: this program reads version 1'],
    ['without targets', 'version: 1', 'targets: missing'],
    ['with no targets', 'version: 1\ntargets: []', 'a list with at least one target'],
    ['with a misspelt key', 'version: 1\ntargts: []', 'targts: unknown key; did you mean targets?'],
  ])('that is %s ends with 2 and one clear message each', async (_, text, message) => {
    const file = await folder.write('bad.yml', text);
    for (const command of commands) {
      const ended = await type(`${command} --policy ${file}`);
      expectUsageError(ended, `${file}:`, message);
    }
  });
});

describe('a request', () => {
  test('for an unknown target ends with 2 and names the targets', async () => {
    const ended = await type(`run --policy ${policy} --target prod`);
    expectUsageError(ended, 'unknown target "prod"; known targets: cache');
    expect(emulator.journal.count()).toBe(0);
  });

  test('for an unknown instance ends with 1 and names the instances', async () => {
    const { status, stdout } = await type(`run --policy ${policy} --instance prod --json`);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).warnings).toEqual([
      expect.stringContaining('unknown instance "prod"; known instances: prod-sessions ('),
    ]);
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('for an instance that is no pattern ends with 2', async () => {
    expectUsageError(await type(`run --policy ${policy} --instance prod-[`), 'prod-[');
    expectUsageError(await type(`plan --policy ${policy} --instance [prod`), '[prod');
  });

  test.each([
    ['--keep-for', '7days'],
    ['--keep-for', '30m'],
    ['--keep-for', '-1d'],
    ['--max-duration', '15'],
    ['--max-duration', '0s'],
    ['--max-duration', '25d'],
  ])('with %s %s ends with 2 and names the option', async (option, text) => {
    expectUsageError(
      await type(`run --policy ${policy} ${option} ${text}`),
      `${option}: "${text}"`,
    );
  });
});

describe('a command line', () => {
  test.each([
    ['an unknown option', `run --polcy x`, "unknown option '--polcy'"],
    ['an unknown command', 'clean', "unknown command 'clean'"],
    ['a word too many', 'run now', 'too many arguments'],
    ['an option without its value', 'run --policy', 'argument missing'],
    ['a port that is none', 'emulate --port http', '--port http: expected a number'],
    ['a port out of range', 'emulate --port 70000', 'expected a number from 0 to 65535'],
  ])('with %s ends with 2', async (_, line, words) => {
    expectUsageError(await type(line), words);
  });

  test('without a command shows how it is used, and ends with 2', async () => {
    expectUsageError(await type(''), 'Usage: task-janitor');
  });

  test.each(['--help', 'help', 'run --help', 'plan --help', 'emulate --help', 'help validate'])(
    '%s shows how it is used, and ends with 0',
    async (line) => {
      const { status, stdout, stderr } = await type(line);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('Usage: task-janitor');
      expect(tooWide(stdout)).toEqual([]);
    },
  );
});

/** Every option of every command that takes a value. */
const valued = [...options].flatMap(([command, shown]) =>
  shown
    .filter(({ value }) => value !== undefined)
    .map(({ names, description }) => ({
      command,
      option: names.at(-1) as string,
      isRepeatable: description.includes('may be repeated'),
    })),
);

describe('an option that takes a value', () => {
  test('is among those that the help shows', () => {
    expect(valued.length).toBeGreaterThan(25);
    const repeatable = valued.filter((each) => each.isRepeatable).map(({ option }) => option);
    expect(new Set(repeatable)).toEqual(
      new Set(['--target', '--instance', '--task', '--region', '--service']),
    );
  });

  test.each(valued)('$command $option is given once, unless it may be repeated', async (each) => {
    const { command, option, isRepeatable } = each;
    // The policy is not there, so that nothing runs where the option may be repeated.
    const elsewhere = isRepeatable && command !== 'init' ? ['--policy', 'none.yml'] : [];
    for (const twice of [
      [option, 'a', option, 'b'],
      [`${option}=a`, `${option}=a`],
      [option, 'a', `${option}=b`],
    ]) {
      const ended = await typeWords([command, ...elsewhere, ...twice]);
      if (isRepeatable) expect(ended.stderr).not.toContain(`${option} is given twice`);
      else expectUsageError(ended, `${option} is given twice; leave one out\n`);
    }
    expectUsageError(await typeWords([option, 'a', command, option, 'b']), 'unknown option');
  });

  test.each(valued)('$command $option has a value', async ({ command, option }) => {
    const empty = `${option}: its value is empty; write one, or leave the option out\n`;
    expectUsageError(await typeWords([command, option, '']), empty);
    expectUsageError(await typeWords([command, `${option}=`]), empty);
    for (const next of ['--dry-run', '--help', '-h', '--policy=p.yml']) {
      const forgotten = `${option} needs a value, and ${next} follows; write the value, or leave ${option} out\n`;
      expectUsageError(await typeWords([command, option, next]), forgotten);
    }
  });

  test.each([
    '--keep-for 90d --keep-for 1d',
    '--no-dry-run --records --dry-run',
    '--records= --no-dry-run',
  ])('badly, as in %s, is refused before anything is sent', async (words) => {
    const before = emulator.journal.count();
    expectUsageError(await type(`run --policy ${policy} ${words}`));
    expect(emulator.journal.count()).toBe(before);
  });

  test('may be - for standard output', async () => {
    const ended = await type(`run --policy ${folder.path}/none.yml --records -`);
    expectUsageError(ended, 'there is no such file');
  });

  test('is not a flag, which may be given again', async () => {
    const ended = await type(`plan --policy ${folder.path}/none.yml --dry-run --json --dry-run`);
    expectUsageError(ended, 'there is no such file');
  });
});

describe('validate', () => {
  test('names every combination of a target with lists, and warns of those not documented', async () => {
    const file = await folder.write(
      'account.yml',
      policyText('keepFor: 30d\nprojects: ["*"]')
        .replace('service: dcs', 'service: [dcs, rocketmq]')
        .replace('region: eu-de', 'region: [eu-de, eu-nl]'),
    );
    const { status, stdout } = await type(`validate --policy ${file}`);
    expect(status).toBe(0);
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain(
      'is valid: 4 targets (cache/dcs/eu-de/*, cache/dcs/eu-nl/*, cache/rocketmq/eu-de/*, cache/rocketmq/eu-nl/*). * stands for the projects of the region, which are looked up in each run.',
    );
    expect(words).toContain('warning: cache/rocketmq/eu-nl: otc does not document');
  });

  test('says that a policy is valid, and sends nothing', async () => {
    const { status, stdout, stderr } = await type(`validate --policy ${policy}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replace(/\s+/g, ' ')).toContain(`${policy} is valid: 1 target (cache).`);
    expect(stdout).not.toContain('only reports');
    expect(stdout).toContain('A run with this policy deletes: it says dryRun: false.\n');
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('says that a policy only reports', async () => {
    const file = await folder.write('dry.yml', cachePolicy(emulator.url, [], 'dryRun: true'));
    const { stdout } = await type(`validate --policy ${file}`);
    expect(stdout).toContain('It only reports. Write dryRun: false when it may delete.');
  });
});

test('a defect of ours ends with 1 and says where it is', async () => {
  const { FakeIo } = await import('./fake-io.ts');
  const io = new FakeIo();
  Object.defineProperty(io, 'begunAt', {
    get: () => {
      throw new Error('a defect');
    },
  });
  const { status, stderr } = await type(`run --policy ${policy} --max-duration 1h`, io);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^internal error: Error: a defect\n +at /);
});

test('--version prints the version, and nothing else', async () => {
  expect(await type('--version')).toEqual({ status: 0, stdout: '1.2.3\n', stderr: '' });
});

test('a policy without an end is told, and not read for ever', async () => {
  const { status, stderr } = await type('validate --policy /dev/zero');
  expect(status).toBe(2);
  expect(stderr).toContain('/dev/zero: it has more than 64 MB');
});
