import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Argument, Command, Option } from 'commander';
import fc from 'fast-check';
import { completionScript } from '../../lib/cli/completion-command.ts';
import { oneLine } from '../../lib/model/text.ts';
import { blocks } from '../docs/markdown.ts';
import { type PolicyFolder, policyFolder } from '../on-disk.ts';
import { type } from './fake-io.ts';
import { commands, options, rowsOf, type Shown } from './help.ts';
import { complaintsOf, isHere, type Offer, offersOf, SHELLS } from './shells.ts';

const FILES = ['a.yml', "it's mine.yml", 'plan $(x).jsonl'];
let folder: PolicyFolder;
beforeAll(async () => {
  folder = await policyFolder();
  for (const name of FILES) await folder.write(name, '');
});
afterAll(() => folder.remove());

const names = commands.map(([name]) => name);
const wordsOf = (offers: readonly Offer[]) => offers.map(({ word }) => word).sort();
/** Fish offers the whole of --option=value. */
const valuesOf = (offers: readonly Offer[]) =>
  wordsOf(offers).map((word) => word.replace(/^--[\w-]+=/, ''));

test('the commands and options that are judged by are all there', () => {
  expect(names).toEqual(expect.arrayContaining(['run', 'plan', 'completion', 'help']));
  const run = options.get('run') as Shown[];
  expect(run.length).toBeGreaterThan(15);
  expect(run).toContainEqual({
    names: ['--policy'],
    value: 'file',
    description: 'the retention policy',
  });
  expect(run).toContainEqual({
    names: ['-h', '--help'],
    value: undefined,
    description: 'display help for command',
  });
});

