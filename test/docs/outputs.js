// Writes docs/commands.md: every command, run for real against the emulator, with what it printed.
//   npm run build && node test/docs/outputs.js [FILE]
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMMAND = join(process.cwd(), 'dist/task-janitor.js');
/** The address that the page shows; the emulator listens wherever a port is free. */
const SHOWN_URL = 'http://127.0.0.1:3456';
const LONGEST = 46;

const SHOWN = [
  [
    `init --cloud huaweicloud --region eu-west-101 --service dcs --endpoint ${SHOWN_URL} --output first.yml`,
    'Finds instances, and writes a first policy.',
  ],
  ['validate --policy retention.yml', 'Checks the policy; sends nothing.'],
  ['plan --policy emulator.yml --instance prod-sessions', 'What would go, and why.'],
  ['run --policy emulator.yml --target redis', 'Deletes what has expired.'],
  ['run --policy emulator.yml --target redis --json', 'The same for machines.'],
  ['run --policy emulator.yml --instance prod-nothing', 'A name that is not there: exit status 1.'],
  ['doctor --policy emulator.yml', 'Whether a run could work.'],
  ['test examples/keep-failures-longer.test.yml', 'A policy, tried on records.'],
  ['schema', 'For editors.'],
  ['demo', 'The emulator, and a run against it.'],
  [
    'completion zsh',
    'Completes commands, options and files in zsh; bash and fish have scripts of their own. [How to install it](install.md#completion-in-the-shell).',
  ],
  ['run --help', 'Every option.'],
];

/** Files that are written here, and not in the working folder. */
const OURS = ['emulator.yml', 'first.yml'];

const folder = await mkdtemp(join(tmpdir(), 'task-janitor-'));
const policy = join(folder, 'emulator.yml');
const emulate = ['emulate', '--write-policy', policy];
const emulator = spawn(process.execPath, [COMMAND, ...emulate]);
const greeting = await new Promise((resolve) => emulator.stdout.once('data', resolve));
const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(greeting);
const { COLUMNS: _, FORCE_COLOR: __, ...ours } = process.env;
const env = {
  ...ours,
  ...Object.fromEntries(
    [...String(greeting).matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  ),
};
const plain = (text) =>
  text.replaceAll(`${folder}/`, '').replaceAll(folder, '').replaceAll(url, SHOWN_URL);
const parts = [
  '# The commands, and what they print',
  '',
  'Made by `node test/docs/outputs.js`, which runs each of them against the emulator. Long outputs are cut.',
  '',
  section(
    'emulate --port 3456 --write-policy emulator.yml',
    'Serves the emulator until Ctrl-C.',
    plain(String(greeting)),
  ),
];
for (const [line, about] of SHOWN) {
  const words = line
    .replace(SHOWN_URL, url)
    .split(' ')
    .map((word) => (OURS.includes(word) ? join(folder, word) : word));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--no-warnings', COMMAND, ...words],
    { env, encoding: 'utf8' },
  );
  parts.push(section(line, about, plain(`${stdout}${stdout ? '' : stderr}`), status));
}
emulator.kill('SIGINT');
await writeFile(process.argv[2] ?? 'docs/commands.md', `${parts.join('\n').trimEnd()}\n`);
await rm(folder, { recursive: true, force: true });

function section(line, about, output, status = 0) {
  const lines = output
    .trimEnd()
    .split('\n')
    .map((text) => (text.length > 400 ? `${text.slice(0, 400)}…` : text));
  const shown =
    lines.length > LONGEST
      ? [...lines.slice(0, LONGEST), `… ${lines.length - LONGEST} more lines`]
      : lines;
  const ended = status === 0 ? '' : ` Exit status ${status}.`;
  return [
    `## \`task-janitor ${line}\``,
    '',
    about + (about.includes('exit status') ? '' : ended),
    '',
    '```',
    ...shown,
    '```',
    '',
  ].join('\n');
}
