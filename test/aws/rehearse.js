// npm run test:aws: runs the rehearsals on AWS, and ends with 1 where one fails or leaves a process behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const JEST = [
  '--experimental-vm-modules',
  '--no-warnings',
  'node_modules/jest/bin/jest.js',
  '--config=test/aws/jest.config.js',
  '--runInBand',
];

/** All temporary files, also those of tools that leave theirs to the system. */
const folder = await mkdtemp(join(tmpdir(), 'task-janitor-aws-'));
const jest = spawn(process.execPath, [...JEST, ...process.argv.slice(2)], {
  // A group of its own, by which its processes are found.
  detached: true,
  stdio: 'inherit',
  env: { ...process.env, TMPDIR: folder },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.kill(-jest.pid, signal));
}
const [code] = await once(jest, 'exit');
const left = await commandsOf(jest.pid);
if (left.length > 0) {
  process.stderr.write(`Left behind, and ended now: ${left.join(', ')}\n`);
  process.kill(-jest.pid, 'SIGKILL');
}
await rm(folder, { recursive: true, maxRetries: 3 });
process.exitCode = code === 0 && left.length === 0 ? 0 : 1;

/** The commands of a group's living processes; none where the system does not show them as files. */
async function commandsOf(group) {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    ids.map(async (id) => {
      const read = (name) => readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '');
      const stat = await read('stat');
      // After the name in brackets: state, parent, group.
      const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(itsGroup) !== group || state === 'Z') return [];
      return [(await read('cmdline')).replaceAll('\0', ' ').trim()];
    }),
  );
  return commands.flat();
}