describe.each(SHELLS)('in %s', (shell) => {
  const inShell = isHere(shell) ? test : test.skip;
  const describes = shell !== 'bash';

  /** The offers after `task-janitor` and each of some words. */
  async function offered(...lines: string[]): Promise<Offer[][]> {
    const { status, stdout, stderr } = await type(`completion ${shell}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const typed = lines.map((line) => `task-janitor ${line}`);
    return await offersOf(shell, stdout, typed, folder.path);
  }

  inShell('the script is understood', async () => {
    expect(await complaintsOf(shell, (await type(`completion ${shell}`)).stdout)).toBe('');
  });

  inShell('every command is offered, and what begins like one', async () => {
    const [all, some, none] = await offered('', 'pl', 'x');
    expect(wordsOf(all as Offer[])).toEqual([...names].sort());
    if (describes) {
      expect(new Map(all?.map(({ word, description }) => [word, description]))).toEqual(
        new Map(commands),
      );
    }
    expect(wordsOf(some as Offer[])).toEqual(['plan']);
    expect(none).toEqual([]);
  });

  inShell('every option of a command is offered, and none of another command', async () => {
    const lines = [...options.keys()].map((name) => `${name} -`.trimStart());
    const offers = await offered(...lines);
    [...options.values()].forEach((shown, index) => {
      expect([lines[index], wordsOf(offers[index] as Offer[])]).toEqual([
        lines[index],
        shown.flatMap((option) => option.names).sort(),
      ]);
    });
  });

  // Bash shows none, and zsh none of one that is alone.
  (describes ? inShell : test.skip)('every option has its description', async () => {
    const several = [...options].filter(([, list]) => list.length > 1);
    const offers = await offered(...several.map(([name]) => `${name} --`.trimStart()));
    several.forEach(([name, list], index) => {
      const shown = offers[index]?.map(({ word, description }) => [word, description] as const);
      const expected = list.map(({ names, description }) => [names.at(-1), description] as const);
      expect([name, new Map(shown)]).toEqual([name, new Map(expected)]);
    });
  });

  inShell('a value is one of its choices or a file, or nobody knows it', async () => {
    const choices: Record<string, string[]> = {
      '--cloud': ['huaweicloud', 'otc'],
      '--service': ['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq'],
    };
    const taking = [...options].flatMap(([name, list]) =>
      list.filter(({ value }) => value).map((option) => [name, option] as const),
    );
    expect(taking.length).toBeGreaterThan(20);
    for (const glue of [' ', '=']) {
      const offers = await offered(
        ...taking.map(([name, option]) => `${name} ${option.names.at(-1)}${glue}`),
      );
      taking.forEach(
        (
          [
            name,
            {
              names: [option = ''],
              value,
            },
          ],
          index,
        ) => {
          const expected = value === 'file' ? FILES : (choices[option] ?? []);
          expect([name, option, valuesOf(offers[index] as Offer[])]).toEqual([
            name,
            option,
            expected,
          ]);
        },
      );
    }
  });

  inShell('a value that is begun is completed', async () => {
    const lines = ['run --plan p', 'run --plan=p', 'init --cloud o', 'init --cloud=o'];
    const offers = await offered(...lines);
    const plan = ['plan $(x).jsonl'];
    expect(offers.map(valuesOf)).toEqual([plan, plan, ['otc'], ['otc']]);
  });

  inShell('an argument is a file, a shell, a command, or there is none', async () => {
    const [files, shells, helped, none] = await offered('test ', 'completion ', 'help ', 'schema ');
    expect(wordsOf(files as Offer[])).toEqual(FILES);
    expect(wordsOf(shells as Offer[])).toEqual([...SHELLS].sort());
    expect(wordsOf(helped as Offer[])).toEqual([...names].sort());
    expect(wordsOf(none as Offer[]).filter((word) => !word.startsWith('-'))).toEqual([]);
  });

  inShell('the command is the first one that was named, whatever stands after it', async () => {
    const [target, again, file] = await offered(
      'plan --target run --no-',
      'validate --policy plan --p',
      'run --json --policy a',
    );
    expect(target).toEqual([]);
    expect(wordsOf(again as Offer[])).toEqual(['--policy']);
    expect(wordsOf(file as Offer[])).toEqual(['a.yml']);
  });

  inShell('no description breaks the script, or is run', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 3, maxLength: 8 }), async (texts) => {
        const program = new Command('hostile').option('--root <file>', texts[0]);
        const command = program.command('own').argument(`<${texts[1]}>`, texts[2]);
        // The number tells equal ones apart, which zsh would show together.
        texts.forEach((text, index) => {
          program.command(`c${index}`).description(`${index} ${text}`);
          const value = text.replaceAll(/[\s<>[\],|.]/g, '');
          command.option(`--o${index} <v${value}>`, `${index} ${text}`);
        });
        const script = completionScript(program, shell);
        expect(await complaintsOf(shell, script)).toBe('');
        const lines = ['hostile c', 'hostile own --o', 'hostile own ', 'hostile --root '];
        const [named, flags, , files] = await offersOf(shell, script, lines, folder.path);
        const inOrder = (offers: Offer[] = []) =>
          offers
            .map(({ word, description }) => [word, description.trim()])
            .sort(([one = ''], [other = '']) => (one < other ? -1 : 1));
        const expected = (lead: string) =>
          texts.map((text, index) => [
            `${lead}${index}`,
            describes ? oneLine(`${index} ${text}`).trim() : '',
          ]);
        expect(inOrder(named)).toEqual(expected('c'));
        expect(inOrder(flags)).toEqual(expected('--o'));
        expect(wordsOf(files as Offer[])).toEqual(FILES);
        expect((await readdir(folder.path)).sort()).toEqual(FILES);
      }),
      { numRuns: 10 },
    );
  });
});

/** Texts of what a shell obeys, among them commands that leave a file behind. */
const hostile = fc
  .array(
    fc.constantFrom(
      ...'\'"`$\\[](){}<>:;,=*?!#~%&|^@-_ \n\t',
      ...['$(touch ran)', '`touch ran`', "'; touch ran; '", '\\n', "\\'", '<(touch ran)'],
      ...['é', '漢', 'a', '\u0007', '\u202e', 'END'],
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

test('a name that a shell would obey is refused', () => {
  const unusual = fc
    .string({ minLength: 1, maxLength: 6 })
    .filter((name) => !/^[\w.-]+$/.test(name) && !/[\s,|<[-]/.test(name));
  fc.assert(
    fc.property(unusual, fc.constantFrom(...SHELLS), (name, shell) => {
      const program = () => new Command('program');
      for (const hostileProgram of [
        new Command(name),
        program().addCommand(new Command(name)),
        program().option(`--a${name}`, ''),
        program().addOption(new Option('--a <b>').choices([name])),
        program().addArgument(new Argument('<a>').choices([name])),
      ]) {
        expect(() => completionScript(hostileProgram, shell)).toThrow('cannot be completed');
      }
    }),
  );
});

test.each([
  ['zhs', 'unknown shell "zhs" (did you mean "zsh"?); known shells: bash, zsh, fish\n'],
  ['Bash', 'unknown shell "Bash" (did you mean "bash"?); known shells: bash, zsh, fish\n'],
  ['powershell', 'unknown shell "powershell"; known shells: bash, zsh, fish\n'],
  ['toString', 'unknown shell "toString"; known shells: bash, zsh, fish\n'],
])('%s has no script: exit status 2, and which shells have one', async (shell, stderr) => {
  expect(await type(`completion ${shell}`)).toEqual({ status: 2, stdout: '', stderr });
});

test('without a shell it says what is missing, and ends with 2', async () => {
  const { status, stdout, stderr } = await type('completion');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain("missing required argument 'shell'");
});

test('every shell of the help has a script', async () => {
  const { stdout } = await type('completion --help');
  const [[, choices = ''] = ['', '']] = rowsOf(stdout, 'Arguments');
  expect([...choices.matchAll(/"(\w+)"/g)].map(([, name]) => name)).toEqual([...SHELLS]);
});

test('init itself says which clouds and services there are, and takes several with commas', async () => {
  const place = `--region eu-de --output ${folder.path}/first.yml`;
  const { status, stderr } = await type(`init --cloud otcc --service dcs ${place}`);
  expect(status).toBe(2);
  expect(stderr).toContain('--cloud "otcc": expected huaweicloud or otc');
  const several = await type(`init --cloud otc --service dcs,kafkaa ${place}`);
  expect(several.stderr).toContain('--service "kafkaa": expected ');
});

/** How each shell begins for a user, and says that it has the script. */
const STARTED: Record<(typeof SHELLS)[number], [string[], string, string]> = {
  bash: [['--norc'], '. ~/.bashrc; complete -p task-janitor', 'complete -F _task_janitor '],
  zsh: [['-f'], '. ~/.zshrc; print $_comps[task-janitor]', '_task-janitor'],
  // It reads no script of a command that is not there.
  fish: [[], 'function task-janitor; end; complete -C "task-janitor pl"', 'plan\t'],
};

describe('the lines of docs/install.md', () => {
  test.each(SHELLS)('install it in %s', async (shell) => {
    const page = await readFile('docs/install.md', 'utf8');
    const lines = blocks(page, 'sh').find((text) => text.includes(`completion ${shell}`)) ?? '';
    const home = await policyFolder();
    await home.write('script', (await type(`completion ${shell}`)).stdout);
    const env = { PATH: process.env.PATH, HOME: home.path };
    const janitor = 'task-janitor() { test "$1" = completion && cat ~/script; }\n';
    const installed = spawnSync('bash', ['-e', '-c', janitor + lines], { env, encoding: 'utf8' });
    expect(installed).toMatchObject({ status: 0, stdout: '', stderr: '' });
    if (isHere(shell)) {
      const [options, line, said] = STARTED[shell];
      const { stdout } = spawnSync(shell, [...options, '-c', line], { env, encoding: 'utf8' });
      expect(stdout).toContain(said);
    }
    await home.remove();
  });
});
