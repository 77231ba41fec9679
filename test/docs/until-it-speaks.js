// Runs a program of Node until it has written something, then ends it with Ctrl-C, and ends as it does.
import { spawn } from 'node:child_process';

const child = spawn(process.execPath, ['--no-warnings', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
child.stdout.pipe(process.stdout);
child.stdout.once('data', () => child.kill('SIGINT'));
child.once('close', (status, signal) => {
  // It may not listen for the signal yet, which then ends it.
  process.exitCode = signal === 'SIGINT' ? 0 : (status ?? 1);
});
