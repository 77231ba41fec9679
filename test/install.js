// Packs the package, installs it in an empty folder, and does there what docs/install.md says. Needs npm's registry, or
// a cache that has the packages. Prints how many packages it takes, and how large they are.
//   npm run test:install
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const shell = process.platform === 'win32';
const folder = mkdtempSync(join(tmpdir(), 'task-janitor-install-'));
const print = (text) => process.stdout.write(`${text}\n`);
const command = join(folder, 'node_modules/.bin/task-janitor');
/** Fails on another exit status than 0. */
const run = (...words) =>
  execFileSync(command, words, { cwd: folder, shell, env, encoding: 'utf8' });
const env = { ...process.env };
let emulator;
try {
  const packing = ['pack', '--silent', '--pack-destination', folder];
  const file = execFileSync('npm', packing, { shell, encoding: 'utf8' }).trim();
  writeFileSync(join(folder, 'package.json'), '{}');
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', `./${file}`], {
    cwd: folder,
    shell,
  });
  const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  const packages = Object.keys(lock.packages);
  const megabytes = sizeOf(join(folder, 'node_modules')) / 1e6;
  print(`${file}: ${packages.length} packages, ${megabytes.toFixed(1)} MB`);
  assert.ok(packages.length <= 65, 'more than 65 packages');
  assert.ok(megabytes <= 60, 'more than 60 MB');

  assert.match(run('demo'), /Nothing left this machine/);
  emulator = spawn(command, ['emulate'], { shell });
  const greeting = String(await new Promise((said) => emulator.stdout.once('data', said)));
  for (const [, name, value] of greeting.matchAll(/export (\w+)=(\S+)/g)) env[name] = value;
  const [url] = /http:\/\/[\d.:]+/.exec(greeting);
  const place = ['--cloud', 'huaweicloud', '--region', 'eu-west-101', '--endpoint', url];
  print(run('init', ...place, '--service', 'dcs', '--service', 'kafka'));
  print(run('validate'));
  run('plan', '--records', 'plan.jsonl', '--html', 'plan.html');
  assert.match(readFileSync(join(folder, 'plan.html'), 'utf8'), /^<!doctype html>/i);
  const summary = JSON.parse(
    run('run', '--plan', 'plan.jsonl', '--no-dry-run', '--json', '--quiet'),
  );
  assert.equal(summary.outcome, 'complete');
  assert.ok(summary.totals.deleted > 0, 'nothing was deleted');
  print(`The plan was carried out: ${summary.totals.deleted} records deleted.`);
} finally {
  emulator?.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** Bytes of all files below a folder. */
function sizeOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
