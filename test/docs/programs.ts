import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { parseEvent } from '../../lib/run/event.ts';

/** Returns the problem of one call; `undefined` where it is fine. */
type Check = (
  words: readonly string[],
  folder: string,
) => Promise<readonly string[]> | readonly string[];

interface Program {
  readonly check: Check;
  /** Whether the check asks the program itself, which may not be installed. */
  readonly asksIt?: true;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const serverless = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' });
const fleet = parse(readFileSync('functions/stack/fleet/functions.yml', 'utf8'), {
  logLevel: 'silent',
});
const FUNCTIONS = [...serverless.functions.flatMap(Object.keys), ...Object.keys(fleet)];
const MACHINES = ['fleet'];

/** Programs that pages call and no test runs, with what is checked instead. docs/development.md says why. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  npm: { check: checkNpm },
  npx: {
    check: ([first, ...words]) =>
      first === 'serverless' ? checkServerless(words) : [`npx ${first}`],
  },
  serverless: { check: checkServerless },
  node: { check: checkFile },
  python3: { check: checkFile },
  git: { check: (words) => known(['pull'], words) },
  pip: { check: (words) => known(['install', 'moto[server]', 'awscli'], words) },
  curl: {
    check: ([url]) => (url?.startsWith('http://dms.localhost:3456/') ? [] : ['another address']),
  },
  chmod: { check: (words) => known(['600'], words) },
  aws: { check: checkAws, asksIt: true },
  docker: { check: (words) => checkHelp('docker', words, 1), asksIt: true },
  kubectl: { check: (words) => checkHelp('kubectl', words, kubectlDepth(words)), asksIt: true },
  systemctl: { check: (words) => checkHelp('systemctl', words, 0), asksIt: true },
  journalctl: { check: (words) => checkHelp('journalctl', words, 0), asksIt: true },
  'systemd-analyze': { check: (words) => checkHelp('systemd-analyze', words, 0), asksIt: true },
};

/** The file that `npm pack` writes. */
export const PACKAGE_FILE = `${manifest.name}-${manifest.version}.tgz`;

function known(all: readonly string[], words: readonly string[]): string[] {
  return words.filter((word) => !all.includes(word)).map((word) => `${word} was never looked at`);
}

function checkFile([file]: readonly string[]): string[] {
  if (file === undefined || file.startsWith('-')) return [];
  return existsSync(file) ? [] : [`there is no ${file}`];
}

function checkNpm([command = '', ...words]: readonly string[]): string[] {
  if (command === 'ci' || command === 'pack') return known([], words);
  if (command === 'install') return known(['--global', `./${PACKAGE_FILE}`], words);
  const [script = '', ...rest] = command === 'run' ? words : [command, ...words];
  const runs: string | undefined = manifest.scripts[script];
  if (runs === undefined) return [`package.json has no script ${script}`];
  const sources = /node (\S+)\/\S+$/.exec(runs)?.[1] ?? '.';
  return rest
    .filter(
      (word) => word !== '--' && !(word.startsWith('-') ? isRead(word, sources) : isThere(word)),
    )
    .map((word) => `${word}: ${script} knows nothing of this`);
}

/** A test may be named by the beginning of its file's name. */
function isThere(beginning: string): boolean {
  const folder = dirname(beginning);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.some((name) => join(folder, name).startsWith(beginning));
}

function isRead(option: string, folder: string): boolean {
  const files = readdirSync(folder).filter((name) => /\.[jt]s$/.test(name));
  return files.some((name) => readFileSync(join(folder, name), 'utf8').includes(option.slice(2)));
}

/** The commands of the framework, as it describes them itself; `offline` is a plugin's. */
function checkServerless(words: readonly string[]): string[] {
  const schema: ReadonlyMap<string, { readonly options: object }> = createRequire(import.meta.url)(
    resolve('node_modules/serverless/lib/cli/commands-schema/aws-service.js'),
  );
  const [command = ''] = words;
  const described = schema.get(command);
  if (described === undefined) {
    const isPlugin = serverless.plugins.includes(`serverless-${command}`);
    return isPlugin ? known([command], words) : [`serverless has no ${command}`];
  }
  const problems: string[] = [];
  const given = optionsOf(words.slice(1));
  for (const [option, value] of given) {
    if (!(option in described.options)) problems.push(`${command} has no --${option}`);
    if (option === 'function') problems.push(...known(FUNCTIONS, [value]));
    if (option === 'data') problems.push(...eventProblems(value));
    if (option === 'stage' && !(value in serverless.params)) problems.push(`no stage ${value}`);
    if (option === 'param')
      problems.push(
        ...known(Object.keys(serverless.params.default), [value.split('=')[0] as string]),
      );
  }
  return problems;
}

function optionsOf(words: readonly string[]): [name: string, value: string][] {
  return words.flatMap((word, i) => {
    const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    return name === undefined ? [] : [[name, value ?? words[i + 1] ?? '']];
  });
}

function eventProblems(text: string): string[] {
  try {
    parseEvent(JSON.parse(text));
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** The CLI forms the request, and finds nobody who would answer it. */
async function checkAws(words: readonly string[], folder: string): Promise<string[]> {
  const problems = optionsOf(words).flatMap(([option, value]) => {
    const [, name = ''] = /task-janitor-prod-(\w+)$/.exec(value) ?? [];
    if (option === 'function-name') return known(FUNCTIONS, [name]);
    if (option === 'state-machine-arn' && name !== '') return known(MACHINES, [name]);
    return option === 'input' ? eventProblems(value) : [];
  });
  const said = await outputOf('aws', words, folder, {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_MAX_ATTEMPTS: '1',
    AWS_ACCESS_KEY_ID: 'fake',
    AWS_SECRET_ACCESS_KEY: 'fake',
    AWS_DEFAULT_REGION: 'eu-central-1',
  });
  return said.includes('Could not connect to the endpoint URL') ? problems : [...problems, said];
}

/** How many words of kubectl name what its help is asked for. */
function kubectlDepth([first, second]: readonly string[]): number {
  if (first !== 'create') return 1;
  return second === 'secret' ? 3 : 2;
}

/**
 * Looks each option up in the program's help.
 * @param depth how many words begin a command that has a help of its own.
 */
async function checkHelp(
  program: string,
  words: readonly string[],
  depth: number,
): Promise<string[]> {
  const help = await outputOf(program, [...words.slice(0, depth), '--help']);
  const own = words.slice(0, words.findIndex((word) => word.startsWith('task-janitor:')) >>> 0);
  const named = own.filter((word, i) => word.startsWith('--') || (depth === 0 && i === 0));
  return named
    .map((word) => word.replace(/=.*$/s, ''))
    .filter((word) => !help.includes(word))
    .map((word) => `the help of ${program} does not name ${word}`);
}

function outputOf(
  program: string,
  words: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((done) => {
    execFile(program, words, { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      done(`${stdout}${stderr}${error && !stderr ? error.message : ''}`),
    ).stdin?.end();
  });
}

/** Whether a program is installed here. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
