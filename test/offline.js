// serverless-offline with the emulator behind it: the schedule fires every minute, manual invokes go to
// port 3002. Ctrl-C ends both.
import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';

const POLICY = '.serverless-offline/retention.yml';

await mkdir('.serverless-offline', { recursive: true });
await rm(POLICY, { force: true });
const emulator = spawn(
  process.execPath,
  ['dist/task-janitor.js', 'emulate', '--port', '3001', '--write-policy', POLICY],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const greeting = await new Promise((resolve, reject) => {
  let text = '';
  emulator.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    if (text.includes('--policy')) resolve(text);
  });
  emulator.once('exit', () => reject(new Error('the emulator did not start')));
});
process.stdout.write(`${greeting.split('\n')[0]}\n`);
const credentials = Object.fromEntries(
  [...greeting.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
);
const offline = spawn(
  process.execPath,
  ['node_modules/serverless/bin/serverless.js', 'offline', '--stage', 'local'],
  {
    stdio: 'inherit',
    // Nobody reads the metrics of a laptop.
    env: { ...process.env, POWERTOOLS_METRICS_DISABLED: 'true', ...credentials },
  },
);

const end = () => {
  offline.kill('SIGINT');
  emulator.kill('SIGINT');
};
process.on('SIGINT', end);
process.on('SIGTERM', end);
offline.once('exit', (code) => {
  emulator.kill('SIGINT');
  process.exitCode = code ?? 0;
});
